"""Which calls make a coroutine, and which context managers are asynchronous.

The names were looked up in asyncpg 0.32, aiosqlite 0.22, aiofiles 25.1, aiokafka 0.14, Starlette 1.10, websockets 17.4,
redis 8.1 and httpx 0.28; those of asyncio, anyio, trio, aiohttp and SQLAlchemy are as documented.
"""

import ast
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from scanners.context import Context
from scanners.names import Ref, resolve
from scanners.place import Block, Place
from scanners.scopes import Scope
from scanners.semantics.handlers import inner
from scanners.semantics.hierarchy import ancestors
from scanners.syntax import descendants

_REDIS: Final = (
    "get set mget setex incr incrby decr delete exists expire ttl hget hset hgetall hincrby lpush rpush lrange sadd "
    "smembers zadd xadd publish ping flushdb aclose".split()
)
_POSTGRES: Final = (
    "asyncpg.Connection",
    "asyncpg.connect()",
    "asyncpg.Pool",
    "asyncpg.create_pool()",
    "asyncpg.Pool.acquire()",
    "asyncpg.create_pool().acquire()",
)
_SOCKETS: Final = ("fastapi.WebSocket", "fastapi.websockets.WebSocket", "starlette.websockets.WebSocket")
_SESSION: Final = "execute scalars scalar commit flush refresh rollback close delete merge".split()
COROUTINES: Final = frozenset(
    [
        *(f"asyncio.{name}" for name in ("sleep", "wait_for", "wait", "to_thread", "open_connection", "start_server")),
        *("asyncio.create_subprocess_exec", "asyncio.create_subprocess_shell", "anyio.sleep", "trio.sleep"),
        *(f"asyncio.Queue.{name}" for name in ("get", "put", "join")),
        *("asyncio.Event.wait", "asyncio.Condition.wait", "asyncio.Lock.acquire", "asyncio.Semaphore.acquire"),
        *("asyncio.subprocess.Process.wait", "asyncio.subprocess.Process.communicate", "anyio.to_thread.run_sync"),
        *(
            f"httpx.AsyncClient.{name}"
            for name in ("get", "post", "put", "patch", "delete", "request", "send", "aclose")
        ),
        *(f"aiohttp.ClientSession.{name}" for name in ("close",)),
        *(f"redis.asyncio.Redis.{name}" for name in _REDIS),
        *(f"sqlalchemy.ext.asyncio.AsyncSession.{name}" for name in _SESSION),
        *(
            f"{made}.{name}"
            for made in _POSTGRES
            for name in ("execute", "executemany", "fetch", "fetchrow", "fetchval")
        ),
        *(f"aiosqlite.connect().{name}" for name in ("execute", "executemany", "commit", "rollback", "close")),
        *(f"aiofiles.open().{name}" for name in ("read", "write", "writelines", "flush", "close")),
        *(f"aiokafka.AIOKafkaConsumer.{name}" for name in ("start", "stop", "commit", "getone", "getmany")),
        *(f"aiokafka.AIOKafkaProducer.{name}" for name in ("start", "stop", "send", "send_and_wait", "flush")),
        *(
            f"{made}.{name}"
            for made in _SOCKETS
            for name in ("accept", "send_text", "send_bytes", "send_json", "close")
        ),
        *(f"websockets.connect().{name}" for name in ("send", "recv", "close")),
        *("asyncio.StreamWriter.drain", "asyncio.StreamWriter.wait_closed"),
    ]
)
"""Library calls that do nothing until they are awaited."""

ASYNC_MANAGERS: Final = frozenset(
    "asyncio.Lock asyncio.Semaphore asyncio.BoundedSemaphore asyncio.Condition asyncio.timeout asyncio.timeout_at "
    "asyncio.TaskGroup httpx.AsyncClient aiohttp.ClientSession contextlib.AsyncExitStack anyio.create_task_group "
    "trio.open_nursery redis.asyncio.Redis sqlalchemy.ext.asyncio.AsyncSession".split()
)
"""Managers that only `async with` can enter."""

