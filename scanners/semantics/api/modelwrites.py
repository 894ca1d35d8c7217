"""Which fields of a model code writes: those that it names, or those that it is given."""

import ast
import re
from typing import Any, Final

from scanners.context import Context
from scanners.names import find
from scanners.place import Call, Place
from scanners.regex import regex
from scanners.syntax import unparse

_READS: Final = regex(
    r"ReadOnly|List|Detail|Read|Output|Out|Export|Public|Summary|Nested|Retrieve|Simple|Short|Minimal|Search|Filter|Lookup",
    re.IGNORECASE,
)


def is_picked(value: ast.expr, place: Place[Any]) -> bool:
    """Whether the keys were chosen one by one: a comprehension, or a dict that the handler made."""
    if isinstance(value, ast.Name):
        found = find(value.id, place.scope)
        return bool(found) and any(_is_built(each.value) for each in found[0])  # type: ignore[index]  # found is not None here
    return _is_built(value)


def _is_built(value: Any) -> bool:
    """Whether a dict has the keys that the code names."""
    if isinstance(value, ast.Dict):
        return all(key is not None for key in value.keys)
    made = isinstance(value, ast.Call) and getattr(value.func, "id", "") == "dict" and not value.args
    return isinstance(value, ast.DictComp) or (made and all(word.arg for word in value.keywords))


def is_query(call: Place[ast.Call]) -> bool:
    """Whether a method is one of a manager or a query (`Order.objects.create`, `query.filter_by(...).update`)."""
    func = call.node.func
    text = unparse(func.value) if isinstance(func, ast.Attribute) else ""
    return bool(
        re.search(r"\.objects\b|\.query\b|\bquery\(|_manager\b|\.filter(_by)?\(|__dict__$|\b(insert|update)\(", text)
    )


def fixed_keys(call: Call) -> bool:
    """Whether the attribute was compared with what is allowed: `if hasattr` alone is no such check."""
    key = unparse(call.node.args[1])
    return any(
        re.search(rf"\b{re.escape(key)}\b.* in |^{re.escape(key)} (==|in) ", unparse(test))
        for test in call.conditions()
    )


def is_checked(name: str, func: ast.expr, place: Place[Any], ctx: Context) -> bool:
    """Whether a class checks what it is given: a pydantic model, a dataclass, a form, or one of a module of schemas."""
    if re.search(
        r"(^|\.)(schemas?|forms?|serializers?|dto|pydantic|params|requests?|types|payloads?|inputs?|validators?)(\.|$)",
        name,
    ):
        return True
    definition = ctx.definition(place.resolve(func))
    if not isinstance(definition, ast.ClassDef):
        return False
    return bool(definition.decorator_list) or not is_table(name, place, ctx)


def is_table(name: str, place: Place[Any], ctx: Context) -> bool:
    scope = ctx.module.classes.get(name.lstrip("."))
    bases = " ".join(unparse(base) for base in getattr(scope.node, "bases", ())) if scope else ""
    return bool(
        re.search(r"(^|[ .])(db\.Model|models\.Model|Base|DeclarativeBase|Document|Table)\b", bases)
    ) or "table=True" in (
        unparse(scope.node).partition(":")[0]
        if scope and isinstance(scope.node, ast.ClassDef) and scope.node.keywords
        else ""
    )


def only_read(node: ast.ClassDef, given: dict[str, ast.Assign], ctx: Context) -> bool:
    """Whether a form or serializer is never written through, as far as this file shows."""
    if _READS.search(node.name):
        return True
    used = re.findall(rf"(?<!class ){node.name}\(([^)]*)", ctx.source)
    if (
        used
        and not any("data" in each for each in used)
        and not re.search(rf"(serializer|form)_class\s*=\s*{node.name}\b", ctx.source)
    ):
        return True
    only = given.get("read_only_fields")
    if only is None:
        return False
    every = isinstance(only.value, (ast.ListComp, ast.Call)) and "_meta" in unparse(only.value)
    return every or (isinstance(only.value, ast.Name) and only.value.id == "fields")


def assigned(body: list[ast.stmt]) -> dict[str, ast.Assign]:
    """The names that a class body gives a value, with the last statement that does."""
    assigns = [stmt for stmt in body if isinstance(stmt, ast.Assign)]
    return {target.id: stmt for stmt in assigns for target in stmt.targets if isinstance(target, ast.Name)}


def names_all(value: ast.expr) -> bool:
    """Whether `fields` stands for every field of the model."""
    text = unparse(value) if isinstance(value, (ast.Constant, ast.Attribute)) else ""
    return "__all__" in text or "ALL_FIELDS" in text
