import ast

import libcst as cst

from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.spot import Spot
from scanners.fixes.toplevel import add_below_imports
from scanners.semantics.concurrency.background import TASKS

_KEPT = "background_tasks"


class KeepTask(Fix):
    """
    Keeps the task in a set of the module until it is done: asyncio then logs a failure that nobody took, and cannot
    collect the task early.

    Not offered for threads, executors and `gather`, whose results have to be looked at where a person chooses.
    """

    rule = "background-failure-unseen"
    bulk = False
    says = "Keep the task until it is done."
    examples = (
        Change(
            "dropped, and given to a name",
            "import asyncio\n\nLIMIT = 3\n\n\nasync def paid(order):\n    # later\n"
            "    asyncio.create_task(send(order))\n"
            "    job = asyncio.ensure_future(\n        send(order)\n    )  # twice\n\n\nasync def send(order): ...\n",
            "import asyncio\n\nbackground_tasks = set()\n\nLIMIT = 3\n\n\nasync def paid(order):\n    # later\n"
            "    task = asyncio.create_task(send(order))\n    background_tasks.add(task)\n"
            "    task.add_done_callback(background_tasks.discard)\n"
            "    job = asyncio.ensure_future(\n        send(order)\n    )  # twice\n    background_tasks.add(job)\n"
            "    job.add_done_callback(background_tasks.discard)\n\n\nasync def send(order): ...\n",
        ),
    )
    declined = (
        Declined(
            "an executor",
            "from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(4)\ndef paid(order):\n"
            "    pool.submit(archive, order)\n",
            "where a person chooses",
        ),
        Declined(
            "the name is taken",
            "import asyncio\nasync def paid(order, task):\n    asyncio.create_task(send(order))\n"
            "async def send(order): ...\n",
            "something else task",
        ),
    )

    def mend(self, spot: Spot) -> None:
        """Keep the task."""
        call, node = spot.call, spot.node(cst.Call)
        if call.dotted not in TASKS and call.last != "create_task":
            raise NotOfferedError("What it gives back has to be looked at where a person chooses.")
        above = call.parent()
        line = spot.above(node, cst.SimpleStatementLine)
        own_line = len(line.body) == 1 and isinstance(spot.parent(line), (cst.IndentedBlock, cst.Module))
        if above is not call.stmt or not own_line:
            raise NotOfferedError("The task is made inside a longer statement.")
        if isinstance(above, ast.Assign) and isinstance(above.targets[0], ast.Name):
            name = above.targets[0].id
        else:
            name = "task"
            if spot.is_used(name):
                raise NotOfferedError("The function calls something else task.")
            part = spot.above(node, cst.Expr)
            target = [cst.AssignTarget(cst.Name(name))]
            spot.change(part, lambda now: cst.Assign(target, now.value))
        self._keep(spot, line, name)

    def _keep(self, spot: Spot, line: cst.SimpleStatementLine, name: str) -> None:
        add_below_imports(spot, line, f"{_KEPT} = set()")
        added = spot.statement(f"{_KEPT}.add({name})")
        watched = spot.statement(f"{name}.add_done_callback({_KEPT}.discard)")
        spot.change(line, lambda now: cst.FlattenSentinel([now, added, watched]))
