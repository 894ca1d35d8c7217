"""Queries of Django's ORM that run where they are written, and the calls of single statements."""

import ast
from typing import Final

from scanners.regex import regex

_RUNS: Final = frozenset(
    "get create first last exists count update delete get_or_create update_or_create bulk_create bulk_update aggregate "
    "in_bulk earliest latest iterator".split()
)
_MODEL: Final = regex(r"[A-Z][a-z]\w*")


def django_query(node: ast.Call) -> str:
    """The manager chain of a Django query that runs at once (`Order.objects.get`), else ""."""
    func = node.func
    if not isinstance(func, ast.Attribute) or func.attr not in _RUNS:
        return ""
    base: ast.expr = func.value
    while isinstance(base, (ast.Call, ast.Attribute, ast.Subscript)):
        if isinstance(base, ast.Attribute) and base.attr == "objects":
            owner = base.value.attr if isinstance(base.value, ast.Attribute) else getattr(base.value, "id", "")
            return f"{owner}.objects...{func.attr}" if _MODEL.match(owner) else ""
        base = base.func if isinstance(base, ast.Call) else base.value
    return ""


def own_calls(stmt: ast.stmt) -> list[ast.Call]:
    """The calls of a statement itself, those of its suites and of lambdas left out."""
    found: list[ast.Call] = []
    stack: list[ast.AST] = [stmt]
    while stack:
        for child in ast.iter_child_nodes(stack.pop()):
            if not isinstance(child, (ast.stmt, ast.ExceptHandler, ast.Lambda)):
                stack.append(child)
                if isinstance(child, ast.Call):
                    found.append(child)
    return found
