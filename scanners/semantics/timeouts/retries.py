"""Retries, however they are written: when they give up, and how they wait."""

import ast
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final, NamedTuple

from scanners.constants import fold
from scanners.names import find
from scanners.place import Call, Place
from scanners.regex import regex
from scanners.semantics.connections import CALLS as CONNECTIONS
from scanners.semantics.outbound import HTTP
from scanners.syntax import children, descendants, unparse

ENDLESS, LIMITED, UNKNOWN = "endless", "limited", "unknown"
NONE, FIXED, PLAIN, GOOD = "none", "fixed", "plain", "good"
"""How a retry waits: not at all, always as long, longer each time but in step with all others, well."""

_OUT: Final = frozenset(HTTP) | frozenset(CONNECTIONS)
_ABSENT: Final = regex(r"NotFound|NoResult|DoesNotExist|NotReady|NotYet|StillRunning|InProgress|Pending|TryAgain")
_GROWING: Final = ("wait_exponential", "wait_incrementing", "wait_fibonacci")
_JITTERED: Final = ("wait_random", "wait_random_exponential", "wait_exponential_jitter", "wait_full_jitter")
_WAITS: Final = (*_GROWING, *_JITTERED, "wait_chain", "wait_combine", "wait_fixed", "wait_none")
TENACITY: Final = ("tenacity.retry", "tenacity.Retrying", "tenacity.AsyncRetrying")
BACKOFF: Final = ("backoff.on_exception", "backoff.on_predicate")
ADAPTERS: Final = ("requests.adapters.HTTPAdapter", "requests.sessions.HTTPAdapter")
URLLIB3: Final = (
    "urllib3.Retry",
    "urllib3.util.Retry",
    "urllib3.util.retry.Retry",
    "requests.adapters.Retry",
    "requests.packages.urllib3.util.retry.Retry",
)
LIBRARIES: Final = (*TENACITY, *BACKOFF, *URLLIB3, *ADAPTERS)
"""Calls that set up a retry."""

_LASTING: Final = regex(
    r"stop|running|shutdown|exit|quit|alive|closed|cancel|term|halt|kill|is_set|open|ppid|parent|heartbeat",
    re.IGNORECASE,
)
_KEEPING: Final = regex(r"watch|monitor|supervis|stand_?by|heart_?beat|keep_?alive|renew", re.IGNORECASE)
"""A def that is meant to go on for as long as what it looks at."""
_STATE: Final = regex(r"stat(e|us)|ready|done|finish|complete|success|active|available|exist|pending", re.IGNORECASE)
_STATUSES: Final = ("status_code", "status", "ok", "is_success", "is_error")
_DEADLINE: Final = regex(
    r"timeout|deadline|expir|elapsed|attempt|retr|tries|max_|limit|remaining|(?<![a-z])count|monotonic|perf_counter|time\(\)|now\(|until|range",
    re.IGNORECASE,
)
_OF_PEERS: Final = regex(
    r"(requests|httpx|urllib3|aiohttp|redis|psycopg2?|pymongo|botocore|smtplib|grpc|pika|kombu)\.[\w.]*"
    r"(Error|Exception|Timeout|Disconnected)$|Connection(Refused|Reset|Aborted)?Error$"
)
_LIMIT_OF_CALL: Final = regex(r"\btimeout=")  # That of one look, not of the loop.


class Retry(NamedTuple):
    """One retry: whether it gives up, how it waits, how often it tries at most (0: not known)."""

    stop: str
    wait: str
    attempts: int = 0


def of_call(call: Call) -> Retry:
    """The retry that a call of tenacity, backoff or urllib3 sets up."""
    words = {word.arg: word.value for word in call.node.keywords if word.arg}
    hidden = any(word.arg is None for word in call.node.keywords)
    if call.dotted in TENACITY:
        retry = _tenacity(words, call)
    elif call.dotted in BACKOFF:
        retry = _backoff(words, call)
    elif call.dotted in ADAPTERS:
        retry = _adapter(call)
    else:
        retry = _urllib3(words, call)
    return Retry(UNKNOWN, GOOD) if hidden else retry


def _tenacity(words: dict[str, ast.expr], call: Call) -> Retry:
    stop, wait = words.get("stop"), words.get("wait")
    names = {name for name in _last_names(stop, call) if name.startswith("stop_")} if stop else {"stop_never"}
    first = fold(stop.args[0], call.scope) if isinstance(stop, ast.Call) and stop.args else 0
    tries = first if isinstance(first, int) and names == {"stop_after_attempt"} else 0
    waits = GOOD if _looks_for(words.get("retry"), call) else _tenacity_wait(wait, call)
    return Retry(ENDLESS if names == {"stop_never"} else LIMITED, waits, tries)


