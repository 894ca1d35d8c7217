"""What settings say of databases, caches, brokers, mail and directories: clients that a framework makes from them."""

import ast
from collections.abc import Iterator
from typing import Any, Final

from scanners.constants import fold
from scanners.context import Context
from scanners.place import Bound
from scanners.rule import Collector
from scanners.semantics.boundaries.addresstexts import Target
from scanners.semantics.boundaries.targets import target
from scanners.semantics.connections import django_entries
from scanners.syntax import last_name, unparse

_PLAIN: Final = {
    "EMAIL_HOST": ("mail", "django.core.mail"),
    "MAIL_SERVER": ("mail", "flask_mail"),
    "CELERY_BROKER_URL": ("broker", "celery"),
    "BROKER_URL": ("broker", "celery"),
    "broker_url": ("broker", "celery"),
    "CELERY_RESULT_BACKEND": ("broker", "celery results"),
    "result_backend": ("broker", "celery results"),
    "SQLALCHEMY_DATABASE_URI": ("sql", "sqlalchemy"),
    "AUTH_LDAP_SERVER_URI": ("directory", "django_auth_ldap"),
    "AWS_STORAGE_BUCKET_NAME": ("object store", "storages"),
}
"""Settings that hold one address, with the kind and the library that reads them."""

_ENTRIES: Final = {
    "DATABASES": "sql",
    "CACHES": "cache",
    "CHANNEL_LAYERS": "broker",
    "RQ_QUEUES": "broker",
    "HAYSTACK_CONNECTIONS": "store",
    "ELASTICSEARCH_DSL": "store",
}
"""Settings that hold several, each by a name of its own."""

_ADDRESSES: Final = ("HOST", "LOCATION", "URL", "hosts", "host", "HOSTS", "url")
_LOCAL: Final = ("locmem", "dummy", "filebased", "databasecache", "inmemory", "sqlite", "simple", "null")
_LIBRARIES: Final = {
    "redis": "redis",
    "memcache": "memcached",
    "postg": "postgresql",
    "mysql": "mysql",
    "oracle": "oracle",
    "mssql": "mssql",
    "elastic": "elasticsearch",
    "opensearch": "opensearch",
    "solr": "solr",
    "rabbit": "rabbitmq",
}
_LIMITS: Final = {
    "django.core.mail": "EMAIL_TIMEOUT",
    "django_auth_ldap": "AUTH_LDAP_CONNECTION_OPTIONS",
    "sqlalchemy": "SQLALCHEMY_ENGINE_OPTIONS",
    "celery": "broker_connection_timeout",
}
_UNBOUNDED: Final = {"django.core.mail": "socket"}  # Django 6.0: EMAIL_TIMEOUT = None
_PARTLY: Final = {"celery": "library default connect 4 s"}  # Celery 5.6: broker_connection_timeout


class BoundarySettings(Collector):
    """Facts `boundary-client` of settings: `setting` is the name of the setting, with the key of its entry."""

    @staticmethod
    def binds(name: str) -> bool:
        """Whether a name is that of a setting with an address."""
        return name in _PLAIN or name in _ENTRIES

    def visit_binding(self, bound: Bound, ctx: Context) -> None:
        """Record what a setting is given."""
        if ctx.role in ("settings-dev", "settings-test"):
            return
        if bound.key in _ENTRIES and isinstance(bound.value, ast.Dict):
            entries = django_entries(ctx.module, ctx.tree) if ctx.tree is not None else ()
            judged = {id(place.node): found for place, found in entries}
            for alias, entry in _items(bound.value):
                fact = _entry(bound, alias, entry, ctx, judged.get(id(entry)))
                if fact is not None:
                    ctx.fact("boundary-client", entry, **fact)
        elif bound.key in _PLAIN and not (isinstance(bound.value, ast.Constant) and not bound.value.value):
            kind, library = _PLAIN[bound.key]
            where = Target("AWS s3") if kind == "object store" else target(bound.value, bound.scope, ctx)
            if where.name in ("memory", "rpc", "cache", "django-db", "cache+memory") or _is_local(bound.value):
                return
            fact = _fact(kind, library, where, bound.key, _limit(library, ctx))
            ctx.fact("boundary-client", bound, **fact)


