import ast
from typing import Any, Final

import libcst as cst

from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.spot import Spot
from scanners.semantics.concurrency.blocking import BLOCKING
from scanners.semantics.concurrency.cancellation import catches_cancellation
from scanners.syntax import last_name

_TAKERS: Final = frozenset({"to_thread", "run_in_executor", "sync_to_async", "run_sync", "run_in_threadpool"})
_THREADABLE: Final = frozenset({"network", "process", "password", "file"})


class AwaitInstead(Fix):
    """
    Awaits `asyncio.sleep` in place of `time.sleep`, and runs other blocking calls in a thread:
    `await asyncio.to_thread(requests.get, url)`.

    Not offered for databases, locks and waits for threads, which belong to the thread that uses them, for what a `with`
    opens, inside generator expressions, for `input`, which Ctrl-C does not end in a thread, and in a clause that tidies
    up after a cancellation.
    """

    rule = "blocking-call-in-async"
    bulk = False
    says = "Await the call, in a thread if need be."
    examples = (
        Change(
            "sleep, HTTP, a process",
            "import asyncio, subprocess, time\nimport requests\nasync def pay(order):\n    time.sleep(1)  # once\n"
            "    subprocess.run(\n        ['receipt', order.id],\n        check=True,\n    )\n"
            "    return requests.get(order.url, timeout=5).json()\n",
            "import asyncio, subprocess\nimport requests\nasync def pay(order):\n"
            "    await asyncio.sleep(1)  # once\n"
            "    await asyncio.to_thread(\n        subprocess.run,\n        ['receipt', order.id],\n"
            "        check=True,\n    )\n"
            "    return (await asyncio.to_thread(requests.get, order.url, timeout=5)).json()\n",
        ),
        Change(
            "by name, asyncio not imported yet",
            "from time import sleep\n\nasync def pay(order):\n    sleep(order.wait or 1)\n",
            "import asyncio\n\nasync def pay(order):\n    await asyncio.sleep(order.wait or 1)\n",
        ),
    )
    declined = (
        Declined(
            "a lock",
            "import threading\ngate = threading.Lock()\nasync def pay(order):\n    gate.acquire()\n",
            "belongs to its thread",
        ),
        Declined("a person", "async def pay(order):\n    return input('how much? ')\n", "Ctrl-C"),
        Declined(
            "after a cancellation",
            "import asyncio, shutil\nasync def pay(order):\n    try:\n        await order.pay()\n"
            "    except asyncio.CancelledError:\n        shutil.rmtree(order.path)\n        raise\n",
            "a second one",
        ),
        Declined(
            "opened by with", "async def pay(order):\n    with open(order) as file:\n        return file\n", "with"
        ),
    )

    def mend(self, spot: Spot) -> None:
        """Take the wait off the event loop."""
        place, name = spot.place, getattr(spot.place, "dotted", "")
        kind = BLOCKING[name].kind if name in BLOCKING else ""
        node, above = spot.node(cst.Call), spot.place.parent()
        if isinstance(above, ast.Call) and above.func is not spot.place.node and last_name(above.func) in _TAKERS:
            raise NotOfferedError("The call is handed to what expects a function: its arguments belong beside it.")
        if isinstance(above, (ast.withitem, ast.GeneratorExp)) or self._in_generator(spot, node):
            raise NotOfferedError("What is opened by a `with`, or made in a generator, cannot be awaited there.")
        if place.handler is not None and catches_cancellation(place.handler, place.scope):
            raise NotOfferedError("The clause tidies up after a cancellation; a second one would end it halfway there.")
        if kind == "sleep" and len(node.args) == 1 and not node.args[0].star:
            asleep = spot.expression(f"{spot.imported('asyncio')}.sleep")
            spot.change(node, lambda now: _awaited(now.with_changes(func=asleep), wrapped=False))
            spot.unneeded("time", "" if isinstance(node.func, cst.Attribute) else "sleep")
        elif kind in _THREADABLE and name != "open":
            thread = spot.expression(f"{spot.imported('asyncio')}.to_thread")
            wrapped = self._continues(spot, node)
            spot.change(node, lambda now: _awaited(_handed(now, thread), wrapped=wrapped))
        elif kind == "input":
            raise NotOfferedError("Ctrl-C does not end a thread that waits for a person, nor does the program then.")
        elif name == "open":
            raise NotOfferedError("The file would be read and written on the event loop all the same.")
        else:
            raise NotOfferedError("What it waits for belongs to its thread: it wants a counterpart of asyncio.")

    def _in_generator(self, spot: Spot, node: cst.Call) -> bool:
        above: cst.CSTNode = node
        while not isinstance(above, (cst.BaseSmallStatement, cst.BaseCompoundStatement)):
            above = spot.parent(above)
            if isinstance(above, (cst.GeneratorExp, cst.WithItem)):
                return True
        return False

    def _continues(self, spot: Spot, node: cst.Call) -> bool:
        """Whether something is read of the result on the spot, so that `await` needs parentheses."""
        above: Any = spot.parent(node)
        held = isinstance(above, (cst.Attribute, cst.Subscript)) and above.value is node
        return held or (isinstance(above, cst.Call) and above.func is node)


def _handed(now: cst.Call, thread: cst.BaseExpression) -> cst.Call:
    """The call as a function and its arguments, handed to a thread."""
    line = now.whitespace_before_args
    comma = now.args[0].comma if len(now.args) > 1 else None
    after = line if isinstance(line, cst.ParenthesizedWhitespace) and now.args else cst.SimpleWhitespace(" ")
    if isinstance(comma, cst.Comma) and not isinstance(comma.whitespace_after, cst.ParenthesizedWhitespace):
        after = cst.SimpleWhitespace(" ")
    first = cst.Arg(now.func, comma=cst.Comma(whitespace_after=after)) if now.args else cst.Arg(now.func)
    return now.with_changes(func=thread, args=[first, *now.args])


def _awaited(now: cst.Call, *, wrapped: bool) -> cst.Await:
    lpar, rpar = ([cst.LeftParen()], [cst.RightParen()]) if wrapped and not now.lpar else (now.lpar, now.rpar)
    return cst.Await(now.with_changes(lpar=[], rpar=[]), lpar=lpar, rpar=rpar)
