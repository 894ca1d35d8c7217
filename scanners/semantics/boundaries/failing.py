"""What becomes of the failure of a call: what the nearest except clause that takes it does."""

import ast
import re
from typing import Any, Final

from scanners.context import Context
from scanners.regex import regex
from scanners.scopes import Scope
from scanners.semantics.boundaries.surroundings import TRIES, enclosing, place_in
from scanners.semantics.handlers import Reaction, caught, inner, reaction
from scanners.syntax import last_name, unparse

RAISES: Final = "raises"
_OTHER: Final = frozenset(
    "KeyError ValueError TypeError AttributeError IndexError JSONDecodeError UnicodeDecodeError UnicodeError "
    "ImportError ModuleNotFoundError StopIteration AssertionError DoesNotExist ObjectDoesNotExist ValidationError "
    "CancelledError NotImplementedError IntegrityError LookupError NameError GeneratorExit KeyboardInterrupt "
    "SystemExit ZeroDivisionError MultipleObjectsReturned NoResultFound InvalidURL MissingSchema UniqueViolation "
    "NoReverseMatch".split()
)
"""What a broken peer does not raise."""

_BREAKERS: Final = regex(
    r"(^|\.)(pybreaker|circuitbreaker|aiobreaker|purgatory|pycircuitbreaker)(\.|$)|circuit_?breaker$|\bbreaker\b",
    re.IGNORECASE,
)
_STALE: Final = regex(r"cache|stale|last_known|previous", re.IGNORECASE)
_ANSWERS: Final = regex(r"Response$|^jsonify$|^render|^redirect$|^make_response$|^abort$")


def becomes(node: ast.AST, function: Any, scope: Scope, ctx: Context) -> str:
    """What is done about the failure of a call in a def, in a few words; `raises` where nobody takes it."""
    for each in enclosing(node, function, *TRIES):
        for handler in each.handlers:
            if _takes(handler, scope):
                return _done(handler, reaction(handler, place_in(each, scope, ctx), ctx))
    if any(_BREAKERS.search(_called(decorator, scope, ctx)) for decorator in function.decorator_list):
        return "breaker"
    return _in_suppress(node, function) or RAISES


def _called(decorator: ast.expr, scope: Scope, ctx: Context) -> str:
    func = decorator.func if isinstance(decorator, ast.Call) else decorator
    ref = ctx.resolve(func, scope.parent or scope)
    return ref.dotted if ref is not None else unparse(func)


def _takes(handler: ast.ExceptHandler, scope: Scope) -> bool:
    """Whether a clause may take what a failing peer raises."""
    types = caught(handler.type, scope)
    return not types or any(last_name(each) not in _OTHER for each in types)


def _in_suppress(node: ast.AST, function: Any) -> str:
    for each in enclosing(node, function, ast.With, ast.AsyncWith):
        for item in each.items:
            call = item.context_expr
            named = isinstance(call, ast.Call) and last_name(call.func) == "suppress"
            if named and any(last_name(arg) not in _OTHER for arg in call.args):
                return "swallowed"
    return ""


def _done(handler: ast.ExceptHandler, found: Reaction) -> str:
    last = handler.body[-1]
    raised = list(inner(handler.body, ast.Raise))
    if any(last_name(node.func) == "retry" for node in inner(handler.body, ast.Call)):
        return "task retried"
    if isinstance(last, ast.Raise):
        return _raised(last, handler)
    if raised:
        return f"{_raised(raised[0], handler)}, or goes on"
    told = (
        "logged" if found.told else found.whispers or ("kept" if found.kept or found.described or found.doubt else "")
    )
    end = _end(last, handler)
    if not told:
        return "swallowed" if end == "goes on" else f"{end}, not logged"
    return "ends the program" if found.raises and not isinstance(last, ast.Return) else f"{told}, {end}"


def _raised(stmt: ast.Raise, handler: ast.ExceptHandler) -> str:
    exc = stmt.exc
    if exc is None or (isinstance(exc, ast.Name) and exc.id == handler.name):
        return "re-raised"
    name = last_name(exc.func if isinstance(exc, ast.Call) else exc)
    return f"wrapped in {name}" if name else "wrapped"


def _end(last: ast.stmt, handler: ast.ExceptHandler) -> str:
    if not isinstance(last, ast.Return):
        return "goes on"
    value = last.value
    if isinstance(value, ast.Call) and _ANSWERS.search(last_name(value.func)):
        return "error answered"
    if value is not None and _STALE.search(unparse(value)):
        return "stale value returned"
    return "default returned"
