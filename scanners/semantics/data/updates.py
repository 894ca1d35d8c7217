"""Rows that are read, changed and saved: what another writer can spoil."""

import ast
import re
from collections.abc import Iterator
from typing import Any, Final

from scanners.context import Context
from scanners.names import find
from scanners.place import Call, Place
from scanners.regex import regex
from scanners.scopes import Scope
from scanners.semantics.data.fields import field_of
from scanners.semantics.orm import Query, query
from scanners.syntax import descendants, unparse

LOCKED: Final = regex(r"lock|mutex|semaphore|for_update|serializable", re.IGNORECASE)
_VERSIONS: Final = regex(r"^(version|version_id|row_version|revision|etag|lock_version)$")
_TEXTS: Final = (ast.JoinedStr, ast.List, ast.Dict, ast.Tuple, ast.Set, ast.ListComp)
_FETCHERS: Final = ("django.shortcuts.get_object_or_404", "rest_framework.generics.get_object_or_404")


def is_guarded(place: Place[Any], ctx: Context) -> bool:
    """Whether a lock around the code, or a version that it checks, keeps other writers out."""
    function = place.function
    around = [item.context_expr for block in place.blocks() if block.kind == "with" for item in block.node.items]
    around += getattr(function, "decorator_list", [])
    if any(LOCKED.search(unparse(expr)) for expr in around):
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
            return ("locked" if LOCKED.search(unparse(value)) else "stored"), None
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


def rewritten(call: Call) -> Iterator[tuple[str, str]]:
    """The rows in hand and their fields that a statement computes from: `rows.update(hits=row.hits + 1)`."""
    pairs = [(word.arg, word.value) for word in call.node.keywords]
    for arg in call.node.args:
        if isinstance(arg, ast.Dict):
            pairs += [(_field_of(key), value) for key, value in zip(arg.keys, arg.values, strict=True)]
    for name, value in pairs:
        if not name or not isinstance(value, ast.BinOp) or not isinstance(value.op, (ast.Add, ast.Sub, ast.Mult)):
            continue
        if is_text(value.left) or is_text(value.right):
            continue
        asked_of = unparse(call.node.func)
        if not f"{asked_of}(".endswith(".update(") and "update(" not in asked_of:
            continue
        asked_of += _named(asked_of.partition(".")[0], call)
        for part in (value.left, value.right):
            row = part.value if isinstance(part, ast.Attribute) and part.attr == name else None
            if isinstance(row, ast.Name) and unparse(part) not in asked_of:
                yield row.id, unparse(part)


def _named(name: str, call: Call) -> str:
    """The text of the query that a name holds, empty for what is no name of a query."""
    values = [binding.value for binding in call.scope.bindings(name) if binding.kind == "assign"]
    return "".join(unparse(value) for value in values)


def _field_of(key: ast.expr | None) -> str:
    return key.attr if isinstance(key, ast.Attribute) else str(getattr(key, "value", "") or "")


def is_text(part: ast.expr) -> bool:
    """Whether a part of a sum is text or a container: joining those is no counting."""
    return isinstance(part, _TEXTS) or (isinstance(part, ast.Constant) and isinstance(part.value, str))
