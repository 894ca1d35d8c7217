"""Which defs of the repository call which, and which of them block: what it takes to see what a coroutine waits for."""

import ast
import re
import sys
from collections.abc import Iterator
from typing import Any, Final

from scanners.context import Context
from scanners.names import Ref, resolve
from scanners.place import Call
from scanners.rule import Collector
from scanners.scopes import Binding, Scope
from scanners.semantics.concurrency.blocking import BLOCKING, blocking
from scanners.semantics.concurrency.lazily import filled_once
from scanners.semantics.handlers import inner
from scanners.semantics.hot import runs_once

_PLAIN: Final = frozenset(
    "staticmethod classmethod property functools.lru_cache functools.cache functools.cached_property functools.wraps "
    "contextlib.contextmanager abc.abstractmethod typing.override typing_extensions.override tenacity.retry "
    "backoff.on_exception".split()
)
"""Decorators that leave a def to be called as it is written."""
_ELSEWHERE: Final = sys.stdlib_module_names | frozenset(
    "aiohttp anthropic attr boto3 botocore bs4 celery click cryptography django fastapi flask google httpx jinja2 jwt "
    "kombu langchain langchain_core loguru lxml marshmallow matplotlib numpy openai openpyxl opentelemetry pandas PIL "
    "prometheus_client psycopg psycopg2 pyarrow pydantic pydantic_settings pymongo pytest redis requests scipy rich "
    "rest_framework sentry_sdk sklearn sqlalchemy sqlmodel starlette structlog tenacity torch tornado tqdm twisted "
    "transformers typer typing_extensions urllib3 uvicorn werkzeug yaml yarl zope".split()
)
"""What is hardly ever of the repository, so that its calls need not be kept. Relative imports are."""
_CACHED: Final = ("functools.lru_cache", "functools.cache", "functools.cached_property")
_ONCE: Final = re.compile(
    r"^_*(start(up)?|stop|set_?up|init(iali[sz]e)?|main|cli|configure|bootstrap|install|tear_?down|clean_?up|shutdown|migrate"
    r"|run_migrations?|run_app|run_server|serve(_forever)?|run_forever|launch)$"
)
"""Plain defs that run once, or for as long as the program does, whoever calls them."""
_BEHIND: Final = tuple(
    name for name, found in BLOCKING.items() if found.kind != "file" and not name.endswith((".acquire", ".put"))
)


class CallGraph(Collector):
    """Facts `calls` (a def that calls others), `blocks` (a plain def that blocks), `handed-on` (what a module or
    a class has from elsewhere).

    Targets are dotted: from the top for absolute imports, with leading dots for relative ones, and behind a colon for
    what the file itself defines.
    """

    calls = _BEHIND

    def visit_call(self, call: Call, ctx: Context) -> None:
        """Record a blocking call of a plain def."""
        function = call.function
        if not isinstance(function, ast.FunctionDef) or not blocking(call, ctx) or not _is_plain(function, ctx):
            return
        if id(call.node) not in filled_once(function):
            ctx.fact("blocks", call, name=call.qualname, what=call.dotted)

    def visit_module(self, ctx: Context) -> None:
        """Record the calls of each def, and the names by which a def may be reached from other files."""
        known = {f".{scope.qualname}" for scope in ctx.module.functions.values()} | {
            f".{name}" for name in ctx.module.classes
        }
        found = {
            scope.qualname: (function, dict(_calls(function, scope, known)))
            for function, scope in ctx.module.functions.items()
            if not isinstance(function, ast.Lambda) and _may_be_followed(function, scope, ctx)
        }
        _prune(found, ctx)
        for name, (function, calls) in found.items():
            if calls:
                is_async = isinstance(function, ast.AsyncFunctionDef)
                edges = [[line, target] for target, line in sorted(calls.items())]
                ctx.fact("calls", function, name=name, calls=edges, **{"async": is_async})
        for name, scope in ctx.module.classes.items():
            for base in getattr(scope.node, "bases", ()):
                target = _target(resolve(base, scope.parent or ctx.module, base.lineno), known)
                if target:
                    ctx.fact("handed-on", scope.node, name=name, target=target, base=True)
        for name, target in _handed_on(ctx, known):
            ctx.fact("handed-on", 1, name=name, target=target, base=False)


