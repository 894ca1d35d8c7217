"""Tests as they are written: what is one, which class collects it, what its decorators do to it."""

import ast
import re
from functools import lru_cache
from typing import Any, Final

from scanners.context import Context
from scanners.place import Place
from scanners.regex import regex
from scanners.scopes import Scope

PLAIN_CASES: Final = frozenset({"unittest.TestCase", "unittest.IsolatedAsyncioTestCase", "unittest.case.TestCase"})
_FRAMEWORKS: Final = (
    "unittest.",
    "django.test.",
    "rest_framework.test.",
    "asynctest.",
    "twisted.trial.",
    "tornado.testing.",
)
_CASE: Final = regex(r"(Test|Tests|TestCase|TestBase|TestMixin|Case)\d*$|^(Base)?Test")
_MIXIN: Final = regex(r"mixin|base|abstract|common|shared|generic|template|suite|contract|interface", re.IGNORECASE)
_NOT_TESTS: Final = frozenset(
    {"fixture", "property", "cached_property", "overload", "abstractmethod", "contextmanager", "setter"}
)
TEST_MODULE: Final = regex(
    r"(^|[._])(tests?|testing|conftest|helpers?|utils?|util|support|common|fixtures|harness|base)([._]|$)"
)
LIBRARIES: Final = frozenset(
    "aiohttp anyio asgiref asyncio boto3 botocore celery click contextlib django factory faker fastapi flask freezegun "
    "httpx hypothesis mock model_bakery moto numpy os pathlib playwright pyramid pytest requests requests_mock respx "
    "responses rest_framework selenium shutil sqlalchemy starlette subprocess sys tempfile time tornado twisted typer "
    "unittest urllib webtest werkzeug".split()
)
"""Packages whose modules are no helpers of the repository, whatever they are called."""


@lru_cache(maxsize=1)  # Several ask for the same place, one after the other.
def is_test(place: Place[Any]) -> bool:
    """Whether a def is a test by its name and its place: in the module, or a method of a class that looks collected."""
    node = place.node
    if not node.name.startswith("test") or place.function is not None:
        return False
    if node.decorator_list and not _NOT_TESTS.isdisjoint(decorators(node)):
        return False
    if place.cls is not None:
        return may_collect(place.cls)
    return bool(node.name.startswith("test_") or node.name == "test")


@lru_cache(maxsize=2)  # Asked for one method after the other.
def may_collect(cls: ast.ClassDef) -> bool:
    """Whether the tests of a class may run: of its own or in classes that derive from it."""
    return not any(_is_off(stmt) for stmt in cls.body)


def _is_off(stmt: ast.stmt) -> bool:
    if type(stmt) is not ast.Assign or type(stmt.value) is not ast.Constant:
        return False
    names = [target.id for target in stmt.targets if isinstance(target, ast.Name)]
    return ("__test__" in names or "abstract" in names) and isinstance(stmt.value.value, bool)


def is_mixin(name: str) -> bool:
    """Whether a class is named as one that others derive from."""
    return _MIXIN.search(name) is not None


def is_case(cls: ast.ClassDef, place: Place[Any]) -> bool | None:
    """Whether a class derives from a test case of a framework; None when a base cannot be told."""
    names = [place.name(base) for base in cls.bases]
    if any(name.startswith(_FRAMEWORKS) or _CASE.search(name.rpartition(".")[2]) for name in names):
        return True
    return None if any(name != "object" for name in names) else False


def last_name(expr: Any) -> str:
    """The last part of a name, or of the name that is called."""
    func: Any = expr.func if type(expr) is ast.Call else expr
    kind = type(func)
    found: str = func.attr if kind is ast.Attribute else func.id if kind is ast.Name else ""
    return found


def decorators(node: Any) -> set[str]:
    """The last names of all decorators: skip, parametrize, patch, ..."""
    return {last_name(decorator) for decorator in node.decorator_list}


@lru_cache(maxsize=1)
def methods(cls: ast.ClassDef, ctx: Context, depth: int = 0) -> dict[str, Any]:
    """The methods of a class by name, with those of bases in the same file."""
    found: dict[str, Any] = {}
    for base in cls.bases if depth < 4 else ():
        above = class_named(getattr(base, "id", ""), ctx.module)
        if above is not None and above is not cls:
            found |= methods(above, ctx, depth + 1)
    return found | {stmt.name: stmt for stmt in cls.body if isinstance(stmt, (ast.FunctionDef, ast.AsyncFunctionDef))}


def class_named(name: str, module: Scope) -> ast.ClassDef | None:
    """The class of the module that goes by this name."""
    found = [binding.value for binding in module.names.get(name, ()) if binding.kind == "class"]
    return found[-1] if found else None


def function_named(name: str, module: Scope) -> Any:
    """The def of the module that goes by this name, or None."""
    found = [binding.value for binding in module.names.get(name, ()) if binding.kind == "def"]
    return found[-1] if found else None


def from_helpers(dotted: str) -> bool:
    """Whether an import comes from what looks like helpers of the repository's own tests."""
    head, _, _ = dotted.rpartition(".")
    if not head.strip("."):
        return dotted.startswith(".")
    return head.partition(".")[0] not in LIBRARIES and TEST_MODULE.search(head) is not None


def parameters(node: Any) -> list[str]:
    """The names of the parameters, without self and cls."""
    args = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return [arg.arg for arg in args if arg.arg not in ("self", "cls")]


def gives_back(stmt: ast.stmt) -> bool:
    """Whether a test ends with something that its runner may judge; the result of a comparison is dropped."""
    value = stmt.value if isinstance(stmt, ast.Return) else None
    return value is not None and not isinstance(value, (ast.Compare, ast.BoolOp))
