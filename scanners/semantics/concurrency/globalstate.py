"""Module-level state that defs change, and what makes that safe."""

import ast
import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from scanners.context import Context
from scanners.names import find, resolve
from scanners.regex import regex
from scanners.scopes import Scope
from scanners.semantics.handlers import inner
from scanners.syntax import unparse

_ADDS: Final = frozenset({"append", "add", "update", "extend", "insert", "appendleft", "setdefault", "subtract"})
_TAKES: Final = frozenset({"pop", "popitem", "popleft", "remove", "discard", "clear"})
_CONTAINERS: Final = frozenset(
    {
        "dict",
        "list",
        "set",
        "collections.defaultdict",
        "collections.OrderedDict",
        "collections.Counter",
        "collections.deque",
    }
)
_LOCK: Final = regex(r"lock|mutex|sem(aphore)?\b|guard|gate|critical|synchroni|atomic|Condition", re.I)
_SAFE: Final = regex(r"task|metric|registr|stats?_?$|counter_|thread|cache_info|local|ctx|context", re.I)


class Change(NamedTuple):
    """One change of module state: the statement or call, the name, and whether the old value goes into the new one."""

    node: Any
    name: str
    how: str


def changes(function: Any, scope: Scope, ctx: Context) -> Iterator[Change]:
    """The changes of module-level names and containers in a def, in no order; nested defs are their own."""
    named = _globals(function)
    for node in inner(function.body, ast.Assign, ast.AugAssign, ast.Delete, ast.Call):
        if not isinstance(node, ast.Call):
            targets = [node.target] if isinstance(node, ast.AugAssign) else node.targets
            for target in targets:
                yield from _of_target(node, target, named, scope, ctx)
        elif isinstance(node.func, ast.Attribute):
            name = node.func.value.id if isinstance(node.func.value, ast.Name) else ""
            if node.func.attr in _ADDS | _TAKES and is_container(name, scope, ctx):
                yield Change(node, name, "adds" if node.func.attr in _ADDS else "takes")


def _of_target(node: Any, target: ast.expr, named: set[str], scope: Scope, ctx: Context) -> Iterator[Change]:
    if isinstance(target, ast.Name) and target.id in named and not isinstance(node, ast.Delete):
        again = isinstance(node, ast.AugAssign) or any(
            isinstance(part, ast.Name) and part.id == target.id for part in ast.walk(node.value)
        )
        yield Change(node, target.id, "counts" if again else "rebinds")
    elif isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
        if is_container(target.value.id, scope, ctx):
            how = "counts" if isinstance(node, ast.AugAssign) else "takes" if isinstance(node, ast.Delete) else "adds"
            yield Change(node, target.value.id, how)
    elif isinstance(target, ast.Tuple):
        for part in target.elts:
            yield from _of_target(node, part, named, scope, ctx)


def is_container(name: str, scope: Scope, ctx: Context) -> bool:
    """Whether a name seen from a def is a dict, list or set of this module."""
    found = find(name, scope) if name else None
    if found is None or found[1] is not ctx.module:
        return False
    values = [binding.value for binding in found[0] if binding.kind == "assign"]
    return bool(values) and all(_is_mutable(value, ctx) for value in values)


def may_change(ctx: Context) -> bool:
    """A cheap test: whether the file rebinds module-level names in defs or has module-level containers at all."""
    return "global " in ctx.source or any(
        binding.kind == "assign" and _is_mutable(binding.value, ctx)
        for bindings in ctx.module.names.values()
        for binding in bindings
    )


def _is_mutable(value: ast.AST, ctx: Context) -> bool:
    if isinstance(value, (ast.Dict, ast.List, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)):
        return True
    ref = resolve(value.func, ctx.module, value.lineno) if isinstance(value, ast.Call) else None
    return ref is not None and ref.dotted in _CONTAINERS


def is_guarded(change: Change, function: Any) -> bool:
    """Whether a lock is held around the change, or it fills a name or a key once, whoever comes first."""
    for outer in _around(change.node, function):
        if isinstance(outer, (ast.With, ast.AsyncWith)) and _locks(outer):
            return True
        if isinstance(outer, ast.If) and change.how in ("rebinds", "adds") and _asks_for(outer.test, change):
            return True
        if isinstance(outer, ast.If) and change.how == "rebinds" and _names(outer.test) & _globals(function):
            return True  # Looked at before it is replaced: a state that advances, a value that is refreshed.
        if isinstance(outer, ast.ExceptHandler) and change.how in ("rebinds", "adds"):
            return outer.type is not None and "KeyError" in unparse(outer.type)
    return _returned_early(change, function) or any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "acquire"
        for node in inner(function.body)
    )


def _globals(function: Any) -> set[str]:
    return {name for node in inner(function.body, ast.Global) for name in node.names}


def _locks(outer: ast.With | ast.AsyncWith) -> bool:
    return any(_LOCK.search(unparse(item.context_expr)) for item in outer.items)


def _around(node: ast.AST, function: Any) -> list[Any]:
    """The statements of the def that hold a node, outermost first."""
    found: list[Any] = []
    for outer in inner(function.body):
        holds = isinstance(outer, (ast.With, ast.AsyncWith, ast.If, ast.ExceptHandler))
        if holds and any(below is node for stmt in outer.body for below in ast.walk(stmt)):
            found.append(outer)
    return found


def _asks_for(test: ast.expr, change: Change) -> bool:
    """`X is None`, `not X`, `key not in X`."""
    for node in ast.walk(test):
        if isinstance(node, ast.Compare) and change.name in _names(node):
            return isinstance(node.ops[0], (ast.Is, ast.NotIn, ast.Eq))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not) and change.name in _names(node):
            return True
        if isinstance(node, ast.Constant) and node.value is None:
            return True
    return False


def _returned_early(change: Change, function: Any) -> bool:
    """`if X is not None: return X`, `if key in X: return X[key]` before the change."""
    if change.how not in ("rebinds", "adds"):
        return False
    return any(
        isinstance(node, ast.If)
        and node.lineno < change.node.lineno
        and change.name in _names(node.test)
        and isinstance(node.body[-1], (ast.Return, ast.Raise))
        for node in inner(function.body)
    )


def _names(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def is_meant(change: Change, ctx: Context) -> bool:
    """Whether the name says that it is a register of tasks, metrics or the like, or is a context variable."""
    return _SAFE.search(change.name) is not None
