"""What a def or a class is to its users: exported, long, described by a decorator, or standing for one of a base."""

import abc
import ast
import builtins
import enum
import re
import threading
from collections.abc import Mapping
from typing import Any, Final

from scanners.context import Context, per_file
from scanners.place import Place
from scanners.regex import regex
from scanners.semantics.remarks import is_explained
from scanners.semantics.viewclasses import METHODS

_MODEL: Final = frozenset(
    "save asave delete adelete clean clean_fields full_clean refresh_from_db arefresh_from_db validate_unique "
    "validate_constraints get_constraints unique_error_message date_error_message serializable_value "
    "get_deferred_fields get_absolute_url natural_key prepare_database_save save_base check from_db".split()
)
_PYDANTIC: Final = frozenset("dict json copy construct validate schema schema_json parse_obj parse_raw".split())
_LONG: Final = 8
_OF_STATEMENTS: Final = frozenset({"body", "orelse", "finalbody"})
_COMPOUND: Final = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.ExceptHandler, ast.match_case),
    ast.Match,
)
_BRANCHED: Final = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.TryStar)


class _Suites(dict[type, tuple[str, ...]]):
    """The fields of a statement that hold statements, or what holds some."""

    def __missing__(self, kind: type) -> tuple[str, ...]:
        fields = getattr(kind, "_fields", ()) if issubclass(kind, _COMPOUND + _BRANCHED) else ()
        found = tuple(name for name in fields if name in _OF_STATEMENTS | {"handlers", "cases"})
        return self.setdefault(kind, found)


_SUITES: Final = _Suites()
_PLACEHOLDERS: Final = frozenset({"", "todo", "fixme", "tbd", "xxx", "docstring", "add docstring", "missing docstring"})
_RECORDS: Final = frozenset({"dataclass", "define", "frozen", "mutable", "attrs"})
_BARE: Final = frozenset({"object", "ABC", "Protocol", "Generic"})
_LEGAL: Final = regex(r"\s*(copyright|licen[sc]e)", re.IGNORECASE)
_SPARED: Final = ("overload", "override", "property", "setter", "deleter", "cached_property", "abstractmethod")
_STANDARD: Final = (
    *((name, kind) for name, kind in vars(builtins).items() if isinstance(kind, type)),
    ("abc.ABC", abc.ABC),
    ("threading.Thread", threading.Thread),
    *((f"enum.{kind.__name__}", kind) for kind in (enum.Enum, enum.IntEnum, enum.StrEnum, enum.Flag, enum.IntFlag)),
)
_METHODS: Final[Mapping[str, frozenset[str]]] = {
    **{name: frozenset(dir(kind)) for name, kind in _STANDARD},
    **dict.fromkeys(("typing.Generic", "typing.Protocol", "sqlalchemy.orm.DeclarativeBase"), frozenset()),
    "typing.NamedTuple": frozenset(dir(tuple)),
    "django.db.models.Model": _MODEL,
    "pydantic.BaseModel": _PYDANTIC,
}
"""The methods of bases that are known, by the name of the base as imported."""


def may_override(name: str, holder: ast.AST, place: Place[Any]) -> bool:
    """Whether a base of the holder, if that is a class, has such a method, or is not known well enough to deny it."""
    bases = getattr(holder, "bases", ())
    return any(name in _methods(base, name, place) for base in bases) or implements(holder)


def _methods(base: ast.expr, name: str, place: Place[Any]) -> frozenset[str]:
    """What a base declares; for an unknown one that is taken to be the very name asked for."""
    named = base.value if isinstance(base, ast.Subscript) else base
    dotted = place.name(named) or (named.id if isinstance(named, ast.Name) else "")
    if dotted == "pydantic.BaseModel" and name.startswith("model_"):
        return frozenset({name})
    return _METHODS.get(dotted, frozenset({name}))


def is_spared(node: Any) -> bool:
    """Whether a decorator says that its description stands elsewhere, or that none is due."""
    marks = (mark.func if isinstance(mark, ast.Call) else mark for mark in node.decorator_list)
    return any(getattr(mark, "attr", getattr(mark, "id", "")) in _SPARED for mark in marks)


