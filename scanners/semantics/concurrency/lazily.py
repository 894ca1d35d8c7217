"""What a def does on its first call only: filling what it keeps for later ones."""

import ast
import re
from functools import lru_cache
from typing import Any, Final

from scanners.regex import regex
from scanners.semantics.handlers import inner
from scanners.syntax import descendants, unparse

_SETTABLE: Final = frozenset({ast.Name, ast.Attribute, ast.Subscript})
_EXPIRES: Final = regex(r"expir|stale|outdated|too_old|needs_|should_|due|fresh|valid", re.IGNORECASE)


@lru_cache(maxsize=4)
def filled_once(function: Any) -> frozenset[int]:
    """The ids of the calls that a def makes only until what it keeps is there.

    Those under `if X is None`, `if not X` where X is set below, and those after `if X is not None: return X`.
    """
    found: set[int] = set()
    for node in inner(function.body, ast.If):
        asked = _missing(node.test)
        if asked and asked & _assigned(node.body):
            found |= {id(call) for stmt in node.body for call in descendants(stmt, ast.Call)}
        returned = node.body[-1].value if isinstance(node.body[-1], ast.Return) else None
        kept = _kept(returned) - asked if returned is not None else set()
        if kept and kept & _kept(node.test) & _assigned(function.body) and not _turns(node.test):
            found |= {id(call) for call in inner(function.body, ast.Call) if call.lineno > node.lineno}
    return frozenset(found)


def _missing(test: ast.expr) -> set[str]:
    """The names and attributes that a condition finds to be None or false; none where it also comes true with time."""
    whole = isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or)
    found: set[str] = set()
    for part in test.values if isinstance(test, ast.BoolOp) else [test]:
        if isinstance(part, ast.Compare):
            asked = part.left if isinstance(part.ops[0], ast.Is) and _is_none(part.comparators[0]) else None
        else:
            asked = part.operand if isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.Not) else None
        if asked is not None and type(asked) in _SETTABLE and _is_kept(text := unparse(asked)):
            found.add(text)
    return set() if found and whole and _turns(test) else found


def _turns(test: ast.expr) -> bool:
    """Whether a condition changes by itself as time goes by: it compares sizes, or asks whether something is old."""
    for part in test.values if isinstance(test, ast.BoolOp) else [test]:
        if isinstance(part, ast.Compare) and any(isinstance(op, (ast.Lt, ast.LtE, ast.Gt, ast.GtE)) for op in part.ops):
            return True
        if isinstance(part, ast.Call) and _EXPIRES.search(unparse(part)):
            return True
    return False


def _assigned(stmts: list[Any]) -> set[str]:
    """What these statements set that lives on after the call: attributes, and globals by their look."""
    nodes = inner(stmts, ast.Assign, ast.AnnAssign)
    targets = [target for node in nodes for target in (node.targets if type(node) is ast.Assign else [node.target])]
    return {text for target in targets if type(target) in _SETTABLE and _is_kept(text := unparse(target))}


def _is_kept(text: str) -> bool:
    return "." in text or text.startswith("_") or text.isupper()


def _kept(expr: ast.expr) -> set[str]:
    """The names and attributes in an expression that live on after the call."""
    return {text for node in descendants(expr, ast.Name, ast.Attribute) if _is_kept(text := unparse(node))}


def _is_none(expr: ast.expr) -> bool:
    return isinstance(expr, ast.Constant) and expr.value is None
