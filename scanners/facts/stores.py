"""Data stores: the entries of Django's DATABASES, clients in code, containers that tests start, images of stores."""

import ast
import re
from collections.abc import Iterator
from typing import Any, Final

from scanners.constants import UNKNOWN, fold
from scanners.context import Context
from scanners.names import find
from scanners.place import Bound, Call
from scanners.regex import regex
from scanners.rule import CODE, Collector
from scanners.semantics.data.storeclients import CLIENTS, SCHEMES, address_of, bounds_of, engine_of, named
from scanners.syntax import descendants, last_name, unparse

_BACKEND: Final = regex(r"(?:backends|engine)\.(\w+)")
_ANY_BACKEND: Final = regex(r"postgres\w*|postgis|mysql|sqlite3?|spatialite|oracle|mssql|cockroachdb", re.IGNORECASE)
_VARIABLE: Final = regex(r"(?:environ(?:\.get\(|\[)|getenv\(|env(?:\.\w+)?\(|config\()\s*['\"](\w+)['\"]")
_LIMIT: Final = regex(
    r"(connect_timeout|statement_timeout|read_timeout|timeout|lock_timeout)['\"]?\s*[:=]\s*['\"]?(\d+\w*)"
)


class Clients(Collector):
    """Fact `store-client`: library, engine ("" where it cannot be told), name (address, variable, setting), timeout."""

    classes = CODE
    calls = tuple(CLIENTS)

    def visit_call(self, call: Call, ctx: Context) -> None:
        """Record a client."""
        if call.keyword("connection_pool", "creator") is not None:
            return  # The pool is the client.
        address = address_of(call)
        value: Any = fold(address, call.scope) if address is not None else ""
        told = value if isinstance(value, str) else _fixed_texts(_given(address, call))
        ctx.fact(
            "store-client",
            call,
            library=call.dotted,
            engine=CLIENTS[call.dotted] or engine_of(told),
            name=named(address, call),
            timeout=bounds_of(call),
            role=ctx.role,
        )


def _given(address: ast.expr | None, call: Call) -> ast.expr | None:
    """What a name that holds an address was given, where it is given something once."""
    found = find(address.id, call.scope) if isinstance(address, ast.Name) else None
    bound = found[0] if found is not None else []
    return bound[0].value if len(bound) == 1 and bound[0].kind == "assign" else address


class Addresses(Collector):
    """Fact `store-client` for the address that a settings module gives to Flask-SQLAlchemy."""

    classes = CODE

    @staticmethod
    def binds(name: str) -> bool:
        """Whether the name is that setting."""
        return name == "SQLALCHEMY_DATABASE_URI"

    def visit_binding(self, bound: Bound, ctx: Context) -> None:
        """Record the store that the address names."""
        value: Any = fold(bound.value, bound.scope)
        told = value if isinstance(value, str) else _fixed_texts(bound.value)
        library, found = "flask_sqlalchemy.SQLAlchemy", _VARIABLE.search(unparse(bound.value))
        name = found[1] if found else bound.key
        ctx.fact("store-client", bound, library=library, engine=engine_of(told), name=name, timeout=None, role=ctx.role)


def _fixed_texts(address: ast.expr | None) -> str:
    """The beginning of an address that is put together: what an f-string or the default of a read starts with."""
    for part in ast.walk(address) if address is not None else ():
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and "://" in part.value:
            return part.value
    return ""


class TestContainers(Collector):
    """Fact `test-container`: a store that tests start in a container: engine and version, "" where that is not told."""

    classes = frozenset({"test"})

    def visit_module(self, ctx: Context) -> None:
        """Record the containers of testcontainers."""
        if "testcontainers" not in ctx.source:
            return
        for node in descendants(ctx.tree or ast.Module([], []), ast.Call):
            engine = _CONTAINERS.get(last_name(node.func))
            if engine:
                image = node.args[0] if node.args else next((w.value for w in node.keywords if w.arg == "image"), None)
                text = fold(image, ctx.module) if image is not None else ""
                version = text.partition(":")[2] if isinstance(text, str) else ""
                ctx.fact("test-container", node, engine=engine, version=version)


