"""Values that are fixed in the text of a file."""

import ast
from typing import Any, Final

from scanners.names import find
from scanners.scopes import Scope


class _Unknown:
    """The value of an expression that is not fixed in the file. It is false, and equal to nothing but itself."""

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = _Unknown()
_DEPTH = 8
_LONGEST = 10_000  # Characters: longer texts are data, and folding them again and again costs quadratic time.


def fold(expr: ast.AST, scope: Scope, depth: int = 0) -> Any:
    """The value of a literal, of a name bound once to one in sight, or of texts joined from such; else UNKNOWN."""
    if depth > _DEPTH:
        return UNKNOWN
    if isinstance(expr, ast.Constant):
        return expr.value
    if isinstance(expr, ast.Name):
        return _named(expr.id, scope, depth)
    if isinstance(expr, ast.JoinedStr):
        return _joined([_piece(part, scope, depth) for part in expr.values])
    if isinstance(expr, (ast.Tuple, ast.List, ast.Set)):
        values = [fold(item, scope, depth + 1) for item in expr.elts]
        return UNKNOWN if any(value is UNKNOWN for value in values) else tuple(values)
    if isinstance(expr, ast.UnaryOp):
        return _unary(expr, scope, depth)
    if isinstance(expr, ast.BinOp):
        return _binary(expr, scope, depth)
    return UNKNOWN


def _piece(part: ast.expr, scope: Scope, depth: int) -> Any:
    return fold(part.value if isinstance(part, ast.FormattedValue) else part, scope, depth + 1)


def _joined(parts: list[Any]) -> Any:
    if any(part is UNKNOWN for part in parts) or sum(len(str(part)) for part in parts) > _LONGEST:
        return UNKNOWN
    return "".join(str(part) for part in parts)


def _unary(expr: ast.UnaryOp, scope: Scope, depth: int) -> Any:
    value = fold(expr.operand, scope, depth + 1)
    if isinstance(expr.op, ast.USub) and isinstance(value, (int, float)):
        return -value
    if isinstance(expr.op, ast.Not) and value is not UNKNOWN:
        return not value
    return UNKNOWN


def _binary(expr: ast.BinOp, scope: Scope, depth: int) -> Any:
    left, right = fold(expr.left, scope, depth + 1), fold(expr.right, scope, depth + 1)
    if isinstance(left, str) and isinstance(right, str) and isinstance(expr.op, ast.Add):
        return _joined([left, right])
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        return _arithmetic(expr.op, left, right)
    return UNKNOWN


def _arithmetic(operator: ast.operator, left: float, right: float) -> Any:
    if isinstance(operator, ast.Add):
        return left + right
    if isinstance(operator, ast.Sub):
        return left - right
    if isinstance(operator, ast.Mult):
        return left * right
    return UNKNOWN


def _named(name: str, scope: Scope, depth: int) -> Any:
    found = find(name, scope)
    if found is None:
        return UNKNOWN
    bindings, holder = found
    if len(bindings) != 1 or bindings[0].kind != "assign":
        return UNKNOWN
    return fold(bindings[0].value, holder, depth + 1)