SYNC_MANAGERS: Final = frozenset(
    "open io.File threading.Lock threading.RLock threading.Semaphore threading.BoundedSemaphore threading.Condition "
    "requests.Session requests.session httpx.Client contextlib.suppress contextlib.ExitStack contextlib.closing "
    "concurrent.futures.ThreadPoolExecutor concurrent.futures.ProcessPoolExecutor tempfile.TemporaryDirectory "
    "tempfile.NamedTemporaryFile anyio.fail_after anyio.move_on_after anyio.CancelScope trio.fail_after "
    "trio.move_on_after sqlalchemy.orm.Session sqlmodel.Session socket.socket zipfile.ZipFile".split()
)
"""Managers that only `with` can enter."""

TAKERS: Final = {
    "threading.Thread": -1,
    "threading.Timer": 1,
    "concurrent.futures.ThreadPoolExecutor.submit": 0,
    "concurrent.futures.ProcessPoolExecutor.submit": 0,
    "atexit.register": 0,
    "signal.signal": 1,
}
"""Calls that run a plain function that is handed to them, and where it stands; -1 for the keyword alone."""
_KEEPS: Final = frozenset(
    "staticmethod classmethod abc.abstractmethod typing.override typing_extensions.override tenacity.retry "
    "backoff.on_exception backoff.on_predicate functools.wraps".split()
)


def makes_coroutine(ref: Ref | None, ctx: Context) -> bool | None:
    """Whether a call of what `ref` stands for makes a coroutine; None when a decorator may have changed that."""
    if ref is None or ref.via in ("call", "unknown") or not ref.local:
        return False
    defs = definitions(ref, ctx)
    if not defs or not all(isinstance(node, ast.AsyncFunctionDef) and not yields(node) for node in defs):
        return False
    kept = all(_keeps(decorator, ctx) for node in defs for decorator in node.decorator_list)
    return True if kept else None


def above(func: ast.expr, place: Place[Any], ctx: Context) -> Ref | None:
    """What `super().name` stands for where a base class of this file defines it."""
    if not isinstance(func, ast.Attribute) or not isinstance(func.value, ast.Call):
        return None
    cls = next((scope for scope in ctx.module.classes.values() if scope is place.scope.parent), None)
    if getattr(func.value.func, "id", "") != "super" or cls is None:
        return None
    for base in getattr(cls.node, "bases", ()):
        ref = place.resolve(base)
        if ref is not None and ref.local and definitions(Ref(f"{ref.dotted}.{func.attr}"), ctx):
            return Ref(f"{ref.dotted}.{func.attr}", via="base")
    return None


def own_coroutines(ctx: Context) -> list[str]:
    """The qualified names of the defs of this file of which every call makes a coroutine."""
    named: dict[str, list[Any]] = {}
    for node, scope in ctx.module.functions.items():
        if not isinstance(node, ast.Lambda) and (
            scope.parent is ctx.module or getattr(scope.parent, "kind", "") == "class"
        ):
            named.setdefault(scope.qualname, []).append(node)
    return sorted(
        name
        for name, nodes in named.items()
        if all(isinstance(node, ast.AsyncFunctionDef) and not yields(node) for node in nodes)
        and all(_keeps(decorator, ctx) for node in nodes for decorator in node.decorator_list)
    )


def definitions(ref: Ref, ctx: Context) -> list[Any]:
    """All defs of this file that have the name, those of `if` and `else` both; none when it is also bound otherwise."""
    path, _, last = ref.dotted[1:].rpartition(".")
    holder = ctx.module.classes.get(path) if path else ctx.module
    if holder is None:
        return [node for node, scope in ctx.module.functions.items() if scope.qualname == ref.dotted[1:]]
    bound = holder.names.get(last, []) + (holder.attributes.get(last, []) if path else [])
    return [binding.value for binding in bound] if all(binding.kind == "def" for binding in bound) else []


def yields(function: ast.AST) -> bool:
    """Whether a def is a generator."""
    return bool(inner(getattr(function, "body", []), ast.Yield, ast.YieldFrom))


def _keeps(decorator: ast.expr, ctx: Context) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    ref = resolve(called, ctx.module, decorator.lineno)
    return ref is not None and ref.dotted in _KEEPS


