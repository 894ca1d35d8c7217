"""Whether a def only computes in Python: it loops over arithmetic and calls nothing that waits."""

import ast
from collections.abc import Mapping
from typing import Any, Final

from scanners.context import Context
from scanners.scopes import Scope
from scanners.semantics.handlers import inner

_REACH: Final = 2
_PURE: Final = frozenset(
    "range len sum min max abs int float str bool round sorted "
    "enumerate zip map filter divmod pow ord chr list dict set tuple "
    "reversed any all isinstance hash print".split()
)
_METHODS: Final = frozenset("append add extend pop items keys values split strip lower upper count index join".split())


def computes(function: Any, ctx: Context, depth: int = 0) -> bool:
    """Whether a def of the file loops and calls only builtins, `math` and defs of which the same is true."""
    if not isinstance(function, ast.FunctionDef):
        return False
    scope = ctx.module.functions.get(function)
    if scope is None:
        return False
    nodes = list(inner(list(function.body)))
    if any(isinstance(node, (ast.Await, ast.Yield, ast.YieldFrom, ast.With, ast.Import)) for node in nodes):
        return False
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    own = [_own(call, scope, ctx) for call in calls]
    if not all(
        _is_pure(call, scope) or _goes_on(made, function, ctx, depth) for call, made in zip(calls, own, strict=True)
    ):
        return False
    loops = [node for node in nodes if isinstance(node, (ast.For, ast.While))]
    works = any(isinstance(node, (ast.BinOp, ast.AugAssign)) for loop in loops for node in inner(list(loop.body)))
    recursive = sum(made is function for made in own) > 1
    return works or recursive or any(made is not None and made is not function for made in own)


def computing_defs(ctx: Context) -> list[str]:
    """The names of the module's own defs that only compute."""
    defs = {
        name: found[-1].value for name, found in ctx.module.names.items() if len(found) == 1 and found[0].kind == "def"
    }
    return sorted(name for name, node in defs.items() if _may_compute(node, defs) and computes(node, ctx))


def _may_compute(function: Any, defs: Mapping[str, Any]) -> bool:
    """A cheap test before names are resolved: something is repeated, and what is called is known by its looks."""
    if not isinstance(function, ast.FunctionDef) or function.decorator_list:
        return False
    if not inner(function.body, ast.For, ast.While, ast.comprehension):
        return False
    return all(_is_plain(node.func, defs) for node in inner(function.body, ast.Call))


def _is_plain(func: ast.expr, defs: Mapping[str, Any]) -> bool:
    if isinstance(func, ast.Attribute):
        return func.attr in _METHODS or getattr(func.value, "id", "") in ("math", "itertools", "operator")
    return isinstance(func, ast.Name) and (func.id in _PURE or func.id in defs)


def _own(call: ast.Call, scope: Scope, ctx: Context) -> Any:
    return ctx.definition(ctx.resolve(call.func, scope))


def _goes_on(made: Any, function: Any, ctx: Context, depth: int) -> bool:
    return made is not None and (made is function or (depth < _REACH and computes(made, ctx, depth + 1)))


def _is_pure(call: ast.Call, scope: Scope) -> bool:
    if isinstance(call.func, ast.Attribute):
        base = call.func.value
        return call.func.attr in _METHODS or (
            isinstance(base, ast.Name) and base.id in ("math", "itertools", "operator")
        )
    return isinstance(call.func, ast.Name) and call.func.id in _PURE and not scope.module.bindings(call.func.id)