def _fact(
    kind: str, library: str, where: Target, setting: str, limit: tuple[str, str], pool: str = ""
) -> dict[str, Any]:
    mail = kind == "mail"
    return {
        "kind": kind,
        "library": library,
        "target": setting if mail else where.name,
        "shown": where.name,
        "given": where.given,
        "why": "" if mail else where.why,
        "state": limit[0],
        "timeout": limit[1],
        "again": None,
        "pool": pool,
        "client": f":{setting}",
        "name": "",
        "setting": setting,
    }


def _is_local(value: ast.expr) -> bool:
    text = unparse(value)
    return any(word in text for word in ("'memory:", "'cache+memory", "'db+sqlite", "'django-db'", "'django-cache'"))


def _limit(library: str, ctx: Context) -> tuple[str, str]:
    word = _LIMITS.get(library, "")
    bindings = ctx.module.names.get(word, ())
    if bindings and isinstance(bindings[-1].value, ast.expr):
        value = fold(bindings[-1].value, ctx.module)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return "good", f"{value:g} s"
        if library == "django.core.mail":
            return ("bad", "") if value is None else ("good", word)
        bounded = "timeout" in unparse(bindings[-1].value).lower()
        return ("good", f"in {word}") if bounded else ("unresolved", "")
    if library in _PARTLY:
        return "partial", _PARTLY[library]
    return _UNBOUNDED.get(library, "unresolved"), ""


def _items(value: ast.Dict) -> Iterator[tuple[str, ast.expr]]:
    for key, entry in zip(value.keys, value.values, strict=True):
        if isinstance(key, ast.Constant):
            yield str(key.value), entry


def _entry(bound: Bound, alias: str, entry: ast.expr, ctx: Context, judged: Any) -> dict[str, Any] | None:
    """One database, cache or queue; None for one that stays in the process or on its disk."""
    kind, setting = _ENTRIES[bound.key], f"{bound.key}.{alias}"
    if not isinstance(entry, ast.Dict):
        where = _from_url(entry, bound, ctx)
        return _fact(kind, "django", where, setting, ("unresolved", ""))
    fields = dict(_items(entry))
    engine = fields.get("ENGINE", fields.get("BACKEND"))
    text = unparse(engine) if engine is not None else ""
    if any(word in text.lower() for word in _LOCAL):
        return None
    named = (name for word, name in _LIBRARIES.items() if word in text.lower())
    library = next(named, "redis" if kind == "broker" else "django")
    where = _address(fields, bound, ctx)
    state = judged.verdict.state if judged is not None else "unresolved"
    return _fact(kind, library, where, setting, (state, "in OPTIONS" if state == "good" else ""), _pool(fields, bound))


def _address(fields: dict[str, ast.expr], bound: Bound, ctx: Context) -> Target:
    for holder in (fields, *(dict(_items(inner)) for inner in fields.values() if isinstance(inner, ast.Dict))):
        for word in _ADDRESSES:
            if word in holder:
                found = target(holder[word], bound.scope, ctx)
                return found if found.name or not found.relative else Target("", "No host is given: the local socket.")
    return Target("", "No host is given: the local socket.")


def _from_url(entry: ast.expr, bound: Bound, ctx: Context) -> Target:
    """`env.db()` and `dj_database_url.config()` read a variable of their own when they are told none."""
    found = target(entry, bound.scope, ctx)
    if found.name or not isinstance(entry, ast.Call):
        return found
    last = last_name(entry.func)
    names = {"db": "$DATABASE_URL", "db_url": "$DATABASE_URL", "config": "$DATABASE_URL", "cache": "$CACHE_URL"}
    if last == "parse" and entry.args:
        return target(entry.args[0], bound.scope, ctx)
    return Target(names[last]) if last in names and not entry.args else found


def _pool(fields: dict[str, ast.expr], bound: Bound) -> str:
    given = fields.get("OPTIONS")
    options = dict(_items(given)) if isinstance(given, ast.Dict) else {}
    if "pool" in options:
        return f"pool {unparse(options['pool'])[:40]}"
    if "CONNECTION_POOL_KWARGS" in options:
        return unparse(options["CONNECTION_POOL_KWARGS"])[:40]
    if "CONN_MAX_AGE" not in fields:
        return ""
    age = fold(fields["CONN_MAX_AGE"], bound.scope)
    said = "for good" if age is None else unparse(fields["CONN_MAX_AGE"])[:30]
    kept = f"{age:g} s" if isinstance(age, (int, float)) else said
    return f"one a thread, kept {kept}"
