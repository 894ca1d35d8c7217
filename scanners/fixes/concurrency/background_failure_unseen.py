import ast

import libcst as cst

from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.spot import Spot
from scanners.fixes.toplevel import add_below_imports
from scanners.semantics.concurrency.background import TASKS
from scanners.syntax import unparse

_KEPT = ("background_tasks", "kept_tasks")


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
        Change(
            "the usual name is taken",
            "import asyncio\nimport logging\n\nlogger = logging.getLogger(__name__)\n\n\n"
            "async def paid(order, background_tasks):\n    background_tasks.add_task(send, order)\n"
            "    asyncio.create_task(send(order))\n\n\nasync def send(order): ...\n",
            "import asyncio\nimport logging\n\nlogger = logging.getLogger(__name__)\n\nkept_tasks = set()\n\n\n"
            "async def paid(order, background_tasks):\n    background_tasks.add_task(send, order)\n"
            "    task = asyncio.create_task(send(order))\n    kept_tasks.add(task)\n"
            "    task.add_done_callback(kept_tasks.discard)\n\n\nasync def send(order): ...\n",
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
        kept = self._free(spot)
        add_below_imports(spot, line, f"{kept} = set()")
        added = spot.statement(f"{kept}.add({name})")
        watched = spot.statement(f"{name}.add_done_callback({kept}.discard)")
        spot.change(line, lambda now: cst.FlattenSentinel([now, added, watched]))

    def _free(self, spot: Spot) -> str:
        """What the set of the module is called: as one that is there already, else as nothing in the file is."""
        for name in _KEPT:
            found = spot.ctx.module.names.get(name, ())
            is_set = all(isinstance(made.value, ast.Call) and unparse(made.value) == "set()" for made in found)
            if (is_set and not spot.is_used(name)) or (is_set and found and not spot.is_hidden(name)):
                return name
        raise NotOfferedError("The names for a set of tasks are taken.")
