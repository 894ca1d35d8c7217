import ast
from typing import Any, Final

from scanners.context import Context
from scanners.finding import Confidence, Severity
from scanners.place import Call, Place
from scanners.rule import Example, Rule
from scanners.semantics.concurrency.unawaited import dropped, note_call, note_own
from scanners.semantics.coroutines import (
    COROUTINES,
    TAKERS,
    above,
    is_unread,
    makes_coroutine,
    manager_kind,
    place_in,
    results,
    statements,
)
from scanners.syntax import last_name, unparse
from scanners.tree import Tree, TreeContext

_FATES: Final = {"dropped": "is dropped", "tested": "is always true", "named": "gets a name that nobody reads"}


class CoroutineNeverAwaited(Rule):
    """
    Calling an `async def` only makes a coroutine: without `await` its body never runs, and a warning is all that is left of it.

    Looks at calls of the repository's own coroutines (functions, methods through self, super and annotated parameters) and of
    well-known libraries whose result is dropped or tested for truth, at coroutine functions handed to threads, executors, atexit and signal handlers, and at
    managers entered with the wrong kind of `with`. What is returned, stored, gathered or made a task is good; a decorated
    coroutine that is dropped is unresolved, because the decorator may run it.
    """

    id = "coroutine-never-awaited"
    area = "concurrency"
    item = "K1"
    title = "Coroutine that never runs"
    severity = Severity.HIGH
    fix = "Write `await` before the call, or keep what `asyncio.create_task()` makes of it."
    bad = (
        Example(
            "calls whose result is dropped",
            {
                "shop/mail.py": "import asyncio\nimport httpx\nasync def send(order):\n    await asyncio.sleep(0.1)\n"
                "class Mailer:\n    def __init__(self):\n        self.client = httpx.AsyncClient()\n"
                "    async def flush(self):\n        return True\n    async def close(self):\n"
                "        self.flush()\n        self.client.aclose()\n        asyncio.sleep(1)\n"
                "        if not self.flush():\n            return\ndef paid(order):\n    send(order)\n"
                "async def all_paid(orders):\n    done = send(orders[0])\n    [send(order) for order in orders]\n",
                "shop/run.py": "import atexit, threading\nfrom shop.mail import send\nasync def work():\n    send(1)\n"
                "threading.Thread(target=work).start()\natexit.register(work)\n",
            },
            at=[("shop/mail.py", line) for line in (11, 12, 13, 14, 17, 19, 20)]
            + [("shop/run.py", line) for line in (4, 5, 6)],
        ),
        Example(
            "the wrong kind of with, in both directions",
            {
                "shop/rows.py": "import asyncio, threading\nfrom contextlib import asynccontextmanager\nimport aiohttp\n"
                "gate = asyncio.Lock()\ndoor = threading.Lock()\nclass Session:\n"
                "    async def __aenter__(self): ...\n    async def __aexit__(self, *exc): ...\n"
                "@asynccontextmanager\nasync def transaction():\n    yield\nasync def rows(url):\n"
                "    with gate:\n        pass\n    with aiohttp.ClientSession() as client:\n        pass\n"
                "    async with door:\n        pass\n    with transaction(), Session():\n        pass\n"
            },
            at=[("shop/rows.py", line) for line in (13, 15, 17, 19)],
        ),
    )
    good = (
        Example(
            "awaited, returned, stored, gathered, made a task",
            {
                "shop/mail.py": "import asyncio\nfrom celery import shared_task\nasync def send(order): ...\n"
                "async def pages():\n    yield 1\n@shared_task\nasync def report(): ...\nclass Mailer:\n"
                "    async def flush(self): ...\n    def later(self):\n        return self.flush()\n"
                "    async def close(self, orders):\n        await self.flush()\n"
                "        task = asyncio.create_task(send(1))\n        await asyncio.gather(*(send(order) for order in orders))\n"
                "        pending = send(2)\n        report()\n        pages()\n        await pending\nasyncio.run(send(1))\n",
                "shop/both.py": "class Async:\n    async def close(self): ...\ndef close(): ...\nclose()\n",
            },
        ),
        Example(
            "the right kind of with",
            {
                "shop/rows.py": "import asyncio, threading\nimport anyio\nfrom contextlib import contextmanager\n"
                "gate = asyncio.Lock()\ndoor = threading.Lock()\n@contextmanager\ndef measured():\n    yield\n"
                "class Both:\n    def __enter__(self): ...\n    async def __aenter__(self): ...\n"
                "async def rows():\n    with door, measured(), Both(), anyio.fail_after(5):\n        async with gate: ...\n"
            },
        ),
    )
    calls = (*COROUTINES, *TAKERS)

    def visit_call(self, call: Call, ctx: Context) -> None:
        if call.dotted in TAKERS:
            position = TAKERS[call.dotted]
            target = call.keyword("target", "function") if position < 0 else call.argument(position, "function")
            if target is not None and not isinstance(target, ast.Call) and makes_coroutine(call.resolve(target), ctx):
                ctx.report(call, f"`{unparse(target)}` is a coroutine function: called there, it never runs.")
        elif isinstance(call.parent(), ast.Expr):
            ctx.report(call, f"`{call.dotted}` does nothing until it is awaited, and its result is dropped.")
        else:
            ctx.site(call)

    def visit_with(self, place: Place[Any], ctx: Context) -> None:
        awaits = isinstance(place.node, ast.AsyncWith)
        for expr in (item.context_expr for item in place.node.items):
            kind = manager_kind(expr, place, ctx)
            if kind:
                ctx.site(place)
            if kind == ("sync" if awaits else "async"):
                right = "with" if awaits else "async with"
                ctx.report(place, f"`{unparse(expr)}` can only be entered by `{right}`.")

    def visit_module(self, ctx: Context) -> None:
        names = {node.name for node in ctx.module.functions if isinstance(node, ast.AsyncFunctionDef)}
        if not names:
            return
        known = note_own(ctx)
        for stmt, scope in statements(ctx):
            for node, used in results(stmt):
                if used == "named" and (last_name(node.func) not in names or not is_unread(stmt, scope)):
                    continue
                place = place_in(node, stmt, scope)
                if last_name(node.func) in names:
                    self._weigh(place, used, ctx)
                if used != "awaited":
                    note_call(place, known, ctx)

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        for fact, (path, name) in dropped(tree):
            message = f"`{name}` of {path} makes a coroutine that nobody awaits: it never runs."
            ctx.report(fact.path, fact.line, message, text=fact["text"], confidence=Confidence.MEDIUM)

    def _weigh(self, place: Place[ast.Call], used: str, ctx: Context) -> None:
        func, name = place.node.func, last_name(place.node.func)
        made = makes_coroutine(above(func, place, ctx) or place.resolve(func), ctx)
        if made is None and used != "awaited":
            ctx.unresolved(place, f"`{name}` is decorated, and may be run by its decorator.")
        elif made and used == "awaited":
            ctx.site(place)
        elif made:
            ctx.report(place, f"`{name}(...)` makes a coroutine, which {_FATES[used]}: `{name}` never runs.")
