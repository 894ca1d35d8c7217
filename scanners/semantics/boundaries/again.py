"""Retries around a call: decorators and loops of its def, and what its client does by itself."""

import ast
import re
from collections.abc import Iterator
from typing import Any, Final

from scanners.constants import UNKNOWN as UNFIXED
from scanners.constants import fold
from scanners.context import Context
from scanners.facts.jobs import is_task
from scanners.place import Call, Place
from scanners.regex import regex
from scanners.scopes import Scope
from scanners.semantics.boundaries.surroundings import LOOPS, TRIES, enclosing, place_in
from scanners.semantics.handlers import caught, inner
from scanners.semantics.timeouts.pauses import wait_of
from scanners.semantics.timeouts.retriederrors import WIDE, retried
from scanners.semantics.timeouts.retries import (
    BACKOFF,
    ENDLESS,
    FIXED,
    GOOD,
    LIMITED,
    NONE,
    PLAIN,
    TENACITY,
    UNKNOWN,
    URLLIB3,
    gives_up,
    loop,
    of_call,
)
from scanners.syntax import last_name

Again = dict[str, Any]
"""A retry as a fact: `by`, `stop`, `wait` (as `scanners.semantics.timeouts.retries` names them), `tries` (0: not known)
and `on` (the errors, [] for those of the library's choice)."""

_STAMINA: Final = ("stamina.retry", "stamina.retry_context", "stamina.AsyncRetryingCaller", "stamina.RetryingCaller")
_RETRYING: Final = ("retrying.retry",)
_PLAIN_RETRY: Final = ("retry.retry", "retry.api.retry", "retry2.retry", "retry_decorator.retry")
_OF_DATABASES: Final = regex(r"Database|Operational|Integrity|Interface|DoesNotExist|Lock")
_NAMED: Final = regex(
    r"(^|[._])(retry|retries|retrying|backoff|with_retry|with_retries|retryable)(_\w+)?$", re.IGNORECASE
)


GROWING: Final = "growing"
"""A pause that is not always the same; whether it has jitter is not known."""


def again(by: str, stop: str, wait: str, tries: int = 0, on: list[str] | None = None) -> Again:
    """A retry as a plain value."""
    return {"by": by, "stop": stop, "wait": wait, "tries": tries, "on": on or []}


def around(node: ast.AST, function: Any, scope: Scope, ctx: Context, fallback: str) -> Again | None:
    """The retry that a def gives a call in it, or None where none is seen.

    A decorator acts on what leaves the def only: `fallback` says what becomes of the failure inside.
    """
    for each in enclosing(node, function, *LOOPS):
        found = _loop(each, node, function, scope, ctx)
        if found is not None:
            return found
    for holder, outer in _defs(scope):
        place = place_in(holder, outer.parent or outer, ctx)
        for decorator in holder.decorator_list:
            found = _decorator(decorator, place)
            if found is not None and _reaches(found, fallback):
                return found
    return None


def _reaches(found: Again, fallback: str) -> bool:
    """Whether a failure gets as far as the decorator, as one of those that it acts on."""
    if fallback == "task retried":
        return str(found["by"]).startswith("celery")
    if not fallback.startswith(("raises", "re-raised", "wrapped", "breaker")):
        return False
    if found["by"] == "celery by hand" or not found["on"]:
        return bool(found["by"] != "celery by hand")
    wrapped = fallback.removeprefix("wrapped in ") if fallback.startswith("wrapped in ") else ""
    if wrapped:
        return wrapped in found["on"] or bool(WIDE & set(found["on"]))
    return not all(_OF_DATABASES.search(name) for name in found["on"])


