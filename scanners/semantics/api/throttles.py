"""Answers 429 and 503: where a handler makes them, whether they say when to come back, and whether any time helps."""

import ast
from collections.abc import Iterator
from typing import Any, Final

from scanners.place import Place
from scanners.regex import regex
from scanners.semantics.api.responses import RAISED, Reply, status_in
from scanners.syntax import descendants, unparse

_TOLD: Final = regex(r"(?i)retry[-_ ]?after")
_FOR_GOOD: Final = regex(r"(?i)disabled|configur|installed|enabled|not[_ ]supported|unavailable in|USE_\w+|sanitizer")
_FULL: Final = regex(
    r"(?i)(add|create|store|import|keep)(ed|d)? (any )?more\b|would exceed|maximum number of"
    r"|too many \w+ (exist|already)|way too many|too (large|big)\b|too much data|_size_(mb|kb|bytes)\b"
    r"|storage (limit|quota)|quota of (files|storage)"
)
_PACED: Final = regex(
    r"(?i)\brate\b|request|second|minute|hour|\bday|attempt|\b(re)?tries\b|again|later|throttl|busy|slow"
)
STATUSES: Final = (429, 503)
SETTERS: Final = frozenset({"set_status", "send_error"})


def held(place: Place[Any]) -> Place[Any] | None:
    """The call that made what a name stands for that is returned or raised, None for anything else."""
    node = place.node
    value = node.value if isinstance(node, ast.Return) else node.exc
    if not isinstance(value, ast.Name):
        return None
    bindings = place.scope.bindings(value.id)
    made = bindings[0].value if len(bindings) == 1 and bindings[0].kind == "assign" else None
    return Place(made, place.block, _statement_of(made, place)) if isinstance(made, ast.Call) else None


def _statement_of(made: ast.Call, place: Place[Any]) -> ast.stmt | None:
    around: Any = place.function
    assigned = descendants(around, ast.Assign) if around is not None else ()
    return next((stmt for stmt in assigned if stmt.value is made), place.stmt)


def set_later(place: Place[ast.Assign]) -> int | None:
    """The status of `response.status_code = 429`, None for any other assignment."""
    target = place.node.targets[0]
    if not isinstance(target, ast.Attribute) or target.attr != "status_code" or unparse(target.value) == "self":
        return None
    status = status_in(place.node.value, place.scope)
    return status if status in STATUSES else None


def of_class(place: Place[ast.ClassDef]) -> Iterator[tuple[Place[Any], int]]:
    """Where an error of the program's own, of a class that answers by itself, is given such a status."""
    if not any(place.name(base).rpartition(".")[2] in RAISED for base in place.node.bases):
        return
    for stmt in place.node.body:
        found, value = _given(stmt)
        status = status_in(value, place.scope) if value is not None else None
        if status in STATUSES:
            yield Place(found, place.block, stmt), status


def _given(stmt: ast.stmt) -> tuple[ast.AST, ast.expr | None]:
    """What a statement of a class gives as the status, and where: an attribute, or what `super().__init__` is given."""
    if isinstance(stmt, ast.Assign):
        named = getattr(stmt.targets[0], "id", "") in ("status_code", "code")
        return stmt, stmt.value if named else None
    for made in descendants(stmt, ast.Call):
        if unparse(made.func) == "super().__init__":
            first = made.args[0] if made.args else None
            return made, next((word.value for word in made.keywords if word.arg == "status_code"), first)
    return stmt, None


def is_told(place: Place[Any], around: Any) -> bool:
    """Whether the answer itself says when to come back, or something in the code around it does that it is made of."""
    if any(_TOLD.search(text) for text in texts(place.node)):
        return True
    given = place.stmt.targets if isinstance(place.stmt, ast.Assign) else []
    used = {node.id for node in descendants(place.node, ast.Name)}
    used |= {target.id for target in given if isinstance(target, ast.Name)}
    for node in descendants(around, ast.Assign, ast.AnnAssign, ast.Expr):
        if any(_TOLD.search(text) for text in texts(node)):
            touched = {each.id for each in descendants(node, ast.Name)}
            if used & touched:
                return True
    return False


def is_for_good(reply: Reply, place: Place[Any]) -> bool:
    """Whether no time helps: a 503 is about what is not set up, or a 429 about how much may be kept."""
    tests = [unparse(test) for test in place.conditions()]
    said = " ".join(unparse(part) for part in reply.parts)
    if reply.status == 503:
        return _FOR_GOOD.search(" ".join((said, *tests))) is not None
    near = " ".join((said, *tests[:1]))  # Farther out stands what every request is asked.
    return _FULL.search(near) is not None and _PACED.search(near) is None


def texts(top: ast.AST) -> list[str]:
    """The words in some code: texts, names, attributes, keywords."""
    found = []
    for node in descendants(top):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(node.value)
        elif isinstance(node, ast.Name):
            found.append(node.id)
        elif isinstance(node, ast.Attribute):
            found.append(node.attr)
        elif isinstance(node, ast.keyword) and node.arg:
            found.append(node.arg)
    return found
