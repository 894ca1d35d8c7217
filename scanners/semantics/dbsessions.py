"""Sessions of SQLAlchemy: told by their type, by how they were made, or by their usual name."""

import ast
import re
from typing import Final

from scanners.names import resolve
from scanners.regex import regex
from scanners.scopes import Scope

_SESSION: Final = regex(r"(^|_)(db|sess|session|dbsession|scoped_session|uow)$", re.IGNORECASE)
_SESSIONS: Final = frozenset(  # By where they may be imported from.
    f"{module}.{name}"
    for module in ("sqlalchemy.orm", "sqlalchemy.ext.asyncio", "sqlalchemy.ext.asyncio.session", "sqlmodel")
    for name in ("Session", "AsyncSession", "scoped_session", "async_scoped_session")
) | {
    "sqlalchemy.orm.scoping.scoped_session",
    "sqlalchemy.orm.session.Session",
    "sqlmodel.ext.asyncio.session.AsyncSession",
}
_FACTORIES: Final = regex(
    r"^sqlalchemy\.(orm|ext\.asyncio)\.(scoped_|async_)?session(maker)?\(\)|\.Session$|sessionmaker"
)


def is_session(expr: ast.AST, scope: Scope) -> bool:
    """Whether an expression is a session of SQLAlchemy: by its type, its making, or its usual name."""
    return is_known_session(expr, scope) or _SESSION.search(_last_word(expr)) is not None


def is_known_session(expr: ast.AST, scope: Scope) -> bool:
    """Whether it is a session by its type or by how it was made."""
    ref = resolve(expr, scope, getattr(expr, "lineno", 1))
    return ref is not None and (ref.dotted in _SESSIONS or _FACTORIES.search(ref.dotted) is not None)


def _last_word(expr: ast.AST) -> str:
    if isinstance(expr, ast.Call):
        return _last_word(expr.func)
    return expr.attr if isinstance(expr, ast.Attribute) else getattr(expr, "id", "")
