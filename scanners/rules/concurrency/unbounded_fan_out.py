import ast
from typing import Final

from scanners.context import Context
from scanners.finding import Confidence, Severity
from scanners.place import Call
from scanners.rule import Example, Rule
from scanners.semantics.background import TASKS
from scanners.semantics.fanout import bound_of, gathered, is_braked, is_gathered_later, started, waits_for_room
from scanners.semantics.hot import hot_defs, is_hot, runs_once, served

_WORKERS: Final = frozenset({"threading.Thread", "multiprocessing.Process"})
_GROUPS: Final = frozenset(
    {"asyncio.TaskGroup.create_task", "anyio.create_task_group().start_soon", "trio.open_nursery().start_soon"}
)
_POOLS: Final = {"concurrent.futures.ThreadPoolExecutor": 0, "concurrent.futures.ProcessPoolExecutor": 0}


class UnboundedFanOut(Rule):
    """
    One thread, process or task for each item is fine for ten items and takes the service and its peers down for ten thousand:
    memory, sockets and connections run out all at once.

    Looks at `asyncio.gather` over a comprehension or a list filled in a loop, at tasks, threads and processes started for
    each item of a loop or for each accepted connection, at threads started by route handlers and tasks, and (low) at
    executors without max_workers there. Fixed and sliced iterables, numbered workers, semaphores, limiters and chunks are
    good; what looks configured by its name (plugins, workers, backends) is unresolved.
    """

    id = "unbounded-fan-out"
    area = "concurrency"
    item = "K2"
    title = "Parallel work without a limit"
    severity = Severity.MEDIUM
    fix = "Hold a semaphore around each piece, work in chunks, or use a pool of a fixed size."
    bad = (
        Example(
            "a task for each item, in three forms",
            {
                "shop/sync.py": """\
import asyncio
async def sync(orders, users, rows):
    await asyncio.gather(*[send(order) for order in orders])
    mails = []
    for user in users:
        mails.append(mail(user))
    await asyncio.gather(*mails)
    async with asyncio.TaskGroup() as group:
        for row in rows:
            group.create_task(send(row))
    running = [asyncio.create_task(send(order)) for order in orders]
    return running
"""
            },
            at=[("shop/sync.py", 3), ("shop/sync.py", 7), ("shop/sync.py", 10), ("shop/sync.py", 11)],
        ),
        Example(
            "a thread for each item, connection and request",
            {
                "shop/serve.py": """\
import threading
from concurrent.futures import ThreadPoolExecutor
from flask import Flask
app = Flask(__name__)
def crawl(listener, urls):
    for url in urls:
        threading.Thread(target=fetch, args=(url,)).start()
    while True:
        peer, _ = listener.accept()
        threading.Thread(target=answer, args=(peer,)).start()
@app.post("/orders")
def create():
    threading.Thread(target=bill).start()
    with ThreadPoolExecutor() as pool:
        pool.submit(bill).result()
    return "ok"
"""
            },
            at=[("shop/serve.py", 7), ("shop/serve.py", 10), ("shop/serve.py", 13), ("shop/serve.py", 14)],
        ),
    )
    good = (
        Example(
            "semaphores, chunks, slices and fixed numbers",
            {
                "shop/sync.py": """\
import asyncio
gate = asyncio.Semaphore(10)
KINDS = ("mail", "sms")
async def send(order):
    async with gate:
        await post(order)
async def sync(orders, users, rows):
    await asyncio.gather(*[send(order) for order in orders])
    await asyncio.gather(*[notify(kind) for kind in KINDS])
    await asyncio.gather(*[mail(user) for user in users[:20]])
    await asyncio.gather(first(), second())
async def chunked(rows, chunk_size):
    for start in range(0, len(rows), chunk_size):
        await asyncio.gather(*[post(row) for row in rows[start : start + chunk_size]])
async def limited(rows):
    limit = asyncio.Semaphore(5)
    async def one(row):
        async with limit:
            await post(row)
    await asyncio.gather(*(one(row) for row in rows))
async def workers(queue, count):
    return [asyncio.create_task(work(queue)) for _ in range(count)]
"""
            },
        ),
        Example(
            "pools, and threads that start once",
            {
                "shop/serve.py": """\
import threading
from concurrent.futures import ThreadPoolExecutor
pool = ThreadPoolExecutor(8)
def start(self):
    for number in range(4):
        threading.Thread(target=work, args=(number,)).start()
    threading.Thread(target=watch, daemon=True).start()
def load(urls):
    with ThreadPoolExecutor(max_workers=8) as workers:
        return [future.result() for future in [workers.submit(fetch, url) for url in urls]]
"""
            },
        ),
    )
    calls = ("asyncio.gather", *TASKS, *_GROUPS, *_WORKERS, *_POOLS)

    def visit_call(self, call: Call, ctx: Context) -> None:
        if call.dotted == "asyncio.gather":
            found = gathered(call)
            if found is not None:
                self._weigh(call, found[0], found[1], ctx)
        elif call.dotted in _POOLS:
            self._pool(call, ctx)
        else:
            self._spawn(call, ctx)

    def _spawn(self, call: Call, ctx: Context) -> None:
        source = None if is_gathered_later(call) else _iterable(call)
        if source is not None:
            self._weigh(call, source, started(call), ctx)
        elif call.dotted in _WORKERS and _accepts(call):
            if is_braked(call, started(call), ctx):
                ctx.site(call)
            else:
                ctx.report(call, f"Each connection gets its own {call.last.lower()}, however many come.")
        elif call.dotted in _WORKERS and call.function in served(ctx):
            if is_braked(call, [], ctx):
                ctx.site(call)
            else:
                ctx.report(call, f"Each request starts its own {call.last.lower()}, however many come.")

    def _weigh(self, call: Call, source: ast.expr, targets: list[ast.AST], ctx: Context) -> None:
        scope = ctx.module.functions.get(call.function)
        bound = bound_of(source, call)
        if (
            bound == "few"
            or (scope is not None and runs_once(call.function, scope, ctx))
            or is_braked(call, targets, ctx)
            or waits_for_room(call)
        ):
            ctx.site(call)
        elif bound == "configured":
            ctx.unresolved(call, f"`{ast.unparse(source)}` may be few by configuration.")
        else:
            text = ast.unparse(source)
            ctx.report(call, f"All items of `{text}` are worked on at once, however many there are.")

    def _pool(self, call: Call, ctx: Context) -> None:
        if call.function is None or not hot_defs(ctx) or not is_hot(call, ctx):
            return
        if call.argument(0, "max_workers") is None and not call.unpacks:
            message = "Made anew again and again, each with as many workers as the machine suggests."
            ctx.report(call, message, severity=Severity.LOW, confidence=Confidence.MEDIUM)
        else:
            ctx.site(call)


def _iterable(call: Call) -> ast.expr | None:
    """What the loop or the comprehension around a spawning call runs over; None when there is none, or gather has it."""
    above = call.parent()
    while above is not None:
        if isinstance(above, ast.Call) and call.name(above.func) == "asyncio.gather":
            return None
        if isinstance(above, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
            holder = call.parent(above)
            starred = isinstance(holder, ast.Starred)
            return None if starred else above.generators[0].iter
        above = call.parent(above)
    loop = next(call.within("for", "while"), None)
    return loop.node.iter if loop is not None and loop.kind == "for" else None


def _accepts(call: Call) -> bool:
    """Whether the loop around takes connections from a listening socket."""
    loop = next(call.within("while"), None)
    return loop is not None and any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "accept"
        for node in ast.walk(loop.node)
    )
