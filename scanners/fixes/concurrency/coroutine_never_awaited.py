import ast

import libcst as cst

from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.spot import Spot

_SPACE = cst.SimpleWhitespace(" ")


class AwaitCoroutine(Fix):
    """
    Writes `await` before the call, and `async with` for `with`, or the other way round, where the manager wants it.

    Not offered in a plain def, which cannot await, for coroutines handed to threads and signal handlers, and for a
    `with` of several managers.
    """

    rule = "coroutine-never-awaited"
    bulk = False
    says = "Await the coroutine."
    examples = (
        Change(
            "dropped, or tested for truth",
            "import asyncio\nclass Mailer:\n    async def flush(self):\n        return True\n"
            "    async def close(self):\n"
            "        self.flush()  # all\n        asyncio.sleep(1)\n        if not self.flush():\n"
            "            return\n",
            "import asyncio\nclass Mailer:\n    async def flush(self):\n        return True\n"
            "    async def close(self):\n"
            "        await self.flush()  # all\n        await asyncio.sleep(1)\n        if not await self.flush():\n"
            "            return\n",
        ),
        Change(
            "the wrong kind of with",
            "import asyncio, threading\ngate = asyncio.Lock()\ndoor = threading.Lock()\nasync def rows(url):\n"
            "    with gate:\n        pass\n    async with door:\n        pass\n",
            "import asyncio, threading\ngate = asyncio.Lock()\ndoor = threading.Lock()\nasync def rows(url):\n"
            "    async with gate:\n        pass\n    with door:\n        pass\n",
        ),
    )
    declined = (
        Declined("a plain def", "async def send(): ...\ndef paid():\n    send()\n", "plain def"),
        Declined(
            "a thread",
            "import threading\nasync def work(): ...\nasync def go():\n    threading.Thread(target=work).start()\n",
            "handed to",
        ),
    )

    def mend(self, spot: Spot) -> None:
        """Await it, or enter it in the right way."""
        at = spot.place.node
        if not spot.place.in_async:
            raise NotOfferedError("A plain def cannot await; what runs the coroutine is for a person to choose.")
        if isinstance(at, (ast.With, ast.AsyncWith)):
            self._enter(spot, at)
        elif not isinstance(at, ast.Call) or "is a coroutine function" in spot.message:
            raise NotOfferedError("The coroutine function is handed to something that calls it without awaiting.")
        else:
            spot.change(spot.node(cst.Call), _awaited)

    def _enter(self, spot: Spot, at: ast.With | ast.AsyncWith) -> None:
        if len(at.items) > 1:
            raise NotOfferedError("The `with` has several managers, which may be of both kinds.")
        kind = None if isinstance(at, ast.AsyncWith) else cst.Asynchronous(_SPACE)
        spot.change(spot.node(cst.With), lambda now: now.with_changes(asynchronous=kind))


def _awaited(now: cst.Call) -> cst.Await:
    return cst.Await(now.with_changes(lpar=[], rpar=[]), lpar=now.lpar, rpar=now.rpar)
