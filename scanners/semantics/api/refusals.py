"""Where a def turns a caller away: it refuses with a status or an error, sends to the login, or asks what refuses."""

import ast
import re
from collections.abc import Iterator
from typing import Any, Final

from scanners.regex import regex
from scanners.semantics.api.guardnames import guarding
from scanners.syntax import descendants, last_name, unparse

_REFUSES: Final = regex(
    r"forbidden|unauthori[sz]ed|permission_?denied|access_?denied|not_?allowed|not_?auth(enticated|ori[sz]ed)"
    r"|(?<![0-9])40[13](?![0-9])|login_?required",
    re.IGNORECASE,
)
_OTHER: Final = regex(r"method_?not_?allowed", re.IGNORECASE)
_LOGIN: Final = regex(r"log_?in|sign_?in|unauthori[sz]ed", re.IGNORECASE)
_INSISTS: Final = regex(r"^_?(check|require|verify|ensure|authori[sz]e|assert|enforce)")
_CALLER: Final = regex(r"\b(user|current_user|session|principal|identity|account|current_account)\b")
_LEAVES: Final = regex(r"(^|\.)(abort|redirect\w*|HttpResponseRedirect|RedirectResponse|Http404|HTTPNotFound)$")


def turns_away(node: Any) -> bool:
    """Whether the body of a def refuses somebody, beyond looking at who calls."""
    return any(_turned(part) for stmt in node.body for part in descendants(stmt, *_TURNING))


_TURNING: Final = (ast.Raise, ast.Return, ast.Expr, ast.If)


def passes_all(node: Any) -> bool:
    """Whether a middleware or a hook hands on whatever comes: it raises nothing and answers nothing of its own."""
    kept = (ast.Name, ast.Await)
    parts = list(descendants(node, ast.Raise, ast.Return))
    returned = [part.value for part in parts if isinstance(part, ast.Return)]
    raises = any(isinstance(part, ast.Raise) and part.exc is not None for part in parts)
    return not raises and not turns_away(node) and all(value is None or isinstance(value, kept) for value in returned)


def compares_paths(node: ast.AST) -> bool:
    """Whether code lets some paths through: it compares the path of a request, or looks how it begins."""
    for part in descendants(node, ast.Compare, ast.Call):
        tested = part.func if isinstance(part, ast.Call) else part
        if isinstance(part, ast.Call) and last_name(part.func) not in ("startswith", "endswith", "match", "search"):
            continue
        sides = [tested, *part.args] if isinstance(part, ast.Call) else [tested]
        if any(re.search(r"\b(path|path_info|url_rule|endpoint|view_name)\b", unparse(side)) for side in sides):
            return True
    return False


def _turned(part: ast.AST) -> bool:
    if isinstance(part, ast.Raise):
        return part.exc is not None and _is_refusal(part.exc)
    if isinstance(part, ast.Return):
        return isinstance(part.value, (ast.Call, ast.Tuple)) and _is_refusal(part.value)
    if isinstance(part, ast.Expr):
        return _insists(part.value)
    return _tests_caller(part) if isinstance(part, ast.If) else False


def _is_refusal(value: ast.expr) -> bool:
    text = _OTHER.sub("", unparse(value)[:400])
    return bool(_REFUSES.search(text))


def _insists(value: ast.expr) -> bool:
    """Whether a statement calls what can do nothing but refuse: `abort(403)`, `check_access(user)`."""
    call = value.value if isinstance(value, ast.Await) else value
    if not isinstance(call, ast.Call):
        return False
    last = last_name(call.func)
    return (last == "abort" and _is_refusal(call)) or (guarding(last) and bool(_INSISTS.search(last)))


def _tests_caller(part: ast.If) -> bool:
    """Whether a condition on the caller has a branch that leaves: to the login, with an error, to nowhere."""
    if not (_CALLER.search(unparse(part.test)) or guarding(unparse(part.test))):
        return False
    away = part.body if _negative(part.test) else part.orelse
    if any(_LOGIN.search(unparse(each)) for each in _sent(part.body)):
        return True
    return any(isinstance(stmt, ast.Raise) for stmt in away) or any(
        isinstance(each, ast.Call) and _LEAVES.search(unparse(each.func)) for each in _sent(away)
    )


def _negative(test: ast.expr) -> bool:
    parts = test.values if isinstance(test, ast.BoolOp) else [test]
    return any(
        (isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.Not))
        or (isinstance(part, ast.Compare) and isinstance(part.ops[0], (ast.NotEq, ast.Is, ast.NotIn)))
        for part in parts
    )


def _sent(stmts: list[ast.stmt]) -> Iterator[ast.expr]:
    """What statements give back or call: the expressions that may leave."""
    for stmt in stmts:
        value = stmt.value if isinstance(stmt, (ast.Return, ast.Expr)) else None
        if isinstance(value, ast.Call):
            yield value
