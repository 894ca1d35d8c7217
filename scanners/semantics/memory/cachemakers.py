"""What makes caches: decorators and constructors of the standard library and of others, and where their limits are."""

import ast
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from scanners.constants import UNKNOWN, fold
from scanners.place import Call
from scanners.scopes import Scope
from scanners.syntax import unparse

UNBOUNDED: Final = -1


class Maker(NamedTuple):
    """Where size and time to live stand (position, -1 for by name only; word), and what they are otherwise.

    `size_default` is UNBOUNDED for none; `weeds` says how entries leave; `shared` is process or shared.
    """

    size: tuple[int, str] = (-1, "")
    size_default: int = UNBOUNDED
    ttl: tuple[int, str] = (-1, "")
    ttl_default: int = 0
    weeds: str = ""
    shared: str = "process"


_SIZED: Final = (0, "maxsize")
DECORATORS: Final[Mapping[str, Maker]] = {
    "functools.lru_cache": Maker(_SIZED, 128, weeds="LRU"),
    "functools.cache": Maker(),
    "async_lru.alru_cache": Maker(_SIZED, 128, (-1, "ttl"), weeds="LRU"),
    "cachetools.func.lru_cache": Maker(_SIZED, 128, weeds="LRU"),
    "cachetools.func.lfu_cache": Maker(_SIZED, 128, weeds="LFU"),
    "cachetools.func.fifo_cache": Maker(_SIZED, 128, weeds="FIFO"),
    "cachetools.func.rr_cache": Maker(_SIZED, 128, weeds="random"),
    "cachetools.func.ttl_cache": Maker(_SIZED, 128, (1, "ttl"), 600, "LRU"),
    "aiocache.cached": Maker(ttl=(0, "ttl")),
    "django.views.decorators.cache.cache_page": Maker(ttl=(0, "timeout"), weeds="by the backend", shared=""),
}
"""cachetools 6 and async_lru 2: a size of 128 where none is given; ttl_cache keeps for 600 s."""

CONSTRUCTORS: Final[Mapping[str, Maker]] = {
    "cachetools.Cache": Maker(_SIZED, weeds="any"),
    "cachetools.LRUCache": Maker(_SIZED, weeds="LRU"),
    "cachetools.LFUCache": Maker(_SIZED, weeds="LFU"),
    "cachetools.FIFOCache": Maker(_SIZED, weeds="FIFO"),
    "cachetools.RRCache": Maker(_SIZED, weeds="random"),
    "cachetools.TTLCache": Maker(_SIZED, ttl=(1, "ttl"), weeds="LRU"),
    "cachetools.TLRUCache": Maker(_SIZED, weeds="time of use"),
    "expiringdict.ExpiringDict": Maker((0, "max_len"), ttl=(1, "max_age_seconds"), weeds="oldest"),
    "lru.LRU": Maker((0, "size"), weeds="LRU"),
    "cachelib.SimpleCache": Maker((0, "threshold"), 500, (1, "default_timeout"), 300, "oldest"),
    "cachelib.simple.SimpleCache": Maker((0, "threshold"), 500, (1, "default_timeout"), 300, "oldest"),
    "cachelib.FileSystemCache": Maker((1, "threshold"), 500, (2, "default_timeout"), 300, "oldest", "shared"),
    "aiocache.SimpleMemoryCache": Maker(ttl=(-1, "ttl")),
    "weakref.WeakValueDictionary": Maker(weeds="when nobody holds it"),
    "weakref.WeakKeyDictionary": Maker(weeds="when nobody holds it"),
}


class Limits(NamedTuple):
    """What bounds a cache: `size` is UNBOUNDED for none, None where it cannot be told; `eviction` in words."""

    size: int | None
    eviction: str | None


def limits(maker: Maker, call: ast.Call | None, scope: Scope) -> Limits:
    """What bounds the cache that a call makes, or a decorator without arguments."""
    if call is not None and any(word.arg is None for word in call.keywords):
        return Limits(None, None)
    size: Any = _value(call, maker.size, maker.size_default, scope)
    ttl: Any = _value(call, maker.ttl, maker.ttl_default, scope)
    if size is None or size == float("inf"):
        size = UNBOUNDED
    words = [maker.weeds] if size != UNBOUNDED or maker.size[1] == "" else []
    if ttl is UNKNOWN:
        words.append("TTL set elsewhere")
    elif ttl:
        words.append(f"TTL {ttl:g} s" if isinstance(ttl, (int, float)) else "TTL")
    eviction = ", ".join(word for word in words if word) or "none"
    return Limits(int(size) if isinstance(size, (int, float)) else None, eviction)


def _value(call: ast.Call | None, where: tuple[int, str], default: int, scope: Scope) -> Any:
    position, word = where
    if call is None or not word:
        return default
    given = call.args[position] if 0 <= position < len(call.args) else None
    given = given or next((found.value for found in call.keywords if found.arg == word), None)
    if given is None:
        return default
    text = unparse(given)
    return float("inf") if text in ("math.inf", "float('inf')") else fold(given, scope)


def kept_by(call: Call) -> str:
    """The name that outlives the def and is given what a call makes, by itself or in a dict or list; "" for none."""
    stmt = call.stmt
    target: ast.AST | None = None
    if isinstance(stmt, ast.Assign) and len(stmt.targets) == 1:
        target = stmt.targets[0]
    elif isinstance(stmt, ast.AnnAssign):
        target = stmt.target
    if isinstance(target, ast.Attribute):
        owner = call.qualname.rpartition(".")[0] if isinstance(target.value, ast.Name) else ""
        own = isinstance(target.value, ast.Name) and target.value.id in ("self", "cls") and owner
        return f"{owner}.{target.attr}" if own else unparse(target)
    outlives = call.function is None or (isinstance(target, ast.Name) and target.id in call.scope.module.names)
    if isinstance(target, ast.Name) and outlives:
        return f"{call.qualname}.{target.id}".lstrip(".") if call.cls is not None else target.id
    if isinstance(stmt, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return f"{call.qualname}.{stmt.name}".lstrip(".")  # It stands in a decorator.
    return ""
