from scanners.context import Context
from scanners.finding import Confidence, Severity
from scanners.place import Call
from scanners.rule import Example, Rule
from scanners.semantics.outbound import weigh
from scanners.semantics.waits import (
    WAITS,
    is_full_at_some_size,
    may_be_done,
    may_last,
    never_waits,
    of_sent_task,
    stands_for_with,
    told_to_end,
)


class WaitWithoutTimeout(Rule):
    """
    A wait without an end turns one lost message, dead thread or forgotten lock into a process that hangs for good.

    Looks at queues, locks, events, threads, futures and Celery results whose type is in sight: `get`, `put` on a
    bounded queue, `acquire`, `wait`, `join`, `result`, `recv`. Those of asyncio count a step lower. `with lock`,
    `block=False` and a `join` after the worker was told to end are fine. A worker that takes from its queue in a loop, and a wait for
    the signal to stop, are only suspected: they may be meant to last.
    """

    id = "wait-without-timeout"
    area = "timeouts"
    item = "T2"
    title = "Wait without a timeout"
    severity = Severity.MEDIUM
    confidence = Confidence.MEDIUM
    fix = "Pass `timeout=` in seconds and say what happens when it runs out."
    bad = (
        Example(
            "queue, lock, event, thread and future",
            {
                "pipeline.py": "import queue, threading\nfrom concurrent.futures import ThreadPoolExecutor, wait\n"
                "todo = queue.Queue(maxsize=10)\nready = threading.Event()\ngate = threading.Lock()\n"
                "pool = ThreadPoolExecutor(4)\ndef convert(item):\n    todo.put(item)\n    ready.wait()\n"
                "    gate.acquire()\n    worker = threading.Thread(target=print)\n    worker.start()\n"
                "    worker.join()\n    future = pool.submit(print, item)\n    wait([future])\n"
                "    return future.result(), todo.get()\n"
            },
            at=[("pipeline.py", line) for line in (8, 9, 10, 13, 15, 16, 16)],
        ),
        Example(
            "the result of a task",
            {"report.py": "from jobs import render\ndef report(month):\n    return render.delay(month).get()\n"},
            at=[("report.py", 3)],
        ),
        Example(
            "asyncio, and a worker in a loop",
            {
                "consume.py": "import asyncio, queue\njobs: queue.Queue = queue.Queue()\nasync def first():\n"
                "    inbox = asyncio.Queue()\n    return await inbox.get()\ndef work():\n    while True:\n"
                "        job = jobs.get()\n        if job is None:\n            break\n"
            },
            at=[("consume.py", 5), ("consume.py", 8)],
        ),
    )
    good = (
        Example(
            "bounded, or not waiting at all",
            {
                "pipeline.py": "import asyncio, queue, threading\nfrom concurrent.futures import Future, as_completed\n"
                "todo, lock, stop = queue.Queue(), threading.Lock(), threading.Event()\n"
                "tasks = queue.Queue(maxsize=5)\ngate = threading.Lock()\ndef step(options, parts, futures):\n"
                '    tasks.put(options.get("name"), timeout=2)\n    tasks.get(block=False)\n'
                "    tasks.get(True, 5)\n    gate.acquire(False)\n"
                "    for future in as_completed(futures, timeout=30):\n        future.result()\n    with gate:\n"
                '        return ",".join(parts)\nasync def receive():\n    inbox = asyncio.Queue()\n'
                "    return await asyncio.wait_for(inbox.get(), 5)\n"
            },
        ),
        Example(
            "a thread that was told to end",
            {
                "service.py": "import threading\nclass Service:\n    def __init__(self):\n"
                "        self.halt = threading.Event()\n        self.worker = threading.Thread(target=self.run)\n"
                "    def stop(self):\n        self.halt.set()\n        self.worker.join()\n"
            },
        ),
    )
    calls = (*WAITS, "*.get")

    def visit_call(self, call: Call, ctx: Context) -> None:
        bound = WAITS.get(call.dotted) or of_sent_task(call)
        if bound is None or (call.last == "put" and not is_full_at_some_size(call, ctx)):
            return
        verdict = weigh(call, bound)
        if verdict.state == "unresolved":
            ctx.unresolved(call, verdict.text)
        elif may_be_done(call):
            ctx.unresolved(call, "The future comes from elsewhere and may be done.")
        elif verdict.state == "good" or _has_an_end(call):
            ctx.site(call)
        else:
            low = call.dotted.startswith("asyncio.")
            sure = Confidence.LOW if low or may_last(call) else None
            ctx.report(call, f"`{call.last}` waits for ever.", severity=Severity.LOW if low else None, confidence=sure)


def _has_an_end(call: Call) -> bool:
    return (
        never_waits(call)
        or (call.last == "join" and told_to_end(call))
        or (call.last == "acquire" and stands_for_with(call))
    )
