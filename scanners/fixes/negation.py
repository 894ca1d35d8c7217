"""Conditions turned round."""

import ast
from typing import Final

from scanners.syntax import unparse

_OTHER: Final[dict[type[ast.cmpop], str]] = {
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.In: "not in",
    ast.NotIn: "in",
    ast.Is: "is not",
    ast.IsNot: "is",
}


def negated(text: str, test: ast.expr) -> str:
    """The text of the opposite of a condition. Orders are not turned round: what is not less need not be more."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return unparse(test.operand)
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and type(test.ops[0]) in _OTHER:
        return f"{unparse(test.left)} {_OTHER[type(test.ops[0])]} {unparse(test.comparators[0])}"
    return f"not {text}" if isinstance(test, (ast.Name, ast.Attribute, ast.Call, ast.Compare)) else f"not ({text})"
