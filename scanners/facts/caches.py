"""Caches: functions that keep answers, containers that grow, caches of libraries, Django's CACHES, keys in Redis."""

import ast
from collections.abc import Iterator
from typing import Any, Final

from scanners.constants import UNKNOWN, fold
from scanners.context import Context
from scanners.place import Call, Place
from scanners.rule import Collector
from scanners.scopes import arguments
from scanners.semantics.memory.cachemakers import CONSTRUCTORS, DECORATORS, UNBOUNDED, Limits, kept_by, limits
from scanners.semantics.memory.caches import are_open, is_small, makes_few, only_constants
from scanners.semantics.memory.growing import grown_containers
from scanners.semantics.terminals import is_command_line
from scanners.syntax import descendants, unparse

_LASTS: Final = frozenset(name.rpartition(".")[2] for name in DECORATORS)
_EXPIRY: Final = ("ex", "px", "exat", "pxat", "keepttl")


class Caches(Collector):
    """Fact `cache`: name, kind, library, bound (-1 for none, None where it cannot be told), eviction, shared, and
    `judged`: bad where it grows without limit by what callers ask for, unknown where that is only suspected.
    """

    classes = frozenset({"service"})
    calls = tuple(CONSTRUCTORS)

    def visit_function_def(self, place: Place[Any], ctx: Context) -> None:
        """Record a function that keeps its answers."""
        for mark in place.node.decorator_list:
            made = mark if isinstance(mark, ast.Call) else None
            func = made.func if made is not None else mark
            if getattr(func, "attr", getattr(func, "id", "")) not in _LASTS and not isinstance(func, ast.Name):
                continue
            name = place.name(func)
            if name in DECORATORS:
                self._function(place, name, made, ctx)

    def visit_call(self, call: Call, ctx: Context) -> None:
        """Record a cache of a library."""
        maker = CONSTRUCTORS[call.dotted]
        name = kept_by(call)
        if not name:
            return
        found = limits(maker, call.node, call.scope)
        judged = "bad" if found.size == UNBOUNDED and maker.size[1] and found.eviction == "none" else ""
        weak = call.dotted.startswith("weakref.")
        _note(call, name, "cache", call.dotted, found._replace(size=None) if weak else found, maker.shared, judged, ctx)

    def visit_module(self, ctx: Context) -> None:
        """Record containers that grow by what callers ask for."""
        command_line = is_command_line(ctx)
        for grown in grown_containers(ctx):
            judged = "" if grown.trimmed or command_line else "unknown" if grown.doubtful else "bad"
            found = Limits(None, "by its own code") if grown.trimmed else Limits(UNBOUNDED, "none")
            _note(grown.place, grown.name, "container", "", found, "process", judged, ctx)

    def _function(self, place: Place[Any], name: str, made: ast.Call | None, ctx: Context) -> None:
        maker = DECORATORS[name]
        found = limits(maker, made, place.scope)
        given = [arg for arg in arguments(place.node) if arg.arg not in ("self", "cls")]
        if not given and not place.qualname:
            found = found._replace(size=1)
        judged = ""
        if found.size == UNBOUNDED and found.eviction == "none" and maker.shared:
            judged = _judged(place, ctx)
        kind = "lru_cache" if name.startswith("functools.") else "cache"
        kind = "django cache" if name.startswith("django.") else kind
        own = f"{place.qualname}.{place.node.name}".lstrip(".")
        _note(place, own, kind, name, found, maker.shared, judged, ctx)


def _judged(place: Place[Any], ctx: Context) -> str:
    """What is thought of a cache of a function that has no limit: its parameters may have few values."""
    function = place.node
    open_ = [arg for arg in arguments(function) if not is_small(arg, place, ctx)]
    if not open_ or is_command_line(ctx) or only_constants(function.name, ctx):
        return ""
    return "bad" if are_open(open_) and not makes_few(function) else "unknown"


