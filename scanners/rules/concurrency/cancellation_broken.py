import ast
from typing import Any, Final

from scanners.context import Context
from scanners.finding import Confidence, Severity
from scanners.place import Call, Place
from scanners.rule import Example, Rule
from scanners.semantics.concurrency.cancellation import (
    TIMEOUTS,
    catches_cancellation,
    fate,
    is_manager,
    scopes_of,
    waits_for_own,
    waits_inside,
    yields_inside,
)
from scanners.semantics.handlers import clause, spelled
from scanners.semantics.hot import runs_once

_OWN: Final = ("fault", "end")


class CancellationBroken(Rule):
    """
    A task is stopped by an exception that is raised where it waits. A coroutine that catches and keeps it cannot be stopped:
    timeouts, shutdown and task groups then hang or go on with half a result.

    Looks in `async def` at handlers of CancelledError or BaseException and bare ones (`suppress` too) around something awaited,
    that never raise again; at timeout scopes without anything awaited inside, which never fire; and at `yield` inside a
    timeout, cancel scope or task group, which lets it strike the caller's code. Awaiting a task that was just cancelled, the
    end of the program and asynccontextmanager are good; a coroutine that ends at once, in good order, is of low confidence.
    """

    id = "cancellation-broken"
    area = "concurrency"
    item = "K3"
    title = "Cancellation swallowed or misdirected"
    severity = Severity.HIGH
    fix = "Clean up and `raise` again, or use `finally`; put the awaited call inside the timeout, and `yield` outside of it."
    bad = (
        Example(
            "a worker that goes on after it was cancelled",
            {
                "shop/worker.py": (
                    "import asyncio\nfrom contextlib import suppress\nasync def consume(queue, log):\n"
                    "    while True:\n        try:\n            await handle(await queue.get())\n"
                    '        except asyncio.CancelledError:\n            log.info("cancelled")\n'
                    "async def poll(client):\n    try:\n        await client.poll()\n    except:\n"
                    "        return None\n    try:\n        await client.poll()\n    except BaseException:\n"
                    "        client.failed = True\n    with suppress(asyncio.CancelledError):\n"
                    "        await client.poll()\n    return client\n"
                )
            },
            at=[("shop/worker.py", 7), ("shop/worker.py", 12), ("shop/worker.py", 16), ("shop/worker.py", 18)],
        ),
        Example(
            "scopes that miss what they are for",
            {
                "shop/stream.py": (
                    "import asyncio\nimport anyio\nasync def load(client):\n    async with asyncio.timeout(5):\n"
                    "        request = client.prepare()\n    return await request\nasync def stream(client):\n"
                    "    with anyio.move_on_after(5):\n        async for part in client:\n            yield part\n"
                )
            },
            at=[("shop/stream.py", 4), ("shop/stream.py", 8)],
        ),
    )
    good = (
        Example(
            "raised again, or of a task that was cancelled here",
            {
                "shop/worker.py": (
                    "import asyncio\nfrom contextlib import suppress\nasync def consume(queue, log):\n    try:\n"
                    "        await handle(await queue.get())\n    except asyncio.CancelledError:\n"
                    '        log.info("cancelled")\n        raise\n    except BaseException:\n'
                    '        log.exception("failed")\n    try:\n        log.flush()\n    except:\n        pass\n'
                    "async def stop(self):\n    self.task.cancel()\n    try:\n        await self.task\n"
                    "    except asyncio.CancelledError:\n        pass\nasync def swap(task):\n    task.cancel()\n"
                    "    with suppress(asyncio.CancelledError):\n        await task\nasync def main():\n    try:\n"
                    '        await serve_all()\n    except asyncio.CancelledError:\n        print("bye")\n'
                    "async def keep(jobs):\n    try:\n        await asyncio.Event().wait()\n"
                    "    except asyncio.CancelledError:\n        pass\n    try:\n        await asyncio.wait(jobs)\n"
                    "    finally:\n        with suppress(asyncio.CancelledError):\n"
                    "            await asyncio.shield(close(jobs))\n"
                )
            },
        ),
        Example(
            "scopes around what they bound",
            {
                "shop/stream.py": (
                    "import asyncio\nfrom contextlib import asynccontextmanager\nimport anyio\n"
                    "async def load(client):\n    async with asyncio.timeout(5):\n"
                    "        return await client.load()\n@asynccontextmanager\nasync def group():\n"
                    "    async with anyio.create_task_group() as tasks:\n        yield tasks\n"
                    "async def stream(client):\n    while True:\n        async with asyncio.timeout(5):\n"
                    "            part = await client.next()\n        yield part\n"
                )
            },
        ),
    )
    calls = ("contextlib.suppress",)

    def visit_try(self, place: Place[ast.Try], ctx: Context) -> None:
        if not place.in_async or not waits_inside(place.node.body):
            return
        for handler in place.node.handlers:
            caught = catches_cancellation(handler, place.scope)
            if caught:
                where = clause(handler, place)
                self._weigh(where, fate(handler, place, caught), f"`{spelled(handler)}`", ctx)
                if caught == "named" or handler.type is None:
                    return  # What follows sees no cancellation.

    def visit_call(self, call: Call, ctx: Context) -> None:
        held = [call.name(arg) for arg in call.node.args]
        stops = any(name in ("asyncio.CancelledError", "BaseException") for name in held)
        if stops and call.in_async and isinstance(call.stmt, ast.With) and waits_inside(call.stmt.body):
            self._weigh(call, fate(call.stmt, call, "named"), "`suppress`", ctx)

    def _weigh(self, place: Place[Any], found: str, what: str, ctx: Context) -> None:
        scope = ctx.module.functions.get(place.function)
        once = scope is None or (not (found == "fault" and place.in_loop) and runs_once(place.function, scope, ctx))
        if found == "used":
            ctx.unresolved(place, "The exception is handed on; whoever gets it may raise it.")
        elif found in _OWN and not once:
            told = f"{what} keeps the cancellation: who stops this coroutine is told that it came to a good end."
            if found == "end":
                ctx.report(place, told, severity=Severity.MEDIUM, confidence=Confidence.LOW)
            else:
                sure = Confidence.LOW if waits_for_own(place) else None
                ctx.report(
                    place, f"{what} keeps the cancellation: this coroutine cannot be stopped here.", confidence=sure
                )
        else:
            ctx.site(place)

    def visit_with(self, place: Place[Any], ctx: Context) -> None:
        if not place.in_async:
            return
        for name in scopes_of(place):
            if name in TIMEOUTS and not waits_inside(place.node.body, generators=True):
                ctx.report(place, f"Nothing is awaited inside `{name}`: it never ends anything.")
            elif yields_inside(place.node.body) and not is_manager(place, ctx):
                sure = Confidence.MEDIUM if name.startswith(("asyncio.", "async_timeout.")) else None
                ctx.report(place, f"`yield` leaves `{name}` open: it strikes the code that reads on.", confidence=sure)
            else:
                ctx.site(place)
