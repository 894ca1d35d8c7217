"""How the message of a log call is put together."""

import ast
from typing import Final

from scanners.constants import UNKNOWN, fold
from scanners.names import find
from scanners.place import Call
from scanners.scopes import Scope
from scanners.syntax import descendants

_TRANSLATES: Final = frozenset({"_", "gettext", "ugettext", "gettext_lazy", "ngettext"})


def written_for(message: ast.Name, call: Call) -> ast.expr:
    """What a variable holds that is given a value once, and read by nothing but this call; else the variable itself."""
    bindings, scope = find(message.id, call.scope) or ([], call.scope)
    if len(bindings) != 1 or bindings[0].kind != "assign" or scope is not call.scope or call.function is None:
        return message
    value = bindings[0].value
    if not isinstance(value, (ast.JoinedStr, ast.BinOp, ast.Call)):
        return message
    reads = [node for node in descendants(call.function, ast.Name) if node.id == message.id]
    return value if len(reads) == 2 else message


def put_together(message: ast.expr, scope: Scope) -> str:
    """How a message with something variable in it is built; empty when it is not."""
    if isinstance(message, ast.JoinedStr):
        fields = [part for part in message.values if isinstance(part, ast.FormattedValue)]
        return "The f-string" if any(not isinstance(part.value, ast.Constant) for part in fields) else ""
    if isinstance(message, ast.BinOp) and _holds_text(message, scope):
        return "The `%`" if isinstance(message.op, ast.Mod) else "The `+`"
    if isinstance(message, ast.Call) and isinstance(message.func, ast.Attribute) and message.func.attr == "format":
        return "format()" if (message.args or message.keywords) and _is_text(message.func.value, scope) else ""
    return ""


def _is_text(expr: ast.expr, scope: Scope) -> bool:
    """Whether it is written out, a constant text of the file, or one that is translated."""
    if isinstance(expr, ast.Call):
        return getattr(expr.func, "attr", getattr(expr.func, "id", "")) in _TRANSLATES
    return isinstance(expr, (ast.Constant, ast.JoinedStr)) or isinstance(fold(expr, scope), str)


def _holds_text(message: ast.BinOp, scope: Scope) -> bool:
    if isinstance(message.op, ast.Mod):
        return not isinstance(message.right, ast.Constant) and _is_text(message.left, scope)
    if not isinstance(message.op, ast.Add):
        return False
    return any(
        isinstance(side, ast.JoinedStr)
        or (isinstance(side, ast.Constant) and isinstance(side.value, str))
        or (isinstance(side, ast.BinOp) and _holds_text(side, scope))
        for side in (message.left, message.right)
    )


def is_one_of_few(expr: ast.expr, scope: Scope, depth: int = 0) -> bool:
    """Whether an expression is a fixed text, or put together from choices between such."""
    if depth > 4 or fold(expr, scope) is not UNKNOWN:
        return depth <= 4
    parts: list[ast.expr] = []
    if isinstance(expr, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.FormattedValue) else part for part in expr.values]
    elif isinstance(expr, ast.IfExp):
        parts = [expr.body, expr.orelse]
    elif isinstance(expr, ast.BinOp) and isinstance(expr.op, ast.Add):
        parts = [expr.left, expr.right]
    elif isinstance(expr, ast.Name):
        bindings, scope = find(expr.id, scope) or ([], scope)
        parts = [bound.value for bound in bindings if bound.kind == "assign" and isinstance(bound.value, ast.IfExp)]
        parts = parts if len(bindings) == 1 else []
    return bool(parts) and all(is_one_of_few(part, scope, depth + 1) for part in parts)
