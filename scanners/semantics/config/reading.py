"""What a read of a variable asks for: its type, whether it must be set, what checks it, which name it feeds."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from scanners.place import Place
from scanners.syntax import descendants, last_name, unparse, within

_TYPES: Final = frozenset("int float bool str bytes list tuple set Path Decimal URL UUID timedelta Fraction".split())
_KEEPING: Final = frozenset({"strip", "lower", "upper", "rstrip", "lstrip", "casefold", "replace", "expanduser"})
_FLAGS: Final = frozenset(
    {"strtobool", "str2bool", "str_to_bool", "to_bool", "as_bool", "parse_bool", "asbool", "truthy"}
)
_MISSING: Final = frozenset({"KeyError", "Exception", "LookupError", "BaseException"})
_STRICT: Final = {"int": "int()", "float": "float()", "Decimal": "Decimal()", "UUID": "UUID()", "json": "json.loads()"}
"""Casts that refuse a text that does not fit."""


def used_as(place: Place[Any]) -> tuple[str, str]:
    """The type that a value is made into where it is read, and the cast that refuses what does not fit, else ""."""
    node: ast.AST = place.node
    for _ in range(8):
        above = place.parent(node)
        if isinstance(above, (ast.BoolOp, ast.Attribute, ast.IfExp, ast.NamedExpr, ast.Await)):
            if isinstance(above, ast.Attribute) and above.attr == "split":
                return "list", ""
            if isinstance(above, ast.Attribute) and above.attr not in _KEEPING:
                return "", ""
            if isinstance(above, ast.IfExp) and above.test is node:
                return "", ""
        elif isinstance(above, ast.Call) and node is not above.func:
            return _cast(above)
        elif isinstance(above, ast.Compare):
            return "flag", ""
        elif not (isinstance(above, ast.Call) and isinstance(above.func, ast.Attribute)):
            return ("flag", "") if isinstance(above, ast.UnaryOp) and isinstance(above.op, ast.Not) else ("", "")
        node = above
    return "", ""


def _cast(call: ast.Call) -> tuple[str, str]:
    name = last_name(call.func)
    if name in _FLAGS:
        return "bool", ""
    if name in ("loads", "literal_eval", "safe_load"):
        return "json" if name == "loads" else name, f"{name}()"
    return (name, _STRICT.get(name, "")) if name in _TYPES else ("", "")


def fallback(place: Place[Any]) -> ast.expr | None:
    """What the program goes on with where `read or x` finds nothing."""
    above = place.parent()
    if isinstance(above, ast.BoolOp) and isinstance(above.op, ast.Or) and above.values[-1] is not place.node:
        return above.values[-1]
    return None


def is_guarded(place: Place[Any], name: str) -> bool:
    """Whether a read happens only where the variable is set, or is prepared for one that is not."""
    key = getattr(place.node, "slice", None)
    texts = (f"'{name}'", unparse(key) if isinstance(key, ast.Name) else f"'{name}'")
    tests = [*place.conditions(), *_inner_tests(place)]
    if any(text in unparse(test) for test in tests for text in texts):
        return True
    return any(_catches(block.node) for block in place.within("try"))


def _inner_tests(place: Place[Any]) -> Iterator[ast.expr]:
    """The conditions of the expressions that a read stands in: `a if b else c`, `a for a in b if c`, `a and b`."""
    node: ast.AST | None = place.node
    while node is not None:
        above = place.parent(node)
        if isinstance(above, ast.IfExp) and above.test is not node:
            yield above.test
        elif isinstance(above, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            yield from (test for generator in above.generators for test in generator.ifs)
        elif isinstance(above, ast.BoolOp) and isinstance(above.op, ast.And) and above.values[0] is not node:
            yield from above.values[:-1]
        node = above


def _catches(node: Any) -> bool:
    for handler in node.handlers:
        caught = getattr(handler.type, "elts", [handler.type])
        named = any(kind is None or last_name(kind) in _MISSING for kind in caught)
        if named and not any(_gives_up(stmt) for stmt in handler.body):
            return True
    return False


def refusal(place: Place[Any], root: Any) -> str:
    """What the code around a read refuses: "missing", "other" (some value), or "" for nothing.

    `root` is the def around the read, or the module.
    """
    stmt = place.stmt
    if isinstance(stmt, ast.If) and any(_gives_up(inner) for inner in stmt.body):
        return "missing" if _asks_for_nothing(stmt.test) else "other"
    if isinstance(stmt, ast.Assert):
        return "missing"
    held = set(feeds(place))
    if not held or not isinstance(stmt, (ast.Assign, ast.AnnAssign)):
        return ""
    refused = _refused(root)
    found = {missing for name in held for missing in refused.get(name, ())}
    return "missing" if True in found else "other" if found else ""


@lru_cache(maxsize=2)  # Asked for one read of a def or module after the other.
def _refused(root: Any) -> Mapping[str, set[bool]]:
    """The names that tests of a def or module refuse, each with whether it is refused for missing."""
    found: dict[str, set[bool]] = defaultdict(set)
    for node in within(root, ast.If, ast.Assert):
        asserted = isinstance(node, ast.Assert)
        if asserted or any(_gives_up(inner) for inner in node.body):
            for part in descendants(node.test, ast.Name, ast.Attribute):
                found[unparse(part)].add(asserted or _asks_for_nothing(node.test))
    return found


def _asks_for_nothing(test: ast.expr) -> bool:
    if isinstance(test, ast.BoolOp):
        return any(_asks_for_nothing(value) for value in test.values)
    if isinstance(test, ast.UnaryOp):
        return isinstance(test.op, ast.Not)
    if isinstance(test, ast.Compare) and isinstance(test.ops[0], (ast.Is, ast.Eq, ast.NotIn)):
        other = test.comparators[0]
        absent = isinstance(other, ast.Constant) and not other.value
        return absent or (isinstance(test.ops[0], ast.NotIn) and isinstance(test.left, ast.Constant))
    return False


def _gives_up(stmt: ast.stmt) -> bool:
    if isinstance(stmt, ast.Raise):
        return True
    called = stmt.value if isinstance(stmt, ast.Expr) else None
    return isinstance(called, ast.Call) and last_name(called.func) in ("exit", "_exit", "abort", "fail", "error")


def feeds(place: Place[Any]) -> list[str]:
    """The names, attributes or keywords that are given the value that is read."""
    node: ast.AST | None = place.node
    while node is not None:
        node = place.parent(node)
        if isinstance(node, ast.keyword) and node.arg:
            return [node.arg]
        if isinstance(node, ast.Dict):
            break
    stmt = place.stmt
    targets = stmt.targets if isinstance(stmt, ast.Assign) else [stmt.target] if isinstance(stmt, ast.AnnAssign) else []
    return [unparse(target) for target in targets if isinstance(target, (ast.Name, ast.Attribute, ast.Subscript))]
