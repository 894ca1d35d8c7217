"""Instances of a file's own classes: which class an expression is of, and what the file gives to parameters."""

import ast
from collections.abc import Iterator
from typing import Any, Final

from scanners.context import Context
from scanners.names import find
from scanners.scopes import Binding, Scope
from scanners.semantics.owncalls import arguments_of, calls_of

_DEPTH: Final = 4
_GIVERS: Final = 4


def own_class(expr: Any, scope: Scope, ctx: Context, depth: int = 0) -> Scope | None:
    """The class of the file whose instance an expression is: `self`, what is annotated, made or given as one."""
    if isinstance(expr, ast.Name):
        if expr.id in ("self", "cls"):
            return class_around(scope)
        found = find(expr.id, scope) if depth < _DEPTH else None
        return _first(found[0], ctx, depth) if found is not None else None
    if isinstance(expr, ast.Attribute) and depth < _DEPTH:
        owner = own_class(expr.value, scope, ctx, depth + 1)
        return _first(owner.attributes.get(expr.attr, []), ctx, depth) if owner is not None else None
    if isinstance(expr, ast.Call) and isinstance(expr.func, ast.Name):
        return ctx.module.classes.get(expr.func.id)
    return None


def class_around(scope: Scope) -> Scope | None:
    """The class that a scope stands in."""
    current: Scope | None = scope
    while current is not None and current.kind != "class":
        current = current.parent
    return current


def given_to(name: str, scope: Scope, ctx: Context) -> Iterator[tuple[ast.expr, Scope]]:
    """What the first calls in the file of a def give to its parameter; of a constructor those of its class."""
    function = scope.node
    if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return
    holder = scope.parent
    called = function.name
    if called == "__init__" and holder is not None and holder.kind == "class":
        called = getattr(holder.node, "name", "")
    for call, where in calls_of(ctx, called)[:_GIVERS]:
        given = _arguments(function, call).get(name)
        if given is not None:
            yield given, where


def _arguments(function: Any, call: ast.Call) -> dict[str, ast.expr]:
    if function.name != "__init__":
        return arguments_of(function, call)
    names = [arg.arg for arg in function.args.args][1:]
    return dict(zip(names, call.args, strict=False)) | {word.arg: word.value for word in call.keywords if word.arg}


def _first(bindings: list[Binding], ctx: Context, depth: int) -> Scope | None:
    return next((found for each in bindings if (found := _bound(each, ctx, depth + 1))), None)


def _bound(binding: Binding, ctx: Context, depth: int) -> Scope | None:
    if binding.kind in ("assign", "with"):
        return own_class(binding.value, binding.scope, ctx, depth)
    if binding.kind != "param":
        return None
    said = binding.value.annotation
    if said is not None:
        text = said.value if isinstance(said, ast.Constant) else getattr(said, "id", "")
        name = text if isinstance(text, str) else ""
        return ctx.module.classes.get(name)
    given = given_to(binding.value.arg, binding.scope, ctx)
    return next((found for expr, where in given if (found := own_class(expr, where, ctx, depth))), None)
