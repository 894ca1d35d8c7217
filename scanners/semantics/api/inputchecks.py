"""What stands between a value of the request and the error that it would raise."""

import ast
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from scanners.context import Context
from scanners.finding import Confidence
from scanners.names import find
from scanners.place import Call, Place
from scanners.regex import regex
from scanners.semantics.owncalls import calls_of, own
from scanners.semantics.requestdata import Taint
from scanners.semantics.routes import frameworks, route_of
from scanners.syntax import descendants, unparse

ABOVE: Final = {
    "ValueError": {"ValueError", "JSONDecodeError", "TypeError", "decode"},
    "KeyError": {"KeyError", "LookupError", "MultiValueDictKeyError"},
    "InvalidOperation": {"InvalidOperation", "DecimalException", "ArithmeticError", "ValueError"},
    "DoesNotExist": {"DoesNotExist", "ObjectDoesNotExist", "MultipleObjectsReturned"},
}  # fmt: skip
_ANY: Final = frozenset({"Exception", "BaseException", ""})
_CHECKS: Final = regex(r"isdigit|isdecimal|isnumeric|fullmatch|\bmatch\(|is_valid|validate|isinstance")
_CHECKERS: Final = regex(
    r"valid|check|schema|load|parse|ensure|require|set$|keys|clean|issubset|serializ|form", re.IGNORECASE
)
_SENT: Final = regex(r"\b(request|req)\b|loads\(|\.json\(")
_DECORATORS: Final = ("django.", "rest_framework.")
_OPEN: Final = regex(r"\b(str|bytes|Any|dict|Dict|object)\b")
_KNOWN: Final = frozenset(
    "IndexError AttributeError OSError ImportError RuntimeError IntegrityError KeyError ValueError TypeError".split()
)


def protected(place: Place[Any], error: str) -> bool:
    """Whether a try around it, in the same def, catches the error; or contextlib.suppress takes it away."""
    for block in place.within("try", "with"):
        if block.kind == "with":
            if "suppress" in " ".join(unparse(item.context_expr) for item in block.node.items):
                return True
        elif _catches(block.node, error, lambda each: place.name(each).rpartition(".")[2]):
            return True
    return False


def _catches(node: Any, error: str, named: Callable[[ast.expr], str]) -> bool:
    """Whether a try catches an error, by its name, one above it, or one that is not known; `named` resolves a name."""
    for handler in node.handlers:
        types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        names = {named(each) or unparse(each).rpartition(".")[2] if each else "" for each in types}
        if names & (ABOVE[error] | _ANY) or any(
            name.endswith(("Error", "Errors", "ERRORS")) and name not in _KNOWN for name in names
        ):
            return True
    return False


def protected_by_callers(place: Place[Any], error: str, ctx: Context) -> bool:
    """Whether the def around it is no handler of its own, and each call of it in the file stands in such a try."""
    calls = calls_of(ctx, getattr(place.function, "name", ""))
    if not calls or route_of(place.function, ctx) is not None:
        return False
    return all(
        any(
            call in descendants(stmt, ast.Call) and _catches(node, error, lambda each: "")
            for node in own(scope.node, ast.Try)
            for stmt in node.body
        )
        for call, scope in calls
    )


def checked(place: Place[Any], found: Taint) -> bool:
    """Whether the handler tests the value by its form before: isdigit, a pattern, a type."""
    argument = place.node.args[0] if isinstance(place.node, ast.Call) and place.node.args else place.node
    named = unparse(argument).partition("[")[0]
    if any(_CHECKS.search(unparse(test)) for test in place.conditions()):
        return True
    return any(
        line <= place.line and (named in text or found.what in text) for line, text in _form_tests(place.function)
    )


@lru_cache(maxsize=2)
def _form_tests(function: ast.AST) -> list[tuple[int, str]]:
    """The conditions of a def that look at the form of something, with their lines."""
    tests = ((node.lineno, unparse(node.test)) for node in descendants(function, ast.If, ast.IfExp))
    return [(line, text) for line, text in tests if _CHECKS.search(text)]


def is_converted(found: Taint, place: Place[Any], ctx: Context) -> bool:
    """Whether the value is a part of the path that the router has checked, or may have in another file."""
    if not isinstance(found.source, ast.arg) and "kwargs" not in found.what:
        return False
    route = route_of(place.function, ctx)
    if "kwargs" in found.what or route is None or route.framework in ("django", "drf", "tornado", "ninja"):
        return True
    annotation = getattr(found.source, "annotation", None)
    return route.framework == "fastapi" and annotation is not None and not _OPEN.search(unparse(annotation))


