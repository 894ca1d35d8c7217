"""What runs again and again while a service runs: route handlers, tasks, consumer callbacks and coroutines.

Code that runs once, at start or at the end (`main`, `startup`, a lifespan, a cached factory), is not hot, async or not.
"""

import ast
from collections.abc import Iterator
from typing import Any, Final

from scanners.context import Context, per_file
from scanners.facts.jobs import is_task
from scanners.names import resolve
from scanners.place import Block, Place
from scanners.regex import regex
from scanners.scopes import Scope
from scanners.semantics.handlers import inner
from scanners.semantics.routes import routes_of
from scanners.syntax import last_name

_REACH: Final = 3
_TASKS: Final = frozenset({"dramatiq.actor", "huey.task", "rq.decorators.job", "arq.cron", "django_rq.job"})
_TASK_ENDS: Final = (".app.task", ".celery.task", "Huey.task", "Huey.periodic_task", "broker.task", "Broker.task")
_CALLBACKS: Final = frozenset({"on_message_callback", "on_message", "message_callback"})
_HOOKS: Final = frozenset(
    "before_request after_request teardown_request before_app_request after_app_request teardown_app_request".split()
)
_TAKERS: Final = frozenset({"basic_consume", "add_done_callback", "run_forever", "subscribe", "psubscribe"})
_ONCE: Final = regex(
    r"^_*(async_)?(main|run|start(up)?|on_start(up)?|setup|set_up|init(iali[sz]e)?|bootstrap|connect|disconnect|lifespan|stop"
    r"|on_stop|on_shutdown|shutdown|close|aclose|cleanup|teardown|serve|serve_forever|setup_\w+|init_\w+|create_app"
    r"|on_cleanup|before_serving|after_serving|cli|configure|connect_\w+|close_\w+|start_\w+|stop_\w+|on_ready"
    r"|before_server_start|after_server_stop|cleanup_ctx|app_lifespan|\w*_lifespan|asyncSetUp|__aenter__|__aexit__)$"
)
_RUNNERS: Final = ("asyncio.run", "anyio.run", "trio.run", "uvloop.run")
_REGISTERS: Final = frozenset({"on_event", "on_startup", "before_serving", "after_serving", "listener"})
_CACHES: Final = frozenset({"functools.cache", "functools.lru_cache", "functools.cached_property"})


def is_hot(place: Place[Any], ctx: Context) -> bool:
    """Whether the code there runs again and again, as far as this file shows.

    It stands in a route handler, a task, a consumer's callback or a coroutine, or in what such a def of this file
    calls, three calls deep. A nested def is as hot as the def around it.
    """
    hot = hot_defs(ctx)
    return bool(hot) and any(block.kind == "function" and block.node in hot for block in place.blocks())


@per_file
def hot_defs(ctx: Context) -> frozenset[ast.AST]:
    """The defs and lambdas of the file that run again and again. Ask from a hook, when all names are known."""
    return frozenset(_reached(ctx))


def runs_once(function: Any, scope: Scope, ctx: Context) -> bool:
    """Whether a def runs at start or at the end only, by its name, its decorators or its cache."""
    name = getattr(function, "name", "")
    if _ONCE.match(name):
        return True
    for decorator in getattr(function, "decorator_list", ()):
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        ref = resolve(called, scope.parent or scope, function.lineno)
        last = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        if last in _REGISTERS or (ref is not None and ref.dotted in _CACHES and not _has_parameters(function)):
            return True
    return name in _run_as_program(ctx)


def place_of(function: ast.AST, scope: Scope, ctx: Context) -> Place[Any]:
    """A def as a place in the scope that holds it."""
    holder = scope.parent or ctx.module
    return Place(function, Block("module", ctx.tree or function, None, holder), None)


def _reached(ctx: Context) -> set[ast.AST]:
    functions = ctx.module.functions
    if not functions:
        return set()
    named: dict[str, list[ast.AST]] = {}
    for node in functions:
        named.setdefault(getattr(node, "name", ""), []).append(node)
    named.pop("", None)
    roots = set(_roots(ctx, named))
    reached, edge = set(roots), roots
    for _ in range(_REACH):
        edge = {
            callee
            for caller in edge
            for callee in _callees(caller, functions[caller], named, ctx)
            if callee not in reached and not runs_once(callee, functions[callee], ctx)
        }
        reached |= edge
    return reached


