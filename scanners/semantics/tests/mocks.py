"""Mocks as they are made: what they stand for, whether they keep to its shape, what a patch replaces."""

import ast
import sys
from collections import defaultdict
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from scanners.constants import fold
from scanners.names import find
from scanners.place import Call
from scanners.regex import regex
from scanners.syntax import descendants, unparse

_ROOTS: Final = ("unittest.mock", "mock")
_MOCKS: Final = ("Mock", "MagicMock", "AsyncMock", "NonCallableMock", "NonCallableMagicMock")
_FIXTURES: Final = ("mocker", "class_mocker", "module_mocker", "session_mocker")
BARE: Final = tuple(f"{root}.{name}" for root in _ROOTS for name in _MOCKS)
PATCHES: Final = tuple(f"{root}.{name}" for root in _ROOTS for name in ("patch", "patch.object"))
SHAPED: Final = frozenset({"spec", "spec_set", "autospec", "wraps"})
_GIVEN: Final = ("new", "new_callable")
_STANDARD: Final = frozenset(sys.stdlib_module_names)
_CALLABLE: Final = frozenset({"return_value", "side_effect", "name"})
_LIBRARIES: Final = (
    "requests httpx aiohttp urllib3 urllib boto3 botocore redis smtplib ftplib imaplib subprocess socket paramiko "
    "psycopg psycopg2 asyncpg pymongo pymysql grpc stripe twilio sendgrid elasticsearch kafka pika ldap3 slack_sdk "
    "kubernetes docker"
)
BOUNDARY: Final = regex(
    rf"^({'|'.join(_LIBRARIES.split())})\.|\.(requests|httpx|urllib3|subprocess|smtplib|boto3|stripe|socket)\.[a-z]\w*$"
    r"|(^|\.)(urlopen|urllib\.request\.\w+)$"
)
"""Libraries at the boundary of a program: by their own name, or as a module of the repository names them."""
_CLASS: Final = regex(r"^[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*$")


@lru_cache(maxsize=1)  # Several ask for the same call, one after the other.
def target_of(call: Call) -> str:
    """The dotted name that a patch replaces, as far as it is fixed; empty when it is not."""
    first = call.argument(0, "target")
    if call.last == "object":
        named = call.argument(1, "attribute")
        attribute = fold(named, call.scope) if named is not None else None
        holder = call.resolve(first) if first is not None else None
        if not isinstance(attribute, str) or holder is None:
            return ""
        return f"{holder.dotted}.{attribute}"
    target = fold(first, call.scope) if first is not None else None
    return target if isinstance(target, str) and "." in target else ""


def is_patch(call: Call) -> bool:
    """Whether a call is a patch of unittest.mock or of the `mocker` fixture of pytest-mock."""
    if call.dotted in PATCHES:
        return True
    func = call.node.func
    if not isinstance(func, ast.Attribute):
        return False
    holder = func.value.value if func.attr == "object" and isinstance(func.value, ast.Attribute) else func.value
    named = func.attr == "patch" or (func.attr == "object" and getattr(func.value, "attr", "") == "patch")
    return named and getattr(holder, "id", "") in _FIXTURES


def is_bare(call: Call) -> bool:
    """Whether a call makes a mock by hand, with unittest.mock or the `mocker` fixture of pytest-mock."""
    return call.dotted in BARE or (call.last in _MOCKS and getattr(call.receiver, "id", "") in _FIXTURES)


def is_shaped(call: Call) -> bool:
    """Whether the replacement is made to the shape of what it replaces, or is given and no bare mock."""
    given = replacement(call)
    if given is None or names_shape(call.node):
        return given is not None or names_shape(call.node)
    made = given if isinstance(given, ast.Call) else None
    bare = call.name(made.func if made is not None else given) in BARE
    return not bare or (made is not None and (bool(made.args) or names_shape(made)))


def replacement(call: Call) -> ast.expr | None:
    """What a patch is told to put in the place of what it replaces, or to make that with; None where it chooses."""
    position = 2 if call.last == "object" else 1
    given = call.argument(position, "new")
    return given if given is not None else call.keyword("new_callable")


def names_shape(call: ast.Call) -> bool:
    """Whether a keyword gives the shape, or may: keywords that are unpacked are not in sight."""
    return any(word.arg is None or word.arg in SHAPED for word in call.keywords)


def stands_for(target: str) -> str:
    """What a patched name is: a class, a boundary, or "" for a plain function or value."""
    last = target.rpartition(".")[2]
    if _CLASS.match(last):
        return "class"
    if last.isupper():
        return ""
    return "boundary" if BOUNDARY.search(target) else ""


def answered_by_fake(call: Call) -> bool:
    """Whether the class that is patched gives an object that the test wrote by hand, which has what it defines only."""
    given = call.keyword("return_value")
    made = call.resolve(given) if given is not None else None
    fake = made is not None and made.origin is not None and made.dotted.startswith((".", "tests."))
    return fake and _CLASS.match(target_of(call).rpartition(".")[2]) is not None


def is_loose(call: Call, target: str) -> bool:
    """Whether a shape would change little: something stands behind the mock, or what is patched may be missing, or is a
    function of the standard library, which takes the same in every release."""
    *_, module, last = ("", *target.split("."))
    standard = module in _STANDARD or target.partition(".")[0] in _STANDARD
    answers = call.keyword("return_value", "side_effect", "create") is not None or replacement(call) is not None
    return answers or (standard and last.islower() and last != module)


