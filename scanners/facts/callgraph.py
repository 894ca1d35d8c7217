"""Which defs of the repository call which, and which of them block: what it takes to see what a coroutine waits for."""

import ast
import sys
from collections.abc import Iterator, Sequence, Set
from typing import Any, Final

from scanners.context import Context, per_file
from scanners.names import Ref, resolve
from scanners.place import Call
from scanners.rule import Collector
from scanners.scopes import Binding, Scope
from scanners.semantics.concurrency.blocking import BLOCKING, blocking, shown
from scanners.semantics.concurrency.clients import OF_MONGO
from scanners.semantics.concurrency.held import given_to, held_target, leaves_plain
from scanners.semantics.concurrency.lazily import filled_once
from scanners.semantics.handlers import inner
from scanners.semantics.hot import runs_once
from scanners.syntax import descendants, last_name

_PLAIN: Final = frozenset(
    "staticmethod classmethod property functools.lru_cache functools.cache functools.cached_property functools.wraps "
    "contextlib.contextmanager abc.abstractmethod typing.override typing_extensions.override tenacity.retry "
    "backoff.on_exception backoff.on_predicate functools.singledispatch pydantic.validate_call "
    "typing_extensions.deprecated warnings.deprecated sentry_sdk.trace "
    "opentelemetry.trace.get_tracer().start_as_current_span".split()
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
_OWN: Final = frozenset({"self", "cls", "super"})
_CACHED: Final = ("functools.lru_cache", "functools.cache", "functools.cached_property")
_TAKERS: Final = frozenset("list tuple dict set frozenset sum max min sorted any all next join extend update".split())
"""Calls that run through what they are given."""
_ONCE: Final = frozenset(
    "start startup stop setup set_up init initialise initialize main cli configure bootstrap install teardown "
    "tear_down cleanup clean_up shutdown migrate run_migration run_migrations run_app run_server serve serve_forever "
    "run_forever launch".split()
)
"""Plain defs that run once, or for as long as the program does, whoever calls them."""
_BEHIND: Final = tuple(
    name for name, found in BLOCKING.items() if found.kind != "file" and not name.endswith((".acquire", ".put"))
)


class CallGraph(Collector):
    """Facts `calls` (a def that calls others) and `blocks` (a plain def that blocks).

    Targets are dotted: from the top for absolute imports, with leading dots for relative ones, and behind a colon for
    what the file itself defines. A pair of brackets stands for what a call gives. Each call has its line, and a third
    value where what it gives is run through on the spot; `lazy` says that a def does nothing before.
    """

    calls = (*_BEHIND, *OF_MONGO)

    def visit_call(self, call: Call, ctx: Context) -> None:
        """Record a blocking call of a plain def."""
        function = call.function
        if not isinstance(function, ast.FunctionDef) or not blocking(call, ctx) or not _is_plain(function, ctx):
            return
        if id(call.node) not in filled_once(function):
            ctx.fact("blocks", call, name=call.qualname, what=shown(call), **_lazy(function))

    def visit_module(self, ctx: Context) -> None:
        """Record the calls of each def."""
        known = names_of(ctx)
        found = {
            scope.qualname: (function, dict(_calls(function, scope, known, ctx)))
            for function, scope in ctx.module.functions.items()
            if type(function) is not ast.Lambda and _may_be_followed(function, scope, ctx)
        }
        _prune(found, ctx)
        lazily = "yield" in ctx.source
        for name, (function, calls) in found.items():
            if calls:
                is_async = isinstance(function, ast.AsyncFunctionDef)
                edges = [
                    [line, target, True] if consumed else [line, target]
                    for target, (line, consumed) in sorted(calls.items())
                ]
                lazy = _lazy(function) if lazily else {}
                ctx.fact("calls", function, name=name, calls=edges, **{"async": is_async}, **lazy)


@per_file
def names_of(ctx: Context) -> frozenset[str]:
    """The names of the defs and classes of a file, as the resolver writes them."""
    defs = {f".{scope.qualname}" for scope in ctx.module.functions.values()}
    return frozenset(defs | {f".{name}" for name in ctx.module.classes})


def _may_be_followed(function: Any, scope: Scope, ctx: Context) -> bool:
    if isinstance(function, ast.AsyncFunctionDef):
        return not runs_once(function, scope, ctx)
    return _is_plain(function, ctx)


def _prune(found: dict[str, tuple[Any, dict[str, tuple[int, bool]]]], ctx: Context) -> None:
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


def _calls(function: Any, scope: Scope, known: Set[str], ctx: Context) -> Iterator[tuple[str, tuple[int, bool]]]:
    """What a def calls of the repository, as far as it may be of it: where first, and whether it is run through there.

    What a `with` enters is called too.
    """
    awaited = _awaited(ctx)
    roots: dict[str, bool] = {}
    calls = [node for node in inner(function.body, ast.Call) if _may_be_ours(node.func, scope, roots)]
    targets = {node: target for node in calls if node not in awaited and (target := _called(node.func, scope, known))}
    if not targets:
        return
    left_out, consumed, entered = filled_once(function), _consumed(ctx), _entered(ctx)
    for node in sorted(targets, key=lambda call: (call in consumed, -call.lineno)):
        if id(node) not in left_out:
            yield targets[node], (node.lineno, node in consumed)
            if node in entered:
                yield f"{targets[node]}.__enter__", (node.lineno, False)


@per_file
def _awaited(ctx: Context) -> frozenset[ast.AST]:
    """What the coroutines of a file await."""
    return frozenset(node.value for node in _all(ctx, ast.Await))


@per_file
def _consumed(ctx: Context) -> frozenset[ast.AST]:
    """What is run through where it stands: by a loop, a comprehension, `list(...)`."""
    found = {node.iter for node in _all(ctx, ast.For, ast.comprehension)}
    found |= {node.value for node in _all(ctx, ast.YieldFrom)}
    given = {node.args[0]: node.func for node in _all(ctx, ast.Call) if node.args and type(node.args[0]) is ast.Call}
    return frozenset(found | {call for call, func in given.items() if last_name(func) in _TAKERS})


@per_file
def _entered(ctx: Context) -> frozenset[ast.AST]:
    """What a plain `with` enters."""
    return frozenset(item.context_expr for node in _all(ctx, ast.With) for item in node.items)


def _all(ctx: Context, *kinds: type[ast.AST]) -> Sequence[Any]:
    return descendants(ctx.tree, *kinds) if ctx.tree is not None else ()


def called_target(func: ast.expr, scope: Scope, known: Set[str]) -> str:
    """The def of the repository that a call may mean, as the facts name it, or "". `known` are names of the file."""
    found = target_of(resolve(func, scope, func.lineno), known) if _may_be_ours(func, scope, {}) else ""
    return "" if "()" in found else found


def _called(func: ast.expr, scope: Scope, known: Set[str]) -> str:
    if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Call) and last_name(func.value.func) == "super":
        return _above(func.attr, scope, known)
    ref = resolve(func, scope, func.lineno)
    return target_of(ref, known) if ref is not None else held_target(func, scope, known)