def manager_kind(expr: ast.expr, place: Place[Any], ctx: Context) -> str:
    """How a context manager is entered: "async", "sync", or "" for both and for the unknown."""
    if isinstance(expr, ast.Await):
        return ""
    ref = place.resolve(expr)
    if ref is None:
        return ""
    if ref.dotted in ASYNC_MANAGERS or ref.dotted.removesuffix("()") in ASYNC_MANAGERS:
        return "async"
    if ref.dotted in SYNC_MANAGERS or ref.dotted.removesuffix("()") in SYNC_MANAGERS:
        return "sync"
    return _own_kind(expr, ref, place, ctx) if ref.local and isinstance(expr, ast.Call) else ""


def _own_kind(expr: ast.Call, ref: Ref, place: Place[Any], ctx: Context) -> str:
    made = place.resolve(expr.func)
    if made is None or made.via in ("call", "param"):
        return ""
    node = ctx.definition(made)
    if isinstance(node, ast.ClassDef):
        return _class_kind(made, ctx)
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or len(definitions(made, ctx)) != 1:
        return ""
    names = [ctx.resolve(decorator, ctx.module) for decorator in node.decorator_list]
    dotted = [name.dotted for name in names if name is not None]
    if dotted == ["contextlib.asynccontextmanager"]:
        return "async"
    return "sync" if dotted == ["contextlib.contextmanager"] else ""


def _class_kind(ref: Ref, ctx: Context) -> str:
    above, whole = ancestors(ref, ctx)
    scopes = [scope for name in above if (scope := ctx.module.classes.get(name.removeprefix("."))) is not None]
    known = {name for scope in scopes for name in scope.names}
    if not whole or "__getattr__" in known or ("__enter__" in known) == ("__aenter__" in known):
        return ""
    return "async" if "__aenter__" in known else "sync"


def statements(ctx: Context) -> Iterator[tuple[ast.stmt, Scope]]:
    """Every statement of the file with its scope."""
    for node, scope in [(ctx.tree, ctx.module), *((scope.node, scope) for scope in ctx.module.classes.values())]:
        for stmt in _suite(getattr(node, "body", [])):
            yield stmt, scope
    for function, scope in ctx.module.functions.items():
        if not isinstance(function, ast.Lambda):
            for stmt in _suite(getattr(function, "body", [])):
                yield stmt, scope


def _suite(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    stack: list[Any] = list(body)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.stmt):
            yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            for name in ("body", "orelse", "finalbody", "handlers", "cases"):
                stack.extend(getattr(node, name, ()))


def is_unread(stmt: ast.stmt, scope: Scope) -> bool:
    """Whether a statement gives a value to a local name that its def never reads."""
    named: list[ast.expr] = getattr(stmt, "targets", [])
    if scope.kind != "function" or len(named) != 1 or not isinstance(named[0], ast.Name) or scope.outer:
        return False
    return named[0].id not in _read(scope.node)


@lru_cache(maxsize=1)
def _read(function: ast.AST) -> frozenset[str]:
    """The names that a def reads, those of its inner defs too."""
    return frozenset(node.id for node in descendants(function, ast.Name) if isinstance(node.ctx, (ast.Load, ast.Del)))


def place_in(node: ast.AST, stmt: ast.stmt, scope: Scope) -> Place[Any]:
    """A node of a statement as a place."""
    return Place(node, Block("function", scope.node, None, scope), stmt)


def results(stmt: ast.stmt) -> Iterator[tuple[ast.Call, str]]:
    """The calls of a statement whose result is dropped, awaited, tested, or given to a name."""
    value = getattr(stmt, "value", None)
    if isinstance(value, ast.Await) and isinstance(value.value, ast.Call):
        yield value.value, "awaited"
    elif isinstance(stmt, ast.Expr) and isinstance(value, ast.Call):
        yield value, "dropped"
    elif isinstance(stmt, ast.Expr) and isinstance(value, (ast.ListComp, ast.SetComp)) and type(value.elt) is ast.Call:
        yield value.elt, "dropped"
    elif isinstance(stmt, ast.Assign) and isinstance(value, ast.Call) and type(stmt.targets[0]) is ast.Name:
        yield value, "named"
    tests = [stmt.test] if isinstance(stmt, (ast.If, ast.While, ast.Assert)) else []
    while tests:
        test = tests.pop()
        if isinstance(test, ast.BoolOp):
            tests += test.values
        elif isinstance(test, ast.UnaryOp):
            tests.append(test.operand)
        elif isinstance(test, ast.Call):
            yield test, "tested"
