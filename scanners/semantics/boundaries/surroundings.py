"""What stands around a piece of a def: the tries, loops and withs whose bodies hold it."""

import ast
from collections.abc import Sequence
from typing import Any, Final

from scanners.context import Context
from scanners.place import Block, Place
from scanners.scopes import Scope
from scanners.semantics.owncalls import own

TRIES: Final = (ast.Try, ast.TryStar)
LOOPS: Final = (ast.For, ast.AsyncFor, ast.While)
WITHS: Final = (ast.With, ast.AsyncWith)


def enclosing(node: ast.AST, function: ast.AST, *kinds: type[ast.AST]) -> list[Any]:
    """The statements of a def of these types with `node` in their body, innermost first."""
    found = [stmt for stmt in own(function, *kinds) if _holds(stmt.body, node)]
    return sorted(found, key=lambda stmt: (-stmt.lineno, -stmt.col_offset))


def _holds(body: Sequence[Any], node: Any) -> bool:
    first, last = body[0], body[-1]
    start, end = (first.lineno, first.col_offset), (last.end_lineno, last.end_col_offset)
    return start <= (node.lineno, node.col_offset) < end


def def_of(scope: Scope) -> tuple[Any, Scope] | None:
    """The def (no lambda) around a scope, with its scope; None in a class or the module."""
    current: Scope | None = scope
    while current is not None and current.kind != "class":
        if isinstance(current.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return current.node, current
        current = current.parent
    return None


def scope_around(node: Any, ctx: Context) -> Scope:
    """The scope of the innermost def that a node stands in, else the module's."""
    found = [
        (getattr(function, "lineno", 0), scope)
        for function, scope in ctx.module.functions.items()
        if getattr(function, "lineno", 0) <= node.lineno <= (getattr(function, "end_lineno", 0) or 0)
    ]
    return max(found, key=lambda pair: pair[0])[1] if found else ctx.module


def place_in(node: Any, scope: Scope, ctx: Context) -> Place[Any]:
    """A statement as a place of its scope, for what asks for names only."""
    return Place(node, Block("function", scope.node, None, scope), node if isinstance(node, ast.stmt) else None)