_CONTAINERS: Final = {
    "PostgresContainer": "postgresql",
    "MySqlContainer": "mysql",
    "MongoDbContainer": "mongodb",
    "RedisContainer": "redis",
    "ElasticSearchContainer": "elasticsearch",
    "OpenSearchContainer": "opensearch",
    "ClickHouseContainer": "clickhouse",
    "MinioContainer": "minio",
}


class Databases(Collector):
    """Fact `django-database`: an entry of DATABASES: alias, engine, variable, age of connections, pool, limits, role.

    `engine` is None where it is computed; `age` is "" where none is given.
    """

    classes = CODE | {"test"}

    def visit_module(self, ctx: Context) -> None:
        """Record what a settings module says of databases."""
        if "DATABASES" not in ctx.source:
            return
        for stmt in descendants(ctx.tree or ast.Module([], []), ast.Assign, ast.AnnAssign):
            targets = stmt.targets if isinstance(stmt, ast.Assign) else [stmt.target]
            for alias, entry in _entries(targets[0], stmt.value):
                _database(alias, entry, ctx)


def _entries(target: ast.expr, value: ast.expr | None) -> Iterator[tuple[str, ast.expr]]:
    if getattr(target, "id", "") == "DATABASES" and isinstance(value, ast.Dict):
        for key, entry in zip(value.keys, value.values, strict=True):
            yield str(getattr(key, "value", "?")), entry
    elif isinstance(target, ast.Subscript) and getattr(target.value, "id", "") == "DATABASES" and value is not None:
        yield str(getattr(target.slice, "value", "?")), value


def _database(alias: str, entry: ast.expr, ctx: Context) -> None:
    if isinstance(entry, ast.Call) and last_name(entry.func) == "dict":
        entry = ast.Dict([ast.Constant(word.arg) for word in entry.keywords], [word.value for word in entry.keywords],
                         lineno=entry.lineno)  # fmt: skip
    fields = _constant_keys(entry) if isinstance(entry, ast.Dict) else {}
    text = unparse(fields["OPTIONS"]) if "OPTIONS" in fields else ""
    engine, variable = _engine(entry, fields, ctx)
    ctx.fact(
        "django-database",
        entry,
        alias=alias,
        engine=engine,
        variable=variable,
        age=_age(fields.get("CONN_MAX_AGE") or _word(entry, "conn_max_age"), ctx),
        atomic=unparse(fields["ATOMIC_REQUESTS"]) == "True" if "ATOMIC_REQUESTS" in fields else False,
        pooled="'pool'" in text,
        limits=[f"{name} {value}" for name, value in _LIMIT.findall(text)],
        hidden=(bool(text) and not isinstance(fields["OPTIONS"], ast.Dict)) or not fields,
        role=ctx.role,
    )


def _engine(entry: ast.expr, fields: dict[str, ast.expr], ctx: Context) -> tuple[str | None, str]:
    """The engine by its backend or by the default of an address, and the variable that decides."""
    given = fields.get("ENGINE", entry if not fields else None)
    if given is None:
        return None, ""
    text = unparse(given)
    value: Any = fold(given, ctx.module)
    variable = _VARIABLE.search(text)
    if isinstance(value, str):
        text = value
    backend = _BACKEND.search(text) or _ANY_BACKEND.search(text)
    name = backend[backend.lastindex or 0] if backend else engine_of(_fixed_texts(given))
    found = SCHEMES.get(name.lower(), name if isinstance(value, str) else "")
    return found or None, variable[1] if variable else "DATABASE_URL" if "dj_database_url" in text else ""


def _word(entry: ast.expr, name: str) -> ast.expr | None:
    return next((word.value for word in getattr(entry, "keywords", []) if word.arg == name), None)


def _age(given: ast.expr | None, ctx: Context) -> str | None:
    """How many seconds a connection is kept: "" where it is not said, None where it is computed."""
    if given is None:
        return ""
    value = fold(given, ctx.module)
    return None if value is UNKNOWN else "for ever" if value is None else f"{value} s"


def _constant_keys(entry: ast.Dict) -> dict[str, ast.expr]:
    pairs = zip(entry.keys, entry.values, strict=True)
    return {str(key.value): value for key, value in pairs if isinstance(key, ast.Constant)}
