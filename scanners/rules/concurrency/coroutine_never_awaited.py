import ast
from collections.abc import Iterator
from typing import Any, Final

from scanners.context import Context
from scanners.finding import Severity
from scanners.place import Call, Place
from scanners.rule import Example, Rule
from scanners.semantics.coroutines import COROUTINES, makes_coroutine, manager_kind, place_in, statements

_TAKERS: Final = {
    "threading.Thread": -1,
    "threading.Timer": 1,
    "concurrent.futures.ThreadPoolExecutor.submit": 0,
    "concurrent.futures.ProcessPoolExecutor.submit": 0,
    "atexit.register": 0,
    "signal.signal": 1,
}


class CoroutineNeverAwaited(Rule):
    """
    Calling an `async def` only makes a coroutine: without `await` its body never runs, and all that is left of the lost
    work is a warning when the object is collected.

    Looks at calls of the file's own coroutines (functions, methods through self) and of well-known libraries whose result is
    dropped or tested for truth, at coroutine functions handed to threads, executors, atexit and signal handlers, and at
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
                "shop/mail.py": """\
import asyncio
import httpx
async def send(order):
    await asyncio.sleep(0.1)
class Mailer:
    def __init__(self):
        self.client = httpx.AsyncClient()
    async def flush(self):
        return True
    async def close(self):
        self.flush()
        self.client.aclose()
        asyncio.sleep(1)
        if not self.flush():
            return
def paid(order):
    send(order)
"""
            },
            at=[("shop/mail.py", line) for line in (11, 12, 13, 14, 17)],
        ),
        Example(
            "the wrong kind of with, in both directions",
            {
                "shop/rows.py": """\
import asyncio, threading
from contextlib import asynccontextmanager
import aiohttp
gate = asyncio.Lock()
door = threading.Lock()
class Session:
    async def __aenter__(self): ...
    async def __aexit__(self, *exc): ...
@asynccontextmanager
async def transaction():
    yield
async def rows(url):
    with gate:
        pass
    with aiohttp.ClientSession() as client:
        pass
    async with door:
        pass
    with transaction(), Session():
        pass
"""
            },
            at=[("shop/rows.py", line) for line in (13, 15, 17, 19)],
        ),
        Example(
            "a coroutine function where a plain one is called",
            {
                "shop/run.py": """\
import atexit, threading
async def work(): ...
threading.Thread(target=work).start()
atexit.register(work)
"""
            },
            at=[("shop/run.py", 3), ("shop/run.py", 4)],
        ),
    )
    good = (
        Example(
            "awaited, returned, stored, gathered, made a task",
            {
                "shop/mail.py": """\
import asyncio
from celery import shared_task
async def send(order): ...
async def pages():
    yield 1
@shared_task
async def report(): ...
class Mailer:
    async def flush(self): ...
    def later(self):
        return self.flush()
    async def close(self, orders):
        await self.flush()
        task = asyncio.create_task(send(1))
        await asyncio.gather(*(send(order) for order in orders), task)
        pending = send(2)
        report()
        pages()
        await pending
asyncio.run(send(1))
"""
            },
        ),
        Example(
            "the right kind of with",
            {
                "shop/rows.py": """\
import asyncio, threading
import anyio
from contextlib import contextmanager
gate = asyncio.Lock()
door = threading.Lock()
@contextmanager
def measured():
    yield
class Both:
    def __enter__(self): ...
    def __exit__(self, *exc): ...
    async def __aenter__(self): ...
    async def __aexit__(self, *exc): ...
async def rows():
    with door, measured(), Both(), anyio.fail_after(5):
        async with gate, Both():
            pass
"""
            },
        ),
        Example(
            "a plain def of the same name",
            {
                "shop/both.py": """\
class Async:
    async def close(self): ...
class Plain:
    def close(self): ...
    def stop(self):
        self.close()
def close(): ...
close()
"""
            },
        ),
    )
    calls = (*COROUTINES, *_TAKERS)

    def visit_call(self, call: Call, ctx: Context) -> None:
        if call.dotted in _TAKERS:
            position = _TAKERS[call.dotted]
            target = call.keyword("target", "function") if position < 0 else call.argument(position, "function")
            if target is not None and not isinstance(target, ast.Call) and makes_coroutine(call.resolve(target), ctx):
                ctx.report(call, f"`{ast.unparse(target)}` is a coroutine function: called there, it never runs.")
        elif isinstance(call.parent(), ast.Expr):
            ctx.report(call, f"`{call.dotted}` does nothing until it is awaited, and its result is dropped.")
        else:
            ctx.site(call)

    def visit_with(self, place: Place[Any], ctx: Context) -> None:
        awaits = isinstance(place.node, ast.AsyncWith)
        kinds = [(item.context_expr, manager_kind(item.context_expr, place, ctx)) for item in place.node.items]
        for expr, kind in kinds:
            if kind:
                ctx.site(place)
            if kind == ("sync" if awaits else "async"):
                right = "with" if awaits else "async with"
                ctx.report(place, f"`{ast.unparse(expr)}` can only be entered by `{right}`.")

    def visit_module(self, ctx: Context) -> None:
        names = {node.name for node in ctx.module.functions if isinstance(node, ast.AsyncFunctionDef)}
        if not names:
            return
        for stmt, scope in statements(ctx):
            for node, used in _results(stmt):
                if _last(node.func) in names:
                    self._weigh(place_in(node, stmt, scope), used, ctx)

    def _weigh(self, place: Place[ast.Call], used: str, ctx: Context) -> None:
        made = makes_coroutine(place.resolve(place.node.func), ctx)
        name = _last(place.node.func)
        if made is None and used != "awaited":
            ctx.unresolved(place, f"`{name}` is decorated, and may be run by its decorator.")
        elif made and used == "awaited":
            ctx.site(place)
        elif made and used == "dropped":
            ctx.report(place, f"`{name}(...)` makes a coroutine that is dropped: `{name}` never runs.")
        elif made:
            ctx.report(place, f"`{name}(...)` is a coroutine, which is always true: it is never awaited.")


def _results(stmt: ast.stmt) -> Iterator[tuple[ast.Call, str]]:
    """The calls of a statement whose result is dropped, awaited or tested."""
    value = getattr(stmt, "value", None)
    if isinstance(value, ast.Await) and isinstance(value.value, ast.Call):
        yield value.value, "awaited"
    elif isinstance(stmt, ast.Expr) and isinstance(value, ast.Call):
        yield value, "dropped"
    tests = [stmt.test] if isinstance(stmt, ast.If | ast.While | ast.Assert) else []
    while tests:
        test = tests.pop()
        if isinstance(test, ast.BoolOp):
            tests += test.values
        elif isinstance(test, ast.UnaryOp):
            tests.append(test.operand)
        elif isinstance(test, ast.Call):
            yield test, "tested"


def _last(expr: ast.expr) -> str:
    return expr.attr if isinstance(expr, ast.Attribute) else getattr(expr, "id", "")
