from typing import Final

from scanners.context import Context
from scanners.finding import Confidence, Severity
from scanners.place import Call
from scanners.rule import Example, Rule
from scanners.semantics.concurrency.queues import (
    QUEUES,
    factory_of,
    holder_of,
    is_crossed,
    is_emptied_by_thread,
    is_worked_off,
    opinion,
)
from scanners.syntax import unparse

_DOUBTS: Final = {
    "hidden": "The size may be among unpacked arguments.",
    "watched": "The file looks at the size of its queues and may hold back by itself.",
    "signal": "It may hold one signal or one answer only.",
}


class UnboundedQueue(Rule):
    """
    A queue without a limit hides that consumers are slower than producers: it grows until memory is gone, and what is in it
    is hours old by then.

    Looks at queues of queue, asyncio and multiprocessing made without a size, at SimpleQueue, and at a deque without maxlen
    that one def of a threaded or asynchronous file fills and another empties. A queue is of low confidence unless one def of
    the file fills it in an endless loop, or another takes from it in a loop. Queues that one def fills and drains and those of logging are good;
    queues for one signal or answer are unresolved.
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
                "shop/feed.py": "import asyncio, multiprocessing\nfrom queue import Queue, SimpleQueue\norders = Queue()\n"
                "mails = SimpleQueue()\nclass Feed:\n    def __init__(self):\n"
                "        self.inbox = asyncio.Queue()\n        self.jobs = multiprocessing.Queue(maxsize=0)\n"
                "    async def pull(self, client):\n        async for order in client:\n"
                "            await self.inbox.put(order)\n    async def work(self):\n        while True:\n"
                "            await handle(await self.inbox.get())\n"
            },
            at=[("shop/feed.py", line) for line in (3, 4, 7, 8)],
        ),
        Example(
            "a field of a dataclass, a context of processes, what each visitor reads in a loop",
            {
                "shop/hub.py": "import asyncio, multiprocessing\nfrom dataclasses import dataclass, field\n@dataclass\nclass Hub:\n"
                "    inbox: asyncio.Queue = field(default_factory=asyncio.Queue)\n    async def pull(self, client):\n"
                "        async for order in client:\n            await self.inbox.put(order)\n"
                "    async def work(self):\n        while True:\n            await handle(await self.inbox.get())\n"
                "jobs = multiprocessing.get_context('spawn').Queue()\nasync def visit(socket, hub):\n"
                "    queue = asyncio.Queue()\n    hub.add(queue)\n    while True:\n"
                "        await socket.send(await queue.get())\n"
            },
            at=[("shop/hub.py", line) for line in (5, 12, 14)],
        ),
        Example(
            "a deque between threads",
            {
                "shop/buffer.py": "import threading\nfrom collections import deque\nclass Buffer:\n    def __init__(self):\n"
                "        self.rows = deque()\n        threading.Thread(target=self.flush).start()\n"
                "    def add(self, row):\n        self.rows.append(row)\n    def flush(self):\n"
                "        while self.rows:\n            send(self.rows.popleft())\n"
            },
            at=[("shop/buffer.py", 5)],
        ),
    )
    good = (
        Example(
            "with a limit, filled and drained in one def, of logging",
            {
                "shop/feed.py": "import asyncio, queue\nfrom collections import deque\nLIMIT = 100\n"
                "orders = queue.Queue(LIMIT)\ninbox = asyncio.Queue(maxsize=LIMIT)\nrecent = deque(maxlen=20)\n"
                "def walk(root):\n    todo = queue.Queue()\n    todo.put(root)\n    while not todo.empty():\n"
                "        for child in todo.get().children:\n            todo.put(child)\nasync def crawl(urls):\n"
                "    todo = asyncio.Queue()\n    for url in urls:\n        todo.put_nowait(url)\n"
                "    workers = [asyncio.create_task(fetch(todo)) for _ in range(4)]\n    await todo.join()\n"
                "    return workers\ndef sized(limit):\n    return queue.Queue(limit)\n"
            },
        ),
        Example(
            "the queue of a log handler",
            {
                "shop/logs.py": "import queue\nfrom logging.handlers import QueueHandler, QueueListener\n"
                "lines = queue.SimpleQueue()\nhandler = QueueHandler(lines)\n"
            },
        ),
        Example(
            "a deque that one def works through, and a window",
            {
                "shop/tree.py": "import threading\nfrom collections import deque\ndef walk(root):\n    todo = deque([root])\n"
                "    while todo:\n        todo.extend(todo.popleft().children)\nclass Window:\n"
                "    def __init__(self):\n        self.seen = deque(maxlen=100)\n    def add(self, row):\n"
                "        self.seen.append(row)\n    def first(self):\n        return self.seen.popleft()\n"
            },
        ),
    )
    calls = (*QUEUES, "dataclasses.field")

    def visit_call(self, call: Call, ctx: Context) -> None:
        if call.last == "deque":
            self._deque(call, ctx)
            return
        if call.last == "field":
            self._field(call, ctx)
            return
        found = opinion(call, ctx)
        if found.state in _DOUBTS:
            ctx.unresolved(call, _DOUBTS[found.state])
        elif found.state != "endless":
            ctx.site(call)
        else:
            message = f"`{unparse(call.node)}` takes whatever is put into it, until memory is gone."
            ctx.report(call, message, confidence=Confidence.MEDIUM if found.busy else Confidence.LOW)

    def _field(self, call: Call, ctx: Context) -> None:
        name = factory_of(call)
        if name:
            sure = Confidence.MEDIUM if is_worked_off(name, ctx) else Confidence.LOW
            ctx.report(call, f"`{name}` takes whatever is put into it, until memory is gone.", confidence=sure)

    def _deque(self, call: Call, ctx: Context) -> None:
        name = holder_of(call)
        if call.argument(1, "maxlen") is not None or not name:
            return
        if is_crossed(name, ctx):
            message = f"`{name}` is filled in one def and emptied in another, with no `maxlen`."
            sure = Confidence.MEDIUM if is_emptied_by_thread(name, ctx) else Confidence.LOW
            ctx.report(call, message, confidence=sure)
