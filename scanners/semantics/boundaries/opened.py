"""Annotations that say what is handed in: connections, cursors and clients of libraries."""

import ast
import sys
from typing import Any, Final

from scanners.context import Context
from scanners.scopes import Scope
from scanners.semantics.boundaries.httpcalls import SESSIONS
from scanners.semantics.boundaries.libraries import CLIENTS, Library

SQL_ROOTS: Final = {
    "psycopg2": "psycopg2",
    "psycopg": "psycopg",
    "psycopg_pool": "psycopg",
    "asyncpg": "asyncpg",
    "pymysql": "pymysql",
    "aiomysql": "aiomysql",
    "oracledb": "odbc",
    "pyodbc": "odbc",
}
"""Packages of drivers, with the name of the library in the table."""
_OPENED: Final = ("cursor", "connection", "pool", "transaction")
_DRIVERS: Final = SQL_ROOTS.keys() | (
    {name.partition(".")[0] for name in CLIENTS if name.rpartition(".")[2][:1].isupper()} - sys.stdlib_module_names
)
_WORDS: Final = ("ursor", "onnection", "Pool", "Redis", "Client")
_GIVEN: Final = ("-> httpx.", "-> requests.", "-> aiohttp.")
_WRAPPERS: Final = frozenset({"Optional", "Annotated", "Union", "ClassVar", "Final"})


def told_by_types(ctx: Context) -> bool:
    """Whether annotations of the file may name what a library opens."""
    words = () if ctx.imported.isdisjoint(_DRIVERS) else _WORDS
    given = _GIVEN if ctx.imports("httpx", "requests", "aiohttp") else ()
    return any(word in ctx.source for word in (*words, *given))


def typed(annotation: Any, ctx: Context, scope: Scope) -> Library | None:
    """The library whose client an annotation names."""
    if annotation is None:
        return None
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            annotation = ast.parse(annotation.value, mode="eval").body
        except (SyntaxError, ValueError):
            return None
    if isinstance(annotation, ast.BinOp):
        return typed(annotation.left, ctx, scope) or typed(annotation.right, ctx, scope)
    if isinstance(annotation, ast.Subscript):
        inner = annotation.slice
        if getattr(annotation.value, "id", getattr(annotation.value, "attr", "")) in _WRAPPERS:
            parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
            return next((found for part in parts if (found := typed(part, ctx, scope))), None)
        return typed(annotation.value, ctx, scope)
    if not isinstance(annotation, (ast.Name, ast.Attribute)):
        return None
    ref = ctx.resolve(annotation, scope)
    return _named(ref.dotted) if ref is not None and not ref.local else None


def _named(dotted: str) -> Library | None:
    if dotted in SESSIONS:
        return Library("http", SESSIONS[dotted])
    if dotted in CLIENTS and dotted.rpartition(".")[2][:1].isupper():
        return CLIENTS[dotted]
    root, _, rest = dotted.partition(".")
    if root in SQL_ROOTS and any(word in rest.lower() for word in _OPENED):
        return Library("sql", SQL_ROOTS[root])
    return None
