"""Querysets, statements and rows of Django's ORM, SQLAlchemy and Peewee, told by what stands in the file itself.

Models are mostly in another file, so a query is known by its shape: `X.objects.filter()`, `session.query(X)`,
`select(X)`, `X.select().where()`, and by what names in sight are bound to.
"""

import ast
from dataclasses import dataclass
from typing import Any, Final

from scanners.context import Context, per_file
from scanners.names import find, resolve
from scanners.regex import regex
from scanners.scopes import Scope
from scanners.semantics.dbsessions import is_known_session, is_session
from scanners.syntax import unparse

DJANGO, SQLALCHEMY, PEEWEE = "django", "sqlalchemy", "peewee"
LAZY: Final = {
    DJANGO: frozenset(
        "all filter exclude order_by distinct values values_list annotate alias select_related prefetch_related only "
        "defer using reverse union intersection difference none dates datetimes select_for_update extra complex_filter "
        "get_queryset".split()
    ),
    SQLALCHEMY: frozenset(
        "filter filter_by where order_by options join outerjoin distinct group_by having limit offset select_from "
        "with_entities with_for_update yield_per execution_options scalars all unique mappings populate_existing "
        "correlate subquery add_columns params enable_eagerloads fetchall".split()
    ),
    PEEWEE: frozenset("where order_by join switch group_by limit offset distinct dicts tuples alias iterator".split()),
}
"""Steps after which there are still many rows to come."""
ONE: Final = {
    DJANGO: frozenset(
        "get first last earliest latest count exists aggregate in_bulk contains get_or_create update_or_create aget "
        "afirst alast acount aexists aaggregate aget_or_create aupdate_or_create".split()
    ),
    SQLALCHEMY: frozenset("first one one_or_none scalar scalar_one scalar_one_or_none count get".split()),
    PEEWEE: frozenset("get get_or_none first count exists scalar get_by_id get_or_create".split()),
}
"""Steps that ask the database for one thing."""
_MANAGERS: Final = frozenset({"objects", "_default_manager", "_base_manager", "all_objects", "active_objects"})
_DEPTH: Final = 6
_OWN: Final = ("cls", "model", "__class__", "model_class")
_WORDS: Final = regex(r"\.objects\b|\.query\b|select\(|[sS]ession\b|\.all\(\)|\.execute\w*\(|_manager\b|get_queryset")
_HINTS: Final = (".objects", ".query", "select(", "ession", ".all()", ".execute", "_manager", "get_queryset")
_FOREIGN: Final = ("mongoengine", "pykube", "minio", "boto3", "odmantic", "beanie")


@dataclass(frozen=True, slots=True)
class Query:
    """A chain of calls that asks for rows. `model` is the text of the model, `steps` the methods from the root on.

    `root` says what it starts from: manager (`X.objects`), related (`order.items`), session (`session.query(X)`),
    statement (`select(X)`, `X.select()`), model (`X.get()`). `node` is the expression of the root.
    """

    engine: str
    model: str
    root: str
    node: ast.AST
    steps: tuple[tuple[str, ast.Call | None], ...]

    @property
    def methods(self) -> list[str]:
        """The names of the steps; "[]" for a slice or an index."""
        return [name for name, _ in self.steps]

    @property
    def last(self) -> str:
        """The last step, empty for a bare manager."""
        return self.steps[-1][0] if self.steps else ""

    @property
    def many(self) -> bool:
        """Whether it still stands for rows to come, all steps being known."""
        return bool(self.steps) and all(name in LAZY[self.engine] for name in self.methods)

    @property
    def sliced(self) -> bool:
        """Whether only some of the rows are asked for."""
        return any(name in ("[]", "limit", "offset") for name in self.methods)

    @property
    def one(self) -> bool:
        """Whether it asks the database for one thing."""
        return self.last in ONE[self.engine]

    def calls(self, *names: str) -> list[ast.Call]:
        """The calls of the steps of these names."""
        return [call for name, call in self.steps if name in names and call is not None]


