"""Rows that are read, changed and saved, and rows that are made when none is there: what another writer can spoil."""

import ast
import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import Any, Final

from scanners.context import Context, per_file
from scanners.names import find
from scanners.place import Place
from scanners.regex import regex
from scanners.scopes import Scope
from scanners.semantics.data.fields import field_of
from scanners.semantics.orm import DJANGO, ONE, SQLALCHEMY, Query, query
from scanners.syntax import descendants, unparse

_LOCKED: Final = regex(r"lock|mutex|semaphore|for_update|serializable", re.IGNORECASE)
_HANDLED: Final = regex(
    r"IntegrityError|UniqueViolation|DuplicateKey|on_conflict|ignore_conflicts|update_conflicts|get_or_create|update_or_create|"
    r"for_update|[lL]ock|begin_nested|isolation_level|FlushError"
)
_VERSIONS: Final = regex(r"^(version|version_id|row_version|revision|etag|lock_version)$")
_TEXTS: Final = (ast.JoinedStr, ast.List, ast.Dict, ast.Tuple, ast.Set, ast.ListComp)
_FETCHERS: Final = ("django.shortcuts.get_object_or_404", "rest_framework.generics.get_object_or_404")


def is_guarded(place: Place[Any], ctx: Context) -> bool:
    """Whether a lock around the code, or a version that it checks, keeps other writers out."""
    function = place.function
    around = [item.context_expr for block in place.blocks() if block.kind == "with" for item in block.node.items]
    around += getattr(function, "decorator_list", [])
    if any(_LOCKED.search(unparse(expr)) for expr in around):
        return True
    return any(
        _VERSIONS.match(getattr(node, "attr", "") or getattr(node, "arg", "") or "")
        for node in descendants(function)
        if isinstance(node, (ast.Attribute, ast.keyword))
    )


def is_saved(name: str, place: Place[Any]) -> bool:
    """Whether the function saves the row after the place."""
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("save", "asave")
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == name
        and node.lineno >= place.line
        for node in descendants(place.function)
    )


def is_committed(place: Place[Any]) -> bool:
    """Whether the function ends a transaction of SQLAlchemy after the place, or stands in one."""
    within = [
        unparse(item.context_expr) for block in place.blocks() if block.kind == "with" for item in block.node.items
    ]
    if any(".begin(" in text or "ession" in text for text in within):
        return True
    return any(
        isinstance(node, ast.Attribute) and node.attr in ("commit", "flush") and node.lineno >= place.line
        for node in descendants(place.function)
    )


def origin(name: str, place: Place[Any], ctx: Context) -> tuple[str, Query | None]:
    """Where a row comes from: stored, locked, new, passed, own (a model's method) or "" when it is no row in sight."""
    if name == "self":
        return ("own" if _is_model(place.cls, ctx.module) else ""), None
    found = find(name, place.scope)
    if found is None or found[1] is not place.scope:
        return "", None
    before = [binding for binding in found[0] if binding.line <= place.line] or found[0]
    binding = before[-1]
    if binding.kind == "param":
        return "passed", None
    value = binding.value
    if binding.kind == "assign" and isinstance(value, ast.Call):
        called = place.name(value.func)
        if called in _FETCHERS or unparse(value.func) == "self.get_object":
            return ("locked" if _LOCKED.search(unparse(value)) else "stored"), None
    told = query(value, place.scope, ctx) if binding.kind in ("assign", "for", "unpack") else None
    if told is None or told.root == "own":
        return ("new" if binding.kind == "assign" and isinstance(value, ast.Call) else ""), None
    if any("for_update" in step for step in told.methods) or _asks_for_lock(told):
        return "locked", told
    if _is_copied(name, place):
        return "new", told
    row = (
        told.one and told.last not in ("count", "exists", "aggregate", "in_bulk")
        if binding.kind != "for"
        else told.many
    )
    return ("stored" if row or told.last in ("[]", "get_or_create", "update_or_create") else ""), told


def _asks_for_lock(told: Query) -> bool:
    """Whether `session.get(Model, key, with_for_update=True)` locks the row."""
    words = [word for _, call in told.steps if call is not None for word in call.keywords]
    return any(
        word.arg == "with_for_update" and getattr(word.value, "value", True) not in (False, None) for word in words
    )


def computed_before(value: ast.expr, place: Place[Any]) -> ast.expr:
    """What a name that is stored was computed as, where the def gives it one value only; else the expression itself."""
    if isinstance(value, ast.Name):
        bindings = place.scope.bindings(value.id)
        if len(bindings) == 1 and bindings[0].kind == "assign" and isinstance(bindings[0].value, ast.BinOp):
            return bindings[0].value
    return value


def _is_copied(name: str, place: Place[Any]) -> bool:
    """Whether the function takes the row's key away, so that saving makes another."""
    return any(
        isinstance(node, ast.Assign)
        and unparse(node.targets[0]) in (f"{name}.pk", f"{name}.id")
        and isinstance(node.value, ast.Constant)
        and node.value.value is None
        for node in descendants(place.function)
    )


def _is_model(cls: ast.ClassDef | None, scope: Scope) -> bool:
    if cls is None:
        return False
    return any(isinstance(stmt, ast.Assign) and field_of(stmt.value, scope) is not None for stmt in cls.body)


def handles_conflicts(place: Place[Any], ctx: Context) -> bool:
    """Whether the function, or its transaction, has an answer to a row that another writer made first."""
    function = place.function
    if function is None or isinstance(function, ast.Lambda):
        return True
    text = "\n".join(ctx.source_lines[function.lineno - 1 : function.end_lineno])
    around = any(_LOCKED.search(unparse(part)) for part in function.decorator_list)
    return around or _HANDLED.search(text) is not None


