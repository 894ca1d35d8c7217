"""Relations that a loop in Python reads of rows whose queryset stands in sight."""

import ast
from collections.abc import Iterator
from typing import Any, Final

from scanners.context import Context
from scanners.semantics.data.rowloops import Loop, nodes
from scanners.semantics.orm import DJANGO, SQLALCHEMY, Query
from scanners.syntax import unparse
from scanners.tree import Fact

_PLAIN: Final = frozenset(
    {"values", "values_list", "dates", "datetimes", "with_entities", "tuples", "mappings", "none"}
)
_LOADERS: Final = ("select_related", "prefetch_related", "options", "join", "outerjoin")
_LOADED: Final = frozenset({"joined", "selectin", "subquery", "immediate", "raise", "dynamic", "write_only", "False"})


def read_of(loop: Loop, ctx: Context) -> Iterator[tuple[ast.Attribute, str]]:
    """The attributes that a loop reads of each row of a known model, each once, with what its query loads beside."""
    rows = loop.rows
    if (
        rows is None
        or not rows.many
        or rows.engine not in (DJANGO, SQLALCHEMY)
        or not isinstance(loop.target, ast.Name)
    ):
        return
    if loop.leaves or f"prefetch_related_objects({unparse(loop.iter)}" in ctx.source:
        return
    if rows.root not in ("manager", "session") or not _is_entity(rows) or _PLAIN & set(rows.methods):
        return
    loaded = " ".join(unparse(call) for call in rows.calls(*_LOADERS))
    seen: set[str] = set()
    for node in nodes(loop.body, ast.Attribute):
        if not isinstance(node.ctx, ast.Load) or node.attr in seen:
            continue
        if isinstance(node.value, ast.Name) and node.value.id == loop.target.id:
            seen.add(node.attr)
            yield node, loaded


def _is_entity(rows: Query) -> bool:
    """Whether each row is one object of the model, rather than a tuple or some columns."""
    if rows.engine == DJANGO:
        return rows.model[:1].isupper()
    made: Any = rows.node
    given = made.args[0] if isinstance(made, ast.Call) and made.args else None
    inner = given
    while isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute):
        inner = inner.func.value
    if isinstance(inner, ast.Call):
        return len(inner.args) == 1 and isinstance(inner.args[0], ast.Name)
    return isinstance(given, ast.Name) and len(made.args) == 1


def is_loaded_per_row(attr: str, loaded: str, model: Fact) -> bool:
    """Whether an attribute of a model is a relation that nothing loads with the rows."""
    field = model["fields"].get(attr)
    if field is None or field["kind"] not in ("fk", "o2o", "relation") or str(field["lazy"]) in _LOADED:
        return False
    return f"'{attr}" not in loaded and f".{attr}" not in loaded and "select_related()" not in loaded
