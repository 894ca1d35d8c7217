import ast

from scanners.context import Context
from scanners.finding import Confidence, Severity
from scanners.place import Call
from scanners.rule import Example, Rule
from scanners.semantics.concurrency.background import TASKS
from scanners.semantics.concurrency.fanout import (
    GROUPS,
    POOLS,
    TAKERS,
    WORKERS,
    accepts,
    as_many_as,
    bound_of,
    gathered,
    is_braked,
    is_gathered_later,
    is_paced,
    is_replaced,
    iterable_of,
    runs_alone,
    started,
    waits_for_room,
)
from scanners.semantics.hot import hot_defs, is_hot, runs_once, served
from scanners.syntax import unparse


class UnboundedFanOut(Rule):
    """
    One thread, process or task for each item is fine for ten items and takes the service and its peers down for ten thousand:
    memory, sockets and connections run out all at once.

    Looks at `asyncio.gather` and `as_completed` over a comprehension or a list filled in a loop, at tasks, threads and
    processes started for each item of a loop or for each accepted connection, at threads started by route handlers and tasks,
    at a pool with a worker for each item, and (low) at executors without max_workers there. Fixed and sliced iterables,
    numbered workers, semaphores, limiters and chunks are good; what looks configured by its name is unresolved.
    """

    id = "unbounded-fan-out"
    area = "concurrency"
    item = "K2"
    title = "Parallel work without a limit"
    severity = Severity.MEDIUM
    confidence = Confidence.MEDIUM
    fix = "Hold a semaphore around each piece, work in chunks, or use a pool of a fixed size."
    bad = (
        Example(
            "a task for each item, in three forms",
            {
                "shop/sync.py": "import asyncio\nasync def sync(orders, users, rows):\n"
                "    await asyncio.gather(*[send(order) for order in orders])\n    mails = []\n"
                "    for user in users:\n        mails.append(mail(user))\n    await asyncio.gather(*mails)\n"
                "    async with asyncio.TaskGroup() as group:\n        for row in rows:\n"
                "            group.create_task(send(row))\n"
                "    running = [asyncio.create_task(send(order)) for order in orders]\n    return running\n"
                "async def quick(orders):\n    for done in asyncio.as_completed([send(order) for order in orders]):\n"
                "        print(await done)\n",
                "shop/serve.py": "import threading\nfrom concurrent.futures import ThreadPoolExecutor\n"
                "from flask import Flask\napp = Flask(__name__)\ndef crawl(listener, urls):\n"
                "    for url in urls:\n        threading.Thread(target=fetch, args=(url,)).start()\n"
                "    while True:\n        peer, _ = listener.accept()\n"
                '        threading.Thread(target=answer, args=(peer,)).start()\n@app.post("/orders")\n'
                "def create():\n    threading.Thread(target=bill).start()\n"
                '    with ThreadPoolExecutor() as pool:\n        pool.submit(bill).result()\n    return "ok"\n'
                "def load(urls):\n    with ThreadPoolExecutor(max_workers=len(urls)) as pool:\n"
                "        return list(pool.map(fetch, urls))\n",
            },
            at=[
                *(("shop/serve.py", line) for line in (7, 10, 13, 14, 18)),
                *(("shop/sync.py", line) for line in (3, 7, 10, 11, 14)),
            ],
        ),
    )
    good = (
        Example(
            "semaphores, chunks, slices and fixed numbers",
            {
                "shop/sync.py": 'import asyncio\ngate = asyncio.Semaphore(10)\nKINDS = ("mail", "sms")\n'
                "async def send(order):\n    async with gate:\n        await post(order)\n"
                "async def sync(orders, users, rows):\n"
                "    await asyncio.gather(*[send(order) for order in orders])\n"
                "    await asyncio.gather(*[notify(kind) for kind in KINDS])\n"
                "    await asyncio.gather(*[mail(user) for user in users[:20]])\n"
                "    await asyncio.gather(first(), second())\nasync def chunked(rows, chunk_size):\n"
                "    for start in range(0, len(rows), chunk_size):\n"
                "        await asyncio.gather(*[post(row) for row in rows[start : start + chunk_size]])\n"
                "async def limited(rows):\n    limit = asyncio.Semaphore(5)\n    async def one(row):\n"
                "        async with limit:\n            await post(row)\n"
                "    await asyncio.gather(*(one(row) for row in rows))\nasync def workers(queue, count):\n"
                "    return [asyncio.create_task(work(queue)) for _ in range(count)]\n",
                "shop/serve.py": "import threading\nfrom concurrent.futures import ThreadPoolExecutor\nfrom flask import Flask\napp = Flask(__name__)\n"
                "pool = ThreadPoolExecutor(8)\ndef start(self):\n    for number in range(4):\n"
                "        threading.Thread(target=work, args=(number,)).start()\n"
                "    threading.Thread(target=watch, daemon=True).start()\ndef load(urls):\n"
                "    with ThreadPoolExecutor(max_workers=8) as workers:\n"
                "        return [future.result() for future in [workers.submit(fetch, url) for url in urls]]\n"
                '@app.post("/go")\ndef go():\n    if job.is_alive():\n        return "no"\n    threading.Thread(target=work).start()\n',
            },
        ),
    )
    calls = (*TAKERS, *TASKS, *GROUPS, *WORKERS, *POOLS)

    def visit_call(self, call: Call, ctx: Context) -> None:
        if call.dotted in TAKERS:
            found = gathered(call)
            if found is not None:
                self._weigh(call, found[0], found[1], ctx)
        elif call.dotted in POOLS:
            self._pool(call, ctx)
        else:
            self._spawn(call, ctx)

    def _spawn(self, call: Call, ctx: Context) -> None:
        source = None if is_gathered_later(call) or is_replaced(call) else iterable_of(call)
        if source is not None:
            self._weigh(call, source, started(call), ctx)
        elif call.dotted in WORKERS and accepts(call):
            ctx.site(call)
            if not is_braked(call, started(call), ctx) and not waits_for_room(call, frozenset({"acquire"})):
                ctx.report(call, f"Each connection gets its own {call.last.lower()}, however many come.")
        elif call.dotted in WORKERS and call.function in served(ctx):
            ctx.site(call)
            if not (is_braked(call, [], ctx) or runs_alone(call)):
                ctx.report(call, f"Each request starts its own {call.last.lower()}, however many come.")

    def _weigh(self, call: Call, source: ast.expr, targets: list[ast.AST], ctx: Context) -> None:
        scope, bound = ctx.module.functions.get(call.function), bound_of(source, call)
        once = scope is not None and runs_once(call.function, scope, ctx)
        if bound == "few" or once or is_braked(call, targets, ctx) or waits_for_room(call):
            ctx.site(call)
        elif bound == "configured":
            ctx.unresolved(call, f"`{unparse(source)}` may be few by configuration.")
        else:
            message = f"All items of `{unparse(source)}` are worked on at once, however many there are."
            kept = isinstance(source, ast.Attribute) and getattr(source.value, "id", "") == "self"
            ctx.report(call, message, confidence=Confidence.LOW if kept or is_paced(call) else None)

    def _pool(self, call: Call, ctx: Context) -> None:
        if (items := as_many_as(call)) is not None:
            ctx.report(call, f"As many workers as there are items of `{unparse(items)}`, however many that are.")
        elif call.function is not None and hot_defs(ctx) and is_hot(call, ctx):
            if call.argument(0, "max_workers") is None and not call.unpacks:
                message = "Made anew again and again, each with as many workers as the machine suggests."
                ctx.report(call, message, severity=Severity.LOW, confidence=Confidence.LOW)
            else:
                ctx.site(call)
