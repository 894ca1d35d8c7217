"""Work that is started and goes on by itself: what starts it, and whether anybody hears of its failure."""

import ast
from typing import Any, Final

from scanners.constants import fold
from scanners.context import Context
from scanners.place import Call
from scanners.regex import regex
from scanners.semantics.coroutines import definitions
from scanners.semantics.handlers import breadth, caught, inner
from scanners.semantics.hot import runs_once

_ENDS: Final = regex(r"(^|_)(drain|flush|stop|close|shut_?down|clean_?up|cancel|disconnect|tear_?down|aexit)")
_LOOPS: Final = (
    "asyncio.get_event_loop()",
    "asyncio.get_running_loop()",
    "asyncio.new_event_loop()",
    "asyncio.AbstractEventLoop",
)
_POOLS: Final = (
    "concurrent.futures.ThreadPoolExecutor",
    "concurrent.futures.ProcessPoolExecutor",
    "concurrent.futures.Executor",
)
TASKS: Final = frozenset(["asyncio.create_task", "asyncio.ensure_future", *(f"{loop}.create_task" for loop in _LOOPS)])
"""Calls that make a task of a coroutine."""
SUBMITS: Final = frozenset(f"{pool}.{name}" for pool in _POOLS for name in ("submit", "map"))
"""Calls that hand work to an executor."""
FUTURES: Final = frozenset(
    ["asyncio.run_coroutine_threadsafe", *(f"{loop}.run_in_executor" for loop in _LOOPS)]
    + [
        f"{pool}.{name}"
        for pool in ("multiprocessing.Pool", "multiprocessing.pool.Pool", "multiprocessing.pool.ThreadPool")
        for name in ("apply_async", "map_async", "starmap_async")
    ]
)
"""Other calls that give back what will hold a result or a failure."""
THREADS: Final = frozenset({"threading.Thread", "threading.Timer"})


def target_of(call: Call) -> ast.expr | None:
    """The function that a thread runs, or an executor is given."""
    if call.dotted in THREADS:
        return call.argument(1, "target", "function")
    return call.argument(1 if call.last == "run_in_executor" else 0, "func")


def sees_failures(target: ast.expr | None, call: Call, ctx: Context) -> bool | None:
    """Whether a function of this file handles or reports whatever goes wrong in it; None when that cannot be told."""
    if isinstance(target, ast.Call) and call.name(target.func) in ("functools.partial",) and target.args:
        target = target.args[0]
    if isinstance(target, ast.Call):
        target = target.func  # A coroutine: the def that makes it.
    ref = call.resolve(target) if isinstance(target, (ast.Name, ast.Attribute)) else None
    if ref is None or not ref.local or ref.via in ("call", "unknown", "import"):
        return None
    defs = definitions(ref, ctx)
    if not defs or any(node.decorator_list for node in defs):
        return None
    verdicts = [_guards(node, ctx) for node in defs]
    return None if None in verdicts else all(verdicts)


def goes_on(target: ast.expr, call: Call, ctx: Context) -> bool:
    """Whether a function of this file works in a loop, so that its end is the end of work that others count on.

    One that only drains the pipe of a process ends with that process.
    """
    ref = call.resolve(target)
    nodes = [node for function in (definitions(ref, ctx) if ref is not None else []) for node in inner(function.body)]
    drains = any(getattr(node, "attr", "") in ("stdout", "stderr", "fileno", "readline") for node in nodes)
    return not drains and any(isinstance(node, (ast.While, ast.For)) for node in nodes)


def _guards(function: Any, ctx: Context, depth: int = 0) -> bool | None:
    """Whether a def handles everything; None when it handles something, or hands its work on."""
    scope = ctx.module.functions.get(function, ctx.module)
    some = False
    for node in inner(function.body):
        if isinstance(node, ast.Try):
            if any(breadth(caught(handler.type, scope), scope) != "narrow" for handler in node.handlers):
                return True
            some = some or bool(node.handlers) or bool(node.finalbody)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            some = True  # A manager may report: a span, a guard, a suppress.
        elif isinstance(node, ast.Call) and depth < 1:
            ref = ctx.resolve(node.func, scope)
            below = definitions(ref, ctx) if ref is not None and ref.local and ref.via in ("def", "self") else []
            if any(
                _guards(inside, ctx, depth + 1)
                for inside in below
                if isinstance(inside, (ast.FunctionDef, ast.AsyncFunctionDef))
            ):
                return True
    return None if some else False


def is_dropped(call: Call) -> bool:
    """Whether nobody keeps what the call gives back: not used at all, or given to a name that is never read."""
    above = call.parent()
    if isinstance(above, ast.Expr):
        return True
    if isinstance(above, (ast.ListComp, ast.SetComp)) and above.elt is call.node:
        holder = call.parent(above)
        return isinstance(holder, ast.Expr) or _unread(holder, call)
    return _unread(above, call)


def _unread(above: ast.AST | None, call: Call) -> bool:
    if not isinstance(above, ast.Assign) or len(above.targets) != 1 or not isinstance(above.targets[0], ast.Name):
        return False
    name, function = above.targets[0].id, call.function
    if function is None or isinstance(function, ast.Lambda):
        return False
    uses = [node for node in ast.walk(function) if isinstance(node, ast.Name) and node.id == name]
    outer = any(name in node.names for node in ast.walk(function) if isinstance(node, (ast.Global, ast.Nonlocal)))
    return not outer and not any(isinstance(node.ctx, ast.Load) for node in uses)


def keeps_failures(call: Call) -> bool:
    """Whether a gather is told to give failures back as results."""
    told = call.keyword("return_exceptions")
    return told is not None and fold(told, call.scope) is True


def reads_results(call: Call, ctx: Context) -> bool:
    """Whether the def asks what it gathers for results, has cancelled it, or only cleans up."""
    scope = ctx.module.functions.get(call.function)
    if _ENDS.search(getattr(call.function, "name", "")):
        return True
    if any(True for _ in call.within("finally")) or (scope is not None and runs_once(call.function, scope, ctx)):
        return True
    for node in inner(getattr(call.function, "body", [])):
        name = node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else ""
        if "cancel" in name or name in ("exception", "result", "add_done_callback"):
            return True
    return False


def is_loop(call: Call) -> bool:
    """Whether the receiver is an event loop by its name, and nothing else is known of it."""
    held = call.receiver
    name = held.attr if isinstance(held, ast.Attribute) else getattr(held, "id", "")
    return name in ("loop", "_loop", "event_loop") and (call.ref is None or call.ref.via in ("unknown", "param"))


def all_see_failures(call: Call, ctx: Context) -> bool:
    """Whether all coroutines that are passed handle their own failures."""
    return bool(call.node.args) and all(
        isinstance(arg, ast.Call) and sees_failures(arg, call, ctx) for arg in call.node.args
    )
