"""Statements that a loop sends to a database for each of its items."""

import ast
import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from scanners.context import Context
from scanners.finding import Confidence, Severity
from scanners.place import Call, Place
from scanners.regex import regex
from scanners.semantics.data.rowloops import Loop, is_conditional, is_shielded, nodes
from scanners.semantics.dbsessions import is_session
from scanners.semantics.orm import DJANGO, ONE, PEEWEE, SQLALCHEMY, Query, is_django, is_model, query
from scanners.semantics.pieces import pieces
from scanners.semantics.queries import is_database
from scanners.syntax import unparse

_ENDS: Final = (
    ONE[DJANGO]
    | ONE["sqlalchemy"]
    | ONE[PEEWEE]
    | {"all", "execute", "scalars", "delete", "update", "adelete", "aupdate", "fetch", "fetchrow", "fetchval"}
)
_RAW: Final = frozenset({"execute", "fetch", "fetchrow", "fetchval"})
_EATERS: Final = frozenset({"list", "tuple", "set", "sorted", "len", "sum", "bool", "any", "dict"})
_INSERTS: Final = frozenset({"create", "acreate", "save", "asave", "commit"})
_DOUBLE: Final = frozenset({"get_or_create", "update_or_create", "aget_or_create", "aupdate_or_create"})
_BY_SET: Final = frozenset({"in_", "any_", "in_bulk"})
_DML: Final = regex(r"^\s*+(?:\(\s*+)?(select|insert|update|delete|with)\b", re.IGNORECASE)
_TABLE: Final = regex(r"\b(from|join|into|update)\s+[\w.?]*[`\"'\[]?$", re.IGNORECASE)
_FORMS: Final = regex(r"(Form|FormSet|Serializer|Config|File|Image|Client|Writer|Workbook|Document|Parser)$")


class Hit(NamedTuple):
    """One statement per item. `doubt` is set when it cannot be decided."""

    node: ast.AST
    text: str
    doubt: str = ""
    sure: Confidence = Confidence.MEDIUM
    severity: Severity | None = None


def hits(loop: Loop, ctx: Context) -> Iterator[Hit]:
    """What the loop asks the database once per item."""
    seen: set[ast.AST] = set()
    for node in nodes(loop.body, ast.For, ast.AsyncFor, ast.comprehension, ast.Call):
        if isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
            hit = _iterated(node.iter, loop, ctx)
            if hit is not None:
                seen.add(node.iter)
                yield hit
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in _EATERS and node.args:
            hit = _iterated(node.args[0], loop, ctx)
            if hit is not None and node.args[0] not in seen:
                seen.update(part for part in ast.walk(node))
                yield _weighed(hit, loop)
        elif isinstance(node, ast.Call) and node not in seen and isinstance(node.func, ast.Attribute):
            hit = _called(node, node.func, loop, ctx)
            if hit is not None:
                seen.update(part for part in ast.walk(node))
                yield _weighed(hit, loop)


def _weighed(hit: Hit, loop: Loop) -> Hit:
    if loop.leaves >= getattr(hit.node, "lineno", 0) > 0 and not hit.doubt:
        return hit._replace(doubt="The loop may end at the first hit.")
    return hit


def _iterated(expr: ast.expr, loop: Loop, ctx: Context) -> Hit | None:
    told = query(expr, loop.place.scope, ctx)
    if told is None or not told.many or told.sliced or told.root == "own" or not _by_key(told, loop):
        return None
    if isinstance(expr, ast.Name) and told.engine == SQLALCHEMY and told.last in ("all", "fetchall"):
        return None  # Asked where the name was bound, and found there.
    return _told(expr, told, loop)


def _called(node: ast.Call, func: ast.Attribute, loop: Loop, ctx: Context) -> Hit | None:
    if func.attr in _INSERTS:
        return _written(node, func, loop, ctx)
    if func.attr not in _ENDS:
        return None
    told = query(node, loop.place.scope, ctx)
    if told is None:
        return _raw(node, func, loop) if func.attr in _RAW else None
    if told.sliced or told.root == "own" or not _by_key(told, loop):
        return None
    if func.attr in ("all", "scalars", "execute") and told.engine == DJANGO:
        return None  # Lazy: it counts where it is looped over.
    return _told(node, told, loop)


def _told(node: ast.AST, told: Query, loop: Loop) -> Hit | None:
    if told.root == "related":
        return _related(node, told, loop)
    if "select_for_update" in told.methods or "with_for_update" in told.methods:
        return Hit(node, "", "Rows are locked one after another, which may be on purpose.")
    what = told.model or "The query"
    if told.last in _DOUBLE:
        return Hit(
            node, f"`{what}` is looked up and written once per item; read the known ones first and use bulk_create."
        )
    if told.last in ("delete", "update", "adelete", "aupdate"):
        return Hit(node, f"`{what}` is changed once per item of the loop; change all of them in one statement.")
    return Hit(node, f"`{what}` is asked for once per item of the loop; fetch all of them in one query before it.")


def _related(node: ast.AST, told: Query, loop: Loop) -> Hit | None:
    name = told.node.attr if isinstance(told.node, ast.Attribute) else ""
    if "select_for_update" in told.methods:
        return Hit(node, "", "Rows are locked one after another, which may be on purpose.")
    loaded = (
        " ".join(unparse(call) for call in loop.rows.calls("prefetch_related", "select_related")) if loop.rows else ""
    )
    if set(told.methods) <= {"all", "count", "iterator"}:
        if name in loaded:
            return None
        if loop.rows is None or loop.rows.root in ("related", "own"):
            return Hit(node, "", "The rows come from elsewhere and may be prefetched.")
    return Hit(node, f"`{unparse(told.node)}` is a query of its own for each row; prefetch it with the rows.")


