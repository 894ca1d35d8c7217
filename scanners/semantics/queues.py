"""Queues between threads, tasks and processes: what makes them, and what they are used for."""

import ast
import re
from typing import Any, Final

from scanners.context import Context
from scanners.place import Call
from scanners.semantics.handlers import inner

QUEUES: Final[dict[str, tuple[int, str]]] = (
    {f"queue.{name}": (0, "maxsize") for name in ("Queue", "LifoQueue", "PriorityQueue")}
    | {f"asyncio.{name}": (0, "maxsize") for name in ("Queue", "LifoQueue", "PriorityQueue")}
    | {f"multiprocessing.{name}": (0, "maxsize") for name in ("Queue", "JoinableQueue", "Manager().Queue")}
    | {"queue.SimpleQueue": (0, ""), "multiprocessing.SimpleQueue": (0, ""), "collections.deque": (1, "maxlen")}
)
"""Constructors of queues, with where their size stands; some take none."""

_PUTS: Final = frozenset({"put", "put_nowait", "append", "appendleft", "extend"})
_GETS: Final = frozenset({"get", "get_nowait", "join", "popleft", "pop"})
_SIGNAL: Final = re.compile(
    r"(stop|quit|exit|done|shutdown|kill|repl(y|ies)|response|result|answer|ready|signal|wake|error|exc|ack|notif|cancel)",
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


def holder_of(call: Call) -> str:
    """The name or attribute that a queue is given to, as it is written; "" for none."""
    above = call.parent()
    target: ast.AST | None = None
    if isinstance(above, ast.Assign) and len(above.targets) == 1:
        target = above.targets[0]
    elif isinstance(above, ast.AnnAssign):
        target = above.target
    return ast.unparse(target) if isinstance(target, ast.Name | ast.Attribute) else ""


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
    if _SIGNAL.search(name):
        return True
    return name.isidentifier() and function is not None and bool(_methods(getattr(function, "body", []), name) & _GETS)


def serves_logging(ctx: Context) -> bool:
    """Whether the file gives queues to logging."""
    return "QueueHandler" in ctx.source or "QueueListener" in ctx.source


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
    if not any(word in ctx.source for word in _PARALLEL):
        return False
    used: list[set[str]] = [
        _methods(function.body, name)
        for function in ctx.module.functions
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    fills = [methods for methods in used if methods & _PUTS]
    empties = [methods for methods in used if methods & {"popleft", "pop"}]
    return bool(fills) and bool(empties) and all(methods not in fills for methods in empties)


def _methods(body: list[Any], name: str) -> set[str]:
    return {
        node.func.attr
        for node in inner(body)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) == name
    }
