"""What a text is put together from: its fixed parts, and the holes that are filled while the program runs."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from scanners.constants import UNKNOWN, fold
from scanners.names import find
from scanners.regex import regex
from scanners.scopes import Binding, Scope
from scanners.syntax import descendants

Part = str | ast.expr

_DEPTH: Final = 10

_LONGEST: Final = 200  # Parts: longer chains of `+=` are generated, and reading on changes nothing.
_MOST: Final = 40  # What is appended to one list, for the same reason.

_NUMERIC: Final = regex(r"\d[bcdeEfFgGnoxX%]'?$|'[dfegx]'$")

_FORMAT: Final = regex(r"(\(\w+\))?[-+ #0]*+[\d*]*+(\.[\d*]++)?[a-zA-Z]")

_NUMBER_FORMAT: Final = regex(r"(\(\w+\))?[-+ #0]*+[\d*]*+(\.[\d*]++)?[dioxXeEfFgG]")

_KEEPERS: Final = frozenset(
    "strip lstrip rstrip lower upper encode dedent format_map expandtabs casefold title".split()
)


@dataclass(frozen=True, slots=True)
class Pieces:
    """A text as parts in order. `built` tells a text that is put together from a bare value."""

    parts: tuple[Part, ...]
    built: bool

    @property
    def holes(self) -> list[ast.expr]:
        """The expressions that fill the text."""
        return [part for part in self.parts if not isinstance(part, str)]

    def around(self, hole: ast.expr) -> tuple[str, str]:
        """All fixed text before a hole, and the fixed text right after it."""
        index = next(number for number, part in enumerate(self.parts) if part is hole)
        before = "".join(part if isinstance(part, str) else "?" for part in self.parts[:index])
        right = self.parts[index + 1] if index + 1 < len(self.parts) else ""
        return before, right if isinstance(right, str) else ""


def pieces(expr: ast.expr, scope: Scope, line: int, column: int = 10_000) -> Pieces:
    """Take a text apart as it is seen at `line`; `column` is where the statement that uses it starts."""
    parts = _merged(_flat(expr, scope, line, column, 0))
    return Pieces(parts, len(parts) > 1 or (bool(parts) and parts[0] is not expr and _is_composite(expr)))


def _is_composite(expr: ast.AST) -> bool:
    return isinstance(expr, (ast.JoinedStr, ast.BinOp)) or (
        isinstance(expr, ast.Call) and getattr(expr.func, "attr", "") in ("format", "join")
    )


def _merged(parts: Iterable[Part]) -> tuple[Part, ...]:
    merged: list[Part] = []
    for part in parts:
        if part == "":
            continue
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        else:
            merged.append(part)
        if len(merged) > _LONGEST:
            break
    return tuple(merged)


def _flat(expr: ast.expr, scope: Scope, line: int, column: int, depth: int) -> list[Part]:
    value = fold(expr, scope)
    if value is not UNKNOWN and not isinstance(value, tuple):
        return [value.decode("latin-1") if isinstance(value, bytes) else str(value)]
    if depth > _DEPTH:
        return [expr]
    deeper = (scope, line, column, depth + 1)
    if isinstance(expr, ast.JoinedStr):
        return [
            part
            for value in expr.values
            for part in _flat(
                getattr(value, "value", value) if isinstance(value, ast.FormattedValue) else value, *deeper
            )
        ]
    if isinstance(expr, ast.BinOp):
        return _operated(expr, *deeper)
    if isinstance(expr, ast.IfExp):
        return [*_flat(expr.body, *deeper), *_flat(expr.orelse, *deeper)]
    if isinstance(expr, ast.BoolOp):
        return [part for value in expr.values for part in _flat(value, *deeper)]
    if isinstance(expr, ast.Call):
        return _called(expr, *deeper)
    if isinstance(expr, ast.Name):
        return _named(expr, *deeper)
    return [expr]


def _operated(expr: ast.BinOp, scope: Scope, line: int, column: int, depth: int) -> list[Part]:
    left = _flat(expr.left, scope, line, column, depth)
    if isinstance(expr.op, ast.Add):
        return [*left, *_flat(expr.right, scope, line, column, depth)]
    if isinstance(expr.op, ast.Mod) and any(isinstance(part, str) for part in left):
        return _filled(left, expr.right, scope, line, column, depth)
    if isinstance(expr.op, ast.Mult) and all(isinstance(part, str) for part in left):
        return left
    return [expr]


def _filled(left: list[Part], right: ast.expr, scope: Scope, line: int, column: int, depth: int) -> list[Part]:
    """`left % right`: each % of the template takes the next value, so that what stands before a hole is known."""
    values = (
        list(right.elts)
        if isinstance(right, ast.Tuple)
        else list(right.values)
        if isinstance(right, ast.Dict)
        else [right]
    )
    filled: list[Part] = []
    for part in left:
        if not isinstance(part, str):
            filled.append(part)
            continue
        for number, text in enumerate(part.replace("%%", "\0").split("%")):
            if number and values:
                value = values.pop(0)
                filled += ["0"] if _NUMBER_FORMAT.match(text) else _flat(value, scope, line, column, depth)
            filled.append((_FORMAT.sub("", text) if number else text).replace("\0", "%"))
    for value in values:
        filled += _flat(value, scope, line, column, depth)
    return filled


def _called(expr: ast.Call, scope: Scope, line: int, column: int, depth: int) -> list[Part]:
    func = expr.func
    deeper = (scope, line, column, depth)
    name = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
    if name in ("str", "dedent", "text", "SQL", "fspath") and len(expr.args) == 1:
        return _flat(expr.args[0], *deeper)
    if not isinstance(func, ast.Attribute):
        return [expr]
    if name == "join" and len(expr.args) == 1:
        return _joined(expr, func.value, expr.args[0], *deeper)
    receiver = _flat(func.value, *deeper)
    if any(isinstance(part, str) for part in receiver):
        if name == "format":
            return _formatted(expr, receiver, *deeper)
        if name == "replace" and len(expr.args) == 2:
            return _replaced(expr, receiver, *deeper)
    return receiver if name in _KEEPERS else [expr]


def _formatted(expr: ast.Call, receiver: list[Part], scope: Scope, line: int, column: int, depth: int) -> list[Part]:
    values = [*expr.args, *(word.value for word in expr.keywords)]
    filled: list[Part] = []
    for part in receiver:
        if not isinstance(part, str):
            filled.append(part)
            continue
        for number, text in enumerate(part.replace("{{", "\0").split("{")):
            if number and values:
                filled += _flat(values.pop(0), scope, line, column, depth)
            filled.append(text.partition("}")[2] if number else text)
    for value in values:
        filled += _flat(value.value if isinstance(value, ast.Starred) else value, scope, line, column, depth)
    return filled


def _replaced(expr: ast.Call, receiver: list[Part], scope: Scope, line: int, column: int, depth: int) -> list[Part]:
    """A template whose mark is replaced: what stands before the mark stands before the hole."""
    mark = fold(expr.args[0], scope)
    if not isinstance(mark, str) or not mark or not any(isinstance(part, str) and mark in part for part in receiver):
        return [expr]  # What is replaced is in a value, often to escape it.
    value = _flat(expr.args[1], scope, line, column, depth)
    filled: list[Part] = []
    for part in receiver:
        before, found, after = part.partition(mark) if isinstance(part, str) else (part, "", "")
        filled += [before, *value, after] if found else [before]
    return filled


def _joined(
    expr: ast.Call, separator: ast.expr, items: ast.expr, scope: Scope, line: int, column: int, depth: int
) -> list[Part]:
    if isinstance(items, (ast.List, ast.Tuple)):
        return [part for item in items.elts for part in (*_flat(item, scope, line, column, depth), " ")]
    if isinstance(items, (ast.GeneratorExp, ast.ListComp)):
        return _flat(items.elt, scope, line, column, depth)
    if isinstance(items, ast.BinOp) and isinstance(items.op, ast.Mult) and fold(items.left, scope) is not UNKNOWN:
        return ["?"]
    if isinstance(items, ast.Name):
        return _collected(expr, items, scope, line, column, depth)
    return ["?"] if fold(items, scope) is not UNKNOWN else [expr]


def _collected(expr: ast.expr, items: ast.Name, scope: Scope, line: int, column: int, depth: int) -> list[Part]:
    """A list that is built up in sight (`parts = ["a"]`) and joined."""
    found = find(items.id, scope)
    if found is None or any(binding.kind not in ("assign", "augmented") for binding in found[0]):
        return [expr]
    added = _appended(items.id, found[1])
    parts: list[Part] = []
    for binding in found[0]:
        if (
            isinstance(binding.value, ast.BinOp)
            and fold(getattr(binding.value, "left", binding.value), scope) is not UNKNOWN
        ):
            parts.append("?")
        elif isinstance(binding.value, (ast.List, ast.Tuple)):
            parts += [part for item in binding.value.elts for part in _flat(item, scope, line, column, depth)]
            if not binding.value.elts and not added:
                return [expr]
        elif isinstance(binding.value, ast.ListComp):
            parts += _flat(binding.value.elt, scope, line, column, depth)
        else:
            return [expr]
    for value in added:
        parts += [*_flat(value, found[1], line, column, depth), " "]
    return parts


def _appended(name: str, scope: Scope) -> list[ast.expr]:
    """What a def appends to a list of its own."""
    return _appends(scope.node).get(name, []) if scope.kind == "function" else []


@lru_cache(maxsize=2)
def _appends(function: ast.AST) -> dict[str, list[ast.expr]]:
    found: dict[str, list[ast.expr]] = {}
    for call in descendants(function, ast.Call):
        func = call.func
        if isinstance(func, ast.Attribute) and func.attr == "append" and len(call.args) == 1:
            held = found.setdefault(getattr(func.value, "id", ""), [])
            held += call.args if len(held) < _MOST else []
    return found


def _named(expr: ast.Name, scope: Scope, line: int, column: int, depth: int) -> list[Part]:
    found = find(expr.id, scope)
    if found is None:
        return [expr]
    bindings, holder = found
    if any(binding.kind not in ("assign", "augmented", "for", "unpack") for binding in bindings):
        return [expr]
    seen = _in_sight(bindings, expr.id, line, column) if holder is scope else bindings
    parts: list[Part] = []
    for binding in seen:
        if binding.kind in ("for", "unpack"):
            if not _is_fixed_series(binding.value, holder):
                return [expr]
            parts.append("?")
        elif binding.value is not None:
            # One line up: `query = query.format(name)` reads what the name held before.
            inside = _flat(binding.value, holder, binding.line - 1, column, depth)
            bare = inside == [binding.value] and not _tells(binding.value)
            parts += [expr] if bare else inside
    return parts


def _is_fixed_series(value: ast.AST, scope: Scope) -> bool:
    """Whether what a loop runs over is fixed: literals, or the keys and values of a dict of such."""
    func = value.func if isinstance(value, ast.Call) and not value.args else None
    if isinstance(func, ast.Attribute) and func.attr in ("items", "keys", "values"):
        value = func.value
    if isinstance(value, ast.Name):
        found = find(value.id, scope)
        value = found[0][0].value if found and len(found[0]) == 1 and found[0][0].kind == "assign" else value
    if isinstance(value, ast.Dict):
        return all(part is not None and fold(part, scope) is not UNKNOWN for part in [*value.keys, *value.values])
    return fold(value, scope) is not UNKNOWN


def _tells(value: ast.AST) -> bool:
    """Whether the expression behind a name says more about it than the name does."""
    return isinstance(value, (ast.Call, ast.Subscript, ast.Attribute, ast.Name))


def _in_sight(bindings: list[Binding], name: str, line: int, column: int) -> list[Binding]:
    """The bindings that may hold at `line`: back to the nearest assignment that is not deeper than the use."""
    seen: list[Binding] = []
    for binding in reversed([binding for binding in bindings if binding.line <= line] or bindings):
        seen.insert(0, binding)
        value = binding.value
        on_line = getattr(value, "lineno", 0) == binding.line
        if binding.kind == "assign" and (not on_line or value.col_offset - len(name) - 3 <= column):
            break
    return seen
