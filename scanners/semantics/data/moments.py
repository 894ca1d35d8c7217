"""Moments in time: calls that give one without a time zone, and whether it is stored or compared with a stored one."""

import ast
from collections.abc import Iterator
from typing import Any, Final

from scanners.place import Call, Place, parents_in
from scanners.regex import regex
from scanners.semantics.queries import is_database
from scanners.syntax import children, descendants

NAIVE: Final = ("datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today")
_STORED: Final = regex(
    r"(_at|_on|_date|_time|_until|_till|_after|_before|_since|_expiry|expires|expiry|expiration|deadline|created|updated|modified|"
    r"last_seen|last_login|last_used|timestamp|_ts|opened|closed|started|stopped|finished|ended|completed|published|archived|"
    r"deleted|settled|sent|paid|cancell?ed|confirmed|activated|registered|joined|processed|synced)$"
)
_WAYS: Final = frozenset({"lt", "lte", "gt", "gte", "range"})
_STATEMENTS: Final = (ast.Assign, ast.AnnAssign, ast.Expr, ast.Return, ast.If, ast.While, ast.Assert)
_OTHER: Final = regex(r"^(log|logger|args|opts|options|config|time|datetime|path|stat|cert|result|mocker)$")


def is_naive(call: Call) -> bool:
    """Whether the call gives a moment without a zone: utcnow() ever, now() without one."""
    if call.last == "now":
        zone = call.argument(0, "tz")
        return not call.unpacks and (zone is None or (isinstance(zone, ast.Constant) and zone.value is None))
    return True


def reached(call: Call) -> tuple[str, bool]:
    """The attribute of some row that a moment is stored in or compared with, "" for none, and whether it is stored.

    A name that is given nothing but the moment is followed through its def.
    """
    for place in (call, *_named(call)):
        stored = stored_as(place)
        attr = stored or compared_with(place)
        if attr:
            return attr, bool(stored)
    return "", False


def _named(call: Call) -> Iterator[Place[Any]]:
    """Where the def reads the name that is given the moment, if it is given that alone."""
    node, above = _outward(call)
    if not isinstance(above, ast.Assign) or above.value is not node or not isinstance(above.targets[0], ast.Name):
        return
    name = above.targets[0].id
    if call.function is None or len(call.scope.bindings(name)) != 1:
        return
    for stmt in descendants(call.function, *_STATEMENTS):
        for part in parents_in(stmt):
            if isinstance(part, ast.Name) and part.id == name and isinstance(part.ctx, ast.Load):
                yield Place(part, call.block, stmt)


def stored_as(call: Place[Any]) -> str:
    """The attribute of some row that the moment is given to, empty when it goes elsewhere."""
    node, above = _outward(call)
    if isinstance(above, ast.Assign) and above.value is node:
        target = above.targets[0]
        if isinstance(target, ast.Attribute) and _is_row(target.value) and _STORED.search(target.attr):
            return target.attr
    if isinstance(above, ast.keyword) and above.arg and _STORED.search(above.arg):
        made: Any = call.parent(above)
        name = getattr(getattr(made, "func", None), "attr", getattr(getattr(made, "func", None), "id", ""))
        if name[:1].isupper() or name in ("create", "update", "get_or_create", "values"):
            return above.arg
    return ""


def compared_with(call: Place[Any]) -> str:
    """The stored attribute that the moment is compared with or taken from, empty when there is none."""
    node, above = _outward(call)
    if isinstance(above, ast.keyword) and "__" in (above.arg or ""):
        field, _, way = str(above.arg).rpartition("__")
        return field.rpartition("__")[2] if way in _WAYS and _STORED.search(field) else ""
    if (
        not isinstance(above, ast.Compare)
        or len(above.ops) != 1
        or not isinstance(above.ops[0], (ast.Lt, ast.Gt, ast.LtE, ast.GtE))
    ):
        return ""
    other = above.comparators[0] if above.left is node else above.left
    while isinstance(other, ast.BinOp):
        other = other.left
    if (
        isinstance(other, ast.Attribute)
        and _STORED.search(other.attr)
        and (_is_row(other.value) or _is_own(other, call))
    ):
        return other.attr
    return ""


def _is_own(attribute: ast.Attribute, call: Place[Any]) -> bool:
    """Whether it is `self.expires_at` in a class that declares it as a column of its own."""
    if not isinstance(attribute.value, ast.Name) or attribute.value.id != "self":
        return False
    for stmt in call.cls.body if call.cls is not None else ():
        targets = stmt.targets if isinstance(stmt, ast.Assign) else [getattr(stmt, "target", None)]
        if any(getattr(target, "id", "") == attribute.attr for target in targets):
            return isinstance(getattr(stmt, "value", None), ast.Call)
    return False


def _outward(call: Place[Any]) -> tuple[ast.AST, ast.AST | None]:
    """The expression that holds the moment shifted by some time, and what holds that."""
    node: ast.AST = call.node
    above = call.parent()
    while isinstance(above, (ast.BinOp, ast.IfExp, ast.BoolOp)) or (
        isinstance(above, (ast.Call, ast.Attribute)) and _is_replace(above)
    ):
        node, above = above, call.parent(above)
    return node, above


def _is_replace(above: ast.AST) -> bool:
    part = above.func if isinstance(above, ast.Call) else above
    return (
        isinstance(part, ast.Attribute)
        and part.attr == "replace"
        and not any(word.arg == "tzinfo" for word in getattr(above, "keywords", []))
    )


def _is_row(expr: ast.AST) -> bool:
    """Whether an object may be a row: a plain name, or what hangs on one, but not `self` nor a helper."""
    if isinstance(expr, ast.Attribute):
        return _is_row(expr.value) or (isinstance(expr.value, ast.Name) and expr.value.id == "self")
    return isinstance(expr, ast.Name) and expr.id not in ("self", "cls") and not _OTHER.match(expr.id)


def passed_to_statement(call: Call) -> bool:
    """Whether the moment is a parameter of a statement that is executed."""
    node, above = _outward(call)
    while isinstance(above, (ast.Tuple, ast.List, ast.Dict)):
        node, above = above, call.parent(above)
    if not isinstance(above, ast.Call) or not isinstance(above.func, ast.Attribute) or above.func.attr != "execute":
        return False
    return (
        node in above.args[1:] and is_database(Call(above, call.block, call.stmt, call.resolve(above.func))) is not None
    )


def passed_as_default(place: Place[Any], value: ast.AST) -> str:
    """The naive clock that a field calls for its default (`default=datetime.utcnow`), empty when there is none."""
    inner = value.body.func if isinstance(value, ast.Lambda) and isinstance(value.body, ast.Call) else value
    name = place.name(inner) if isinstance(inner, ast.Attribute) else ""
    bare = not isinstance(value, ast.Lambda) or not children(value.body)[1:]
    return name if name in NAIVE and bare else ""
