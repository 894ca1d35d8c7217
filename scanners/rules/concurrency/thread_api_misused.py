import ast
from typing import Any, Final

from scanners.context import Context
from scanners.finding import Confidence, Severity
from scanners.place import Call
from scanners.rule import Example, Rule
from scanners.semantics.handlers import inner
from scanners.semantics.locks import GATES, LOCKS, is_used_up_here, release_of
from scanners.semantics.waits import never_waits

_THREADS: Final = {"threading.Thread": 1, "threading.Timer": 1, "multiprocessing.Process": 1}
_PROCESSES: Final = tuple(f"subprocess.{name}" for name in ("Popen", "run", "call", "check_call", "check_output"))
_ACQUIRES: Final = tuple(f"{kind}.acquire" for kind in (*LOCKS, *GATES[:2]))


class ThreadApiMisused(Rule):
    """
    Threads fail quietly: a lock that each call makes for itself guards nothing, one that an exception leaves taken stops all
    others for ever, and a thread that was given the result of a call instead of the function does nothing at all.

    Looks at locks made where they are taken, `acquire` whose `release` an exception skips (a release in another def is of low
    confidence), threads without a target or with `target=f()`, `preexec_fn`, and `os.fork` after threads were started. `with`,
    `finally`, subclasses with `run` and functions that return a function are good.
    """

    id = "thread-api-misused"
    area = "concurrency"
    item = "K4"
    title = "Lock or thread that does not do what it seems to"
    severity = Severity.HIGH
    fix = (
        "Make the lock once, take it by `with`; pass the function itself; use start_new_session instead of preexec_fn."
    )
    bad = (
        Example(
            "locks, threads, forks",
            {
                "shop/work.py": """\
import os
import subprocess
import threading
from threading import Lock, Thread
lock = Lock()
def count(rows):
    with threading.Lock():
        rows.append(1)
def total(rows):
    mine = Lock()
    with mine:
        rows.append(1)
def save(rows):
    lock.acquire()
    rows.save()
    lock.release()
def work():
    print("works")
def start():
    Thread(target=work()).start()
    Thread().start()
    subprocess.Popen(["ls"], preexec_fn=os.setsid)
def both():
    Thread(target=work).start()
    return os.fork()
"""
            },
            at=[("shop/work.py", line) for line in (7, 10, 14, 20, 21, 22, 25)],
        ),
    )
    good = (
        Example(
            "made once, given back, handed as functions",
            {
                "shop/work.py": """\
import os
import subprocess
import threading
from threading import Lock, Thread
lock = Lock()
class Store:
    def __init__(self):
        self.lock = threading.Lock()
    def save(self, rows):
        with self.lock:
            rows.save()
    def __enter__(self):
        self.lock.acquire()
        return self
def save(rows):
    lock.acquire()
    try:
        rows.save()
    finally:
        lock.release()
    if lock.acquire(blocking=False):
        try:
            rows.save()
        finally:
            lock.release()
def maker(name):
    def work():
        print(name)
    return work
class Worker(Thread):
    def run(self):
        print("works")
def start(rows):
    mine = Lock()
    def work():
        with mine:
            rows.append(1)
    Thread(target=work).start()
    Thread(target=maker("a")).start()
    Worker().start()
    threading.Timer(5, work).start()
    subprocess.Popen(["ls"], start_new_session=True, preexec_fn=None)
def both(path):
    if os.fork() == 0:
        Thread(target=maker("b")).start()
    guard = threading.Lock()
    if path:
        guard = FileLock(path)
    with guard:
        print(path)
"""
            },
        ),
    )
    calls = (*LOCKS, *_ACQUIRES, *_THREADS, *_PROCESSES, "os.fork")

    def visit_call(self, call: Call, ctx: Context) -> None:
        if call.dotted in LOCKS:
            self._say(
                call, is_used_up_here(call), "The lock is made anew for each call: nobody else ever holds it.", ctx
            )
        elif call.last == "acquire":
            self._acquired(call, ctx)
        elif call.dotted in _THREADS:
            self._thread(call, ctx)
        elif call.dotted == "os.fork":
            started = any(_starts_thread(node, call) for node in inner(list(getattr(call.function, "body", ()))))
            self._say(
                call, started, "Only the calling thread lives on in the child: locks of the others stay taken.", ctx
            )
        else:
            self._before_exec(call, ctx)

    def _say(self, call: Call, is_bad: bool, message: str, ctx: Context) -> None:
        if is_bad:
            ctx.report(call, message)
        else:
            ctx.site(call)

    def _acquired(self, call: Call, ctx: Context) -> None:
        how = release_of(call)
        stands_in = getattr(call.function, "name", "").strip("_") in ("enter", "acquire", "lock", "aenter", "start")
        if how == "later" and not never_waits(call):
            ctx.report(call, "An exception before `release` leaves the lock taken for ever. Use `with`.")
        elif how == "elsewhere" and not stands_in and call.dropped:
            ctx.unresolved(call, "The lock is given back elsewhere, if at all.")
        else:
            ctx.site(call)

    def _thread(self, call: Call, ctx: Context) -> None:
        target = call.argument(_THREADS[call.dotted], "target", "function")
        if target is None:
            self._say(call, not call.unpacks and _is_plain(call), "The thread has no target: it ends at once.", ctx)
        elif isinstance(target, ast.Call):
            made = ctx.definition(call.resolve(target.func))
            if isinstance(made, ast.FunctionDef | ast.AsyncFunctionDef):
                message = f"`{ast.unparse(target)}` runs here, in this thread; the new one gets its result."
                self._say(call, not _returns_something(made), message, ctx)
            else:
                ctx.unresolved(call, "What the call returns is not known here; it may be a function.")
        else:
            ctx.site(call)

    def _before_exec(self, call: Call, ctx: Context) -> None:
        given = call.keyword("preexec_fn")
        if given is None:
            return
        if isinstance(given, ast.Constant):
            ctx.site(call)
            return
        threads = ctx.imports("threading", "concurrent", "asyncio")
        sure = Confidence.MEDIUM if threads else Confidence.LOW
        message = "`preexec_fn` runs Python between fork and exec: with threads around, it may hang there."
        ctx.report(call, message, severity=Severity.MEDIUM, confidence=sure)


def _is_plain(call: Call) -> bool:
    """Whether nothing gives the thread its work later: `thread.run = f`."""
    function = call.function
    nodes = inner(list(function.body)) if function is not None and isinstance(function.body, list) else iter(())
    return not any(isinstance(node, ast.Attribute) and node.attr in ("run", "_target") for node in nodes)


def _returns_something(function: Any) -> bool:
    if isinstance(function, ast.AsyncFunctionDef):
        return False
    return any(
        isinstance(node, ast.Return) and node.value is not None and not isinstance(node.value, ast.Constant)
        for node in inner(list(function.body))
    )


def _starts_thread(node: ast.AST, call: Call) -> bool:
    is_start = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "start"
    return is_start and node.lineno < call.line and call.name(node.func) == "threading.Thread.start"  # type: ignore[attr-defined]
