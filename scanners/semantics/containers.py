"""Lists, dicts and sets as a file makes them, and the calls and statements that change one in place."""

import ast
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from scanners.names import find, resolve
from scanners.scopes import Binding, Scope

_MADE: Final = {
    "list": "list",
    "sorted": "list",
    "dict": "dict",
    "set": "set",
    "collections.defaultdict": "dict",
    "collections.OrderedDict": "dict",
    "collections.Counter": "dict",
    "collections.deque": "list",
}
_DISPLAYS: Final[dict[type[ast.AST], str]] = {
    ast.List: "list",
    ast.ListComp: "list",
    ast.Dict: "dict",
    ast.DictComp: "dict",
    ast.Set: "set",
    ast.SetComp: "set",
}
_TYPES: Final = _MADE | {f"typing.{name}": name.lower() for name in ("List", "Dict", "Set")}

SHRINKING: Final = frozenset({"pop", "popitem", "popleft", "remove", "discard", "clear"})
GROWING: Final = frozenset({"append", "appendleft", "extend", "insert", "add", "update", "setdefault"})
_SET_UPDATES: Final = frozenset({"difference_update", "intersection_update", "symmetric_difference_update"})
CHANGES: Final = SHRINKING | GROWING | _SET_UPDATES


class Change(NamedTuple):
    """One place where a container changes: the node, how (a method's name, `del`, `set`, `augment`), and its key."""

    node: Any
    how: str
    key: ast.expr | None


def made(value: ast.AST | None, scope: Scope) -> str:
    """list, dict or set for an expression that makes one; empty for anything else."""
    if value is None:
        return ""
    display = _DISPLAYS.get(type(value))
    if display:
        return display
    if not isinstance(value, ast.Call):
        return ""
    ref = resolve(value.func, scope, value.lineno)
    return _MADE.get(ref.dotted, "") if ref else ""


def kind_of(expr: ast.expr, scope: Scope) -> str:
    """What a name or an attribute of `self` holds: list, dict or set, empty when unknown."""
    kinds = {_kind(binding) for binding in bindings_of(expr, scope) if not _is_none(binding)}
    return kinds.pop() if len(kinds) == 1 else ""


def bindings_of(expr: ast.expr, scope: Scope) -> list[Binding]:
    """Everything that the file binds to a name or to an attribute of `self`."""
    if isinstance(expr, ast.Name):
        found = find(expr.id, scope)
        return found[0] if found else []
    if isinstance(expr, ast.Attribute) and isinstance(expr.value, ast.Name) and expr.value.id in ("self", "cls"):
        holder: Scope | None = scope
        while holder is not None and holder.kind != "class":
            holder = holder.parent
        return holder.attributes.get(expr.attr, []) + holder.names.get(expr.attr, []) if holder else []
    return []


def _is_none(binding: Binding) -> bool:
    return binding.kind == "assign" and isinstance(binding.value, ast.Constant) and binding.value.value is None


def _kind(binding: Binding) -> str:
    if binding.kind == "assign":
        return made(binding.value, binding.scope)
    if binding.kind == "param" and binding.value.annotation is not None:
        return typed(binding.value.annotation, binding.scope)
    if binding.kind == "declared":
        return typed(binding.value, binding.scope)
    return ""


def typed(annotation: ast.AST, scope: Scope) -> str:
    """The container that an annotation names, `dict[str, int]` or `Dict`; empty for others."""
    outer = annotation.value if isinstance(annotation, ast.Subscript) else annotation
    ref = (
        resolve(outer, scope, getattr(annotation, "lineno", 1))
        if isinstance(outer, (ast.Name, ast.Attribute))
        else None
    )
    return _TYPES.get(ref.dotted, "") if ref else ""


CHANGING: Final = (ast.Call, ast.Delete, ast.Assign, ast.AugAssign)
"""The types of node that may change a container in place."""


def changes(nodes: Iterable[Any], text: str) -> Iterator[Change]:
    """Where these nodes change the container that is written `text` (`rows`, `self.rows`) in place."""
    for node in nodes:
        kind = type(node)
        if kind is ast.Call:
            func = node.func
            if type(func) is ast.Attribute and func.attr in CHANGES and spelled(func.value) == text:
                yield Change(node, func.attr, node.args[0] if node.args else None)
        elif kind is ast.Assign or kind is ast.Delete:
            for target in node.targets:
                if type(target) is ast.Subscript and spelled(target.value) == text:
                    yield Change(node, "del" if kind is ast.Delete else "set", target.slice)
        elif kind is ast.AugAssign and type(node.target) is ast.Subscript and spelled(node.target.value) == text:
            yield Change(node, "augment", node.target.slice)


def spelled(expr: ast.AST) -> str:
    """The dotted text of a name or of attributes of one, empty for anything else."""
    if type(expr) is ast.Name:
        return expr.id
    parts: list[str] = []
    while type(expr) is ast.Attribute:
        parts.append(expr.attr)
        expr = expr.value
    return ".".join([expr.id, *reversed(parts)]) if type(expr) is ast.Name else ""


def leaves_after(node: ast.AST, loop: Any) -> bool:
    """Whether the loop ends once `node` has run: a break, return or raise stands behind it on every way on."""
    path, in_loop = [], False
    for suite, index, holder in _path(loop.body, node):
        in_loop = in_loop or isinstance(holder, (ast.For, ast.While, ast.AsyncFor))
        path.append((suite, index, in_loop))
    for suite, index, nested in reversed(path):
        if isinstance(suite[index], (ast.Return, ast.Raise)):
            return True
        for stmt in suite[index + 1 :]:
            if isinstance(stmt, (ast.Return, ast.Raise)) or (isinstance(stmt, ast.Break) and not nested):
                return True
            if isinstance(stmt, ast.Continue) and not nested:
                return False
            if isinstance(stmt, (ast.Continue, ast.Break)):
                break
    return False


def _path(body: list[ast.stmt], node: ast.AST) -> list[tuple[list[ast.stmt], int, ast.AST]]:
    """The suites from the loop's body to the one that holds `node`, each with where in it and what it belongs to."""
    line, end = getattr(node, "lineno", 0), getattr(node, "end_lineno", 0)
    found: list[tuple[list[ast.stmt], int, ast.AST]] = []
    suite, holder = body, ast.AST()
    while suite:
        at = next((i for i, stmt in enumerate(suite) if stmt.lineno <= line and (stmt.end_lineno or 0) >= end), None)
        if at is None:
            break
        found.append((suite, at, holder))
        holder = suite[at]
        suite = next((part for part in _suites(holder) if part and _covers(part, line, end)), [])
    return found


def _covers(part: list[Any], line: int, end: int) -> bool:
    return bool(part[0].lineno <= line and (part[-1].end_lineno or 0) >= end)


def _suites(stmt: Any) -> Iterator[list[Any]]:
    for name in ("body", "orelse", "finalbody"):
        yield getattr(stmt, name, [])
    for case in (*getattr(stmt, "handlers", ()), *getattr(stmt, "cases", ())):
        yield case.body
