"""Loops over containers: what they go over, and which changes in their bodies disturb them."""

import ast
from typing import Final

from scanners.finding import Confidence
from scanners.semantics.containers import SHRINKING, Change, spelled
from scanners.semantics.handlers import inner

_VIEWS: Final = frozenset({"items", "keys", "values"})
SAFE: Final = frozenset({"os.environ"})  # Python 3.14: iterating it goes over a list of its keys.


def iterated(expr: ast.expr) -> tuple[ast.expr | None, bool]:
    """The container that a loop goes over, and whether it goes over its indexes."""
    if isinstance(expr, ast.Call):
        name = expr.func.id if isinstance(expr.func, ast.Name) else ""
        if is_view(expr):
            return expr.func.value, False  # type: ignore[attr-defined]  # is_method says so
        if name == "enumerate" and expr.args:
            return iterated(expr.args[0])
        if name == "range" and len(expr.args) == 1 and isinstance(expr.args[0], ast.Call):
            measured = expr.args[0]
            if isinstance(measured.func, ast.Name) and measured.func.id == "len" and len(measured.args) == 1:
                return (measured.args[0], True) if spelled(measured.args[0]) else (None, False)
        return None, False
    return (expr, False) if spelled(expr) else (None, False)


def is_view(expr: ast.expr) -> bool:
    """Whether an expression is a view of a dict: `x.items()`."""
    is_method = isinstance(expr, ast.Call) and isinstance(expr.func, ast.Attribute) and not expr.args
    return is_method and expr.func.attr in _VIEWS and bool(spelled(expr.func.value))  # type: ignore[attr-defined]  # is_method says so


def bound_again(loop: ast.For, text: str) -> bool:
    """Whether the body gives the name, or what it hangs on, another value: then the loop keeps the old object."""
    stores = [spelled(node) for node in inner(loop.body, ast.Name, ast.Attribute) if type(node.ctx) is ast.Store]
    bound = [spelled(node) for node in inner([loop.target], ast.Name)]
    return any(text == name or text.startswith(f"{name}.") for name in (*stores, *bound) if name)


def by_index_fault(change: Change, loop: ast.For) -> Confidence | None:
    """How sure it is that a change by index disturbs a loop over the indexes; None when it does not."""
    is_index = isinstance(change.key, ast.Name) and spelled(loop.target) == change.key.id
    return Confidence.MEDIUM if change.how in ("del", "pop") and is_index else None


def fault(change: Change, kind: str, loop: ast.For, text: str) -> Confidence | None:
    """How sure it is that a change disturbs the loop; None when it does not."""
    how = change.how
    if how == "augment" or (how == "set" and kind in ("list", "set")) or text in ("self", "cls"):
        return None
    if how == "set":
        return _new_key(change.key, loop) if kind == "dict" else None
    if how in ("append", "appendleft", "extend"):
        return Confidence.LOW if kind == "list" else None
    if how in ("update", "setdefault"):
        return Confidence.LOW if kind == "dict" else Confidence.HIGH if kind == "set" and how == "update" else None
    if how == "del" or how in SHRINKING:
        if kind == "dict" and how in ("remove", "discard", "popleft"):
            return None
        return Confidence.HIGH if kind or how in ("remove", "discard") else Confidence.MEDIUM
    return Confidence.HIGH if kind == "set" or (kind == "list" and how == "insert") else None


def _new_key(key: ast.expr | None, loop: ast.For) -> Confidence | None:
    """A key that is made from the loop's own is likely a new one."""
    target = loop.target.elts[0] if isinstance(loop.target, ast.Tuple) and loop.target.elts else loop.target
    if key is None or isinstance(key, (ast.Name, ast.Constant)) or not isinstance(target, ast.Name):
        return None
    is_made = isinstance(key, (ast.Call, ast.BinOp, ast.JoinedStr))
    uses = any(isinstance(node, ast.Name) and node.id == target.id for node in inner([key]))
    return Confidence.MEDIUM if is_made and uses else None
