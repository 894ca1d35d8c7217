"""Pools of connections with their sizes, and how many threads or jobs of one process may want a connection."""

import ast
import re
from typing import Any, Final

from scanners.constants import fold
from scanners.context import Context
from scanners.place import Call
from scanners.regex import regex
from scanners.rule import CODE, Collector
from scanners.semantics.data.rowloops import nodes
from scanners.syntax import descendants, unparse
from scanners.text import TextFile

_ENGINES: Final = ("sqlalchemy.create_engine", "sqlalchemy.create_async_engine", "sqlmodel.create_engine")
_SIZED: Final = {
    "asyncpg.create_pool": ("max_size", 10),  # asyncpg 0.32: default
    "psycopg_pool.ConnectionPool": ("max_size", 4),  # psycopg_pool 3.3: as min_size, 4
    "psycopg2.pool.ThreadedConnectionPool": ("maxconn", None),
    "redis.BlockingConnectionPool": ("max_connections", 50),  # redis 8.1: default
}
_UNBOUNDED: Final = ("redis.ConnectionPool", "redis.ConnectionPool.from_url")  # redis before 8: 2 ** 31; redis 8.1: 100
_SIZE, _OVERFLOW = 5, 10  # SQLAlchemy 2.1: QueuePool(pool_size=5, max_overflow=10)
_DATABASE: Final = regex(
    r"(^|_)(session|engine|db|sessionlocal|session_scope|get_session|pool)$|^Session(Local)?$", re.IGNORECASE
)
_THREADS: Final = regex(
    r"gunicorn\b.*--threads[= ](\d+)"
    r"|celery\b.*(?:-P|--pool)[= ]?(?:threads|gevent|eventlet)\b.*(?:-c|--concurrency)[= ]?(\d+)"
)
_POOLER: Final = regex(r"pgbouncer|pgcat|odyssey|rds-proxy|pgpool", re.IGNORECASE)


class Pools(Collector):
    """Fact `pool`: a pool with its limit, -1 for none, None if it cannot be told. Fact `executor`: its threads."""

    classes = CODE
    calls = (*_ENGINES, *_SIZED, *_UNBOUNDED, "concurrent.futures.ThreadPoolExecutor")

    def visit_call(self, call: Call, ctx: Context) -> None:
        """Record a pool, or an executor whose work uses a database."""
        text = ctx.source_lines[call.line - 1].strip()
        if call.last == "ThreadPoolExecutor":
            size = _number(call.argument(0, "max_workers"), call, None)
            if size is not None and _uses_database(call, ctx):
                ctx.fact("executor", call, size=size)
            return
        word = call.keyword("poolclass")
        form = unparse(word).rpartition(".")[2] if word is not None else ""
        pooled = ctx.source.finds(_POOLER) or form == "StaticPool"
        ctx.fact(
            "pool",
            call,
            name=call.dotted,
            size=_size(call),
            form=form,
            text=text,
            pooled=pooled,
            address=_address(call),
        )


class Workers(Collector):
    """Fact `threads`: the threads of one server process. Fact `pooler`: something that pools before the database."""

    files = ("dockerfile", "compose", "procfile", "manifest", "shell", "config-file")

    def visit_module(self, ctx: Context) -> None:
        """Record the threads of the settings of gunicorn, which are a Python file."""
        names = ctx.module.names
        if "threads" in names and {"bind", "workers", "worker_class"} & names.keys():
            size = fold(ast.Name("threads"), ctx.module)
            if isinstance(size, int):
                ctx.fact("threads", names["threads"][-1].line, size=size)

    def visit_text(self, text: TextFile, ctx: Context) -> None:
        """Record commands and poolers."""
        for number, line in enumerate(text.lines, 1):
            found = _THREADS.search(line[:1000].replace('", "', " ").replace("', '", " "))
            if found is not None:
                ctx.fact("threads", number, size=int(found[1] or found[2]))
            if _POOLER.search(line):
                ctx.fact("pooler", number)


def _number(expr: ast.expr | None, call: Call, default: int | None) -> int | None:
    if expr is None:
        return default
    value = fold(expr, call.scope)
    return value if isinstance(value, int) else None


def _size(call: Call) -> int | None:
    if call.unpacks:
        return None
    if call.dotted in _ENGINES:
        size, over = (
            _number(call.keyword("pool_size"), call, _SIZE),
            _number(call.keyword("max_overflow"), call, _OVERFLOW),
        )
        if size is None or over is None:
            return None
        return -1 if over < 0 or size == 0 else size + over
    if call.dotted in _UNBOUNDED:
        return _number(call.keyword("max_connections"), call, -1)
    word, default = _SIZED[call.dotted]
    return _number(call.argument(1, word) if word == "maxconn" else call.keyword(word), call, default)


def _address(call: Call) -> str:
    value: Any = fold(call.node.args[0], call.scope) if call.node.args else ""
    return value.partition(":")[0] if isinstance(value, str) else "?"


def _uses_database(call: Call, ctx: Context) -> bool:
    """Whether a function of this file that the executor runs names a session, an engine or a pool."""
    for node in descendants(call.function or call.scope.module.node):
        if not isinstance(node, ast.Call) or getattr(node.func, "attr", "") not in ("submit", "map", "run_in_executor"):
            continue
        for given in node.args[:2]:
            made = (
                ctx.definition(ctx.resolve(given, call.scope)) if isinstance(given, (ast.Name, ast.Attribute)) else None
            )
            if isinstance(made, ast.FunctionDef) and any(_is_database(part) for part in nodes(made.body)):
                return True
    return False


def _is_database(part: Any) -> bool:
    name = part.id if isinstance(part, ast.Name) else part.attr if isinstance(part, ast.Attribute) else ""
    return _DATABASE.search(name) is not None