def checks(test: ast.expr, place: Place[Any], ctx: Context) -> Iterator[tuple[Query, bool]]:
    """The queries by key whose answer a test looks at, each with whether the test holds when there is no such row."""
    if isinstance(test, ast.BoolOp):
        for part in test.values:
            yield from checks(part, place, ctx)
        return
    absent, expr = False, test
    if isinstance(expr, ast.UnaryOp) and isinstance(expr.op, ast.Not):
        absent, expr = True, expr.operand
    elif isinstance(expr, ast.Compare) and len(expr.ops) == 1 and isinstance(expr.comparators[0], ast.Constant):
        if expr.comparators[0].value not in (None, 0):
            return
        absent, expr = isinstance(expr.ops[0], (ast.Is, ast.Eq)), expr.left
    told = query(_given_last(expr, place), place.scope, ctx)
    if (
        told is not None
        and told.model
        and (told.many or told.one or told.last == "exists")
        and told.engine in (DJANGO, SQLALCHEMY)
    ):
        yield told, absent


def looked_for(place: Place[ast.If], ctx: Context) -> Iterator[tuple[Query, list[Any]]]:
    """The queries by key that an `if` looks at, each with the statements that run when there is no such row."""
    for told, absent in checks(place.node.test, place, ctx):
        if asked(told):
            leaves = isinstance(place.node.body[-1], (ast.Raise, ast.Return, ast.Continue))
            yield told, list(place.node.body if absent else following(place) if leaves else place.node.orelse)


def not_found(place: Place[Any], ctx: Context) -> Iterator[tuple[Query, list[Any]]]:
    """The queries for one row in a short `try`, each with the body of the handler for a row that is not there."""
    for handler in place.node.handlers if len(place.node.body) <= 3 else ():
        caught = unparse(handler.type) if handler.type is not None else ""
        if not caught.endswith(("DoesNotExist", "NoResultFound")):
            continue
        for stmt in place.node.body:
            told = query(getattr(stmt, "value", None), place.scope, ctx)
            if told is not None and told.last in ("get", "one", "aget"):
                yield told, handler.body


def _given_last(expr: ast.expr, place: Place[Any]) -> ast.expr:
    """What a name was last given before a test: the branch below it may give it a new object."""
    if not isinstance(expr, ast.Name):
        return expr
    before = [binding for binding in place.scope.bindings(expr.id) if binding.line < place.line]
    last = max(before, key=lambda binding: binding.line, default=None)
    return last.value if last is not None and last.kind == "assign" and isinstance(last.value, ast.expr) else expr


def keys(told: Query) -> set[str]:
    """The names of the columns that a query asks for."""
    found: set[str] = set()
    for _, call in told.steps:
        for word in call.keywords if call is not None else []:
            found.add((word.arg or "").partition("__")[0])
        for part in call.args if call is not None else []:
            found |= {node.attr for node in descendants(part) if isinstance(node, ast.Attribute)}
    return found - {""}


def may_store(place: Place[Any], ctx: Context) -> bool:
    """A cheap test: whether anything may be made or stored from a place of a function on."""
    lines = _storing_lines(ctx)
    at = bisect_left(lines, place.line)
    return at < len(lines) and lines[at] <= place.function.end_lineno


@per_file
def _storing_lines(ctx: Context) -> list[int]:
    """The lines of all calls that may make or store a row, in order."""
    calls = descendants(ctx.tree, ast.Call) if ctx.tree is not None else ()
    return sorted(node.lineno for node in calls if getattr(node.func, "attr", "") in _STORING)


_STORING: Final = frozenset({"add", "save", "merge", "asave", "create", "acreate"})


def creations(model: str, nodes: list[Any], ctx: Context) -> Iterator[tuple[ast.Call, set[str]]]:
    """Where some statements make and store a row of a model, with the names of what it is given."""
    found = [node for stmt in nodes for node in descendants(stmt) if isinstance(node, ast.Call)]
    stored = {
        part.id
        for node in found
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("add", "save", "merge", "asave")
        for part in [*node.args, node.func.value]
        if isinstance(part, ast.Name)
    }
    for node in found:
        words = {word.arg for word in node.keywords if word.arg}
        text = unparse(node.func)
        made = text == model and words and (stored or any(_adds(other, node) for other in found))
        if made or text in (f"{model}.objects.create", f"{model}.objects.acreate", f"{model}.create"):
            yield node, words


def _adds(other: ast.Call, node: ast.Call) -> bool:
    return isinstance(other.func, ast.Attribute) and (
        (other.func.attr in ("add", "merge") and node in other.args)
        or (other.func.attr == "save" and other.func.value is node)
    )


def asked(told: Query) -> bool:
    """Whether a query asks for a row by something."""
    return bool(keys(told)) and (told.last in ONE[told.engine] or told.many)


def following(place: Place[ast.If]) -> list[ast.stmt]:
    """The statements after an `if` in its own suite."""
    for field in ("body", "orelse", "finalbody"):
        suite = getattr(place.block.node, field, [])
        if isinstance(suite, list) and place.node in suite:
            return suite[suite.index(place.node) + 1 :]
    return []


def is_text(part: ast.expr) -> bool:
    """Whether a part of a sum is text or a container: joining those is no counting."""
    return isinstance(part, _TEXTS) or (isinstance(part, ast.Constant) and isinstance(part.value, str))
