import ast

from scanners.constants import UNKNOWN, fold
from scanners.context import Context
from scanners.finding import Confidence, Severity
from scanners.place import Call
from scanners.rule import Example, Rule
from scanners.semantics.queues import (
    QUEUES,
    holder_of,
    is_crossed,
    is_local_worklist,
    is_signal,
    serves_logging,
    watches_size,
)


class UnboundedQueue(Rule):
    """
    A queue without a limit hides that consumers are slower than producers: it grows until memory is gone, and what is in it
    is hours old by then.

    Looks at queues of queue, asyncio and multiprocessing made without a size, at SimpleQueue, and at a deque without maxlen
    that one def of a threaded or asynchronous file fills and another empties. Queues that one def fills and drains and those
    of logging are good; queues for one signal or answer are unresolved.
    """

    id = "unbounded-queue"
    area = "concurrency"
    item = "K2"
    title = "Queue without a limit"
    severity = Severity.MEDIUM
    fix = "Pass maxsize, and decide what a full queue means: wait, drop, or refuse with 429/503."
    bad = (
        Example(
            "between threads, tasks and processes",
            {
                "shop/feed.py": """\
import asyncio, multiprocessing
from queue import Queue, SimpleQueue
orders = Queue()
mails = SimpleQueue()
class Feed:
    def __init__(self):
        self.inbox = asyncio.Queue()
        self.jobs = multiprocessing.Queue(maxsize=0)
    async def pull(self, client):
        async for order in client:
            await self.inbox.put(order)
    async def work(self):
        while True:
            await handle(await self.inbox.get())
"""
            },
            at=[("shop/feed.py", line) for line in (3, 4, 7, 8)],
        ),
        Example(
            "a deque between threads",
            {
                "shop/buffer.py": """\
import threading
from collections import deque
class Buffer:
    def __init__(self):
        self.rows = deque()
        threading.Thread(target=self.flush).start()
    def add(self, row):
        self.rows.append(row)
    def flush(self):
        while self.rows:
            send(self.rows.popleft())
"""
            },
            at=[("shop/buffer.py", 5)],
        ),
    )
    good = (
        Example(
            "with a limit, filled and drained in one def, of logging",
            {
                "shop/feed.py": """\
import asyncio, queue
from collections import deque
LIMIT = 100
orders = queue.Queue(LIMIT)
inbox = asyncio.Queue(maxsize=LIMIT)
recent = deque(maxlen=20)
def walk(root):
    todo = queue.Queue()
    todo.put(root)
    while not todo.empty():
        for child in todo.get().children:
            todo.put(child)
async def crawl(urls):
    todo = asyncio.Queue()
    for url in urls:
        todo.put_nowait(url)
    workers = [asyncio.create_task(fetch(todo)) for _ in range(4)]
    await todo.join()
    return workers
def sized(limit):
    return queue.Queue(limit)
"""
            },
        ),
        Example(
            "the queue of a log handler",
            {
                "shop/logs.py": """\
import queue
from logging.handlers import QueueHandler, QueueListener
lines = queue.SimpleQueue()
handler = QueueHandler(lines)
"""
            },
        ),
        Example(
            "a deque that one def works through, and a window",
            {
                "shop/tree.py": """\
import threading
from collections import deque
def walk(root):
    todo = deque([root])
    while todo:
        todo.extend(todo.popleft().children)
class Window:
    def __init__(self):
        self.seen = deque(maxlen=100)
    def add(self, row):
        self.seen.append(row)
    def first(self):
        return self.seen.popleft()
"""
            },
        ),
    )
    calls = tuple(QUEUES)

    def visit_call(self, call: Call, ctx: Context) -> None:
        position, word = QUEUES[call.dotted]
        if call.last == "deque":
            self._deque(call, ctx)
            return
        size = call.argument(position, word) if word else None
        if size is None and call.unpacks and word:
            ctx.unresolved(call, "The size may be among unpacked arguments.")
        elif (size is not None and not _is_endless(size, call)) or serves_logging(ctx) or is_local_worklist(call):
            ctx.site(call)
        elif watches_size(call, ctx):
            ctx.unresolved(call, "The file looks at the size of its queues and may hold back by itself.")
        elif is_signal(call):
            ctx.unresolved(call, "It may hold one signal or one answer only.")
        else:
            ctx.report(call, f"`{ast.unparse(call.node)}` takes whatever is put into it, until memory is gone.")

    def _deque(self, call: Call, ctx: Context) -> None:
        name = holder_of(call)
        if call.argument(1, "maxlen") is not None or not name:
            return
        if is_crossed(name, ctx):
            ctx.report(
                call,
                f"`{name}` is filled in one def and emptied in another, with no `maxlen`.",
                confidence=Confidence.LOW,
            )


def _is_endless(size: ast.expr, call: Call) -> bool:
    value = fold(size, call.scope)
    return value is not UNKNOWN and (value is None or (isinstance(value, int) and value <= 0))