def path_part(expr: ast.expr, place: Place[Any], ctx: Context) -> Taint | None:
    """The part of the path that a parameter of a handler holds: right by its form, but there may be no such row."""
    route = route_of(place.function, ctx)
    if route is None or route.framework not in ("django", "drf") or not isinstance(expr, ast.Name):
        return None
    args = place.function.args
    arg = next((each for each in (*args.args, *args.kwonlyargs) if each.arg == expr.id), None)
    if arg is None or arg.arg in ("self", "request") or len((find(expr.id, place.scope) or [[]])[0]) != 1:
        return None
    own = any(
        not place.name(getattr(each, "func", each)).startswith(_DECORATORS) for each in place.function.decorator_list
    )
    return Taint(arg, arg.arg, Confidence.LOW if own or not route.sure else Confidence.MEDIUM)


def is_body(container: ast.expr, place: Place[Any]) -> bool:
    """Whether a value is what the caller sent as a whole, and no dict that the handler made of it."""
    text = unparse(container)
    if isinstance(container, ast.Name):
        known = find(container.id, place.scope)
        if known is None:
            return False
        text = " ".join(
            "request" if each.kind == "param" else unparse(each.value)
            for each in known[0]
            if isinstance(each.value, ast.AST)
        )
        simple = all(each.kind in ("param", "assign") for each in known[0])
        return simple and bool(_SENT.search(text)) and "{" not in text
    return bool(_SENT.search(text))


def answers_400(container: ast.expr, place: Place[Any], ctx: Context) -> bool:
    """Whether a missing key is an answer 400 already: Flask's forms, Tornado's arguments; or no mapping at all."""
    text = unparse(container)
    if frameworks(ctx) & {"flask", "quart"}:
        ref = place.resolve(container)
        made = f"{text} {ref.dotted if ref else ''}"
        return bool(re.search(r"\.(args|form|values)\b", made))
    return text.endswith((".body", ".data_raw"))


def has_key(key: str, node: ast.Subscript, place: Place[Any]) -> bool:
    """Whether the def asks for the key or checks the body as a whole before it reads."""
    container, asked = unparse(node.value), _asked_in(place.function)
    if container in asked.checked or asked.first.get(key, node.lineno) < node.lineno:
        return True
    if asked.first_read.get(unparse(node), node.lineno) < node.lineno or unparse(node) in asked.stored:
        return True  # The first read is the one to guard.
    return any(
        repr(key) in text or text.endswith(f" in {container}") or f" in {container}.keys()" in text
        for text in asked.memberships
    )


class _Asked:
    """What a def asks of mappings: for keys and on which line first, for membership, as a whole by some check."""

    def __init__(self, function: ast.AST) -> None:
        self.first: dict[Any, int] = {}
        self.first_read: dict[str, int] = {}
        self.checked: set[str] = set()
        subscripts = descendants(function, ast.Subscript)
        self.stored = {unparse(each) for each in subscripts if isinstance(each.ctx, ast.Store)}
        self.memberships = [
            unparse(each)
            for each in descendants(function, ast.Compare)
            if any(isinstance(op, (ast.In, ast.NotIn)) for op in each.ops)
        ]
        for each in subscripts:
            _note_first(self.first_read, unparse(each), each.lineno)
        for each in descendants(function, ast.Call):
            last = getattr(each.func, "attr", getattr(each.func, "id", ""))
            if last in ("get", "setdefault", "pop", "getlist") and each.args and isinstance(each.args[0], ast.Constant):
                _note_first(self.first, each.args[0].value, each.lineno)
            if _CHECKERS.search(last):
                self.checked.update(unparse(arg) for arg in (*each.args, *(word.value for word in each.keywords)))


_asked_in: Final = lru_cache(maxsize=2)(_Asked)  # Asked for one key of a def after the other.


def _note_first(lines: dict[Any, int], what: Any, line: int) -> None:
    lines[what] = min(line, lines.get(what, line))


def looked_before(call: Call) -> bool:
    """Whether the same def has looked for rows of the model, or made one, before this look."""
    model = unparse(call.receiver) if call.receiver is not None else ""
    return any(
        isinstance(node, ast.Attribute)
        and node.attr in ("exists", "create", "get", "get_or_create", "update_or_create")
        and node.lineno < call.line
        and unparse(node).startswith(f"{model}.")
        for node in (descendants(call.function) if call.function is not None else ())
    )


def may_be_infinite(call: Call) -> bool:
    """Whether a name is given what `float()` makes, and nothing compares it or asks whether it is a finite number."""
    body = list(descendants(call.function))
    named = call.stmt.targets[0] if isinstance(call.stmt, ast.Assign) and call.stmt.value is call.node else None
    if named is None:
        return False
    name = unparse(named)
    words = {getattr(node, "attr", getattr(node, "id", "")) for node in body}
    compared = any(isinstance(node, ast.Compare) and name in unparse(node) for node in body)
    return not compared and not words & {"isfinite", "isnan", "isinf", "min", "max", "clamp"}
