"""Assertions that hold whatever the code does: always true, about nothing, or never reached."""

import ast
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from scanners.constants import UNKNOWN, fold
from scanners.finding import Confidence
from scanners.place import Call, Place
from scanners.regex import regex
from scanners.semantics.tests.testcode import last_name
from scanners.syntax import descendants, unparse

Empty = tuple[str, Confidence]
"""What is wrong, and how sure that is."""

MOCKS: Final = frozenset(
    f"{module}.{name}"
    for module in ("unittest.mock", "mock")
    for name in ("Mock", "MagicMock", "AsyncMock", "NonCallableMock", "NonCallableMagicMock")
)
_MOCK_ROOTS: Final = tuple(sorted(MOCKS))
_KEPT: Final = frozenset(
    "called call_count call_args call_args_list mock_calls method_calls return_value side_effect await_count "
    "await_args await_args_list".split()
)
_MISSPELT: Final = regex(
    r"^(called_(once|with|once_with)|not_called|has_calls|any_call|called_once_with|assert_called_one|asert_\w+|assert_calledd?_\w*once_wit)$"
)
_UNCALLED: Final = regex(
    r"^(assert_(called|called_once|called_with|called_once_with|any_call|has_calls|not_called|awaited|awaited_once|not_awaited|"
    r"awaited_with|awaited_once_with))$"
)
_SAMENESS: Final = regex(
    r"eq|hash|compar|same|identi|reflex|nan|ordering|singleton|cache|less|great|_lt|_gt|cmp", re.IGNORECASE
)
_TAKEN: Final = ("AssertionError", "BaseException", "failureException")
_TRUE: Final = frozenset({ast.JoinedStr, ast.GeneratorExp, ast.Lambda})
_DISPLAYS: Final = frozenset({ast.List, ast.Dict, ast.Set})
_SAME: Final = frozenset({ast.Eq, ast.Is, ast.GtE, ast.LtE})
_NAMED: Final = frozenset({ast.Name, ast.Attribute, ast.Subscript})
_TRUTHS: Final = ("assertTrue", "assertFalse", "failUnless", "failIf", "assert_")
_PAIRS: Final = ("assertEqual", "assertEquals", "assertIs", "assertAlmostEqual", "assertDictEqual", "assertListEqual")


def of_assert(test: Any, place: Place[Any]) -> Empty | None:
    """What makes an `assert` of this condition empty, or None."""
    if type(test) is ast.Tuple and test.elts:
        return "A tuple is always true: write `assert condition, message` without the parentheses.", Confidence.HIGH
    return of_truth(test, place) or _swallowed(place)


def _swallowed(place: Place[Any]) -> Empty | None:
    """An assertion whose failure is caught, and let go: the test goes on as if it had held."""
    for block in place.within("try"):
        for handler in block.node.handlers:
            named = "" if handler.type is None else unparse(handler.type)
            silent = all(type(stmt) is ast.Pass for stmt in handler.body) and not any(place.within("for", "while"))
            if silent and (not named or any(word in named for word in _TAKEN)):
                return "The `except` below takes the error of this assertion, and the test passes.", Confidence.HIGH
    return None


def of_truth(test: Any, place: Place[Any]) -> Empty | None:
    """What makes a condition true whatever the code does."""
    kind = type(test)
    if kind is ast.Compare:
        if _is_any_length(test):
            return f"`{_short(test)}` is always true: no length is below zero.", Confidence.HIGH
        alike = type(test.left) is type(test.comparators[0]) and len(test.ops) == 1
        return of_pair(test.left, test.comparators[0], place, test.ops[0]) if alike else None
    if kind is ast.Call or kind is ast.Attribute:
        return _of_mock(test, place)
    if kind in _TRUE:
        return f"`{_short(test)}` is true whatever it holds.", Confidence.HIGH
    if kind is ast.Constant and test.value:
        return f"`{_short(test)}` is always true.", Confidence.HIGH
    if kind in _DISPLAYS and descends(test):
        return f"`{_short(test)}` is not empty, so it is always true.", Confidence.HIGH
    if kind is ast.BoolOp and type(test.op) is ast.Or and any(map(_always, test.values)):
        return f"`{_short(test)}` is always true: one side of `or` is a fixed value.", Confidence.HIGH
    return None