def _looks_for(condition: ast.expr | None, call: Call) -> bool:
    """Whether tenacity looks again for what is not there yet, rather than ask again a peer in trouble."""
    names = set(_last_names(condition, call)) if condition is not None else set()
    causes = {name for name in names if name.startswith(("retry_if", "retry_unless", "retry_any", "retry_all"))}
    if causes and all("result" in name for name in causes):
        return True
    errors = {name for name in names - causes if name[:1].isupper()}
    return bool(errors) and all(_ABSENT.search(name) for name in errors)


def _tenacity_wait(wait: ast.expr | None, call: Call) -> str:
    if wait is None:
        return NONE
    known = [name for name in _last_names(wait, call) if name in _WAITS]
    if not known or any(name in _JITTERED for name in known) or "wait_chain" in known or "wait_combine" in known:
        return GOOD
    if known == ["wait_none"]:
        return NONE
    return PLAIN if any(name in _GROWING for name in known) else FIXED


def _last_names(expr: ast.AST, call: Call, depth: int = 0) -> Iterator[str]:
    """The names used in an expression, through variables of the file."""
    for node in descendants(expr):
        if isinstance(node, (ast.Name, ast.Attribute)):
            ref = call.resolve(node)
            if ref is not None or isinstance(node, ast.Attribute):
                yield ref.dotted.removesuffix("()").rpartition(".")[2] if ref else unparse(node).rpartition(".")[2]
                continue
            bound = find(node.id, call.scope)
            values = [binding.value for binding in bound[0] if binding.kind == "assign"] if bound and depth < 2 else []
            for value in values:
                yield from _last_names(value, call, depth + 1)
            if not values:
                yield node.id


def _backoff(words: dict[str, ast.expr], call: Call) -> Retry:
    limits = [words[name] for name in ("max_tries", "max_time") if name in words]
    endless = all(fold(limit, call.scope) is None for limit in limits)
    tries = fold(words["max_tries"], call.scope) if "max_tries" in words else 0
    waits = call.argument(0, "wait_gen")
    generator = call.name(waits).rpartition(".")[2] if waits is not None else ""
    jitter = "jitter" not in words or fold(words["jitter"], call.scope) is not None
    wait = GOOD if call.last == "on_predicate" else FIXED if generator == "constant" else GOOD if jitter else PLAIN
    return Retry(ENDLESS if endless else LIMITED, wait, tries if isinstance(tries, int) else 0)


def _adapter(call: Call) -> Retry:
    """The retries of requests' adapter by a number: at once, and none unless it is told."""
    count = fold(call.argument(2, "max_retries") or ast.Constant(0), call.scope)
    return Retry(LIMITED, NONE, count + 1) if isinstance(count, int) and count else Retry(LIMITED, GOOD, 1)


def _urllib3(words: dict[str, ast.expr], call: Call) -> Retry:
    total = call.argument(0, "total")
    count = fold(total, call.scope) if total is not None else 10
    parts = [words[name] for name in ("connect", "read", "status", "other") if name in words]
    endless = count is None and all(fold(part, call.scope) is None for part in parts)
    factor = words.get("backoff_factor")
    waits = factor is not None and fold(factor, call.scope) != 0
    tries = count + 1 if isinstance(count, int) else 0
    return Retry(ENDLESS if endless else LIMITED, GOOD if waits or call.argument(8, "backoff_factor") else NONE, tries)


def bare_decorator(place: Place[Any]) -> ast.expr | None:
    """`@retry` of tenacity without arguments: it tries for ever, without a pause."""
    for decorator in place.node.decorator_list:
        if isinstance(decorator, (ast.Name, ast.Attribute)) and place.name(decorator) in TENACITY:
            return decorator
    return None


class Loop(NamedTuple):
    """A loop that tries something again: the calls that it tries, its handlers, what they catch, the pauses in it."""

    tried: list[str]
    handlers: list[ast.ExceptHandler]
    caught: list[str]
    sleeps: list[ast.Call]

    @property
    def outbound(self) -> bool:
        """Whether what is tried is known to leave the process, by itself or by how it may fail."""
        return any(name in _OUT for name in self.tried) or any(_OF_PEERS.match(name) for name in self.caught)


@lru_cache(maxsize=1)  # Several rules ask for the same place, one after the other.
def loop(place: Place[Any]) -> Loop | None:
    """The retry in a `for` or `while`: a try that leaves the loop when it works and stays in it when it fails."""
    tries = [stmt for stmt in place.node.body if isinstance(stmt, ast.Try)]
    if len(tries) != 1 or not _leaves([*tries[0].body, *tries[0].orelse, *_after(place.node.body, tries[0])]):
        return None
    attempt, after = tries[0], _after(place.node.body, tries[0])
    goes_on = any(isinstance(node, ast.Continue) for handler in attempt.handlers for node in descendants(handler))
    if _leaves(after, always=True) and not goes_on:
        return None
    if all(_leaves(handler.body, always=True) for handler in attempt.handlers):
        return None
    tried = [place.name(node.func) for stmt in attempt.body for node in _here(stmt) if isinstance(node, ast.Call)]
    sleeps = [
        node for stmt in place.node.body for node in _here(stmt) if isinstance(node, ast.Call) and _pauses(node, place)
    ]
    types = [node for handler in attempt.handlers if handler.type for node in descendants(handler.type)]
    caught = [place.name(node) for node in types if isinstance(node, (ast.Name, ast.Attribute))]
    return Loop(tried, attempt.handlers, caught, sleeps)


