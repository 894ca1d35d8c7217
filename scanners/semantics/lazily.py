"""What a def does on its first call only: filling what it keeps for later ones."""

import ast
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from scanners.semantics.handlers import inner


@lru_cache(maxsize=4)
def filled_once(function: Any) -> frozenset[int]:
    """The ids of the calls that a def makes only until what it keeps is there.

    Those under `if X is None`, `if not X` where X is set below, and those after `if X is not None: return X`.
    """
    nodes = list(inner(function.body))
    kept_here = _assigned(nodes)
    found: set[int] = set()
    for node in nodes:
        if not isinstance(node, ast.If):
            continue
        asked = _missing(node.test)
        if asked and asked & _assigned(inner([*node.body])):
            found |= {id(call) for stmt in node.body for call in ast.walk(stmt) if isinstance(call, ast.Call)}
        kept = _texts(node.test) - asked
        returned = node.body[-1].value if isinstance(node.body[-1], ast.Return) else None
        if returned is not None and kept & _texts(returned) & kept_here:
            found |= {id(call) for call in nodes if isinstance(call, ast.Call) and call.lineno > node.lineno}
    return frozenset(found)


def _missing(test: ast.expr) -> set[str]:
    """The names and attributes that a condition finds to be None or false."""
    parts = test.values if isinstance(test, ast.BoolOp) else [test]
    found: set[str] = set()
    for part in parts:
        if isinstance(part, ast.Compare) and isinstance(part.ops[0], ast.Is) and _is_none(part.comparators[0]):
            found.add(ast.unparse(part.left))
        elif isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.Not):
            found.add(ast.unparse(part.operand))
    return {text for text in found if _is_kept(text)}


def _assigned(nodes: Iterable[Any]) -> set[str]:
    """What these statements set that lives on after the call: attributes, and globals by their look."""
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Assign):
            found |= {ast.unparse(target) for target in node.targets}
        elif isinstance(node, ast.AnnAssign):
            found.add(ast.unparse(node.target))
    return {text for text in found if _is_kept(text)}


def _is_kept(text: str) -> bool:
    return "." in text or text.startswith("_") or text.isupper()


def _texts(expr: ast.expr) -> set[str]:
    return {ast.unparse(node) for node in ast.walk(expr) if isinstance(node, ast.Name | ast.Attribute)}


def _is_none(expr: ast.expr) -> bool:
    return isinstance(expr, ast.Constant) and expr.value is None
