"""Calls of a file's own defs: which of them there are, and what they give to each parameter."""

import ast
from collections.abc import Sequence
from typing import Any

from scanners.context import Context, per_file
from scanners.scopes import Scope
from scanners.syntax import suite


def arguments_of(function: Any, call: ast.Call) -> dict[str, ast.expr]:
    """What a call gives to each parameter of a def."""
    if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return {}
    names = [arg.arg for arg in (*function.args.posonlyargs, *function.args.args)]
    if isinstance(call.func, ast.Attribute) and names[:1] in (["self"], ["cls"]):
        names = names[1:]
    given = dict(zip(names, call.args, strict=False))
    return given | {word.arg: word.value for word in call.keywords if word.arg}


def own(function: ast.AST, *kinds: type[ast.AST]) -> Sequence[Any]:
    """The nodes of a def, or those of these types, without those of the defs inside it; lambdas are its own."""
    body: Any = getattr(function, "body", [])
    return suite(body if isinstance(body, list) else [body], *kinds, lambdas=True)


def calls_of(ctx: Context, name: str) -> list[tuple[ast.Call, Scope]]:
    """The calls `name(...)` and `self.name(...)` in the defs of the file; read once a file, and only when asked."""
    return _calls(ctx).get(name, [])


@per_file
def _calls(ctx: Context) -> dict[str, list[tuple[ast.Call, Scope]]]:
    found: dict[str, list[tuple[ast.Call, Scope]]] = {}
    for node, scope in ctx.module.functions.items():
        for inner in own(node, ast.Call):
            if called := _own_name(inner.func):
                found.setdefault(called, []).append((inner, scope))
    return found


def _own_name(func: ast.expr) -> str:
    if isinstance(func, ast.Attribute):
        return func.attr if isinstance(func.value, ast.Name) and func.value.id in ("self", "cls") else ""
    return getattr(func, "id", "")