def _by_key(told: Query, loop: Loop) -> bool:
    """Whether the query changes from item to item, and asks for one of them rather than for a set."""
    if told.root == "related":
        return loop.hangs(told.node)
    given = [call for _, call in told.steps if call is not None]
    if told.root in ("session", "statement") and isinstance(told.node, ast.Call):
        given.append(told.node)
    words = [word for call in given for word in call.keywords]
    if any(word.arg and word.arg.endswith("__in") and loop.hangs(word.value) for word in words):
        return False
    sets = [
        part for call in given for part in ast.walk(call) if getattr(getattr(part, "func", None), "attr", "") in _BY_SET
    ]
    if sets:
        return False
    return loop.hangs(*[arg for call in given for arg in call.args], *[word.value for word in words])


def _written(node: ast.Call, func: ast.Attribute, loop: Loop, ctx: Context) -> Hit | None:
    if func.attr == "commit":
        return _committed(node, func, loop)
    if func.attr in ("create", "acreate"):
        told = query(node, loop.place.scope, ctx)
        model = isinstance(func.value, ast.Name) and is_model(func.value) and ctx.imports("peewee", "playhouse")
        if (told is None or told.root != "manager") and not model:
            return None
        if not loop.hangs(*node.args, *[word.value for word in node.keywords]):
            return None
        return _insert(node, f"`{unparse(func.value)}`", loop)
    return _saved(node, func, loop, ctx)


def _insert(node: ast.Call, what: str, loop: Loop) -> Hit:
    kept = any(
        isinstance(part, (ast.Assign, ast.Return, ast.AnnAssign)) and part.value is node for part in nodes(loop.body)
    )
    alone = not kept and not is_shielded(node, loop)
    return Hit(node, f"A row of {what} is written once per item; collect them and use bulk_create.", "", _sure(alone))


def _sure(alone: bool) -> Confidence:
    return Confidence.MEDIUM if alone else Confidence.LOW


def _saved(node: ast.Call, func: ast.Attribute, loop: Loop, ctx: Context) -> Hit | None:
    """`row.save()` for rows of a queryset in sight, or for objects made of a model in the loop."""
    if not isinstance(func.value, ast.Name) or not (is_django(ctx) or ctx.imports("peewee", "playhouse")):
        return None
    name = func.value.id
    is_row = isinstance(loop.target, ast.Name) and loop.target.id == name
    if is_row:
        partly = any(word.arg == "update_fields" for word in node.keywords)  # Of Django's models alone.
        if loop.rows is None and not partly:
            return None
        if loop.rows is not None and not loop.rows.many:
            return None
    elif not _is_made(name, loop):
        return None
    plain = not is_shielded(node, loop) and not _shared(name, node, loop)
    return Hit(
        node,
        f"`{name}` is saved once per item; change all rows with update(), bulk_update() or bulk_create().",
        "",
        _sure(plain),
    )


def _is_made(name: str, loop: Loop) -> bool:
    for part in nodes(loop.body):
        if isinstance(part, ast.Assign) and getattr(part.targets[0], "id", "") == name:
            made = part.value
            if isinstance(made, ast.Call) and isinstance(made.func, ast.Name) and is_model(made.func):
                return not _FORMS.search(made.func.id) and bool(made.keywords) and not made.args and loop.hangs(made)
    return False


def _shared(name: str, save: ast.Call, loop: Loop) -> bool:
    """Whether the row is handed to something else, or asked to act: then its state may have to be kept at once."""
    for part in nodes(loop.body):
        if not isinstance(part, ast.Call) or part is save:
            continue
        if any(isinstance(inner, ast.Name) and inner.id == name for arg in part.args for inner in ast.walk(arg)):
            return True
        if isinstance(part.func, ast.Attribute) and unparse(part.func).partition(".")[0] == name:
            return True
    return False


def _committed(node: ast.Call, func: ast.Attribute, loop: Loop) -> Hit | None:
    if not is_session(func.value, loop.place.scope) or is_conditional(node, loop) or node.args:
        return None
    held = unparse(func.value)
    added = any(
        isinstance(part, ast.Call) and unparse(part.func) in (f"{held}.add", f"{held}.merge")
        for part in nodes(loop.body)
    )
    if not added:
        return None
    text = f"`{held}` commits once per item; add all of them and commit once, or once per batch."
    return Hit(node, text, "", _sure(not is_shielded(node, loop)))


def _raw(node: ast.Call, func: ast.Attribute, loop: Loop) -> Hit | None:
    call = Call(node, loop.place.block, loop.place.stmt, loop.place.resolve(func))
    sure = is_database(call)
    given = [*node.args[1:], *[word.value for word in node.keywords]]
    if not sure or not node.args or not loop.hangs(node.args[0], *given):
        return None
    statement = pieces(node.args[0], loop.place.scope, node.lineno)
    first: Any = statement.parts
    text = first[0] if first and isinstance(first[0], str) else ""
    if not _DML.match(text) or any(
        loop.hangs(hole) and _TABLE.search(statement.around(hole)[0]) for hole in statement.holes
    ):
        return None  # Each table takes a statement of its own.
    local = call.dotted.startswith("sqlite3.")
    how = "use executemany() or one statement for all" if given else "ask for all of them in one statement"
    return Hit(
        node,
        f"A statement is sent once per item of the loop; {how}.",
        "",
        Confidence.MEDIUM,
        Severity.LOW if local else None,
    )


def place_of(node: ast.AST, loop: Loop) -> Place[Any]:
    """Where a statement of the loop stands."""
    return Place(node, loop.place.block, loop.place.stmt)
