"""Which errors a decorator tries again, and which of them say that nothing has arrived."""

import ast
from typing import Any, Final

from scanners.constants import UNKNOWN, fold
from scanners.facts.jobs import is_task
from scanners.place import Place
from scanners.regex import regex
from scanners.semantics.timeouts.retries import BACKOFF, TENACITY
from scanners.semantics.timeouts.unsafecalls import last_names

UNSENT: Final = frozenset(
    {"ConnectError", "ConnectTimeout", "NewConnectionError", "ConnectionRefusedError", "gaierror", "PoolTimeout"}
)
MAY_BE_SENT: Final = regex(
    r"Exception$|Timeout|Connection|HTTP|Transport|Request|Client|OSError|IOError|URLError|SMTP|API|Network|Protocol|Kafka|Operational"
)
WIDE: Final = frozenset({"Exception", "BaseException"})
LIBRARIES: Final = frozenset({"requests", "httpx", "aiohttp", "exceptions", "socket", "urllib3"})


def retried(decorator: ast.expr, place: Place[Any]) -> set[str] | None:
    """What a decorator tries again: the last names of exceptions, "?" for a predicate, None for no retry."""
    call = decorator if isinstance(decorator, ast.Call) else None
    name = place.name(call.func if call else decorator)
    words = {word.arg: word.value for word in call.keywords} if call else {}
    if name in TENACITY:
        chosen = words.get("retry")
        return set(WIDE) if chosen is None and None not in words else _tenacity(chosen)
    if name in BACKOFF and call is not None:
        kept = len(call.args) > 1 and "giveup" not in words and name.endswith("on_exception")
        return last_names(call.args[1]) - LIBRARIES if kept else {"?"}
    if call is not None and "autoretry_for" in words and is_task(call.func, place):
        value = fold(words["autoretry_for"], place.scope)
        plain = isinstance(words["autoretry_for"], (ast.Tuple, ast.List)) or value is not UNKNOWN
        return last_names(words["autoretry_for"]) - LIBRARIES if plain else {"?"}
    return None


def _tenacity(chosen: ast.expr | None) -> set[str]:
    func = chosen.func if isinstance(chosen, ast.Call) else None
    name = getattr(func, "attr", getattr(func, "id", ""))
    if not isinstance(chosen, ast.Call) or name != "retry_if_exception_type":
        return {"?"}
    found: set[str] = set()
    for arg in chosen.args:
        found |= last_names(arg) - LIBRARIES
    return found or set(WIDE)