def _note(
    place: Any, name: str, kind: str, library: str, found: Limits, shared: str, judged: str, ctx: Context
) -> None:
    ctx.fact(
        "cache",
        place,
        name=name,
        kind=kind,
        library=library,
        bound=found.size,
        eviction=found.eviction,
        shared=shared,
        judged=judged,
    )


class RedisKeys(Collector):
    """Fact `redis-key`: a key that is set, with its fixed beginning, whether the rest varies, and when it expires.

    `eviction` is a text such as "TTL 60 s", "none", or None where other code of the file may see to it.
    """

    classes = frozenset({"service"})
    calls = ("redis.Redis.set", "redis.asyncio.Redis.set", "redis.Redis.setex", "redis.asyncio.Redis.setex")

    def visit_call(self, call: Call, ctx: Context) -> None:
        """Record a key."""
        key = call.argument(0, "name")
        if key is None:
            return
        start, varies = _spelled(key, call)
        ctx.fact("redis-key", call, name=start, varies=varies, eviction=_expiry(call, ctx))


def _spelled(key: ast.expr, call: Call) -> tuple[str, bool]:
    value = fold(key, call.scope)
    if isinstance(value, str):
        return value, False
    if isinstance(key, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in key.values), True
    return unparse(key)[:60], True


def _expiry(call: Call, ctx: Context) -> str | None:
    given = call.argument(1, "time") if call.last == "setex" else call.keyword(*_EXPIRY) or call.argument(2, "ex")
    if given is not None:
        value = fold(given, call.scope)
        return f"TTL {value} s" if isinstance(value, int) and call.keyword("px") is None else "TTL"
    seen_to = ".expire" in ctx.source or ".delete(" in ctx.source or ".unlink(" in ctx.source
    return None if call.unpacks or seen_to else "none"


class DjangoCaches(Collector):
    """Fact `django-cache`: an entry of Django's CACHES: alias, backend, timeout and most entries."""

    def visit_module(self, ctx: Context) -> None:
        """Record what a settings module says of caches."""
        if "CACHES" not in ctx.source:
            return
        for stmt in descendants(ctx.tree or ast.Module([], []), ast.Assign, ast.AnnAssign):
            targets = stmt.targets if isinstance(stmt, ast.Assign) else [stmt.target]
            for alias, entry in _entries(targets[0], stmt.value):
                if isinstance(entry, ast.Dict):
                    _django(alias, entry, ctx)


def _entries(target: ast.expr, value: ast.expr | None) -> Iterator[tuple[str, ast.expr]]:
    if getattr(target, "id", "") == "CACHES" and isinstance(value, ast.Dict):
        for key, entry in zip(value.keys, value.values, strict=True):
            yield str(getattr(key, "value", "?")), entry
    elif isinstance(target, ast.Subscript) and getattr(target.value, "id", "") == "CACHES" and value is not None:
        yield str(getattr(target.slice, "value", "?")), value


def _django(alias: str, entry: ast.Dict, ctx: Context) -> None:
    fields = _constant_keys(entry)
    options = fields.get("OPTIONS")
    most = _constant_keys(options).get("MAX_ENTRIES") if isinstance(options, ast.Dict) else None
    backend = fold(fields["BACKEND"], ctx.module) if "BACKEND" in fields else ""
    timeout = fold(fields["TIMEOUT"], ctx.module) if "TIMEOUT" in fields else 300  # Django 5.2: 300 s by default.
    entries = fold(most, ctx.module) if most is not None else 300  # Django 5.2: MAX_ENTRIES, where it applies.
    ctx.fact(
        "django-cache",
        entry,
        name=alias,
        backend=backend if isinstance(backend, str) else None,
        timeout="?" if timeout is UNKNOWN else timeout,
        entries=entries if isinstance(entries, int) else None,
        role=ctx.role,
    )


def _constant_keys(entry: ast.Dict) -> dict[str, ast.expr]:
    pairs = zip(entry.keys, entry.values, strict=True)
    return {str(key.value): value for key, value in pairs if isinstance(key, ast.Constant)}
