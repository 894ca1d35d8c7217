"""Queues between threads, tasks and processes: what makes them, and what they are used for."""

import ast
import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from scanners.constants import UNKNOWN, fold
from scanners.context import Context, per_file
from scanners.place import Call
from scanners.regex import regex
from scanners.semantics.handlers import inner
from scanners.syntax import unparse

_KINDS: Final = ("Queue", "LifoQueue", "PriorityQueue")
QUEUES: Final[dict[str, tuple[int, str]]] = (
    {f"queue.{name}": (0, "maxsize") for name in _KINDS}
    | {f"asyncio.{name}": (0, "maxsize") for name in _KINDS}
    | {f"multiprocessing.{name}": (0, "maxsize") for name in ("Queue", "JoinableQueue", "Manager.Queue")}
    | {f"multiprocessing.get_context().{name}": (0, "maxsize") for name in ("Queue", "JoinableQueue")}
    | {f"{library}.{name}": (0, "maxsize") for library in ("gevent.queue", "eventlet.queue") for name in _KINDS}
    | {"queue.SimpleQueue": (0, ""), "multiprocessing.SimpleQueue": (0, ""), "collections.deque": (1, "maxlen")}
)
"""Constructors of queues, with where their size stands; some take none."""

_PUTS: Final = frozenset({"put", "put_nowait", "append", "appendleft", "extend"})
_GETS: Final = frozenset({"get", "get_nowait", "join", "popleft", "pop"})
_TAKES: Final = frozenset({"popleft", "pop"})
_SIGNAL: Final = regex(
    r"(stop|quit|exit|done|shutdown|kill|repl(y|ies)|response|result|answer|ready|sig(nal)?s?(_|$)|wake|error|exc|ack|notif"
    r"|cancel|action|control|command|callback|free|idle|avail|pool|waiter)",
    re.I,
)
_PARALLEL: Final = (
    "threading.Thread",
    "Thread(",
    "create_task(",
    "ThreadPoolExecutor",
    "ensure_future(",
    "start_soon(",
)


class Opinion(NamedTuple):
    """What is thought of a queue: `state` is limited, hidden, internal, watched, signal or endless; `size` if fixed.

    An endless one is `busy` where a def of the file fills it, or takes from it, again and again.
    """

    state: str
    size: int | None = None
    busy: bool = False


def opinion(call: Call, ctx: Context) -> Opinion:
    """What bounds a queue that a call of QUEUES makes, a deque aside."""
    position, word = QUEUES[call.dotted]
    size = call.argument(position, word) if word else None
    if size is None and call.unpacks and word:
        return Opinion("hidden")
    if size is not None and not _is_endless(size, call):
        value = fold(size, call.scope)
        return Opinion("limited", value if isinstance(value, int) else None)
    if serves_logging(call, ctx) or is_local_worklist(call):
        return Opinion("internal")
    if watches_size(call, ctx):
        return Opinion("watched")
    if is_signal(call):
        return Opinion("signal")
    name = holder_of(call)
    return Opinion("endless", busy=bool(name) and is_worked_off(name, ctx) and not _is_read_here(name, call))


def _is_read_here(name: str, call: Call) -> bool:
    """Whether the def that makes a queue also reads it: one for each visitor or answer, which ends with that def."""
    return name.isidentifier() and bool(_methods(getattr(call.function, "body", None) or [], name) & _GETS)


def _is_endless(size: ast.expr, call: Call) -> bool:
    value = fold(size, call.scope)
    return value is not UNKNOWN and (value is None or (isinstance(value, int) and value <= 0))


def holder_of(call: Call) -> str:
    """The name or attribute that a queue is given to, as it is written; "" for none."""
    above = call.parent()
    target: ast.AST | None = None
    if isinstance(above, ast.Assign) and len(above.targets) == 1:
        target = above.targets[0]
    elif isinstance(above, ast.AnnAssign):
        target = above.target
    return unparse(target) if isinstance(target, (ast.Name, ast.Attribute)) else ""


def is_local_worklist(call: Call) -> bool:
    """Whether the def that makes the queue also fills it and takes from it or waits until it is empty."""
    name, function = holder_of(call), call.function
    if not name.isidentifier() or function is None:
        return False
    used = _methods(function.body if isinstance(function.body, list) else [], name)
    return bool(used & _PUTS) and bool(used & _GETS)