def _defs(scope: Scope) -> Iterator[tuple[Any, Scope]]:
    current: Scope | None = scope
    while current is not None:
        if isinstance(current.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield current.node, current
        current = current.parent


def _decorator(decorator: ast.expr, place: Place[Any]) -> Again | None:
    call = decorator if isinstance(decorator, ast.Call) else None
    func = call.func if call is not None else decorator
    name = place.name(func)
    if name in (*TENACITY, *BACKOFF):
        on = sorted((retried(decorator, place) or set()) - {"?"})
        if call is None:
            return again("tenacity", ENDLESS, NONE)
        made = of_call(Call(call, place.block, place.stmt, place.resolve(func)))
        return again(name.partition(".")[0], made.stop, made.wait, made.attempts, on)
    if name in _STAMINA:
        return again("stamina", LIMITED, GOOD, _number(call, "attempts", 10, place), _on(call, "on"))
    if name in _RETRYING:
        return _retrying(call, place)
    if name in _PLAIN_RETRY:
        return _plain(call, place)
    if call is not None and is_task(func, place):
        return of_task(call, place)
    if _NAMED.search(name or last_name(func)):
        return again(last_name(func) or "a decorator", UNKNOWN, UNKNOWN)
    return None


def of_task(call: ast.Call, place: Place[Any]) -> Again | None:
    """The retries that a decorator gives a Celery task by itself."""
    words = {word.arg: word.value for word in call.keywords if word.arg}
    if "autoretry_for" not in words:
        return _by_hand(words, place)
    tries = fold(words["max_retries"], place.scope) if "max_retries" in words else 3
    if "retry_kwargs" in words and isinstance(words["retry_kwargs"], ast.Dict):
        pairs = zip(words["retry_kwargs"].keys, words["retry_kwargs"].values, strict=True)
        inner = {getattr(key, "value", ""): value for key, value in pairs}
        tries = fold(inner["max_retries"], place.scope) if "max_retries" in inner else tries
    grows = "retry_backoff" in words and fold(words["retry_backoff"], place.scope) not in (False, None)
    shaken = "retry_jitter" not in words or fold(words["retry_jitter"], place.scope) is not False
    on = sorted((retried(call, place) or set()) - {"?"})
    stop = ENDLESS if tries is None else LIMITED
    wait = (GOOD if shaken else PLAIN) if grows else FIXED
    return again("celery", stop, wait, tries + 1 if isinstance(tries, int) else 0, on)


def _by_hand(words: dict[str, ast.expr], place: Place[Any]) -> Again:
    """What `self.retry()` does in a task: 3 retries after 180 s, unless the decorator says otherwise."""
    tries = fold(words["max_retries"], place.scope) if "max_retries" in words else 3
    stop = ENDLESS if tries is None else LIMITED
    return again("celery by hand", stop, FIXED, tries + 1 if isinstance(tries, int) else 0)


def _retrying(call: ast.Call | None, place: Place[Any]) -> Again:
    words = {word.arg: word.value for word in call.keywords if word.arg} if call else {}
    limited = any(name.startswith("stop") for name in words)
    wait = PLAIN if any("exponential" in name or "incrementing" in name for name in words) else FIXED
    wait = GOOD if any("random" in name or "jitter" in name for name in words) else wait
    paused = any(name.startswith("wait") for name in words)
    tries = _number(call, "stop_max_attempt_number", 0, place)
    return again("retrying", LIMITED if limited else ENDLESS, wait if paused else NONE, tries)


def _plain(call: ast.Call | None, place: Place[Any]) -> Again:
    words = {word.arg: word.value for word in call.keywords if word.arg} if call else {}
    tries = _number(call, "tries", -1, place)
    wait = FIXED if "delay" in words else NONE
    wait = PLAIN if "backoff" in words else wait
    wait = GOOD if "backoff" in words and "jitter" in words else wait
    return again("retry", ENDLESS if tries < 0 else LIMITED, wait, max(tries, 0))


def _number(call: ast.Call | None, word: str, default: int, place: Place[Any]) -> int:
    given = next((each.value for each in call.keywords if each.arg == word), None) if call is not None else None
    value = fold(given, place.scope) if given is not None else default
    return value if isinstance(value, int) else 0


def _on(call: ast.Call | None, word: str) -> list[str]:
    given = next((each.value for each in call.keywords if each.arg == word), None) if call is not None else None
    parts = given.elts if isinstance(given, ast.Tuple) else [given] if given is not None else []
    return sorted({last_name(part) for part in parts} - {""})


def _loop(stmt: Any, node: ast.AST, function: Any, scope: Scope, ctx: Context) -> Again | None:
    """A `for attempt in Retrying(...)`, or a loop written by hand whose try holds the call."""
    place = place_in(stmt, scope, ctx)
    if isinstance(stmt, (ast.For, ast.AsyncFor)) and isinstance(stmt.iter, ast.Call):
        name = place.name(stmt.iter.func)
        if name in TENACITY:
            made = of_call(Call(stmt.iter, place.block, stmt, place.resolve(stmt.iter.func)))
            return again("tenacity", made.stop, made.wait, made.attempts)
        if name in _STAMINA:
            return again("stamina", LIMITED, GOOD, _number(stmt.iter, "attempts", 10, place), _on(stmt.iter, "on"))
    tried = [each for each in enclosing(node, function, *TRIES) if each in stmt.body]
    if not tried:
        return None
    found = loop(place)
    if found is None:
        return _going_on(stmt, tried[0], scope)
    bounded = not isinstance(stmt, ast.While) or not _for_ever(stmt) or gives_up(stmt, found)
    tries = _range(stmt, scope) if isinstance(stmt, ast.For) else 0
    if isinstance(stmt, (ast.For, ast.AsyncFor)) and not tries and not _counts(stmt):
        return None  # One item after another, none of them twice.
    on = sorted(last for each in found.caught if (last := each.rpartition(".")[2])[:1].isupper())
    return again("loop", LIMITED if bounded else ENDLESS, _told(wait_of(found.sleeps, place)), tries, on)


def _going_on(stmt: Any, tried: Any, scope: Scope) -> Again | None:
    """A counted loop with a clause that goes on to the next attempt, whatever else it does at the last."""
    clauses = [each for each in tried.handlers if inner(each.body, ast.Continue)]
    if not clauses or not isinstance(stmt, ast.For) or not _counts(stmt):
        return None
    called = [last_name(node.func) for each in clauses for node in inner(each.body, ast.Call)]
    waits = [name for name in called if "sleep" in name or "backoff" in name]
    on = sorted({last_name(kind) for each in clauses for kind in caught(each.type, scope)} - {""})
    grows = any("backoff" in name for name in waits)
    return again("loop", LIMITED, GROWING if grows else UNKNOWN if waits else NONE, _range(stmt, scope), on)


def _told(wait: str) -> str:
    """How a retry waits that the rules accept: whether there is jitter in it is not said."""
    return GROWING if wait == GOOD else wait


def _for_ever(stmt: ast.While) -> bool:
    return isinstance(stmt.test, ast.Constant)


def _counts(stmt: Any) -> bool:
    return isinstance(stmt.iter, ast.Call) and last_name(stmt.iter.func) in ("range", "count", "enumerate_retries")


def _range(stmt: ast.For, scope: Scope) -> int:
    if not (isinstance(stmt.iter, ast.Call) and last_name(stmt.iter.func) == "range" and stmt.iter.args):
        return 0
    values = [fold(arg, scope) for arg in stmt.iter.args[:2]]
    if any(value is UNFIXED or not isinstance(value, int) for value in values):
        return 0
    return int(values[0]) if len(values) == 1 else int(values[1]) - int(values[0])


def of_adapter(adapter: ast.expr, place: Place[Any]) -> Again | None:
    """The retries of an adapter that is mounted: `HTTPAdapter(max_retries=Retry(...))`."""
    made = _constructed(adapter, place)
    if made is None:
        return None
    given = next((word.value for word in made.keywords if word.arg in ("max_retries", "retries")), None)
    given = made.args[0] if given is None and made.args and "transport" not in last_name(made.func).lower() else given
    if given is None:
        return None
    count = fold(given, place.scope)
    if isinstance(count, int):
        return again("client", LIMITED, NONE, count + 1, ["connection errors"]) if count else None
    retry = _constructed(given, place)
    if retry is not None and (place.name(retry.func) in URLLIB3 or last_name(retry.func).endswith("Retry")):
        found = of_call(Call(retry, place.block, place.stmt, place.resolve(retry.func)))
        return again("urllib3", found.stop, _told(found.wait), found.attempts, _statuses(retry, place))
    return again("client", UNKNOWN, UNKNOWN)


def _statuses(retry: ast.Call, place: Place[Any]) -> list[str]:
    given = next((word.value for word in retry.keywords if word.arg == "status_forcelist"), None)
    value = fold(given, place.scope) if given is not None else ()
    codes = [str(each) for each in value] if isinstance(value, tuple) else ["some statuses"]
    return ["connection errors", *codes]


def _constructed(expr: ast.expr, place: Place[Any]) -> ast.Call | None:
    """The call that made a value, through a name."""
    if isinstance(expr, ast.Call):
        return expr
    ref = place.resolve(expr)
    return ref.origin if ref is not None else None


def of_client(made: ast.Call, place: Place[Any]) -> Again | None:
    """The retries that a client is made with: `transport=`, `max_retries=`, `retries=`, `config=Config()`."""
    for word in made.keywords:
        if word.arg == "transport":
            return of_adapter(word.value, place)
        if word.arg in ("max_retries", "retries", "max_network_retries"):
            count = fold(word.value, place.scope)
            if isinstance(count, int) and not isinstance(count, bool):
                return again("client", LIMITED, GOOD, count + 1) if count else again("client", LIMITED, NONE, 1)
            return of_adapter(made, place) or again("client", UNKNOWN, UNKNOWN)
        if word.arg == "retry" and last_name(getattr(word.value, "func", None)) in ("Retry", "AsyncRetry"):
            return again("client", LIMITED, GOOD, 0)
        if word.arg == "config":
            return _botocore(word.value, place)
    return None


def _botocore(config: ast.expr, place: Place[Any]) -> Again | None:
    made = _constructed(config, place)
    given = next((word.value for word in made.keywords if word.arg == "retries"), None) if made is not None else None
    if not isinstance(given, ast.Dict):
        return None
    pairs = {getattr(key, "value", ""): value for key, value in zip(given.keys, given.values, strict=True)}
    count = fold(pairs["max_attempts"], place.scope) if "max_attempts" in pairs else 0
    total = fold(pairs["total_max_attempts"], place.scope) if "total_max_attempts" in pairs else 0
    tries = total if isinstance(total, int) and total else count + 1 if isinstance(count, int) and count else 0
    return again("client", LIMITED, GOOD, tries)
