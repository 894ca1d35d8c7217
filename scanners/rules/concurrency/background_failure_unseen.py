from scanners.context import Context
from scanners.finding import Confidence, Severity
from scanners.place import Call
from scanners.rule import Example, Rule
from scanners.semantics.concurrency.background import (
    FUTURES,
    SUBMITS,
    TASKS,
    THREADS,
    all_see_failures,
    goes_on,
    is_dropped,
    is_loop,
    keeps_failures,
    reads_results,
    sees_failures,
    target_of,
)
from scanners.syntax import unparse


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
                "shop/jobs.py": (
                    "import asyncio\nfrom concurrent.futures import ThreadPoolExecutor\n"
                    "pool = ThreadPoolExecutor(4)\nasync def paid(order):\n    asyncio.create_task(send(order))\n"
                    "    task = asyncio.ensure_future(send(order))\n"
                    "    asyncio.get_running_loop().create_task(send(order))\n    pool.submit(archive, order)\n"
                    "    await asyncio.gather(send(order), bill(order), return_exceptions=True)\n"
                    "async def send(order): ...\ndef from_thread(loop, order):\n"
                    "    asyncio.run_coroutine_threadsafe(send(order), loop)\n    pool.map(archive, [order])\n"
                ),
                "shop/thumbs.py": (
                    "from multiprocessing import Pool\ndef make(paths):\n    with Pool(4) as pool:\n"
                    "        for path in paths:\n            pool.apply_async(shrink, (path,))\n"
                    "        pool.close()\n        pool.join()\n"
                ),
                "shop/feed.py": (
                    "import threading\nclass Feed:\n    def start(self):\n"
                    "        threading.Thread(target=self._pull, daemon=True).start()\n    def _pull(self):\n"
                    "        while True:\n            self.store(self.client.next())\n"
                ),
            },
            at=[
                ("shop/feed.py", 4),
                *(("shop/jobs.py", line) for line in (5, 6, 7, 8, 9, 12, 13)),
                ("shop/thumbs.py", 5),
            ],
        ),
    )
    good = (
        Example(
            "kept, watched or awaited",
            {
                "shop/jobs.py": (
                    "import asyncio\nfrom concurrent.futures import ThreadPoolExecutor, as_completed\n"
                    "pool = ThreadPoolExecutor(4)\ntasks = set()\nasync def paid(order):\n"
                    "    task = asyncio.create_task(send(order))\n    tasks.add(task)\n"
                    "    task.add_done_callback(tasks.discard)\n"
                    "    asyncio.create_task(send(order)).add_done_callback(report)\n"
                    "    async with asyncio.TaskGroup() as group:\n        group.create_task(send(order))\n"
                    "    await asyncio.create_task(send(order))\n"
                    "    for result in await asyncio.gather(send(order), return_exceptions=True):\n"
                    "        report(result)\n"
                    "    for future in as_completed([pool.submit(archive, order) for _ in range(3)]):\n"
                    "        future.result()\n    return [row for row in pool.map(archive, [order])]\n"
                    "async def stop(task):\n    task.cancel()\n"
                    "    await asyncio.gather(task, return_exceptions=True)\n"
                )
            },
        ),
        Example(
            "targets that handle their own failures, and tasks of a queue",
            {
                "shop/feed.py": (
                    "import logging, threading\nfrom concurrent.futures import ThreadPoolExecutor\n"
                    "from multiprocessing import Pool\nfrom shop.tasks import bill\n"
                    "log = logging.getLogger(__name__)\npool = ThreadPoolExecutor(2)\nclass Feed:\n"
                    "    def start(self, order):\n"
                    "        threading.Thread(target=self._pull, daemon=True).start()\n"
                    "        pool.submit(self._pull)\n        bill.apply_async((order.id,))\n"
                    "        with Pool(2) as workers:\n"
                    "            workers.apply_async(print, (1,), error_callback=log.error)\n    def _pull(self):\n"
                    "        while True:\n            try:\n                self.store(self.client.next())\n"
                    '            except Exception:\n                log.exception("The feed failed")\n'
                )
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
        elif call.last in ("create_task", "run_in_executor") and is_loop(call):
            self._spawned(call, ctx, Confidence.MEDIUM)

    def _thread(self, call: Call, ctx: Context) -> None:
        target = target_of(call)
        if target is None:
            return
        seen, name = sees_failures(target, call, ctx), unparse(target)
        if seen is None:
            ctx.unresolved(call, f"What `{name}` does about failures is not in sight.")
        elif seen:
            ctx.site(call)
        else:
            sure = Confidence.MEDIUM if goes_on(target, call, ctx) else Confidence.LOW
            ctx.report(call, f"`{name}` handles no failure: the thread ends in silence.", confidence=sure)

    def _gather(self, call: Call, ctx: Context) -> None:
        if not keeps_failures(call):
            return
        ctx.site(call)
        if call.dropped and not reads_results(call, ctx) and not all_see_failures(call, ctx):
            ctx.report(call, "`return_exceptions=True` puts the failures into a list that is dropped.")

    def _spawned(self, call: Call, ctx: Context, sure: Confidence | None) -> None:
        ctx.site(call)
        if not is_dropped(call) or call.keyword("error_callback") is not None:
            return
        task = call.dotted in TASKS or call.last == "create_task"
        if not sees_failures(target_of(call), call, ctx):
            ctx.report(call, f"Nobody keeps what `{call.last}` gives back, nor sees it fail.", confidence=sure)
        elif task:
            what = "It reports its failures, but nobody keeps the task: it may be collected before it is done."
            ctx.report(call, what, severity=Severity.LOW, confidence=sure)
