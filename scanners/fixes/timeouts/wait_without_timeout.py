from typing import Final

import libcst as cst

from scanners.fixes.arguments import with_keyword
from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.spot import Spot

_RAISES: Final = frozenset({"get", "put", "result", "exception", "as_completed"})


class AddTimeoutToWait(Fix):
    """
    Passes `timeout=60`, after which the wait raises; a wait of asyncio is put into `asyncio.wait_for(..., timeout=60)`.

    Not offered where the end of the time is only told by the result (`acquire`, `Event.wait`, `join`), because the code
    would go on as if the wait had been worth it, and for workers that wait for their next job in a loop.
    """

    rule = "wait-without-timeout"
    bulk = False
    says = "Wait for 60 seconds at most."
    examples = (
        Change(
            "queues and futures",
            "import queue\nfrom concurrent.futures import ThreadPoolExecutor, as_completed\ntodo = queue.Queue(10)\n"
            "pool = ThreadPoolExecutor(4)\ndef convert(item):\n    todo.put(item)\n    future = pool.submit(print)\n"
            "    for done in as_completed([future]):\n        print(done)\n"
            "    return todo.get(True), future.result()\n",
            "import queue\nfrom concurrent.futures import ThreadPoolExecutor, as_completed\ntodo = queue.Queue(10)\n"
            "pool = ThreadPoolExecutor(4)\ndef convert(item):\n    todo.put(item, timeout=60)\n"
            "    future = pool.submit(print)\n"
            "    for done in as_completed([future], timeout=60):\n        print(done)\n"
            "    return todo.get(True, timeout=60), future.result(timeout=60)\n",
        ),
        Change(
            "asyncio, and a task of Celery",
            "import asyncio\nfrom jobs import render\nasync def first():\n    inbox = asyncio.Queue()\n"
            "    return await inbox.get()  # one\ndef month():\n    return render.delay(1).get()\n",
            "import asyncio\nfrom jobs import render\nasync def first():\n    inbox = asyncio.Queue()\n"
            "    return await asyncio.wait_for(inbox.get(), timeout=60)  # one\ndef month():\n"
            "    return render.delay(1).get(timeout=60)\n",
        ),
    )
    declined = (
        Declined(
            "told by the result",
            "import threading\nready = threading.Event()\ndef work():\n    ready.wait()\n    return 1\n",
            "tells by its result",
        ),
        Declined(
            "a worker",
            "import queue\njobs = queue.Queue()\ndef work():\n    while True:\n        job = jobs.get()\n"
            "        job()\n",
            "next job",
        ),
    )

    def mend(self, spot: Spot) -> None:
        """Bound the wait."""
        call, node = spot.call, spot.node(cst.Call)
        if any(True for _ in call.within("while")) and call.last == "get":
            raise NotOfferedError("A worker waits for its next job here, which may take any time.")
        if call.dotted.startswith("asyncio."):
            self._asyncio(spot, node)
        elif call.last not in _RAISES:
            raise NotOfferedError(f"{call.last} tells by its result that the time is up, which has to be looked at.")
        else:
            spot.change(node, with_keyword("timeout", spot.expression("60")))

    def _asyncio(self, spot: Spot, node: cst.Call) -> None:
        if not spot.call.awaited or spot.call.last == "wait":
            raise NotOfferedError("What the call makes is awaited elsewhere, or is a group of tasks.")
        wait_for = f"{spot.imported('asyncio')}.wait_for"

        def how(now: cst.Call) -> cst.Call:
            bounded = cst.Call(spot.expression(wait_for), [cst.Arg(now)])
            return with_keyword("timeout", spot.expression("60"))(bounded)

        spot.change(node, how)