def is_long(node: ast.AST, least: int = _LONG) -> bool:
    """Whether it holds so many statements that reading it takes a while."""
    todo: list[Any] = [node]
    while todo and least > 0:
        above = todo.pop()
        for name in _SUITES[type(above)]:
            inside = getattr(above, name)
            least -= len(inside) if name in _OF_STATEMENTS else 0
            todo += inside
    return least <= 0


def docstring(node: Any) -> str | None:
    """As `ast.get_docstring` of a def, a class or a module, as it is written."""
    first = node.body[0] if node.body else None
    value = first.value if type(first) is ast.Expr else None
    return value.value if type(value) is ast.Constant and type(value.value) is str else None


def says_nothing(node: Any) -> bool:
    """Whether it has no docstring, or a place for one that nobody filled."""
    written = docstring(node)
    return written is None or written.strip(" \n\t.:!").lower() in _PLACEHOLDERS


def opens_with_remark(node: Any, ctx: Context) -> bool:
    """Whether remarks above the first statement say what it does, in all but the form of a docstring."""
    return is_explained(ctx.source_lines, (node.args.args[-1:] or [node])[0].lineno + 1, node.body[0].lineno - 1)


def is_named_by_base(node: ast.ClassDef) -> bool:
    """Whether a base says what kind of thing it is: a model, a form, one of a family; not so a view that does much."""
    bases = {getattr(base.value if isinstance(base, ast.Subscript) else base, "id", "") for base in node.bases}
    answers = any(getattr(part, "name", "") in METHODS and is_long(part) for part in node.body)
    return (not bases <= _BARE and not answers) or implements(node)


def implements(node: ast.AST) -> bool:
    """Whether a decorator names the interface of a class, which describes it and its methods."""
    marks = (mark.func for mark in getattr(node, "decorator_list", ()) if isinstance(mark, ast.Call))
    return any(getattr(mark, "attr", getattr(mark, "id", "")) in ("implementer", "implementer_only") for mark in marks)


def is_record(node: ast.ClassDef) -> bool:
    """Whether it only holds values: it has no methods, or is a data class with short ones."""
    own = [part for part in node.body if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef))]
    marks = [mark.func if isinstance(mark, ast.Call) else mark for mark in node.decorator_list]
    made = any(getattr(mark, "attr", getattr(mark, "id", "")) in _RECORDS for mark in marks)
    return not own or (made and not any(map(is_long, own)))


def is_told_by_parts(node: ast.ClassDef) -> bool:
    """Whether one of its public methods has a docstring, which says what the whole is for."""
    own = (part for part in node.body if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef)))
    return any(not part.name.startswith("_") and docstring(part) is not None for part in own)


def exported(name: str, place: Place[Any], ctx: Context) -> bool:
    """Whether `__all__` of the module names it."""
    return place.scope.kind == "module" and name in _exports(ctx)


@per_file
def _exports(ctx: Context) -> frozenset[Any]:
    """What `__all__` lists."""
    values = (binding.value for binding in ctx.module.names.get("__all__", ()) if binding.kind == "assign")
    listed = (part for value in values for part in getattr(value, "elts", ()))
    return frozenset(part.value for part in listed if isinstance(part, ast.Constant))


def is_alone(node: ast.AST, ctx: Context) -> bool:
    """Whether the module says what it is for, and this is the one public thing in it."""
    defs = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    body = ctx.tree.body if ctx.tree is not None else []
    others = [stmt for stmt in body if isinstance(stmt, defs) and stmt is not node and not stmt.name.startswith("_")]
    said = docstring(ctx.tree) if ctx.tree is not None else None
    return not others and said is not None and not _LEGAL.match(said)


def described(node: Any) -> bool:
    """Whether a decorator is given the words that its readers see, or a class binds `__doc__` itself."""
    if isinstance(node, ast.ClassDef) and any(_binds_doc(part) for part in node.body):
        return True
    calls = (mark for mark in node.decorator_list if isinstance(mark, ast.Call))
    return any(
        word.arg in ("summary", "description", "help", "short_help", "operation_summary")
        for call in calls
        for word in call.keywords
    )


def _binds_doc(stmt: ast.stmt) -> bool:
    targets = stmt.targets if isinstance(stmt, ast.Assign) else [getattr(stmt, "target", None)]
    return any(isinstance(target, ast.Name) and target.id == "__doc__" for target in targets)
