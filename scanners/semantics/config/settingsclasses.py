"""Settings classes of pydantic: the variable of each field, its type and what refuses its value."""

import ast
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from scanners.constants import fold
from scanners.context import Context
from scanners.place import Place
from scanners.regex import regex
from scanners.scopes import Scope
from scanners.syntax import descendants, last_name, unparse

BASES: Final = frozenset({"pydantic_settings.BaseSettings", "pydantic.BaseSettings", "pydantic.v1.BaseSettings"})
_MODELS: Final = frozenset({"pydantic.BaseModel", "pydantic.v1.BaseModel"})
_ALIASES: Final = ("validation_alias", "alias", "env")
_LIMITS: Final = ("gt", "ge", "lt", "le", "min_length", "max_length", "pattern", "regex", "multiple_of")
_STRICT: Final = ("int", "float", "bool", "Url", "URL", "Dsn", "UUID", "Literal", "Enum", "Decimal", "IPv", "Email",
                  "timedelta", "Positive", "NonNegative", "conint", "constr", "datetime", "Json", "FilePath",
                  "DirectoryPath")  # fmt: skip
_DEPTH: Final = 3


class Field(NamedTuple):
    """One variable of a settings class. `default` is None where the field must be given."""

    stmt: ast.AnnAssign
    name: str
    default: ast.expr | None
    type: str
    validator: str
    aliased: bool = False


class _Config(NamedTuple):
    prefix: str | None
    delimiter: str
    told: bool = True


COMPUTED: Final = "?"
_LIKELY: Final = regex(r"Settings|Config(uration)?$")
_OPTIONS: Final = frozenset({"SettingsConfigDict", "ConfigDict", "dict", "PydanticBaseSettingsConfigDict"})


def is_settings(place: Place[ast.ClassDef], ctx: Context, depth: int = 0) -> bool:
    """Whether a class is one of pydantic's settings, by itself or through a class of the same file."""
    for base in place.node.bases:
        ref = place.resolve(base)
        if ref is None:
            continue
        if ref.dotted in BASES:
            return True
        above = ctx.definition(ref)
        inner = isinstance(above, ast.ClassDef) and above is not place.node and depth < _DEPTH
        if inner and is_settings(Place(above, place.block, above), ctx, depth + 1):
            return True
    return False


def imported_base(place: Place[ast.ClassDef]) -> str:
    """The dotted name of an imported class that may be one of settings; "" where no base is."""
    for base in place.node.bases:
        ref = place.resolve(base)
        if ref is not None and not ref.local and ref.dotted not in BASES and _LIKELY.search(ref.dotted):
            return ref.dotted
    return ""


def own_prefix(place: Place[ast.ClassDef], ctx: Context) -> str | None:
    """What a class puts before the names of its fields, COMPUTED for what is made by a call.

    None where a base class of another file may say it.
    """
    config = _config(place, ctx)
    if not config.told:
        return None
    return COMPUTED if config.prefix is None else config.prefix


def fields_of(place: Place[ast.ClassDef], ctx: Context) -> Iterator[Field]:
    """The variables of a settings class; of a nested model those of its fields, where a delimiter joins them."""
    config = _config(place, ctx)
    checked = _checked(place.node)
    for stmt, named in _own_fields(place.node):
        default, words = _given(stmt, place)
        alias = next((words[word] for word in _ALIASES if word in words), None)
        name = "" if config.prefix is None else f"{config.prefix}{named}".upper()
        if alias is not None:
            name = _alias(alias, place.scope)
        inner = ctx.definition(place.resolve(stmt.annotation)) if config.delimiter and name else None
        if isinstance(inner, ast.ClassDef) and any(place.name(base) in _MODELS for base in inner.bases):
            yield from _nested(inner, f"{name}{config.delimiter}", stmt, place)
            continue
        said = _validator(stmt, words, named in checked)
        yield Field(stmt, name, default, _type(stmt), said, alias is not None)


def _own_fields(node: ast.ClassDef) -> Iterator[tuple[ast.AnnAssign, str]]:
    for stmt in node.body:
        if not isinstance(stmt, ast.AnnAssign) or not isinstance(stmt.target, ast.Name):
            continue
        shared = unparse(stmt.annotation).startswith(("ClassVar", "typing.ClassVar"))
        if stmt.target.id != "model_config" and not shared and not stmt.target.id.startswith("_"):
            yield stmt, stmt.target.id


def _nested(inner: ast.ClassDef, prefix: str, stmt: ast.AnnAssign, place: Place[ast.ClassDef]) -> Iterator[Field]:
    outer_given = stmt.value is not None
    for field, named in _own_fields(inner):
        default, words = _given(field, place)
        if default is None and outer_given:
            default = ast.Constant(None)
        yield Field(stmt, f"{prefix}{named}".upper(), default, _type(field), _validator(field, words, False))


