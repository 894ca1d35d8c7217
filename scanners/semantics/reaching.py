"""Which assignments a name may hold where it is read: back to the nearest one that always runs before."""

import ast
from collections.abc import Iterator
from typing import Any, Final
from weakref import WeakKeyDictionary

from scanners.scopes import Binding

Path = tuple[tuple[int, str], ...]
"""The branches that lead to a statement, outermost first: (number of the compound statement, its suite)."""

_SUITES: Final = ("body", "orelse", "finalbody")
_GUARDS: Final = (ast.If, ast.While, ast.Assert, ast.Expr, ast.Try)
"""The statements that may keep a value from what follows."""
_EXCLUSIVE: Final = ("If", "Match")


class Layout:
    """The statements of one def, without those of inner defs, by line."""

    def __init__(self, function: ast.AST) -> None:
        self.statements: list[tuple[Any, Path]] = list(_laid_out(function, ()))
        self.guards = [(stmt, path) for stmt, path in self.statements if isinstance(stmt, _GUARDS)]
        self._kinds = {id(stmt): type(stmt).__name__ for stmt, _ in self.statements}
        self._innermost: dict[int, tuple[Any, Path]] = {}
        for stmt, path in self.statements:  # Inner ones come later and win.
            for line in range(stmt.lineno, _head_end(stmt) + 1):
                self._innermost[line] = (stmt, path)

    def at(self, line: int) -> tuple[Any, Path]:
        """The statement whose head is on a line, and the branches that lead to it."""
        return self._innermost.get(line, (None, ()))

    def excludes(self, one: Path, other: Path) -> bool:
        """Whether two places lie in different branches of one `if`, so that only one of them runs."""
        for left, right in zip(one, other, strict=False):
            if left != right:
                return left[0] == right[0] and self._kinds.get(left[0]) in _EXCLUSIVE
        return False


_LAYOUTS: Final[WeakKeyDictionary[ast.AST, Layout]] = WeakKeyDictionary()


def layout(function: ast.AST) -> Layout:
    """The layout of a def, made once."""
    found = _LAYOUTS.get(function)
    if found is None:
        found = _LAYOUTS[function] = Layout(function)
    return found


def _head_end(stmt: Any) -> int:
    if isinstance(getattr(stmt, "body", None), list) and stmt.body:
        return int(max(stmt.lineno, stmt.body[0].lineno - 1))
    return int(stmt.end_lineno or stmt.lineno)


def _laid_out(holder: Any, path: Path) -> Iterator[tuple[Any, Path]]:
    for suite in _SUITES:
        for stmt in getattr(holder, suite, None) or ():
            here = (*path, (id(holder), suite)) if suite != "body" or not _is_def(holder) else path
            yield stmt, here
            if not _is_def(stmt):
                yield from _laid_out(stmt, here)
    for part in (*getattr(holder, "handlers", ()), *getattr(holder, "cases", ())):
        inner = (*path, (id(holder), str(part.__class__.__name__) + str(id(part))))
        for stmt in part.body:
            yield stmt, inner
            if not _is_def(stmt):
                yield from _laid_out(stmt, inner)


def _is_def(node: ast.AST) -> bool:
    return isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda))


def reaching(bindings: list[Binding], function: ast.AST, expr: ast.expr) -> list[Binding]:
    """Those of a name's bindings that `expr`, which reads it in the same def, may see; the nearest first."""
    rows = layout(function)
    stmt, path = rows.at(expr.lineno)
    end = getattr(stmt, "end_lineno", None) or expr.lineno
    seen: list[Binding] = []
    for binding in sorted(bindings, key=lambda each: each.line, reverse=True):
        if not _before(binding, expr, end):
            continue
        written = () if binding.kind == "param" else rows.at(binding.line)[1]
        if rows.excludes(written, path):
            continue
        seen.append(binding)
        if binding.kind != "augmented" and path[: len(written)] == written:
            break
    return seen


def _before(binding: Binding, expr: ast.expr, end: int) -> bool:
    if binding.kind == "param" or binding.line < expr.lineno:
        return True
    if binding.kind == "for":  # Of a comprehension, which names its items after it has used them.
        return binding.line <= end
    value = binding.value
    last = (getattr(value, "end_lineno", None), getattr(value, "end_col_offset", None))
    return binding.line == expr.lineno and None not in last and last <= (expr.lineno, expr.col_offset)
