import ast

from scanners.constants import fold
from scanners.context import Context
from scanners.finding import Confidence, Severity
from scanners.place import Call
from scanners.rule import Example, Rule
from scanners.semantics.background import (
    FUTURES,
    SUBMITS,
    TASKS,
    THREADS,
    goes_on,
    is_dropped,
    reads_results,
    sees_failures,
    target_of,
)
from scanners.semantics.hot import runs_once

_NEW_NAMES = ("loop", "_loop", "event_loop")


class BackgroundFailureUnseen(Rule):
    """
    A failure in the background is kept in the task or future for whoever asks. When nobody does, the work is lost without a
    trace, and asyncio may even collect a task that nothing refers to before it is done.

    Looks at tasks, executor and pool submissions whose result is dropped or never read, `gather(return_exceptions=True)` whose
    list is dropped, and threads whose target, a def of this file, handles nothing. Task groups, kept tasks, done callbacks,
    and targets that handle their own failures are good; targets of other files are unresolved.
    """

    id = "background-failure-unseen"
    area = "concurrency"
    item = "K3"
    title = "Background work whose failure nobody sees"
    severity = Severity.MEDIUM
    fix = "Keep the task and look at its result (await it, a done callback, a TaskGroup), or log failures inside the target."
    bad = (
        Example(
            "dropped tasks and futures",
            {
                "shop/jobs.py": """\
import asyncio
from concurrent.futures import ThreadPoolExecutor
pool = ThreadPoolExecutor(4)
async def paid(order):
    asyncio.create_task(send(order))
    task = asyncio.ensure_future(send(order))
    asyncio.get_running_loop().create_task(send(order))
    pool.submit(archive, order)
    await asyncio.gather(send(order), bill(order), return_exceptions=True)
async def send(order): ...
def from_thread(loop, order):
    asyncio.run_coroutine_threadsafe(send(order), loop)
    pool.map(archive, [order])
"""
            },
            at=[("shop/jobs.py", line) for line in (5, 6, 7, 8, 9, 12, 13)],
        ),
        Example(
            "a thread that dies silently",
            {
                "shop/feed.py": """\
import threading
class Feed:
    def start(self):
        threading.Thread(target=self._pull, daemon=True).start()
    def _pull(self):
        while True:
            self.store(self.client.next())
"""
            },
            at=[("shop/feed.py", 4)],
        ),
        Example(
            "a pool of processes",
            {
                "shop/thumbs.py": """\
from multiprocessing import Pool
def make(paths):
    with Pool(4) as pool:
        for path in paths:
            pool.apply_async(shrink, (path,))
        pool.close()
        pool.join()
"""
            },
            at=[("shop/thumbs.py", 5)],
        ),
    )
    good = (
        Example(
            "kept, watched or awaited",
            {
                "shop/jobs.py": """\
import asyncio
from concurrent.futures import ThreadPoolExecutor, as_completed
pool = ThreadPoolExecutor(4)
tasks = set()
async def paid(order):
    task = asyncio.create_task(send(order))
    tasks.add(task)
    task.add_done_callback(tasks.discard)
    asyncio.create_task(send(order)).add_done_callback(report)
    async with asyncio.TaskGroup() as group:
        group.create_task(send(order))
    await asyncio.create_task(send(order))
    for result in await asyncio.gather(send(order), return_exceptions=True):
        report(result)
    for future in as_completed([pool.submit(archive, order) for _ in range(3)]):
        future.result()
    return [row for row in pool.map(archive, [order])]
async def stop(task):
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
"""
            },
        ),
        Example(
            "targets that handle their own failures, and tasks of a queue",
            {
                "shop/feed.py": """\
import logging, threading
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import Pool
from shop.tasks import bill
log = logging.getLogger(__name__)
pool = ThreadPoolExecutor(2)
class Feed:
    def start(self, order):
        threading.Thread(target=self._pull, daemon=True).start()
        pool.submit(self._pull)
        bill.apply_async((order.id,))
        with Pool(2) as workers:
            workers.apply_async(print, (1,), error_callback=log.error)
    def _pull(self):
        while True:
            try:
                self.store(self.client.next())
            except Exception:
                log.exception("The feed failed")
"""
            },
        ),
    )
    calls = (*TASKS, *SUBMITS, *FUTURES, *THREADS, "asyncio.gather", "*.create_task", "*.run_in_executor")

    def visit_call(self, call: Call, ctx: Context) -> None:
        if call.dotted in THREADS:
            self._thread(call, ctx)
        elif call.dotted == "asyncio.gather":
            self._gather(call, ctx)
        elif call.dotted in TASKS | SUBMITS | FUTURES:
            self._spawned(call, ctx, None)
        elif call.last in ("create_task", "run_in_executor") and _is_loop(call):
            self._spawned(call, ctx, Confidence.MEDIUM)

    def _thread(self, call: Call, ctx: Context) -> None:
        target = target_of(call)
        if target is None:
            return
        seen = sees_failures(target, call, ctx)
        name = ast.unparse(target)
        if seen is None:
            ctx.unresolved(call, f"What `{name}` does about failures is not in sight.")
        elif seen:
            ctx.site(call)
        else:
            sure = Confidence.MEDIUM if goes_on(target, call, ctx) else Confidence.LOW
            told = f"`{name}` handles no failure: the thread ends with a message on stderr at most."
            ctx.report(call, told, confidence=sure)

    def _gather(self, call: Call, ctx: Context) -> None:
        told = call.keyword("return_exceptions")
        if told is None or fold(told, call.scope) is not True:
            return
        scope = ctx.module.functions.get(call.function)
        ending = any(True for _ in call.within("finally"))
        ending = ending or (scope is not None and runs_once(call.function, scope, ctx))
        if call.dropped and not ending and not reads_results(call) and not _all_guarded(call, ctx):
            ctx.report(call, "`return_exceptions=True` puts the failures into a list that is dropped.")
        else:
            ctx.site(call)

    def _spawned(self, call: Call, ctx: Context, sure: Confidence | None) -> None:
        if not is_dropped(call) or call.keyword("error_callback") is not None:
            ctx.site(call)
            return
        task = call.dotted in TASKS or call.last == "create_task"
        if not sees_failures(target_of(call), call, ctx):
            what = f"Nobody keeps what `{call.last}` gives back: a failure in it is never seen."
            ctx.report(call, what, confidence=sure)
        elif task:
            what = "It reports its failures, but nobody keeps the task: it may be collected before it is done."
            ctx.report(call, what, severity=Severity.LOW, confidence=sure)
        else:
            ctx.site(call)


def _is_loop(call: Call) -> bool:
    held = call.receiver
    name = held.attr if isinstance(held, ast.Attribute) else getattr(held, "id", "")
    return name in _NEW_NAMES and (call.ref is None or call.ref.via in ("unknown", "param"))


def _all_guarded(call: Call, ctx: Context) -> bool:
    return bool(call.node.args) and all(
        isinstance(arg, ast.Call) and sees_failures(arg, call, ctx) for arg in call.node.args
    )
