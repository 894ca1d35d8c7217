"""Callees that names alone do not tell: what an attribute or a dependency holds, what a decorator leaves."""

import ast
from collections.abc import Set
from typing import Any, Final

from scanners.context import Context
from scanners.names import Ref, find, resolve
from scanners.regex import regex
from scanners.scopes import Binding, Scope
from scanners.syntax import last_name, unparse

_ASIDE: Final = regex(r"[Tt]hread|[Ee]xecutor|submit|delay|async|await|cache|lru|spawn|enqueue")
"""What a decorator hands work to, or answers from."""


def held_target(func: ast.expr, scope: Scope, known: Set[str]) -> str:
    """The target of `self.client.fetch`, for other facts to follow, or of what FastAPI injects; "" for none."""
    if not isinstance(func, ast.Attribute):
        return ""
    if isinstance(func.value, ast.Attribute) and getattr(func.value.value, "id", "") == "self":
        holder = _class_of(scope)
        name = f"{holder.qualname}.{func.value.attr}" if holder is not None else ""
        return f":{name}.{func.attr}" if holder is not None and func.value.attr in holder.attributes else ""
    found = find(func.value.id, scope) if isinstance(func.value, ast.Name) else None
    made = given_to(found[0][0]) if found is not None and len(found[0]) == 1 else None
    ref = resolve(made, scope.module, func.lineno) if made is not None else None
    if ref is None:
        return ""
    made_by = f":{ref.dotted[1:]}" if ref.dotted in known else ref.dotted
    return f"{made_by}().{func.attr}"


def _class_of(scope: Scope) -> Scope | None:
    holder: Scope | None = scope
    while holder is not None and holder.kind != "class":
        holder = holder.parent
    return holder


def given_to(binding: Binding) -> ast.expr | None:
    """The def that a parameter without a type takes its value from: `service=Depends(get_service)`."""
    if binding.kind != "param" or binding.value.annotation is not None:
        return None
    args: Any = getattr(binding.scope.node, "args", None)
    if args is None or not (args.defaults or args.kw_defaults):
        return None
    plain = [*args.posonlyargs, *args.args]
    pairs = [*zip(plain[len(plain) - len(args.defaults) :], args.defaults, strict=True)]
    pairs += [(arg, default) for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True) if default]
    default = next((default for arg, default in pairs if arg is binding.value), None)
    injects = isinstance(default, ast.Call) and last_name(default.func) == "Depends" and default.args
    return default.args[0] if isinstance(default, ast.Call) and injects else None


def leaves_plain(ref: Ref, ctx: Context) -> bool:
    """Whether a decorator of this file calls what it decorates on the spot, and hands nothing to a thread."""
    made = ctx.definition(ref)
    if not isinstance(made, ast.FunctionDef) or not made.args.args:
        return False
    inner = [part for part in ast.walk(made) if isinstance(part, ast.FunctionDef) and part is not made]
    return bool(inner) and not _ASIDE.search(unparse(made))
