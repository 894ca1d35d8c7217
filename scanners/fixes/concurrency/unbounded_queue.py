import re

import libcst as cst

from scanners.fixes.arguments import refuse_unpacked, with_keyword
from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.spot import Spot
from scanners.semantics.concurrency.queues import QUEUES, holder_of


class LimitQueue(Fix):
    """
    Gives the queue a size of 1000: `put` then waits for room. How much is right, a person knows better.

    Not offered for SimpleQueue and deque, which would lose or refuse what is put into them, and for a queue that is
    filled by `put_nowait`.
    """

    rule = "unbounded-queue"
    bulk = False
    says = "Limit the queue to 1000 items."
    examples = (
        Change(
            "threads, tasks, processes",
            "import asyncio, multiprocessing\nfrom queue import Queue as Line\norders = Line()  # new\n"
            "mails = asyncio.PriorityQueue(0)\njobs = multiprocessing.Queue(\n    maxsize=0,\n)\n",
            "import asyncio, multiprocessing\nfrom queue import Queue as Line\norders = Line(maxsize=1000)  # new\n"
            "mails = asyncio.PriorityQueue(1000)\njobs = multiprocessing.Queue(\n    maxsize=1000,\n)\n",
        ),
    )
    declined = (
        Declined("no size to give", "from queue import SimpleQueue\nmails = SimpleQueue()\n", "takes no size"),
        Declined(
            "nobody waits",
            "import queue\nmails = queue.Queue()\ndef send(mail):\n    mails.put_nowait(mail)\n",
            "without waiting",
        ),
    )

    def mend(self, spot: Spot) -> None:
        """Pass the size."""
        call, node = spot.call, spot.node(cst.Call)
        refuse_unpacked(node)
        if call.dotted not in QUEUES:
            raise NotOfferedError("A factory makes the queue: write `lambda: Queue(maxsize=...)` with a fitting size.")
        if QUEUES[call.dotted][1] != "maxsize":
            raise NotOfferedError(f"{call.last} takes no size at which others wait.")
        name = holder_of(call).rpartition(".")[2]
        if re.search(rf"\b{name}\.put_nowait\(" if name else r"put_nowait\(", spot.ctx.source):
            raise NotOfferedError("Something puts into the queue without waiting, and would fail when it is full.")
        size = spot.expression("1000")
        if node.args and node.args[0].keyword is None:
            spot.change(node.args[0], lambda now: now.with_changes(value=size))
        else:
            spot.change(node, with_keyword("maxsize", size))