def _above(attr: str, scope: Scope, known: Set[str]) -> str:
    """What `super().attr` means: the method of the first base that can be told."""
    holder: Scope | None = scope
    while holder is not None and holder.kind != "class":
        holder = holder.parent
    for base in getattr(holder.node, "bases", ()) if holder is not None else ():
        ref = resolve(base, scope.module, base.lineno)
        if ref is not None:
            return target_of(Ref(f"{ref.dotted}.{attr}"), known)
    return ""


def _may_be_ours(func: ast.expr, scope: Scope, roots: dict[str, bool]) -> bool:
    """A cheap test before names are resolved: whether the root of a called name is bound in sight, and not by the
    standard library. `roots` are those that the scope was asked for."""
    while isinstance(func, (ast.Attribute, ast.Call)):
        func = func.value if isinstance(func, ast.Attribute) else func.func
    if type(func) is not ast.Name:
        return False
    found = roots.get(func.id)
    if found is None:
        found = roots[func.id] = func.id in _OWN or _is_ours(func.id, scope)
    return found


def _is_ours(name: str, scope: Scope) -> bool:
    current: Scope | None = scope
    while current is not None:
        found = current.bindings(name)
        if found:
            return any(_binds_ours(binding) for binding in found)
        current = current.parent
    return False


def _binds_ours(binding: Binding) -> bool:
    if binding.kind == "import":
        return binding.value.partition(".")[0] not in _ELSEWHERE
    if binding.kind == "param":
        return binding.value.annotation is not None or given_to(binding) is not None
    return binding.kind in ("def", "class", "assign", "with", "declared")


def target_of(ref: Ref | None, known: Set[str]) -> str:
    """How the facts name what was resolved, "" for what cannot be of the repository."""
    if ref is None or ref.via == "builtin" or ref.dotted.startswith("super()"):
        return ""
    dotted = ref.dotted
    if dotted.startswith("."):
        if dotted in known or dotted.rpartition(".")[0] in known:
            return f":{dotted[1:]}"
        first, second = (*dotted[1:].replace("()", "").split(".", 2), "")[:2]
        if f".{first}" in known or f".{first}.{second}" in known:
            return f":{dotted[1:]}"
    return "" if dotted.partition(".")[0] in _ELSEWHERE else dotted


def _is_plain(function: Any, ctx: Context) -> bool:
    """Whether a def may be called as it is, again and again: not changed by a decorator, nor cached."""
    if function.name.lstrip("_") in _ONCE:
        return False
    for decorator in function.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        ref = resolve(called, ctx.module, decorator.lineno)
        if ref is None or ref.dotted in _CACHED or not (ref.dotted in _PLAIN or leaves_plain(ref, ctx)):
            return False
    return True


def _lazy(function: Any) -> dict[str, bool]:
    """Says of a generator, but for what `with` runs, that a call of it runs nothing of it yet."""
    manages = any(last_name(decorator) == "contextmanager" for decorator in function.decorator_list)
    return {"lazy": True} if not manages and inner(function.body, ast.Yield, ast.YieldFrom) else {}