def _roots(ctx: Context, named: dict[str, list[ast.AST]]) -> Iterator[ast.AST]:
    yield from served(ctx)
    for node, scope in ctx.module.functions.items():
        if isinstance(node, ast.AsyncFunctionDef) and not runs_once(node, scope, ctx):
            yield node
    for name in _handed_over(ctx):
        yield from (node for node in named.get(name, ()) if not runs_once(node, ctx.module.functions[node], ctx))


@per_file
def served(ctx: Context) -> frozenset[ast.AST]:
    """The route handlers and tasks of the file: what runs once a request or a message, possibly many at a time."""
    jobs = [node for node, scope in ctx.module.functions.items() if _is_job(node, scope, ctx)]
    hooks = [node for node in ctx.module.functions if _is_hook(node)] if "_request" in ctx.source else []
    return frozenset([*routes_of(ctx), *jobs, *hooks])


def _is_hook(node: Any) -> bool:
    """Whether a decorator has the def run before or after each request."""
    return any(getattr(decorator, "attr", "") in _HOOKS for decorator in getattr(node, "decorator_list", ()))


def _is_job(node: Any, scope: Scope, ctx: Context) -> bool:
    if not getattr(node, "decorator_list", None):
        return False
    place = place_of(node, scope, ctx)
    for decorator in node.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = place.name(called)
        if is_task(called, place) or name in _TASKS or name.endswith(_TASK_ENDS):
            return True
    return False


def _handed_over(ctx: Context) -> set[str]:
    """The names of the defs that are given to a consumer, or that FastAPI calls for each request."""
    source = ctx.source
    if not any(word in source for word in ("Depends", "_callback", "on_message", "basic_consume", "subscribe")):
        return set()
    found: set[str] = set()
    for node in inner([ctx.tree, *_bodies(ctx)], ast.Call) if ctx.tree else ():
        last = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        given = [word.value for word in node.keywords if word.arg in _CALLBACKS or word.arg == "callback"]
        if last in ("Depends", "Security") or last in _TAKERS:
            given += node.args
        found |= {last_name(value) for value in given} - {""}
    return found


def _bodies(ctx: Context) -> Iterator[ast.AST]:
    for node in ctx.module.functions:
        yield from ast.iter_child_nodes(node)
    for scope in ctx.module.classes.values():
        yield from ast.iter_child_nodes(scope.node)


@per_file
def _run_as_program(ctx: Context) -> frozenset[str]:
    """The names of the coroutines that `asyncio.run(f())` starts in the module body or under `__main__`."""
    if not any(word in ctx.source for word in ("run(", "run_until_complete(")):
        return frozenset()
    names: set[str] = set()
    for node in inner(ctx.tree.body, ast.Call) if ctx.tree else ():
        if node.args and last_name(node.func) in ("run", "run_until_complete"):
            first = node.args[0]
            names.add(last_name(first.func if isinstance(first, ast.Call) else first))
    return frozenset(names - {""})


def _callees(caller: Any, scope: Scope, named: dict[str, list[ast.AST]], ctx: Context) -> Iterator[ast.AST]:
    """The defs of this file that a def calls, or hands to something that calls them."""
    body = caller.body if isinstance(caller.body, list) else [caller.body]
    for node in inner(body, ast.Call):
        for used in (node.func, *node.args, *(word.value for word in node.keywords)):
            if last_name(used) in named:
                yield from _meant(used, scope, named[last_name(used)], ctx)


def _meant(used: ast.AST, scope: Scope, candidates: list[ast.AST], ctx: Context) -> list[ast.AST]:
    ref = resolve(used, scope, getattr(used, "lineno", 1))
    if ref is None or not ref.local:
        return []
    return [node for node in candidates if f".{ctx.module.functions[node].qualname}" == ref.dotted]


def _has_parameters(function: Any) -> bool:
    return any(arg.arg not in ("self", "cls") for arg in function.args.args + function.args.kwonlyargs)
