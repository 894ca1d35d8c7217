"""Fields of models as they are written: their type, what they point to, whether they may be empty."""

import ast
import re
from typing import Any, Final, NamedTuple

from scanners.constants import UNKNOWN, fold
from scanners.names import resolve
from scanners.regex import regex
from scanners.scopes import Scope
from scanners.syntax import unparse

RELATIONS: Final = {
    "ForeignKey": "fk",
    "ForeignKeyField": "fk",
    "ParentalKey": "fk",
    "TreeForeignKey": "fk",
    "OneToOneField": "o2o",
    "ManyToManyField": "m2m",
    "ParentalManyToManyField": "m2m",
    "relationship": "relation",
    "Relationship": "relation",
}
TEXTS: Final = frozenset({"CharField", "TextField", "SlugField", "EmailField", "URLField"})
"""Fields of Django that hold text."""

_DJANGO: Final = regex(r"^(django\.|.*\bmodels\.|.*\bfields\.|modelcluster\.|mptt\.)")
_COLUMN: Final = regex(r"(^|\.)(Column|mapped_column|relationship|Relationship|Field)$")
_CAST: Final = regex(r"['\"]([\w.]+)['\"]")


class FieldSpec(NamedTuple):
    """One field. `orm` is django, sqlalchemy or peewee; `kind` fk, o2o, m2m, relation or plain; `type` its class."""

    orm: str
    kind: str
    type: str
    to: str
    call: ast.Call | None

    def word(self, name: str, scope: Scope) -> Any:
        """The constant given by a keyword; None when it is not given, UNKNOWN when it is not constant."""
        found = next((word.value for word in self.call.keywords if word.arg == name), None) if self.call else None
        return None if found is None else fold(found, scope)

    def expr(self, name: str) -> ast.expr | None:
        """What is given by a keyword."""
        return next((word.value for word in self.call.keywords if word.arg == name), None) if self.call else None


def field_of(value: ast.AST | None, scope: Scope, annotation: ast.AST | None = None) -> FieldSpec | None:
    """The field that a class attribute is given, None when it is no field of a model."""
    if isinstance(value, ast.Call):
        ref = resolve(value.func, scope, value.lineno)
        dotted = ref.dotted if ref else unparse(value.func)
        last = dotted.rpartition(".")[2]
        if last in ("Column", "mapped_column", "relationship", "Relationship") and (
            dotted.startswith(("sqlalchemy", "sqlmodel", "flask_sqlalchemy", ".")) or dotted.count(".") == 1 or not ref
        ):
            return _sqlalchemy(value, last, annotation)
        if last in RELATIONS or last.endswith("Field"):
            orm = _orm_of(dotted)
            return (
                FieldSpec(orm, RELATIONS.get(last, "plain"), last, _target(value, 0, "to", "model"), value)
                if orm
                else None
            )
    if annotation is not None and "Mapped[" in unparse(annotation):
        return FieldSpec("sqlalchemy", "plain", _mapped(annotation), "", value if isinstance(value, ast.Call) else None)
    return None


def _orm_of(dotted: str) -> str:
    if dotted.startswith(("peewee.", "playhouse.")):
        return "peewee"
    outside = (
        "rest_framework.",
        "django.forms",
        "marshmallow.",
        "wtforms.",
        "graphene.",
        "dataclasses.",
        "mongoengine.",
        "pydantic.",
        "sqlmodel.",
    )
    if (
        dotted.startswith(outside)
        or ".forms." in dotted
        or "serializers." in dotted
        or dotted.startswith(("forms.", "."))
    ):
        return ""
    return "django" if _DJANGO.match(dotted) or "." in dotted else ""


def _sqlalchemy(value: ast.Call, last: str, annotation: ast.AST | None) -> FieldSpec:
    if last in ("relationship", "Relationship"):
        to = _target(value, 0, "argument") or (_mapped(annotation) if annotation is not None else "")
        return FieldSpec("sqlalchemy", "relation", last, to, value)
    types = [arg for arg in value.args if not isinstance(arg, ast.Constant)]
    first = types[0] if types else next((word.value for word in value.keywords if word.arg == "type_"), None)
    named = first.func if isinstance(first, ast.Call) else first
    text = unparse(named).rpartition(".")[2] if named is not None else ""
    if text == "ForeignKey" or not text:
        text = _mapped(annotation) if annotation is not None else text
    return FieldSpec("sqlalchemy", "plain", text, "", value)


def _mapped(annotation: ast.AST) -> str:
    found: Any = annotation
    if isinstance(found, ast.Subscript):
        found = found.slice
    text = unparse(found).replace(" | None", "").replace("None | ", "")
    inner = re.sub(r"^(Optional|List|list|Sequence|Set|set)\[(.*)\]$", r"\2", text)
    return inner.strip("'\"").rpartition(".")[2]


def _target(call: ast.Call, position: int, *names: str) -> str:
    given = call.args[position] if len(call.args) > position else None
    given = given or next((word.value for word in call.keywords if word.arg in names), None)
    if isinstance(given, ast.Constant) and isinstance(given.value, str):
        return given.value.rpartition(".")[2]
    if isinstance(given, ast.Lambda):
        given = given.body
    return unparse(given).rpartition(".")[2].strip("'\")") if given is not None else ""


def may_be_null(spec: FieldSpec, scope: Scope) -> bool | None:
    """Whether a field takes NULL; None when that cannot be told."""
    name = "null" if spec.orm in ("django", "peewee") else "nullable"
    if spec.call is not None and any(word.arg is None for word in spec.call.keywords):
        return None
    value = spec.word(name, scope)
    if value is UNKNOWN:
        return None
    return bool(value) if value is not None else spec.orm == "sqlalchemy"
