"""How long a loop or a task waits before it tries again: always as long, longer each time, with jitter."""

import ast
import re
from collections.abc import Iterator
from typing import Any, Final

from scanners.constants import fold
from scanners.facts.jobs import is_task
from scanners.names import find
from scanners.place import Call, Place
from scanners.regex import regex
from scanners.scopes import Binding
from scanners.semantics.timeouts.retries import FIXED, GOOD, NONE, PLAIN
from scanners.syntax import descendants, unparse

_UNTIL: Final = regex(r"deadline|monotonic\(|time\(|\bremaining|\bexpir", re.IGNORECASE)
_HERE: Final = regex(r"://(127\.0\.0\.1|localhost|\[::1\])|['\"](127\.0\.0\.1|localhost|::1)['\"]")
_SHAKEN: Final = regex(r"rand|jitter|uniform|gauss|retry.?after", re.IGNORECASE)
"""What is drawn, or what the peer asks for."""
_WORKED_OUT: Final = regex(r"backoff|next", re.IGNORECASE)
"""What a name says to be worked out elsewhere."""
_POWERS: Final = ("**", "pow(", "<<", "request.retries")
_ROUNDING: Final = frozenset({"min", "max", "int", "float", "round"})
_CHANGES: Final = (ast.Assign, ast.AugAssign, ast.AnnAssign)


def wait_of(sleeps: list[ast.Call], place: Place[Any]) -> str:
    """How a loop waits between its attempts."""
    return _together([sleep.args[0] for sleep in sleeps if sleep.args], place) if sleeps else NONE


def looks_out(loop: ast.While) -> bool:
    """Whether a loop waits until something has come up, and gives up after a time, or asks this machine alone."""
    return bool(_UNTIL.search(unparse(loop.test))) or bool(_HERE.search(unparse(loop)))


def of_decorator(words: dict[Any, ast.expr], place: Place[Any]) -> str:
    """How Celery waits: 180 seconds each time unless `retry_backoff` is on, which has jitter unless that is off."""
    backoff = words.get("retry_backoff")
    if backoff is None or fold(backoff, place.scope) in (False, 0, None):
        return FIXED
    jitter = words.get("retry_jitter")
    return PLAIN if jitter is not None and fold(jitter, place.scope) is False else GOOD


def of_task(call: Call) -> str:
    """How `self.retry(...)` waits in a bound task of Celery: as its countdown says, else 180 s. Empty elsewhere."""
    decorators = [made for made in getattr(call.function, "decorator_list", ()) if isinstance(made, ast.Call)]
    task = next((made for made in decorators if is_task(made.func, call)), None)
    if task is None or not isinstance(call.receiver, ast.Name) or call.receiver.id != "self":
        return ""
    tries = call.keyword("max_retries") or call.keyword("max_retries", of=task)
    if call.keyword("eta") is not None or (tries is not None and fold(tries, call.scope) in (0, 1, 2)):
        return GOOD
    pause = call.keyword("countdown")
    return FIXED if pause is None else _together([pause], call)


def _together(pauses: list[ast.expr], place: Place[Any]) -> str:
    kinds = {_kind(pause, place) for pause in pauses}
    if GOOD in kinds or not kinds:
        return GOOD
    return PLAIN if PLAIN in kinds else FIXED


def _kind(pause: ast.expr, place: Place[Any]) -> str:
    if isinstance(fold(pause, place.scope), (int, float)):
        return FIXED
    leaves = _leaves(pause)
    bound = [binding for leaf in leaves for binding in _bound(leaf, place)]
    said = " ".join(unparse(part) for part in (pause, *(b.value for b in bound if b.kind in ("assign", "augmented"))))
    if _SHAKEN.search(said):
        return GOOD
    if any(sign in said for sign in _POWERS) or any(_grows(leaf, place) for leaf in leaves):
        return PLAIN
    if _WORKED_OUT.search(said):
        return GOOD
    return FIXED if leaves and all(_is_held(leaf, place) for leaf in leaves) else GOOD


def _leaves(pause: ast.expr) -> list[ast.AST]:
    """The names, chains of attributes and calls that a pause is worked out from; rounding functions aside."""
    found = [node for node in descendants(pause) if isinstance(node, (ast.Name, ast.Attribute, ast.Call))]
    parts = {id(node.func if isinstance(node, ast.Call) else getattr(node, "value", None)) for node in found}
    return [node for node in found if id(node) not in parts and not _rounds(node)]


def _rounds(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") in _ROUNDING


def _bound(leaf: ast.AST, place: Place[Any]) -> list[Binding]:
    found = find(leaf.id, place.scope) if isinstance(leaf, ast.Name) else None
    return found[0] if found is not None else []


def _grows(leaf: ast.AST, place: Place[Any]) -> bool:
    """Whether a leaf counts the attempts, or is set anew from what it was."""
    if any(binding.kind == "for" and _counts(binding.value) for binding in _bound(leaf, place)):
        return True
    return any(isinstance(stmt, ast.AugAssign) or _mentions(stmt.value, unparse(leaf)) for stmt in _set(leaf, place))


def _counts(source: Any) -> bool:
    return isinstance(source, ast.Call) and getattr(source.func, "id", "") in ("range", "count", "enumerate")


def _mentions(value: ast.expr | None, said: str) -> bool:
    return value is not None and any(unparse(node) == said for node in descendants(value, ast.Name, ast.Attribute))


def _set(leaf: ast.AST, place: Place[Any]) -> Iterator[Any]:
    """The statements of the def that give a leaf another value."""
    said = unparse(leaf)
    for stmt in descendants(place.function or place.node, *_CHANGES):
        if any(unparse(target) == said for target in getattr(stmt, "targets", None) or [stmt.target]):
            yield stmt


def _is_held(leaf: ast.AST, place: Place[Any]) -> bool:
    """Whether a leaf is a parameter, an import or an attribute that the def leaves as it is."""
    if isinstance(leaf, ast.Name):
        kept = [binding.kind for binding in _bound(leaf, place)] in (["param"], ["import"])
    else:
        kept = isinstance(leaf, ast.Attribute) and isinstance(leaf.value, ast.Name)
    return kept and not any(_set(leaf, place))
