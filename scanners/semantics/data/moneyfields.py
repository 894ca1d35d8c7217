"""Fields that hold money as floats outside of a database: of serializers, schemas and dataclasses."""

import ast
from collections.abc import Iterator
from typing import Final

from scanners.context import Context, per_file
from scanners.regex import regex
from scanners.semantics.data.money import is_money
from scanners.syntax import unparse

_FLOAT: Final = regex(r"^(Optional\[|typing\.Optional\[)?float\]?( \| None)?$|^None \| float$")
_SCHEMAS: Final = (
    "pydantic.BaseModel",
    "sqlmodel.SQLModel",
    "msgspec.Struct",
    "ninja.Schema",
    "pydantic.main.BaseModel",
)
_DATACLASSES: Final = (
    "dataclasses.dataclass",
    "pydantic.dataclasses.dataclass",
    "attr.s",
    "attrs.define",
    "attr.define",
)
_DEPTH: Final = 4


@per_file
def _mentions_floats(ctx: Context) -> bool:
    return "float" in ctx.source or "FloatField" in ctx.source


def float_fields(node: ast.ClassDef, ctx: Context) -> Iterator[tuple[str, ast.stmt, bool]]:
    """The floats of a schema, a serializer or a dataclass: name, statement, and whether it looks like money."""
    if not _mentions_floats(ctx):
        return
    around = ""
    for stmt in node.body:
        name = _annotated(stmt) or _serialized(stmt, ctx)
        if name and (around or _holds_data(node, ctx)):
            around = around or unparse(node)
            yield name, stmt, is_money(name, around)


def _annotated(stmt: ast.stmt) -> str:
    """The name that a statement annotates as a float."""
    if not isinstance(stmt, ast.AnnAssign) or not isinstance(stmt.target, ast.Name):
        return ""
    return stmt.target.id if _FLOAT.match(unparse(stmt.annotation)) else ""


def _serialized(stmt: ast.stmt, ctx: Context) -> str:
    """The name that a statement gives a float of Django REST framework."""
    if not isinstance(stmt, ast.Assign) or not isinstance(stmt.value, ast.Call):
        return ""
    target, func = stmt.targets[0], stmt.value.func
    if not isinstance(target, ast.Name) or getattr(func, "attr", getattr(func, "id", "")) != "FloatField":
        return ""
    ref = ctx.resolve(func, ctx.module)
    return target.id if ref is not None and ref.dotted.startswith("rest_framework.") else ""


def _holds_data(node: ast.ClassDef, ctx: Context, depth: int = 0) -> bool:
    """Whether a class is a schema, a serializer or a dataclass, by its bases in this file."""
    for decorator in node.decorator_list:
        ref = ctx.resolve(decorator.func if isinstance(decorator, ast.Call) else decorator, ctx.module)
        if ref is not None and ref.dotted in _DATACLASSES:
            return True
    for base in node.bases:
        ref = ctx.resolve(base, ctx.module)
        if ref is None:
            continue
        if ref.dotted in _SCHEMAS or ref.dotted.endswith(("Serializer", "BaseModel", "BaseSchema")):
            return True
        parent = ctx.definition(ref)
        if isinstance(parent, ast.ClassDef) and depth < _DEPTH and _holds_data(parent, ctx, depth + 1):
            return True
    return False
