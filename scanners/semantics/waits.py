"""Calls that wait for another part of the program: what they are, and when a wait has an end or is meant to last."""

import ast
from typing import Final

from scanners.constants import fold
from scanners.context import Context
from scanners.place import Call
from scanners.semantics.outbound import Bound
from scanners.syntax import descendants, unparse

_QUEUES: Final = (
    "queue.Queue",
    "queue.LifoQueue",
    "queue.PriorityQueue",
    "queue.SimpleQueue",
    "multiprocessing.Queue",
    "multiprocessing.JoinableQueue",
)
_LOCKS: Final = [f"threading.{name}" for name in ("Lock", "RLock", "Semaphore", "BoundedSemaphore", "Condition")]
_SEMAPHORES: Final = [f"multiprocessing.{name}" for name in ("Lock", "RLock", "Semaphore", "BoundedSemaphore")]
_EVENTS: Final = ("threading.Event", "threading.Condition", "multiprocessing.Event")
_ASYNC: Final = (
    "asyncio.wait",
    "asyncio.Queue.get",
    "asyncio.Queue.put",
    "asyncio.Queue.join",
    "asyncio.Event.wait",
    "asyncio.Condition.wait",
    "asyncio.Lock.acquire",
    "asyncio.Semaphore.acquire",
    "asyncio.StreamReader.read",
    "asyncio.StreamReader.readline",
    "asyncio.StreamReader.readexactly",
)
WAITS: Final[dict[str, Bound]] = (
    {f"{queue}.get": Bound(position=1) for queue in _QUEUES}
    | {f"{queue}.put": Bound(position=2) for queue in _QUEUES}
    | {f"{lock}.acquire": Bound(position=1) for lock in (*_LOCKS, *_SEMAPHORES)}
    | {f"{kind}.wait": Bound(position=0) for kind in _EVENTS}
    | {f"{kind}.join": Bound(position=0) for kind in ("threading.Thread", "multiprocessing.Process")}
    | {f"concurrent.futures.{name}": Bound(position=1) for name in ("wait", "as_completed")}
    | {f"concurrent.futures.Future.{name}": Bound(position=0) for name in ("result", "exception")}
    | dict.fromkeys(_ASYNC, Bound())
    | {
        "threading.Condition.wait_for": Bound(position=1),
        "threading.Barrier.wait": Bound(position=0),
        "multiprocessing.Pool.apply_async().get": Bound(position=0),
        "multiprocessing.connection.Connection.recv": Bound(()),
        "celery.result.AsyncResult.get": Bound(position=0),
    }
)
"""Waits by dotted name, with where their limit stands."""

_SENDERS: Final = frozenset({"delay", "apply_async"})
_ENDINGS: Final = frozenset({"set", "stop", "shutdown", "terminate", "kill", "close", "cancel", "quit"})
_GOODBYES: Final = ("stop", "shutdown", "exit", "quit", "term", "done", "finish", "close", "kill")


def of_sent_task(call: Call) -> Bound | None:
    """The limit of `task.delay(...).get()`, None for any other call."""
    sent = call.receiver
    is_sent = isinstance(sent, ast.Call) and isinstance(sent.func, ast.Attribute) and sent.func.attr in _SENDERS
    return Bound(position=0) if is_sent and call.last == "get" else None


def is_full_at_some_size(call: Call, ctx: Context) -> bool:
    """Whether the queue is made with a limit, so that `put` may wait."""
    if call.origin is None:
        return False
    size = call.origin.args[0] if call.origin.args else call.keyword("maxsize", of=call.origin)
    return size is not None and fold(size, ctx.module) != 0


def never_waits(call: Call) -> bool:
    """Whether the call is told to return at once, or knows that something is there."""
    if call.last == "recv":
        return any(".poll(" in unparse(test) for test in call.conditions())
    block = call.argument(1 if call.last == "put" else 0, "block", "blocking")
    return call.last in ("get", "put", "acquire") and block is not None and fold(block, call.scope) is False


def told_to_end(call: Call) -> bool:
    """Whether the same def has told something to end before it waits for it."""
    return any(
        _ends(node)
        for node in descendants(call.function or ast.Module([], []))
        if getattr(node, "lineno", call.line) < call.line
    )


def _ends(node: ast.AST) -> bool:
    """Whether a node tells a worker to end: `stop()`, `event.set()`, `queue.put(None)`, `self.running = False`."""
    if isinstance(node, ast.Assign):
        flag = isinstance(node.value, ast.Constant) and isinstance(node.value.value, bool)
        return flag and any(isinstance(target, ast.Attribute) for target in node.targets)
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    said = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else ...
    return node.func.attr in _ENDINGS or (node.func.attr in ("put", "put_nowait") and said is None)


def may_last(call: Call) -> bool:
    """Whether the wait may be meant to last: a worker's loop, or a program that waits for its end."""
    held = unparse(call.receiver).lower() if call.receiver is not None else ""
    if call.last == "acquire" and call.origin is not None and call.origin in descendants(call.function or call.node):
        return True  # Nobody else has a lock that was made here.
    if call.last == "acquire" and _released(call):
        return True  # A `with` that is written out.
    whole = getattr(call.function, "name", "") in ("run", "main", "serve_forever")
    return whole or any(True for _ in call.within("while")) or any(word in held for word in _GOODBYES)


def _released(call: Call) -> bool:
    """Whether the lock guards one statement only, after which the same suite gives it back."""
    held = unparse(call.receiver) if call.receiver is not None else ""
    body = getattr(call.block.node, "body", [])
    at = next((number for number, stmt in enumerate(body) if stmt is call.stmt), len(body))
    return any(unparse(stmt) == f"{held}.release()" for stmt in body[at + 1 : at + 3])


def may_be_done(call: Call) -> bool:
    """Whether a future is handed to a callback, or its state is asked for: it may be done already."""
    return call.last in ("result", "exception") and call.ref is not None and call.ref.via == "param"


def stands_for_with(call: Call) -> bool:
    """Whether a lock is taken for a `with` of one's own."""
    return getattr(call.function, "name", "") in ("__enter__", "acquire")