@per_file
def uses_orm(ctx: Context) -> bool:
    """Whether the file may ask a database anything: a cheap test, made once a file."""
    return any(word in ctx.source for word in _HINTS) and _WORDS.search(ctx.source) is not None


def is_django(ctx: Context) -> bool:
    """Whether the file belongs to a Django project by its imports or by its managers."""
    return ctx.imports("django", "rest_framework", "wagtail") or ".objects." in ctx.source


def query(expr: ast.AST | None, scope: Scope, ctx: Context, depth: int = 0) -> Query | None:
    """What `expr` asks the database for, or None when it is no query that can be told."""
    steps: list[tuple[str, ast.Call | None]] = []
    node: Any = expr
    while depth <= _DEPTH:
        kind = type(node)
        if kind is ast.Await:
            node = node.value
        elif kind is ast.Name:
            return _named(node, steps, scope, ctx, depth)
        elif kind is ast.Subscript:
            steps.insert(0, ("[]", None))
            node = node.value
        elif kind is ast.Attribute:
            return _from_attribute(node, tuple(steps), scope, ctx)
        elif kind is not ast.Call:
            return None
        elif (rooted := _rooted(node, steps, scope, ctx, depth)) is not None:
            return rooted
        elif isinstance(node.func, ast.Attribute):
            steps.insert(0, (node.func.attr, node))
            node = node.func.value
        else:
            return None
    return None


def _rooted(
    node: ast.Call, steps: list[tuple[str, ast.Call | None]], scope: Scope, ctx: Context, depth: int
) -> Query | None:
    done = tuple(steps)
    if isinstance(node.func, ast.Attribute) and node.func.attr in (
        "query",
        "execute",
        "scalars",
        "scalar",
        "get",
        "exec",
    ):
        return _from_session(node, node.func, done, scope, ctx, depth)
    if (
        isinstance(node.func, ast.Attribute)
        and node.func.attr == "get_queryset"
        and isinstance(node.func.value, (ast.Call, ast.Name))
        and unparse(node.func.value) in ("self", "super()")
        and is_django(ctx)
    ):
        return Query(DJANGO, "", "own", node, (("get_queryset", node), *done))
    if isinstance(node.func, (ast.Name, ast.Attribute)) and node.args:
        name = resolve(node.func, scope, node.lineno)
        if name is not None and name.dotted.startswith(("sqlalchemy", "sqlmodel")) and name.dotted.endswith(".select"):
            return Query(SQLALCHEMY, unparse(node.args[0]), "statement", node, done)
    chained = bool(steps) and steps[0][0] in LAZY[PEEWEE]
    made: Any = node.func
    if getattr(made, "attr", "") == "select" and is_model(made.value) and (chained or ctx.imports("peewee")):
        return Query(PEEWEE, unparse(made.value), "statement", node, done)
    return None


def is_model(expr: ast.AST) -> bool:
    """Whether an expression looks like a class: CapWords, or what Django calls the model of the thing at hand."""
    if isinstance(expr, ast.Call):
        return unparse(expr.func).rpartition(".")[2] in ("get_user_model", "get_model", "type")
    last = expr.attr if isinstance(expr, ast.Attribute) else getattr(expr, "id", "")
    return (last[:1].isupper() and not (last.isupper() and len(last) > 3)) or last in _OWN


