"""How many connections a client holds at most, and how long one waits for a free one, as people read it."""

import ast
from typing import Any, Final

from scanners.constants import fold
from scanners.place import Place
from scanners.syntax import last_name, unparse

_WORDS: Final = {
    "max_connections": "",
    "maxPoolSize": "",
    "maxsize": "",
    "max_size": "",
    "maxconn": "",
    "max_pool_connections": "",
    "pool_maxsize": "",
    "limit": "",
    "pool_size": "",
    "connection_pool_size": "",
    "max_overflow": "overflow ",
    "pool_timeout": "wait ",
    "pool_recycle": "recycled after ",
}
_SECONDS: Final = frozenset({"pool_timeout", "pool_recycle"})
_HOLDERS: Final = frozenset(
    {"limits", "connector", "config", "connection_pool", "pool", "engine_options", "connect_args"}
)
DEFAULTS: Final = {
    "sqlalchemy": "5, overflow 10, wait 30 s (default)",  # SQLAlchemy 2.1: QueuePool
    "pymongo": "100 (default)",  # pymongo 4.20
    "motor": "100 (default)",
    "boto3": "10 (default)",  # botocore 1.44
    "httpx": "100 (default)",  # httpx 0.28
    "aiohttp": "100 (default)",  # aiohttp 3.14
    "requests": "10 a host (default)",  # requests 2.34: HTTPAdapter(pool_maxsize=10)
    "openai": "1000 (default)",  # openai 2
    "anthropic": "1000 (default)",
}
_BY_CALL: Final = {"asyncpg.create_pool": "10 (default)", "psycopg_pool.ConnectionPool": "4 (default)"}


def pool_of(made: ast.Call, dotted: str, library: str, place: Place[Any]) -> str:
    """The pool that a client is made with, "" where it has none that is known."""
    parts = list(_parts(made, place))
    for word in made.keywords:
        if word.arg in _HOLDERS:
            inner = word.value
            if not isinstance(inner, ast.Call):
                ref = place.resolve(inner)
                inner = ref.origin if ref is not None and ref.origin is not None else inner
            if isinstance(inner, ast.Call):
                parts += _parts(inner, place)
        elif word.arg == "poolclass" and last_name(word.value) == "NullPool":
            return "none"
    return ", ".join(dict.fromkeys(parts)) or _BY_CALL.get(dotted, DEFAULTS.get(library, ""))


def _parts(made: ast.Call, place: Place[Any]) -> list[str]:
    found = []
    for word in made.keywords:
        if word.arg in _WORDS:
            value = fold(word.value, place.scope)
            text = f"{value}" if isinstance(value, (int, float)) else unparse(word.value)[:40]
            found.append(f"{_WORDS[word.arg]}{text}{' s' if word.arg in _SECONDS else ''}")
    return found