def _given(stmt: ast.AnnAssign, place: Place[Any]) -> tuple[ast.expr | None, dict[str, ast.expr]]:
    """The default of a field and the keywords of its Field()."""
    default = stmt.value
    words: dict[str, ast.expr] = {}
    made = default if isinstance(default, ast.Call) else None
    if made is None or last_name(made.func) != "Field":
        made = _annotated(stmt.annotation)
        words = {word.arg: word.value for word in made.keywords if word.arg} if made is not None else {}
    else:
        words = {word.arg: word.value for word in made.keywords if word.arg}
        default = made.args[0] if made.args else words.get("default", words.get("default_factory"))
    if isinstance(default, ast.Constant) and default.value is Ellipsis:
        default = None
    if (
        isinstance(default, ast.Call)
        and default.args
        and place.name(default.func).endswith(("SecretStr", "SecretBytes"))
    ):
        default = default.args[0]
    return default, words


def _annotated(annotation: ast.expr) -> ast.Call | None:
    """The Field() inside Annotated[...]."""
    parts = getattr(getattr(annotation, "slice", None), "elts", [])
    return next((part for part in parts if isinstance(part, ast.Call) and last_name(part.func) == "Field"), None)


def _alias(expr: ast.expr, scope: Scope) -> str:
    if isinstance(expr, ast.Call) and last_name(expr.func) == "AliasChoices":
        texts = [arg for arg in expr.args if isinstance(arg, ast.Constant)]
        expr = texts[0] if texts else expr
    if isinstance(expr, (ast.List, ast.Tuple)) and expr.elts:
        expr = expr.elts[0]
    value = fold(expr, scope)
    return value.upper() if isinstance(value, str) else ""


def _type(stmt: ast.AnnAssign) -> str:
    annotation = stmt.annotation
    if isinstance(annotation, ast.Subscript) and last_name(annotation.value) == "Annotated":
        annotation = getattr(annotation.slice, "elts", [annotation])[0]
    return unparse(annotation)[:60]


def _validator(stmt: ast.AnnAssign, words: dict[str, ast.expr], checked: bool) -> str:
    said = [f"{word}={unparse(words[word])[:30]}" for word in _LIMITS if word in words]
    kind = _type(stmt)
    if not said and any(word in kind for word in _STRICT):
        said.append(f"must be {kind}")
    return ", ".join([*said, *(["validator of the class"] if checked else [])])


def _checked(node: ast.ClassDef) -> set[str]:
    """The fields that a validator of the class looks at."""
    return {
        arg.value
        for stmt in node.body
        if isinstance(stmt, ast.FunctionDef)
        for mark in stmt.decorator_list
        if isinstance(mark, ast.Call) and last_name(mark.func) in ("field_validator", "validator")
        for arg in mark.args
        if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
    }


def _config(place: Place[ast.ClassDef], ctx: Context, depth: int = 0) -> _Config:
    """Prefix and delimiter by `model_config` or the inner class Config; those of a base class of the file otherwise."""
    prefix, told = _option("env_prefix", place)
    delimiter, _ = _option("env_nested_delimiter", place)
    if not told and any(map(_is_computed, place.node.body)):
        return _Config(None, delimiter or "")
    if not told and depth < _DEPTH:
        for base in place.node.bases:
            above = ctx.definition(place.resolve(base))
            if isinstance(above, ast.ClassDef) and above is not place.node:
                inherited = _config(Place(above, place.block, above), ctx, depth + 1)
                return _Config(inherited.prefix, delimiter or inherited.delimiter, inherited.told)
    return _Config(prefix, delimiter or "", told)


def _is_computed(stmt: ast.stmt) -> bool:
    """Whether a statement gives the class a configuration that a def of the program makes."""
    if not isinstance(stmt, (ast.Assign, ast.AnnAssign)) or not isinstance(stmt.value, ast.Call):
        return False
    target = stmt.targets[0] if isinstance(stmt, ast.Assign) else stmt.target
    return getattr(target, "id", "") == "model_config" and last_name(stmt.value.func) not in _OPTIONS


def _option(name: str, place: Place[ast.ClassDef]) -> tuple[str | None, bool]:
    """What an option of a settings class is, None when it is computed; and whether it is given at all."""
    for inner in descendants(place.node, ast.keyword, ast.Assign, ast.Dict):
        value: ast.expr | None = None
        named = isinstance(inner, ast.keyword) and inner.arg == name
        if named or (isinstance(inner, ast.Assign) and getattr(inner.targets[0], "id", "") == name):
            value = inner.value
        elif isinstance(inner, ast.Dict):
            pairs = zip(inner.keys, inner.values, strict=True)
            value = next((value for key, value in pairs if getattr(key, "value", "") == name), None)
        if value is not None:
            found = fold(value, place.scope)
            return (found if isinstance(found, str) else None), True
    return "", False