def configured(call: Call) -> list[str]:
    """The attributes that a bare mock is given, by keyword or after it is made: it stands for an object then."""
    given = [word.arg for word in call.node.keywords if word.arg and word.arg.partition(".")[0] not in _CALLABLE]
    name, around = name_of(call), _around(call)
    return given + _stored(around)[name] if name and around is not None else given


def holds_data(call: Call) -> bool:
    """Whether a bare mock is only given values to be read: nothing of it is called, answers, or is asked afterwards."""
    name, around = name_of(call), _around(call)
    if not name or around is None:
        return False
    uses = _uses(around)
    values = [word.value for word in call.node.keywords] + uses.values[name]
    return name not in uses.asked and bool(values) and all(_is_value(value, call) for value in values)


def _is_value(expr: ast.expr, call: Call) -> bool:
    """Whether what an attribute is given is to be read, and neither to be called nor a mock again."""
    found = find(expr.id, call.scope) if isinstance(expr, ast.Name) else None
    behaves = isinstance(expr, ast.Lambda) or (found is not None and any(bound.kind == "def" for bound in found[0]))
    return not behaves and "mock" not in unparse(expr).lower()


def name_of(call: Call) -> str:
    """The name that a mock is bound to: `gateway`, or `self.gateway` in a class of tests; empty for any other place."""
    above = _above(call)
    target = above.targets[0] if isinstance(above, ast.Assign) and len(above.targets) == 1 else None
    return target.id if isinstance(target, ast.Name) else _own(target, call)


def _own(target: ast.AST | None, call: Call) -> str:
    """The name `self.x` of an attribute that a class of tests gives itself."""
    if not isinstance(target, ast.Attribute) or getattr(target.value, "id", "") != "self" or call.cls is None:
        return ""
    told = (call.cls.name, *map(unparse, call.cls.bases))
    return f"self.{target.attr}" if any("Test" in name for name in told) else ""


def _around(call: Call) -> Any:
    """Where a mock that is bound to a name may be used: its function, or the whole class for one of `self`."""
    return call.cls if name_of(call).startswith("self.") else call.function


@lru_cache(maxsize=2)  # Asked for one mock of a test after the other.
def _stored(around: Any) -> Mapping[str, list[str]]:
    """The first attributes that get values in a def or class, also deep ones, by `name` or `self.name`."""
    found: dict[str, list[str]] = defaultdict(list)
    for node in descendants(around, ast.Attribute):
        if type(node.ctx) is not ast.Load:
            name, first = _root(node)
            if first and first not in ("return_value", "side_effect") and not first.startswith("__"):
                found[name].append(first)
    return found


class _Uses:
    """What a def or class does with the attributes of names: `name` or `self.name`.

    `values` is what is given to them; `asked` the names of which something is called, or asked afterwards.
    """

    def __init__(self, around: Any) -> None:
        assigned = [assign for assign in descendants(around, ast.Assign) if type(assign.targets[0]) is ast.Attribute]
        self.values: dict[str, list[ast.expr]] = defaultdict(list)
        for assign in assigned:
            self.values[_direct(assign.targets[0])].append(assign.value)
        holders = (node.value for node in descendants(around, ast.Attribute))
        called = (call.func for call in descendants(around, ast.Call))
        self.asked = {_direct(node) for node in (*holders, *called) if type(node) is ast.Attribute}


@lru_cache(maxsize=2)
def _uses(around: Any) -> _Uses:
    return _Uses(around)


def _direct(node: ast.Attribute) -> str:
    """The name whose attribute this is: `a` of `a.b`, `self.a` of `self.a.b`; empty for what is deeper."""
    if isinstance(node.value, ast.Name):
        return node.value.id
    own = isinstance(node.value, ast.Attribute) and getattr(node.value.value, "id", "") == "self"
    return f"self.{node.value.attr}" if own and isinstance(node.value, ast.Attribute) else ""


def _root(node: ast.Attribute) -> tuple[str, str]:
    """The name that `name.a.return_value` starts with, and its first attribute; empty where it starts otherwise."""
    expr: Any = node
    parts: list[str] = []
    while isinstance(expr, (ast.Attribute, ast.Call)):
        if isinstance(expr, ast.Attribute):
            parts.append(expr.attr)
            expr = expr.value
        else:
            expr = expr.func
    name = getattr(expr, "id", "")
    if name == "self":
        name = f"self.{parts.pop()}"
    return name, parts[-1] if name and parts else ""


def is_child(call: Call) -> bool:
    """Whether a mock is given to an attribute, a key or another mock: a part of something that is known elsewhere."""
    above = _above(call)
    if isinstance(above, ast.Assign):
        return not all(isinstance(target, ast.Name) for target in above.targets) and not name_of(call)
    return isinstance(above, (ast.keyword, ast.Dict, ast.List, ast.Tuple))


def _above(call: Call) -> ast.AST | None:
    """What directly holds a call: most stand right behind an equals sign."""
    return call.stmt if getattr(call.stmt, "value", None) is call.node else call.parent()
