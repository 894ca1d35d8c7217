"""The operations of a migration, of Django and of alembic, as plain values."""

import ast
import re
from collections.abc import Iterator
from typing import Any, Final

from scanners.constants import UNKNOWN, fold
from scanners.context import Context
from scanners.names import find
from scanners.regex import regex
from scanners.scopes import Scope
from scanners.semantics.data.datacode import code_of
from scanners.semantics.data.fields import FieldSpec, field_of, may_be_null
from scanners.syntax import descendants, unparse

_FIXED: Final = frozenset({"dict", "list", "str", "int", "bool", "tuple", "set"})
_LONG: Final = regex(r"\b(String|VARCHAR|CharField|Unicode)\b\(?(?:length=)?(\d+)?")


def operation(name: str, line: int, **fields: Any) -> dict[str, Any]:
    """One operation, with all its fields at hand."""
    empty = {
        "table": "",
        "column": "",
        "to": "",
        "type": "",
        "null": None,
        "default": "",
        "safe": False,
        "state": "",
        "m2m": False,
    }
    return empty | {"unique": False, "index": False, "line": line, "op": name} | fields


def django_operations(items: ast.expr | None, scope: Scope, state: str = "") -> Iterator[dict[str, Any]]:
    """The operations of a list, those of SeparateDatabaseAndState marked with their side."""
    for item in items.elts if isinstance(items, (ast.List, ast.Tuple)) else []:
        if not isinstance(item, ast.Call):
            continue
        name = item.func.attr if isinstance(item.func, ast.Attribute) else getattr(item.func, "id", "")
        if name == "SeparateDatabaseAndState":
            given = {word.arg: word.value for word in item.keywords} | dict(
                zip(("database_operations", "state_operations"), item.args, strict=False)
            )
            yield from django_operations(given.get("database_operations"), scope, "database")
            yield from django_operations(given.get("state_operations"), scope, "state")
            continue
        yield _django(item, name, scope, state)


def _django(call: ast.Call, name: str, scope: Scope, state: str) -> dict[str, Any]:
    by_field = name in ("AddField", "RemoveField", "AlterField", "RenameField")
    positions: tuple[str, ...] = ("model_name", "name", "field") if by_field else ("name",)
    if name == "RenameField":
        positions = ("model_name", "old_name", "new_name")
    elif name == "RenameModel":
        positions = ("old_name", "new_name")
    elif name in ("AddIndex", "AddConstraint", "AddIndexConcurrently"):
        positions = ("model_name", "index" if "Index" in name else "constraint")
    elif name in ("AlterUniqueTogether", "AlterIndexTogether"):
        positions = ("name", "unique_together" if "Unique" in name else "index_together")
    given: dict[str, ast.expr] = dict(zip(positions, call.args, strict=False))
    given |= {word.arg: word.value for word in call.keywords if word.arg}
    text = {key: str(fold(value, scope) or "").lower() for key, value in given.items() if key not in ("field", "index")}
    made = operation(name, call.lineno, state=state)
    made["table"] = text.get("model_name") or text.get("old_name" if name == "RenameModel" else "name", "")
    made["column"] = text.get("old_name" if name == "RenameField" else "name", "") if by_field else ""
    made["to"] = text.get("new_name", "")
    if name in ("RunPython", "RunSQL"):
        made |= code_of(call, name, scope)
    if name == "CreateModel":
        made["columns"] = list(_created(call, scope))
    if "constraint" in given:
        made["unique"] = "UniqueConstraint" in unparse(given["constraint"])
    together = given.get("unique_together") or given.get("index_together")
    made["safe"] = together is not None and not getattr(together, "elts", getattr(together, "args", [1]))
    spec = field_of(given.get("field"), scope)
    return made | (_field(spec, scope) if spec is not None else {})


def _created(call: ast.Call, scope: Scope) -> Iterator[dict[str, Any]]:
    fields = next((word.value for word in call.keywords if word.arg == "fields"), None)
    for pair in fields.elts if isinstance(fields, ast.List) else []:
        if isinstance(pair, ast.Tuple) and len(pair.elts) == 2 and isinstance(pair.elts[0], ast.Constant):
            spec = field_of(pair.elts[1], scope)
            if spec is not None:
                yield {"column": str(pair.elts[0].value).lower()} | _field(spec, scope)


def _field(spec: FieldSpec, scope: Scope) -> dict[str, Any]:
    blank = spec.word("blank", scope) is True and spec.type in (
        "CharField",
        "TextField",
        "SlugField",
        "EmailField",
        "URLField",
    )
    length = spec.word("max_length", scope)
    return {
        "type": spec.type,
        "m2m": spec.kind == "m2m" or "Generated" in spec.type or "Auto" in spec.type,
        "null": may_be_null(spec, scope) if _is_standard(spec) else None,
        "default": "constant" if blank or spec.expr("db_default") else _default(spec.expr("default")),
        "unique": spec.word("unique", scope) is True,
        "index": spec.word("db_index", scope) is True or _is_indexed_key(spec, scope),
        "length": length if isinstance(length, int) else 0,
    }


def _is_indexed_key(spec: FieldSpec, scope: Scope) -> bool:
    """Whether a field is a foreign key, to which Django gives an index unless told otherwise."""
    return spec.kind in ("fk", "o2o") and spec.word("db_index", scope) is not False and _is_standard(spec)


def _is_standard(spec: FieldSpec) -> bool:
    """Whether a field is one of Django's own: what others give by default cannot be told."""
    return spec.call is not None and unparse(spec.call.func).startswith(("models.", "django.db.models."))


