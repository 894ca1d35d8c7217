"""Models of Django, SQLAlchemy and Peewee with their fields and relations."""

import ast
from typing import Any

from scanners.context import Context
from scanners.place import Place
from scanners.rule import CODE, Collector
from scanners.semantics.data.fields import FieldSpec, field_of
from scanners.syntax import unparse


class Models(Collector):
    """Fact `model`: name, orm, bases, table, abstract, whether its manager is its own, whether it
    counts its versions, and its fields.

    A field has a kind (fk, o2o, m2m, relation, plain), a type, what it points to, the name of the way back and, with
    SQLAlchemy, how it is loaded.
    """

    classes = CODE

    def visit_class_def(self, place: Place[ast.ClassDef], ctx: Context) -> None:
        """Record a class that has fields of a model, or that follows one."""
        node = place.node
        found = {name: spec for name, spec, _ in fields_of(node, ctx)}
        bases = [unparse(base).rpartition(".")[2] for base in node.bases]
        if not found and not any(base.startswith("Abstract") or base in ("Model", "Base") for base in bases):
            return
        meta = _meta(node)
        orms = [spec.orm for spec in found.values()]
        ctx.fact(
            "model",
            place,
            name=node.name,
            orm=max(set(orms), key=orms.count) if orms else "",
            bases=bases,
            table=meta.get("__tablename__") or meta.get("db_table") or meta.get("table_name") or "",
            abstract=meta.get("abstract") == "True",
            manager=_has_manager(node),
            versioned=any("version_id_col" in unparse(stmt) for stmt in node.body if _is_mapper_args(stmt)),
            fields={name: _plain(spec) for name, spec in found.items()},
        )


def fields_of(node: ast.ClassDef, ctx: Context) -> list[tuple[str, FieldSpec, ast.stmt]]:
    """The fields that a class body gives, by name, with the statement."""
    scope = ctx.module
    found: list[tuple[str, FieldSpec, ast.stmt]] = []
    for stmt in node.body:
        if isinstance(stmt, ast.Assign) and isinstance(stmt.targets[0], ast.Name):
            spec, name = field_of(stmt.value, scope), stmt.targets[0].id
        elif isinstance(stmt, ast.AnnAssign) and isinstance(stmt.target, ast.Name):
            spec, name = field_of(stmt.value, scope, stmt.annotation), stmt.target.id
        else:
            continue
        if spec is not None:
            found.append((name, spec, stmt))
    return found


def _plain(spec: FieldSpec) -> dict[str, Any]:
    back = spec.expr("related_name") or spec.expr("back_populates") or spec.expr("backref")
    lazy = spec.expr("lazy")
    return {
        "kind": spec.kind,
        "type": spec.type,
        "to": spec.to,
        "back": back.value if isinstance(back, ast.Constant) and isinstance(back.value, str) else "",
        "lazy": lazy.value if isinstance(lazy, ast.Constant) else "",
    }


def _meta(node: ast.ClassDef) -> dict[str, str]:
    """Constant texts that say something of the class: its own and those of its Meta."""
    inner = [stmt for stmt in node.body if isinstance(stmt, ast.ClassDef) and stmt.name == "Meta"]
    stmts = [*node.body, *(inner[0].body if inner else [])]
    return {
        stmt.targets[0].id: str(stmt.value.value)
        for stmt in stmts
        if isinstance(stmt, ast.Assign)
        and isinstance(stmt.targets[0], ast.Name)
        and isinstance(stmt.value, ast.Constant)
    }


def _is_mapper_args(stmt: ast.stmt) -> bool:
    return isinstance(stmt, ast.Assign) and getattr(stmt.targets[0], "id", "") == "__mapper_args__"


def _has_manager(node: ast.ClassDef) -> bool:
    """Whether `objects` is something that may load relations by itself."""
    for stmt in node.body:
        if isinstance(stmt, ast.Assign) and getattr(stmt.targets[0], "id", "") == "objects":
            return unparse(stmt.value) not in ("models.Manager()", "Manager()")
    return False