def is_signal(call: Call) -> bool:
    """Whether the name of a queue says that it carries single signals or answers, or the def that makes it reads it."""
    name, function = holder_of(call), call.function
    if _SIGNAL.search(name) or re.search(r"Waiter|Future|Reply|Response", call.qualname):
        return True
    if not name.isidentifier() or not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return False
    again = _does_in_loop(function, name, _GETS, (ast.While,))
    return bool(_methods(function.body, name) & _GETS) and not again


def factory_of(call: Call) -> str:
    """The attribute that a field of a dataclass fills with a queue without a size, "" for any other field."""
    factory = call.keyword("default_factory")
    ref = call.resolve(factory) if isinstance(factory, (ast.Name, ast.Attribute)) else None
    held = call.parent()
    if (
        ref is None
        or ref.dotted not in QUEUES
        or ref.dotted == "collections.deque"
        or not isinstance(held, ast.AnnAssign)
    ):
        return ""
    name = unparse(held.target)
    return "" if _SIGNAL.search(name) else f"self.{name}"


def serves_logging(call: Call, ctx: Context) -> bool:
    """Whether the file gives this queue to logging."""
    if "QueueHandler" not in ctx.source and "QueueListener" not in ctx.source:
        return False
    name = holder_of(call).rpartition(".")[2]
    return not name or re.search(rf"Queue(Handler|Listener)\(\s*[\w.]*\b{name}\b", ctx.source) is not None


def watches_size(call: Call, ctx: Context) -> bool:
    """Whether the file asks a queue of this name for its size, pauses a transport, or counts by a semaphore."""
    name = holder_of(call).rpartition(".")[2]
    return (
        f"{name}.qsize()" in ctx.source
        or "pause_reading" in ctx.source
        or "Semaphore(" in ctx.source
        or "prefetch" in ctx.source
    )


def is_crossed(name: str, ctx: Context) -> bool:
    """Whether one def of a threaded or asynchronous file fills a deque and another one empties it."""
    return any(word in ctx.source for word in _PARALLEL) and bool(_emptied_elsewhere(name, _TAKES, ctx))


def is_emptied_by_thread(name: str, ctx: Context) -> bool:
    """Whether a def that this file gives to a thread or a task is the one that empties a deque."""
    words = [function.name for function in _emptied_elsewhere(name, _TAKES, ctx)]
    return any(re.search(rf"(target=|create_task\(|start_soon\()[\w.]*\b{word}\b", ctx.source) for word in words)


def is_worked_off(name: str, ctx: Context) -> bool:
    """Whether one def of this file fills a queue without end, or fills what another one takes from again and again."""
    short = name.rpartition(".")[2]
    if f"{short}.put(" not in ctx.source and f"{short}.put_nowait(" not in ctx.source:
        return False
    empties = _emptied_elsewhere(name, _GETS, ctx)
    defs: list[Any] = [function for function in ctx.module.functions if not isinstance(function, ast.Lambda)]
    return any(_does_in_loop(function, name, _GETS, (ast.While, ast.For, ast.AsyncFor)) for function in empties) or any(
        _does_in_loop(function, name, _PUTS, (ast.While, ast.AsyncFor))
        and not _methods(function.body, name) & {"get", "get_nowait"}
        for function in defs
    )


def _does_in_loop(function: Any, name: str, methods: frozenset[str], loops: tuple[type[Any], ...]) -> bool:
    return any(isinstance(node, loops) and bool(_methods(node.body, name) & methods) for node in inner(function.body))


def _emptied_elsewhere(name: str, gets: frozenset[str], ctx: Context) -> list[Any]:
    """The defs that take from a queue or deque, when others fill it and none does both."""
    used = _users(ctx).get(name, {}).items()
    fills = [function for function, methods in used if methods & _PUTS]
    empties = [function for function, methods in used if methods & gets]
    return empties if fills and all(function not in fills for function in empties) else []


@per_file
def _users(ctx: Context) -> Mapping[str, Mapping[Any, set[str]]]:
    """The methods that each def calls, by what it calls them of."""
    found: dict[str, dict[Any, set[str]]] = defaultdict(lambda: defaultdict(set))
    for function in ctx.module.functions:
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for node in inner(function.body):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    found[unparse(node.func.value)][function].add(node.func.attr)
    return found


def _methods(body: list[Any], name: str) -> set[str]:
    return {
        node.func.attr
        for node in inner(body)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and unparse(node.func.value) == name
    }