def _default(value: ast.expr | None) -> str:
    if value is None or (isinstance(value, ast.Constant) and value.value is None):
        return ""
    if isinstance(value, (ast.Name, ast.Attribute, ast.Lambda)):
        name = getattr(value, "attr", getattr(value, "id", ""))
        return "constant" if name in _FIXED or name.isupper() else "callable"
    return "constant"


def alembic_operations(function: ast.FunctionDef, ctx: Context, scope: Scope) -> Iterator[dict[str, Any]]:
    """The operations that a function asks of alembic's `op`, or of a batch on one table."""
    batches = _batches(function, ctx, scope)
    for node in descendants(function, ast.Call):
        if node in batches:
            for table in batches[node]:
                yield _alembic(node, node.func.attr, table, scope)
        elif isinstance(node.func, ast.Attribute):
            ref = ctx.resolve(node.func, scope)
            if unparse(node.func.value) == "op" or (ref is not None and ref.dotted.startswith("alembic.op.")):
                yield _alembic(node, node.func.attr, None, scope)


def _batches(function: ast.FunctionDef, ctx: Context, scope: Scope) -> dict[ast.AST, list[str]]:
    """The calls that a batch is asked for, with the tables that it alters: several where a loop goes through them."""
    found: dict[ast.AST, list[str]] = {}
    for node in descendants(function, ast.With):
        for item in node.items:
            made = item.context_expr
            if isinstance(made, ast.Call) and unparse(made.func).endswith("batch_alter_table"):
                name = unparse(item.optional_vars) if item.optional_vars else ""
                tables = _tables(made, ctx.module.functions.get(function, scope))
                inner = [call for stmt in node.body for call in descendants(stmt, ast.Call)]
                found |= {call: tables for call in inner if _is_asked(call, name)}
    return found


def _is_asked(call: ast.Call, name: str) -> bool:
    return isinstance(call.func, ast.Attribute) and unparse(call.func.value) == name


def _tables(made: ast.Call, scope: Scope) -> list[str]:
    """The table of a batch, or those of a fixed list that a loop goes through; [""] for a computed one."""
    given = (
        made.args[0] if made.args else next((word.value for word in made.keywords if word.arg == "table_name"), None)
    )
    value = fold(given, scope) if given is not None else ""
    if isinstance(value, str):
        return [value]
    bound = find(given.id, scope) if isinstance(given, ast.Name) else None
    loops = [binding for binding in bound[0] if binding.kind == "for"] if bound is not None else []
    inner = [binding for binding in loops if binding.line <= made.lineno]  # The loop around it is the last before it.
    values = fold(inner[-1].value, scope) if inner else None
    fixed = isinstance(values, tuple) and all(isinstance(name, str) for name in values)
    return list(values) if isinstance(values, tuple) and fixed else [""]


def _text(call: ast.Call, position: int, scope: Scope, *names: str) -> str:
    given = call.args[position] if len(call.args) > position else None
    given = given or next((word.value for word in call.keywords if word.arg in names), None)
    value = fold(given, scope) if given is not None else ""
    return value if isinstance(value, str) else ""


def _alembic(call: ast.Call, name: str, batch: str | None, scope: Scope) -> dict[str, Any]:
    shift = 0 if batch is None else -1
    words = {word.arg: word.value for word in call.keywords}
    first = (
        1
        if name in ("create_index", "create_unique_constraint", "create_foreign_key", "create_check_constraint")
        else 0
    )
    table = batch if batch is not None else _text(call, first, scope, "table_name", "source_table", "old_table_name")
    made = operation(name, call.lineno, table=table.lower())
    if name in ("drop_column", "alter_column"):
        made["column"] = _text(call, 1 + shift, scope, "column_name").lower()
    if name == "add_column" and len(call.args) > 1 + shift and isinstance(call.args[1 + shift], ast.Call):
        made |= _column(call.args[1 + shift], scope)
    if name == "alter_column":
        null = fold(words["nullable"], scope) if "nullable" in words else None
        made |= {"null": null if isinstance(null, bool) else None, "to": _text(call, 99, scope, "new_column_name")}
        made |= {"type": _changed(words.get("existing_type"), words.get("type_"))}
    options = ("postgresql_concurrently", "postgresql_not_valid")
    made["safe"] = any(option in words and fold(words[option], scope) is True for option in options)
    made["unique"] = "unique" in words and fold(words["unique"], scope) is True
    return made


def _column(value: Any, scope: Scope) -> dict[str, Any]:
    words = {word.arg: word.value for word in value.keywords}
    null = fold(words["nullable"], scope) if "nullable" in words else True
    name = value.args[0].value if value.args and isinstance(value.args[0], ast.Constant) else ""
    kept = words.get("server_default")
    computed = any(part in unparse(value) for part in ("Computed(", "Identity("))
    return {
        "column": str(name).lower(),
        "null": None if null is UNKNOWN else bool(null),
        "default": "constant" if computed or (kept is not None and unparse(kept) != "None") else "",
    }


def _changed(before: ast.expr | None, after: ast.expr | None) -> str:
    """How the type of a column changes: "" when not, or when it only gets wider."""
    if after is None:
        return ""
    new, old = unparse(after), unparse(before) if before is not None else ""
    if new == old or (re.search(r"\b(Text|TEXT)\b", new) and re.search(r"String|VARCHAR|Text|TEXT|Unicode", old)):
        return ""
    wide, narrow = _LONG.search(new), _LONG.search(old)
    if wide and narrow and (wide[2] is None or (narrow[2] and int(wide[2]) >= int(narrow[2]))):
        return ""
    return f"{old or '?'} -> {new}"