def _is_any_length(test: ast.Compare) -> bool:
    """Whether it is `len(x) >= 0`, or the same the other way round."""
    left, right = test.left, test.comparators[0]
    if isinstance(test.ops[0], ast.LtE):
        left, right = right, left
    elif not isinstance(test.ops[0], ast.GtE):
        return False
    zero = isinstance(right, ast.Constant) and right.value == 0 and not isinstance(right.value, bool)
    return zero and len(test.ops) == 1 and isinstance(left, ast.Call) and getattr(left.func, "id", "") == "len"


def descends(test: Any) -> bool:
    """Whether a display holds anything."""
    return bool(getattr(test, "elts", None) or getattr(test, "keys", None))


def _always(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and isinstance(value.value, (str, int)) and bool(value.value)


def of_pair(left: ast.expr, right: ast.expr, place: Place[Any], operator: ast.cmpop | None = None) -> Empty | None:
    """Whether both sides are the same name or two fixed values, so that nothing of the code is compared."""
    kind = type(left)
    if kind is not type(right) or (operator is not None and type(operator) not in _SAME):
        return None
    if kind is ast.Constant and left.value == right.value:  # type: ignore[attr-defined] # Both are, as their type says.
        return f"Two fixed values are compared: `{_short(left)}` with `{_short(right)}`.", Confidence.HIGH
    if kind not in _NAMED or last_name(left) != last_name(right) or unparse(left) != unparse(right):
        return None
    if _SAMENESS.search(place.qualname):
        return None
    if isinstance(left, ast.Name):
        return f"`{_short(left)}` is compared with itself.", Confidence.HIGH
    if not _calls(left):
        sure = Confidence.MEDIUM if operator is None or isinstance(operator, ast.Eq) else Confidence.LOW
        return f"`{_short(left)}` is compared with itself.", sure
    return None


def _calls(expr: ast.AST) -> bool:
    return any(isinstance(node, (ast.Call, ast.Await, ast.Yield)) for node in descendants(expr))


def _of_mock(test: Any, place: Place[Any]) -> Empty | None:
    """An attribute of a mock, or a call of a method that only sounds like an assertion, is a mock: always true."""
    inner = test.func if type(test) is ast.Call else test
    if type(inner) is not ast.Attribute:
        return None
    if _is_misspelt(inner.attr) and _is_mock(inner.value, place):
        return f"`{_short(inner)}` is no assertion of a mock: it makes a new mock, which is true.", Confidence.HIGH
    if inner is not test or inner.attr in _KEPT or inner.attr.startswith("_"):
        return None
    origin = _mock_of(inner.value, place)
    if origin is None or origin.args or any(word.arg != "name" for word in origin.keywords) or _is_set(inner, place):
        return None
    sure = Confidence.LOW if _is_given(inner, place) else Confidence.MEDIUM  # Who is given the mock may set it.
    return f"`{_short(inner)}` is an attribute of a mock that nothing sets: it is always true.", sure


@lru_cache(maxsize=4096)
def _is_misspelt(name: str) -> bool:
    return _MISSPELT.match(name) is not None


def _mock_of(expr: ast.expr, place: Place[Any]) -> ast.Call | None:
    ref = place.resolve(expr) if isinstance(expr, ast.Name) else None
    return ref.origin if ref is not None and ref.dotted in MOCKS else None


def _is_mock(expr: ast.expr, place: Place[Any]) -> bool:
    ref = place.resolve(expr)
    return (ref is not None and ref.dotted.startswith(_MOCK_ROOTS)) or "mock" in unparse(expr).lower()


def _is_set(attribute: ast.Attribute, place: Place[Any]) -> bool:
    """Whether the test, or the file around it, gives the attribute a value."""
    return any(
        isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load) and node.attr == attribute.attr
        for node in descendants(place.function or place.scope.module.node)
    )