def _may_be_followed(function: Any, scope: Scope, ctx: Context) -> bool:
    if isinstance(function, ast.AsyncFunctionDef):
        return not runs_once(function, scope, ctx)
    return _is_plain(function, ctx)


def _prune(found: dict[str, tuple[Any, dict[str, int]]], ctx: Context) -> None:
    """Take away the calls of plain defs that lead nowhere: to defs of this file that neither call on nor block."""
    blocks = {f":{fact['name']}" for fact in ctx.facts.get("blocks", ())}
    leaves = True
    while leaves:
        dead = {f":{name}" for name, (_, calls) in found.items() if not calls} - blocks
        leaves = False
        for function, calls in found.values():
            if not isinstance(function, ast.AsyncFunctionDef):
                for target in [target for target in calls if target in dead]:
                    del calls[target]
                    leaves = True


def _calls(function: Any, scope: Scope, known: set[str]) -> Iterator[tuple[str, int]]:
    """What a def calls of the repository, as far as it may be of it, and where first."""
    calls = [node for node in inner(function.body, ast.Call) if _may_be_ours(node.func, scope)]
    if not calls:
        return
    left_out = {id(node.value) for node in inner(function.body, ast.Await)} | filled_once(function)
    for node in sorted(calls, key=lambda call: -call.lineno):
        if id(node) not in left_out:
            target = _target(resolve(node.func, scope, node.lineno), known)
            if target:
                yield target, node.lineno


def called_target(func: ast.expr, scope: Scope, known: set[str]) -> str:
    """The def of the repository that a call may mean, as the facts name it, or "". `known` are names of the file."""
    return _target(resolve(func, scope, func.lineno), known) if _may_be_ours(func, scope) else ""


def _may_be_ours(func: ast.expr, scope: Scope) -> bool:
    """A cheap test before names are resolved: whether the root of a called name is bound in sight, and not by the
    standard library."""
    while isinstance(func, ast.Attribute):
        func = func.value
    if isinstance(func, ast.Call):
        return _may_be_ours(func.func, scope)
    if not isinstance(func, ast.Name):
        return False
    if func.id in ("self", "cls"):
        return True
    current: Scope | None = scope
    while current is not None:
        found = current.bindings(func.id)
        if found:
            return any(_binds_ours(binding) for binding in found)
        current = current.parent
    return False


def _binds_ours(binding: Binding) -> bool:
    if binding.kind == "import":
        return binding.value.partition(".")[0] not in _ELSEWHERE
    if binding.kind == "param":
        return binding.value.annotation is not None
    return binding.kind in ("def", "class", "assign", "with", "declared")


def _target(ref: Ref | None, known: set[str]) -> str:
    if ref is None or ref.via == "builtin" or "()" in ref.dotted:
        return ""
    dotted = ref.dotted
    if dotted in known or (dotted.startswith(".") and dotted.rpartition(".")[0] in known):
        return f":{dotted[1:]}"
    return "" if dotted.partition(".")[0] in _ELSEWHERE else dotted


def _handed_on(ctx: Context, known: set[str]) -> Iterator[tuple[str, str]]:
    """What other files may import from this one though it is not defined here: imports of a package, and instances."""
    for name, bindings in ctx.module.names.items():
        last = bindings[-1]
        if last.kind == "import" and ctx.role == "init":
            target = _target(Ref(last.value), known)
        elif last.kind == "assign" and isinstance(last.value, ast.Call):
            target = _target(resolve(last.value, ctx.module, last.line), known)
        else:
            continue
        if target:
            yield name, target


def _is_plain(function: Any, ctx: Context) -> bool:
    """Whether a def may be called as it is, again and again: not changed by a decorator, nor cached."""
    if _ONCE.match(function.name) or inner(function.body, ast.Yield, ast.YieldFrom):
        return False  # A call of a generator runs nothing of it yet.
    for decorator in function.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        ref = resolve(called, ctx.module, decorator.lineno)
        if ref is None or ref.dotted not in _PLAIN or ref.dotted in _CACHED:
            return False
    return True
