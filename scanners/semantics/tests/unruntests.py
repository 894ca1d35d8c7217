"""Why a test that is written never starts: a later one takes its name, nobody calls it, or it is skipped."""

import ast
from collections import Counter
from functools import lru_cache
from typing import Any, Final

from scanners.place import Place
from scanners.semantics.tests.testcode import last_name
from scanners.syntax import children, descendants, within

_DEFS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_FUNCTIONS: Final = frozenset({ast.FunctionDef, ast.AsyncFunctionDef})
_HARMLESS: Final = frozenset(
    "parametrize skip skipif skipIf skipUnless xfail usefixtures patch object dict given settings asyncio anyio "
    "django_db slow integration unit override_settings freeze_time expectedFailure tag timeout flaky".split()
)


def lost(place: Place[Any]) -> int:
    """The line of a later def or class of the same name in the same body, 0 for none; 0 too when the first is kept."""
    node = place.node
    if node.name not in _repeated(place.block.node) or any(
        last_name(decorator) not in _HARMLESS for decorator in node.decorator_list
    ):
        return 0
    body = getattr(place.block.node, "body", [])
    if node not in body:
        return 0
    after = body[body.index(node) + 1 :]
    for position, stmt in enumerate(after):
        if getattr(stmt, "name", "") == node.name and type(stmt) in _DEFS:
            used = any(_names(between, node.name) for between in [*after[:position], *stmt.decorator_list])
            bases = getattr(stmt, "bases", [])
            return 0 if used or any(_names(base, node.name) for base in bases) else stmt.lineno
    return 0


@lru_cache(maxsize=2)  # Asked for one method after the other.
def _repeated(holder: Any) -> frozenset[str]:
    """The names of which a body has several defs or classes."""
    named = Counter(stmt.name for stmt in getattr(holder, "body", ()) if type(stmt) in _DEFS)
    return frozenset(name for name, often in named.items() if often > 1)


def _names(node: ast.AST, name: str) -> bool:
    return any(part.id == name for part in descendants(node, ast.Name))


def nested_unused(place: Place[Any]) -> bool:
    """Whether a test in a test is never named by the one around it."""
    outer, node = place.function, place.node
    if not getattr(outer, "name", "").startswith("test") or node.decorator_list or place.cls is not None:
        return False
    named = {
        part.id if isinstance(part, ast.Name) else part.attr for part in descendants(outer, ast.Name, ast.Attribute)
    }
    asserts = bool(descendants(node, ast.Assert))
    hidden = any(last_name(part) in ("locals", "eval", "exec") for part in descendants(outer, ast.Call))
    return asserts and node.name not in named and not hidden


def reasonless(expr: ast.expr) -> ast.expr | None:
    """A skip that says no reason, or None: `@pytest.mark.skip`, `@unittest.skip("")`, `pytest.skip()`."""
    name = last_name(expr)
    if name not in ("skip", "skipTest") or not _is_runner(expr):
        return None
    if not isinstance(expr, ast.Call):
        return expr
    given = [*expr.args, *(word.value for word in expr.keywords if word.arg in ("reason", "msg", None))]
    if any(not (isinstance(value, ast.Constant) and value.value == "") for value in given):
        return None
    return expr


def _is_runner(expr: ast.expr) -> bool:
    """Whether it is a skip of pytest or unittest by how it is written, not a method of something else."""
    func = expr.func if isinstance(expr, ast.Call) else expr
    if isinstance(func, ast.Name):
        return True
    holder = next(iter(children(func)), None)
    return getattr(holder, "attr", getattr(holder, "id", "")) in ("mark", "pytest", "unittest", "self")


def is_lost_coroutine(place: Place[Any]) -> bool:
    """Whether it is an async test of a plain unittest case, which never awaits it."""
    if type(place.node) is not ast.AsyncFunctionDef or place.node.decorator_list or place.cls is None:
        return False
    return [place.name(base) for base in place.cls.bases] in (["unittest.TestCase"], ["unittest.case.TestCase"])


def is_generator(place: Place[Any]) -> bool:
    """Whether calling a test only makes a generator: pytest runs no such test, and nothing around it does."""
    node, cls = place.node, place.cls
    plain = type(node) is ast.FunctionDef and not node.decorator_list and (cls is None or not cls.bases)
    return plain and bool(within(node, ast.Yield, ast.YieldFrom))


def first_skip(node: Any) -> ast.expr | None:
    """The skip that a test starts with."""
    for stmt in node.body:
        if type(stmt) is not ast.Expr:
            return None
        if type(stmt.value) is not ast.Constant:
            skips = type(stmt.value) is ast.Call and last_name(stmt.value) in ("skip", "skipTest")
            return stmt.value if skips else None
    return None


def count_tests(cls: ast.ClassDef) -> int:
    """How many methods of a class are tests by their names."""
    return sum(type(stmt) in _FUNCTIONS and stmt.name.startswith("test") for stmt in cls.body)  # type: ignore[attr-defined] # A def, as its type says.


def is_constructor(stmt: ast.stmt) -> bool:
    """Whether it is what keeps pytest from collecting a class."""
    return isinstance(stmt, ast.FunctionDef) and stmt.name in ("__init__", "__new__")
