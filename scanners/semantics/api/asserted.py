"""What an assertion of service code is about: a type, a right, the answer of another service, a caller's argument."""

import ast
import re
from collections.abc import Iterator
from typing import Any, Final

from scanners.names import find
from scanners.place import Place
from scanners.regex import regex
from scanners.syntax import descendants, unparse

RIGHTS: Final = regex(
    r"^(is_(admin|staff|superuser|authenticated|owner|allowed|authori[sz]ed)|has_(perm|permission|perms|role|access|scope)\w*|can_[a-z]+\w*|check_(permission|access)\w*|is_permitted|(user_)?permissions|roles)$"
)
_ANSWERS: Final = regex(r"^_?(\w+_)?(r|res|resp|response|reply|answer)$")
_CLIENTS: Final = ("requests.", "httpx.", "aiohttp.", "urllib3.")
_ANSWER_PARTS: Final = frozenset({"status_code", "ok", "status", "is_success"})


def is_fixed(test: ast.expr) -> bool:
    """Whether a test is a constant: `assert False` marks what cannot be reached."""
    return isinstance(test, ast.Constant) or (isinstance(test, ast.UnaryOp) and isinstance(test.operand, ast.Constant))


def is_test_help(place: Place[Any]) -> bool:
    """Whether the def helps tests or states invariants, as its name says."""
    return bool(
        re.search(
            r"(^|[._])(test|assert|check_invariants?|verify_|mock)|Test(s|Case|Mixin|Helper)?(\.|$)", place.qualname
        )
    )


def narrows(test: ast.expr) -> bool:
    """Whether a test tells of types and presence only: isinstance, `is not None`, truth of a name."""
    if isinstance(test, ast.BoolOp):
        return all(narrows(value) for value in test.values)
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return narrows(test.operand)
    if isinstance(test, ast.Call):
        last = getattr(test.func, "attr", getattr(test.func, "id", ""))
        return last in (
            "isinstance",
            "issubclass",
            "callable",
            "hasattr",
            "iscoroutinefunction",
            "isclass",
            "all",
            "any",
            "type",
        )
    if isinstance(test, ast.Compare):
        if any(isinstance(op, (ast.Is, ast.IsNot)) for op in test.ops):
            return True
        text = unparse(test)
        return (
            "type(" in text
            or "__class__" in text
            or " in (None" in text
            or "isinstance" in text
            or text.endswith("None")
        )
    return isinstance(test, (ast.Name, ast.Attribute, ast.NamedExpr)) and not (
        isinstance(test, ast.Attribute) and test.attr == "ok"
    )


def names_in(test: ast.expr) -> Iterator[str]:
    """The attributes and the called functions of a test."""
    for node in descendants(test):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id


def is_answer(test: ast.expr, place: Place[Any]) -> bool:
    """Whether a test is about the status, or the parsed body, of another service's answer."""
    for node in descendants(test):
        if isinstance(node, ast.Attribute) and node.attr in _ANSWER_PARTS:
            ref = place.resolve(node.value)
            made = ref.dotted if ref else ""
            if made.startswith(_CLIENTS) or (not made and node.attr in ("status_code", "ok") and _is_named(node.value)):
                return True
        elif isinstance(node, ast.Name) and _is_body(node, place):
            return True
    return False


def _is_named(expr: ast.expr) -> bool:
    return isinstance(expr, ast.Name) and bool(_ANSWERS.match(expr.id))


def _is_body(name: ast.Name, place: Place[Any]) -> bool:
    """Whether a name holds what `response.json()` gave."""
    found = find(name.id, place.scope)
    if found is None or len(found[0]) != 1 or found[0][0].kind != "assign":
        return False
    value = found[0][0].value
    made = value.value if isinstance(value, ast.Await) else value
    if not (isinstance(made, ast.Call) and isinstance(made.func, ast.Attribute) and made.func.attr == "json"):
        return False
    return place.name(made.func.value).startswith(_CLIENTS) or _is_named(made.func.value)


def public_parameter(place: Place[ast.Assert]) -> str:
    """The parameter of a public function whose value is compared before anything else is done; empty for all others."""
    function, qualname = place.function, place.qualname
    if isinstance(function, ast.Lambda) or any(
        part.startswith("_") and part != "__init__" for part in qualname.split(".")
    ):
        return ""
    if (
        place.block.node is not function
        or place.block.parent is None
        or place.block.parent.kind not in ("module", "class")
    ):
        return ""
    for stmt in function.body:
        if stmt is place.node:
            break
        if not isinstance(stmt, ast.Assert) and not (
            isinstance(stmt, ast.Expr) and isinstance(stmt.value, ast.Constant)
        ):
            return ""
    test = place.node.test
    if not isinstance(test, ast.Compare) or not isinstance(
        test.ops[0], (ast.Gt, ast.GtE, ast.Lt, ast.LtE, ast.In, ast.NotIn, ast.Eq)
    ):
        return ""
    params = {arg.arg for arg in (*function.args.args, *function.args.kwonlyargs)} - {"self", "cls"}
    sides = [test.left, *test.comparators]
    inside = [
        side.args[0] if isinstance(side, ast.Call) and getattr(side.func, "id", "") == "len" and side.args else side
        for side in sides
    ]
    parts = [side.value if place.node.msg and isinstance(side, ast.Attribute) else side for side in inside]
    named = [side.id for side in parts if isinstance(side, ast.Name) and side.id in params]
    fixed = any(isinstance(side, (ast.Constant, ast.Tuple, ast.List, ast.Set, ast.UnaryOp)) for side in sides)
    plain = fixed or len(named) == 1 or parts != inside
    return named[0] if named and plain and not _others(sides, params) else ""


def _others(sides: list[ast.expr], params: set[str]) -> bool:
    """Whether a test also asks the object itself: then it is about the state, not about what was given."""
    return (
        any(isinstance(node, ast.Name) and node.id == "self" for side in sides for node in descendants(side))
        or not params
    )
