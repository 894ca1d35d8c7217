"""Time budgets as they are written: of servers, proxies, workers, pools and calls. All in seconds."""

import ast
import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from scanners.constants import fold
from scanners.place import Call, Place
from scanners.regex import regex

_GUNICORN: Final = regex(r"\bgunicorn\b")
_TIMEOUT: Final = regex(r"(?:--timeout|\s-t)[=\s\"',]+(\d+)")
_THREADED: Final = regex(r"(uvicorn|gevent|eventlet|tornado|gthread|--threads[=\s\"',]+[2-9])|-k[=\s\"',]+(?!sync)\w")
_PLAIN: Final = regex(r"(CMD|ENTRYPOINT|command:|web:|exec)(?!.*(timeout|(\s|\")(-c|--config)\b)).*\bgunicorn\b.*\w:\w")
_HARD: Final = regex(r"(?<!soft)-time-limit[=\s\"',]+(\d+)")
_SOFT: Final = regex(r"--soft-time-limit[=\s\"',]+(\d+)")
_PROXY: Final = regex(
    r"(proxy[-_]read[-_]timeout|uwsgi_read_timeout|timeout server|idle_timeout\.timeout_seconds)"
    r"[\"']?[:=\s]+[\"']?(\d+)(ms|m|s)?",
    re.IGNORECASE,
)
_HARAKIRI: Final = regex(r"\bharakiri\s*=\s*(\d+)|--harakiri[=\s\"',]+(\d+)")


class Budget(NamedTuple):
    """One limit: its kind (server, proxy, hard, soft), in seconds, the line it stands in, how it is called."""

    kind: str
    seconds: float
    line: int
    name: str


def in_text(lines: list[str]) -> Iterator[Budget]:
    """The limits that commands and settings of servers and proxies set."""
    for number, line in enumerate(lines, 1):
        if line.lstrip().startswith(("#", ";")):
            continue
        found = _TIMEOUT.search(line) if _GUNICORN.search(line) else None
        if found and not _THREADED.search(line):
            yield Budget("server", float(found[1]), number, "gunicorn --timeout")
        elif _GUNICORN.search(line) and _PLAIN.search(line) and not found and not _THREADED.search(line):
            yield Budget("server", 30.0, number, "gunicorn's own limit")  # gunicorn 27.0: timeout default.
        elif found and float(found[1]) == 0:
            yield Budget("server", 0.0, number, "gunicorn --timeout")
        for pattern, kind, name in ((_HARD, "hard", "--time-limit"), (_SOFT, "soft", "--soft-time-limit")):
            if (limit := pattern.search(line)) is not None:
                yield Budget(kind, float(limit[1]), number, name)
        if (proxy := _PROXY.search(line)) is not None:
            scale = {"ms": 0.001, "m": 60.0}.get(proxy[3] or "s", 1.0)
            yield Budget("proxy", float(proxy[2]) * scale, number, proxy[1])
        if (harakiri := _HARAKIRI.search(line)) is not None:
            yield Budget("server", float(harakiri[1] or harakiri[2]), number, "uWSGI harakiri")


def seconds(expr: ast.expr | None, place: Place[Any]) -> float | None:
    """The number of seconds that an expression stands for: the longest part of a pair; None when it is not fixed."""
    if expr is None:
        return None
    if isinstance(expr, ast.Call):
        name = place.name(expr.func).rpartition(".")[2]
        if name in ("Timeout", "ClientTimeout"):
            parts = [*expr.args, *(word.value for word in expr.keywords if word.arg in ("total", "read", "timeout"))]
            return seconds(parts[0], place) if parts else None
        return None
    value = fold(expr, place.scope)
    numbers = [part for part in (value if isinstance(value, tuple) else (value,)) if _is_number(part)]
    return float(max(numbers)) if numbers else None


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_SCOPES: Final = {
    "asyncio.timeout": 0,
    "anyio.fail_after": 0,
    "anyio.move_on_after": 0,
    "trio.fail_after": 0,
    "trio.move_on_after": 0,
    "async_timeout.timeout": 0,
    "asyncio.wait_for": 1,
}


def deadline(call: Call) -> tuple[float, str] | None:
    """The nearest deadline around a call that is fixed in the text, and what sets it."""
    above = call.parent()
    while above is not None:
        if isinstance(above, ast.Call) and (found := _limit(above, call)) is not None:
            return found
        above = call.parent(above)
    for block in call.within("with"):
        for item in block.node.items:
            if isinstance(item.context_expr, ast.Call) and (found := _limit(item.context_expr, call)) is not None:
                return found
    return None


def _limit(node: ast.Call, place: Place[Any]) -> tuple[float, str] | None:
    name = place.name(node.func)
    position = _SCOPES.get(name)
    if position is None:
        return None
    words = {word.arg: word.value for word in node.keywords}
    given = node.args[position] if position < len(node.args) else words.get("timeout", words.get("delay"))
    limit = seconds(given, place)
    return (limit, name) if limit is not None else None
