"""What is written in the options of a job, as text that people read."""

import ast
import re
from typing import Any, Final

from scanners.constants import UNKNOWN, fold
from scanners.scopes import Scope
from scanners.syntax import last_name, unparse

_LONGEST: Final = 120
_SECONDS: Final = {"weeks": 604800, "days": 86400, "hours": 3600, "minutes": 60, "seconds": 1}


def plain(expr: ast.expr, scope: Scope) -> Any:
    """A number, a text, a truth value or None as it is; anything that is not fixed as its source."""
    value = fold(expr, scope)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value if not isinstance(value, str) else value[:_LONGEST]
    if isinstance(value, tuple):
        return ", ".join(str(part) for part in value)[:_LONGEST]
    seconds = delta(expr, scope)
    return seconds if seconds is not None else f"`{' '.join(unparse(expr).split())[:_LONGEST]}`"


def delta(expr: ast.expr, scope: Scope) -> float | None:
    """The seconds of a `timedelta(...)` with fixed parts, None for anything else."""
    if not isinstance(expr, ast.Call) or last_name(expr.func) not in ("timedelta", "relativedelta"):
        return None
    parts = [(word.arg, fold(word.value, scope)) for word in expr.keywords]
    parts += list(zip(("days", "seconds"), (fold(arg, scope) for arg in expr.args), strict=False))
    if not parts or any(name not in _SECONDS or not isinstance(value, (int, float)) for name, value in parts):
        return None
    return float(sum(_SECONDS[str(name)] * value for name, value in parts))


def every(seconds: float) -> str:
    """A number of seconds as an interval."""
    for name, length in _SECONDS.items():
        if seconds >= length and seconds % length == 0:
            count = int(seconds // length)
            return f"every {count} {name}" if count > 1 else f"every {name[:-1]}"
    return f"every {seconds:g} seconds"


def schedule(expr: ast.expr, scope: Scope) -> str:
    """When something runs: an interval, a crontab, or the source of what decides it."""
    value = fold(expr, scope)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return every(value)
    if isinstance(value, str):
        return value[:_LONGEST]
    seconds = delta(expr, scope)
    if seconds is not None:
        return every(seconds)
    text = " ".join(unparse(expr).split())[:_LONGEST]
    return text if value is UNKNOWN else str(value)[:_LONGEST]


def options(call: ast.Call | None, scope: Scope) -> dict[str, Any]:
    """The keywords of a call by name; "**" stands for unpacked ones."""
    words = call.keywords if call is not None else []
    return {word.arg or "**": plain(word.value, scope) if word.arg else "" for word in words}


def name_words(text: str) -> set[str]:
    """The words of a source text."""
    return set(re.findall(r"\w+", text))
