"""What cannot harm where it fills a text: numbers, constants, choices from a fixed set, values that were checked."""

import ast
import re
from functools import lru_cache
from typing import Any, Final

from scanners.constants import UNKNOWN, fold
from scanners.names import find, resolve
from scanners.place import Call, Place
from scanners.regex import regex
from scanners.scopes import Binding, Scope
from scanners.syntax import descendants, unparse

_FIXED_ATTRIBUTE: Final = regex(
    r"\.(__name__|__qualname__|__tablename__|__version__)$|\._meta\.|"
    r"\.(?!(?:GET|POST|FILES|META|COOKIES)\b)[A-Z][A-Z0-9_]*(\.value|\.name)?$|"
    r"^_?[A-Z]\w*[a-z]\w*\.\w+(\.value)?$"
)
_FORMS: Final = frozenset("isidentifier fullmatch isalnum isalpha isdigit isdecimal isnumeric".split())
_SENT: Final = frozenset("GET POST FILES META COOKIES".split())
"""What Django names in capitals although the request fills it."""
_NUMBERS: Final = frozenset(
    "int float bool len ord round abs hash id sum uuid.UUID uuid.uuid4 decimal.Decimal time.time os.getpid".split()
)


_NUMBER_TYPES: Final = frozenset("int float bool uuid.UUID decimal.Decimal datetime.date datetime.datetime".split())


def is_number(expr: ast.AST, scope: Scope) -> bool:
    """Whether a hole can only be a number, a date or a UUID."""
    if isinstance(expr, ast.Call):
        ref = resolve(expr.func, scope, expr.lineno)
        if ref is not None and ref.dotted in ("max", "min"):
            return any(is_number(argument, scope) for argument in expr.args)
        return ref is not None and (ref.dotted in _NUMBERS or ref.dotted.startswith("math."))
    if isinstance(expr, ast.BinOp):
        return not isinstance(expr.op, (ast.Mod, ast.Add)) and is_number(expr.left, scope) | is_number(
            expr.right, scope
        )
    if isinstance(expr, ast.Constant):
        return isinstance(expr.value, (int, float))
    if isinstance(expr, ast.Name):
        found = find(expr.id, scope)
        return found is not None and all(_binds_number(binding) for binding in found[0])
    return False


def is_fixed_name(expr: ast.AST) -> bool:
    """Whether a hole is named like a constant or is metadata of a class (`TABLE`, `cls.__name__`)."""
    if isinstance(expr, ast.Attribute):
        return _FIXED_ATTRIBUTE.search(unparse(expr)) is not None
    return isinstance(expr, ast.Name) and len(expr.id) > 1 and expr.id.isupper()


def is_picked(expr: ast.AST, scope: Scope) -> bool:
    """Whether a hole is looked up in a mapping that is fixed: `ORDERS[key]`, `{"a": "x"}.get(key, "y")`."""
    if isinstance(expr, ast.Name):  # `ink, paper = COLOURS.get(state)`
        held = find(expr.id, scope)
        bound = held[0][0] if held is not None and len(held[0]) == 1 else None
        return (
            bound is not None
            and bound.kind == "unpack"
            and isinstance(bound.value, (ast.Subscript, ast.Call))
            and is_picked(bound.value, bound.scope)
        )
    holder = expr.value if isinstance(expr, ast.Subscript) else None
    if isinstance(expr, ast.Call) and isinstance(expr.func, ast.Attribute) and expr.func.attr == "get":
        holder = expr.func.value
    if isinstance(holder, ast.Name):
        found = find(holder.id, scope)
        if holder.id.isupper() and len(holder.id) > 1:
            return True
        holder = found[0][0].value if found and len(found[0]) == 1 and found[0][0].kind == "assign" else None
    if isinstance(holder, ast.Dict):
        return all(fold(value, scope) is not UNKNOWN for value in holder.values)
    return isinstance(holder, ast.Attribute) and holder.attr.isupper() and holder.attr not in _SENT


def is_one_of(expr: ast.AST, place: Place[Any]) -> bool:
    """Whether it stands under a test that it is one of some constants: `if value in ("on", "off")`."""
    text = unparse(expr)
    tests = (block.node.test for block in place.blocks() if block.kind == "if")
    return any(
        isinstance(test, ast.Compare)
        and isinstance(test.ops[0], ast.In)
        and unparse(test.left) == text
        and isinstance(listed := test.comparators[0], (ast.Tuple, ast.List, ast.Set))
        and all(isinstance(value, ast.Constant) for value in listed.elts)
        for test in tests
    )


def is_guarded(expr: ast.AST, function: ast.AST | None) -> bool:
    """Whether the enclosing function tests a name against a set of values (`if order not in ORDERS: raise ...`)."""
    return function is not None and isinstance(expr, ast.Name) and expr.id in _guarded_names(function)


@lru_cache(maxsize=2)  # Asked for one hole of a def after the other.
def _guarded_names(function: ast.AST) -> set[str]:
    """The names that a def tests against a set of values, or by their form."""
    found: set[str] = set()
    for node in descendants(function, ast.Compare):
        if isinstance(node.left, ast.Name) and not _is_text(node.comparators[0]):
            found |= {node.left.id} if any(isinstance(op, (ast.In, ast.NotIn)) for op in node.ops) else set()
    for node in descendants(function, ast.Call):
        if isinstance(node.func, ast.Attribute) and node.func.attr in _FORMS:
            found |= {inner.id for inner in descendants(node, ast.Name)}
    return found


def _is_text(expr: ast.AST) -> bool:
    return isinstance(expr, ast.JoinedStr) or (isinstance(expr, ast.Constant) and isinstance(expr.value, str))


def _binds_number(binding: Binding) -> bool:
    if binding.kind == "param" and binding.value.annotation is not None:
        ref = resolve(binding.value.annotation, binding.scope.parent or binding.scope, binding.line)
        return ref is not None and ref.dotted in _NUMBER_TYPES
    if binding.kind == "for":
        return isinstance(binding.value, ast.Call) and getattr(binding.value.func, "id", "") == "range"
    return binding.kind == "assign" and is_number(binding.value, binding.scope)


def is_settled(hole: ast.expr, call: Call) -> bool:
    """Whether nobody outside can choose what fills a text: it is a number, fixed, picked from a set or checked."""
    return (
        is_number(hole, call.scope)
        or is_fixed_name(hole)
        or is_picked(hole, call.scope)
        or is_guarded(hole, call.function)
        or _is_converted(hole, call.function)
    )


def _is_converted(hole: ast.expr, function: ast.AST | None) -> bool:
    """Whether a hole is a part of the route's path that the framework turns into a number: `<int:order>`."""
    if not isinstance(hole, ast.Name) or not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return False
    part = re.compile(rf"<(int|float|uuid)(\([^)]*\))?:{hole.id}>|{{{hole.id}:(int|float|uuid)}}")
    return any(part.search(unparse(decorator)) for decorator in function.decorator_list)