def _is_given(attribute: ast.Attribute, place: Place[Any]) -> bool:
    """Whether the test hands the mock itself to a call."""
    name = getattr(attribute.value, "id", "")
    return any(
        isinstance(node, ast.Call) and any(getattr(arg, "id", "") == name for arg in node.args)
        for node in descendants(place.function or place.scope.module.node)
    )


def of_call(call: ast.Call, place: Place[Any]) -> Empty | None:
    """What makes a `self.assert...()` empty, or None."""
    return _of_arguments(call, place) or _swallowed(place)


def _of_arguments(call: ast.Call, place: Place[Any]) -> Empty | None:
    name, args = last_name(call), call.args
    if name in _PAIRS and len(args) >= 2:
        return of_pair(args[0], args[1], place)
    if name not in _TRUTHS or not args:
        return None
    if name in ("assertFalse", "failIf"):
        fixed = isinstance(args[0], ast.Constant) and not args[0].value
        return ("The value is fixed: it is always false.", Confidence.HIGH) if fixed else _second(call, place)
    return of_truth(args[0], place) or _second(call, place)


def _second(call: ast.Call, place: Place[Any]) -> Empty | None:
    """A second argument that is no text is taken for the message: the comparison that was meant never happens."""
    if len(call.args) < 2 or isinstance(call.args[0], (ast.Compare, ast.UnaryOp, ast.BoolOp)):
        return None
    second, value = call.args[1], fold(call.args[1], place.scope)
    if isinstance(second, (ast.Constant, ast.List, ast.Dict, ast.Tuple, ast.Set, ast.UnaryOp)):
        if isinstance(value, str) or (isinstance(second, ast.Constant) and isinstance(second.value, str)):
            return None
    elif value is UNKNOWN or isinstance(value, str):
        return None
    meant = "assertEqual" if last_name(call) != "assertFalse" else "assertNotEqual"
    return f"The second argument of `{last_name(call)}` is only a message: use `{meant}`.", Confidence.HIGH


def uncalled(expr: ast.expr) -> str:
    """The name of an assertion of a mock that is named and not called, as a statement of its own."""
    return expr.attr if isinstance(expr, ast.Attribute) and _UNCALLED.match(expr.attr) else ""


def misspelt(expr: ast.Call, place: Place[Any]) -> str:
    """The name of a method that sounds like an assertion of a mock, called for nothing."""
    func = expr.func
    if type(func) is ast.Attribute and _is_misspelt(func.attr) and _is_mock(func.value, place):
        return func.attr
    return ""


def after_raise(item: ast.withitem, body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Assertions in a block that expects an error, after what raises it: they are never reached."""
    caught = getattr(item.optional_vars, "id", "")
    for position, stmt in enumerate(body):
        if position and is_assertion(stmt) and any(_calls(before) for before in body[:position]):
            names = {node.id for node in descendants(stmt) if isinstance(node, ast.Name)}
            if (caught and caught in names) or (isinstance(stmt, ast.Assert) and stmt is body[-1] and not _calls(stmt)):
                yield stmt


def is_assertion(stmt: ast.stmt) -> bool:
    """Whether a statement is an assertion by its name."""
    if type(stmt) is not ast.Expr:
        return type(stmt) is ast.Assert
    return type(stmt.value) is ast.Call and last_name(stmt.value).startswith("assert")


def _short(expr: ast.expr) -> str:
    text = unparse(expr)
    return text if len(text) <= 50 else f"{text[:47]}..."


def is_wide(expr: ast.expr) -> bool:
    """Whether it names all errors."""
    return getattr(expr, "id", "") in ("Exception", "BaseException")


def takes_all(call: Call) -> bool:
    """Whether any error passes, and nobody looks which one it was."""
    args = call.node.args
    if not args or not is_wide(args[0]) or call.resolve(args[0]) is None or call.node.keywords:
        return False
    ref = call.resolve(args[0])
    if ref is None or ref.via != "builtin" or (len(args) > 1 and not call.dropped):
        return False
    item = call.parent()
    named = item.optional_vars if isinstance(item, ast.withitem) else None
    if isinstance(named, ast.Name):
        used = [
            node for node in descendants(call.function or call.scope.module.node) if getattr(node, "id", "") == named.id
        ]
        return len(used) < 2
    return True