def _after(body: list[ast.stmt], attempt: ast.stmt) -> list[ast.stmt]:
    return body[body.index(attempt) + 1 :]


def _pauses(node: ast.Call, place: Place[Any]) -> bool:
    return place.name(node.func) in ("time.sleep", "asyncio.sleep", "anyio.sleep", "trio.sleep", "gevent.sleep")


def _leaves(body: list[ast.stmt], always: bool = False) -> bool:
    """Whether a return, break or raise of this loop is in `body`; `always`: at its end, whatever happens."""
    if always:
        return bool(body) and isinstance(body[-1], (ast.Return, ast.Break, ast.Raise))
    return any(isinstance(node, (ast.Return, ast.Break)) for stmt in body for node in _here(stmt))


def _here(stmt: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a statement, without those of inner defs."""
    stack = [stmt]
    while stack:
        node = stack.pop()
        yield node
        stack += [
            child
            for child in children(node)
            if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef))
        ]


def asks_again(place: Place[Any]) -> list[ast.Call] | None:
    """The pauses of a loop that asks a peer again until the status of its answer will do; None for any other loop."""
    body = place.node.body
    tests = [stmt.test for stmt in body if isinstance(stmt, ast.If) and _leaves(stmt.body)]
    if not any(getattr(node, "attr", "") in _STATUSES for test in tests for node in descendants(test)):
        return None
    calls = [node for stmt in body for node in _here(stmt) if isinstance(node, ast.Call)]
    if any(isinstance(stmt, ast.Try) for stmt in body) or not any(place.name(call.func) in _OUT for call in calls):
        return None
    return [call for call in calls if _pauses(call, place)]


def gives_up(node: ast.While, found: Loop) -> bool:
    """Whether a loop may end without success: a counter that is compared, a deadline, an error that is passed on."""
    kept = [stmt for handler in found.handlers for stmt in handler.body]
    others = [stmt for stmt in node.body if not isinstance(stmt, ast.Try)]
    leaving = any(isinstance(inner, (ast.Raise, ast.Return, ast.Break)) for stmt in kept for inner in _here(stmt))
    return leaving or any(isinstance(inner, ast.Raise) for stmt in others for inner in _here(stmt))


class Polling(NamedTuple):
    """A loop that looks at something until it changes: whether anything else ends it, whether it is surely a wait."""

    bounded: bool
    sure: bool


def polling(place: Place[Any]) -> Polling | None:
    """What a `while` that sleeps is, None for a loop of a worker or a watcher, or one that an event ends."""
    node = place.node
    inner = [part for stmt in node.body for part in _here(stmt)]
    if not any(isinstance(part, ast.Call) and _pauses(part, place) for part in inner):
        return None
    fixed = isinstance(node.test, ast.Constant)
    guards = [part.test for part in inner if isinstance(part, ast.If) and _leaves(part.body)] if fixed else [node.test]
    said = " ".join(unparse(guard) for guard in guards)
    leaves = any(isinstance(part, (ast.Return, ast.Break)) for part in inner)
    asks = any(isinstance(part, ast.Call) for part in descendants(node.test))
    if any(isinstance(part, ast.Try) for part in inner) or (not leaves if fixed else not asks) or _LASTING.search(said):
        return None
    if _KEEPING.search(place.qualname.rpartition(".")[2]):
        return None
    ends = any(isinstance(part, (ast.Raise, ast.AugAssign)) for part in inner) or (leaves and not fixed)
    ends = ends or _runs_out(node.test, place)
    text = _LIMIT_OF_CALL.sub("", unparse(node))
    return Polling(ends or _DEADLINE.search(text) is not None, not fixed or _STATE.search(said) is not None)


def _runs_out(test: ast.expr, place: Place[Any]) -> bool:
    """Whether a loop lasts as long as a key is there which the same def gave a time to live."""
    if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.IsNot):
        test = test.left
    if not isinstance(test, ast.Call) or getattr(test.func, "attr", "") not in ("get", "exists") or not test.args:
        return False
    return any(
        isinstance(node, ast.Call)
        and bool(node.args)
        and unparse(node.args[0]) == unparse(test.args[0])
        and (
            getattr(node.func, "attr", "") in ("expire", "pexpire", "expireat", "setex", "psetex")
            or any(word.arg in ("ex", "px", "exat", "timeout", "ttl") for word in node.keywords)
        )
        for stmt in getattr(place.function, "body", ())
        for node in _here(stmt)
    )