def _from_attribute(node: ast.Attribute, steps: tuple[Any, ...], scope: Scope, ctx: Context) -> Query | None:
    first = steps[0][0] if steps else ""
    if node.attr in _MANAGERS and is_model(node.value):
        if ctx.imports(*_FOREIGN):
            return None
        return Query(DJANGO, unparse(node.value), "manager", node, steps)
    if node.attr == "query" and is_model(node.value) and first in LAZY[SQLALCHEMY] | ONE[SQLALCHEMY]:
        return Query(SQLALCHEMY, unparse(node.value), "manager", node, steps)
    related = first in LAZY[DJANGO] or (first in ("count", "exists", "first", "last") and node.attr.endswith("s"))
    if (
        related
        and not is_known_session(node, scope)
        and is_django(ctx)
        and not is_model(node)
        and _may_relate(node, steps, scope)
    ):
        return Query(DJANGO, "", "related", node, steps)
    return None


def _may_relate(node: ast.Attribute, steps: tuple[Any, ...], scope: Scope) -> bool:
    """Whether `node.filter()` is asked of a relation of some row rather than of a module or a helper."""
    root: ast.AST = node.value
    while isinstance(root, ast.Attribute):
        root = root.value
    if not isinstance(root, ast.Name):
        return False
    found = find(root.id, scope)
    imported = found is not None and found[0][-1].kind in ("import", "class", "def")
    return (
        not imported
        and steps[0][0] in LAZY[DJANGO] | ONE[DJANGO]
        and steps[0][0] not in ("values", "reverse", "difference", "union", "intersection")
    )


def _from_session(
    node: ast.Call, func: ast.Attribute, steps: tuple[Any, ...], scope: Scope, ctx: Context, depth: int
) -> Query | None:
    if func.attr == "query":
        if node.args and is_entity(node.args[0]) and is_session(func.value, scope):
            return Query(SQLALCHEMY, unparse(node.args[0]).partition(".")[0], "session", node, steps)
        return None
    if not is_session(func.value, scope):
        return None
    if func.attr == "get":
        if len(node.args) >= 2 and is_entity(node.args[0]):
            return Query(SQLALCHEMY, unparse(node.args[0]), "session", node, (("get", node), *steps))
        return None
    inner = query(node.args[0], scope, ctx, depth + 1) if node.args else None
    if inner is None or inner.root != "statement":
        return None
    step = "scalars" if func.attr in ("execute", "exec", "scalars") else "scalar"
    return Query(SQLALCHEMY, inner.model, "session", node, (*inner.steps, (step, node), *steps))


def is_entity(expr: ast.AST) -> bool:
    """Whether an argument is a mapped class or one of its columns."""
    if isinstance(expr, ast.Attribute) and isinstance(expr.value, ast.Name) and is_model(expr.value):
        return True
    return is_model(expr) and not isinstance(expr, ast.Call)


def _named(
    node: ast.Name, steps: list[tuple[str, ast.Call | None]], scope: Scope, ctx: Context, depth: int
) -> Query | None:
    """A name that is bound to queries alone: to one, or to one that later bindings narrow."""
    bindings, holder = find(node.id, scope) or ([], scope)
    if not 0 < len(bindings) <= _DEPTH:
        return _peewee_get(node, steps, ctx)
    base: Query | None = None
    for binding in bindings:
        if binding.kind != "assign":
            return _peewee_get(node, steps, ctx) if binding.kind in ("import", "class") else None
        if _starts_with(binding.value, node.id):
            continue
        told = query(binding.value, holder, ctx, depth + 2)
        if told is None or (base is not None and told.engine != base.engine):
            return None
        base = told
    if base is None:
        return None
    return Query(base.engine, base.model, base.root, base.node, (*base.steps, *steps))


def _starts_with(expr: ast.AST | None, name: str) -> bool:
    node: Any = expr
    while isinstance(node, (ast.Call, ast.Attribute, ast.Await, ast.Subscript)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return isinstance(node, ast.Name) and node.id == name


def _peewee_get(node: ast.Name, steps: list[tuple[str, ast.Call | None]], ctx: Context) -> Query | None:
    if steps and steps[0][0] in ONE[PEEWEE] and is_model(node) and ctx.imports("peewee", "playhouse"):
        return Query(PEEWEE, node.id, "model", node, tuple(steps))
    return None
