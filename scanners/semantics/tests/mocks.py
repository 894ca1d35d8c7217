"""Mocks as they are made: what they stand for, whether they keep to its shape, what a patch replaces."""

import ast
from functools import lru_cache
from typing import Any, Final

from scanners.constants import fold
from scanners.place import Call
from scanners.regex import regex
from scanners.syntax import descendants

_VALUES: Final = (ast.Constant, ast.JoinedStr, ast.List, ast.Tuple, ast.Dict, ast.Set, ast.UnaryOp)
_ROOTS: Final = ("unittest.mock", "mock")
BARE: Final = tuple(f"{root}.{name}" for root in _ROOTS for name in ("Mock", "MagicMock", "AsyncMock"))
PATCHES: Final = tuple(f"{root}.{name}" for root in _ROOTS for name in ("patch", "patch.object"))
SHAPED: Final = frozenset({"spec", "spec_set", "autospec", "new", "new_callable", "wraps"})
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
_DATA: Final = ("args", "kwargs", "environ", "call_args")


@lru_cache(maxsize=1)  # Several ask for the same call, one after the other.
def target_of(call: Call) -> str:
    """The dotted name that a patch replaces, as far as it is fixed; empty when it is not."""
    args = call.node.args
    if call.last == "object":
        attribute = fold(args[1], call.scope) if len(args) > 1 else None
        holder = call.resolve(args[0]) if args else None
        if not isinstance(attribute, str) or holder is None:
            return ""
        return f"{holder.dotted}.{attribute}"
    target = fold(args[0], call.scope) if args else fold(call.keyword("target") or ast.Constant(None), call.scope)
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
    return named and getattr(holder, "id", "") in ("mocker", "class_mocker", "module_mocker", "session_mocker")


def is_shaped(call: Call) -> bool:
    """Whether the replacement is given, or made to the shape of what it replaces."""
    position = 2 if call.last == "object" else 1
    return len(call.node.args) > position or names_shape(call.node)


def names_shape(call: ast.Call) -> bool:
    """Whether a keyword gives the shape, or may: keywords that are unpacked are not in sight."""
    return any(word.arg is None or word.arg in SHAPED for word in call.keywords)


def stands_for(target: str) -> str:
    """What a patched name is: a class, a boundary, or "" for a plain function or value."""
    last = target.rpartition(".")[2]
    if _CLASS.match(last):
        return "class"
    return "boundary" if BOUNDARY.search(target) else ""


def answered_by_fake(call: Call) -> bool:
    """Whether the class that is patched gives an object that the test wrote by hand, which has what it defines only."""
    given = call.keyword("return_value")
    made = call.resolve(given) if given is not None else None
    fake = made is not None and made.origin is not None and made.dotted.startswith((".", "tests."))
    return fake and _CLASS.match(target_of(call).rpartition(".")[2]) is not None


def configured(call: Call) -> list[str]:
    """The attributes that a bare mock is given, by keyword or after it is made: it stands for an object then."""
    given = [word.arg for word in call.node.keywords if word.arg and word.arg.partition(".")[0] not in _CALLABLE]
    above = _above(call)
    target = above.targets[0] if isinstance(above, ast.Assign) and len(above.targets) == 1 else None
    if isinstance(target, ast.Name) and call.function is not None:
        given += _stored(call.function).get(target.id, [])
    return given


@lru_cache(maxsize=1)  # Asked for one mock of a test after the other.
def _stored(function: Any) -> dict[str, list[str]]:
    """What a def gives values to by assignments to `name.a` or `name.a.return_value`: each first attribute, by name."""
    found: dict[str, list[str]] = {}
    for node in descendants(function):
        if type(node) is ast.Attribute and type(node.ctx) is not ast.Load:
            name, first = _root(node)
            if name and first not in ("return_value", "side_effect") and not first.startswith("__"):
                found.setdefault(name, []).append(first)
    return found


def holds_data(call: Call) -> bool:
    """Whether a bare mock is only given values to be read: nothing of it is called, answers, or is asked afterwards."""
    above = _above(call)
    name = getattr(above.targets[0], "id", "") if isinstance(above, ast.Assign) else ""
    around = descendants(call.function) if name and call.function is not None else ()
    attributes = [node for node in around if type(node) is ast.Attribute]
    held = {node for node in attributes if getattr(node.value, "id", "") == name}
    deep = any(node.value in held for node in attributes)
    called = any(node.func in held for node in around if type(node) is ast.Call)
    values = [word.value for word in call.node.keywords]
    values += [node.value for node in around if type(node) is ast.Assign and node.targets[0] in held]
    return bool(name) and not deep and not called and bool(values) and all(isinstance(each, _VALUES) for each in values)


def _root(node: ast.Attribute) -> tuple[str, str]:
    """The name that `name.a.return_value` starts with, and its first attribute; empty where it starts otherwise."""
    expr: Any = node
    first = ""
    while isinstance(expr, (ast.Attribute, ast.Call)):
        if isinstance(expr, ast.Attribute):
            first, expr = expr.attr, expr.value
        else:
            expr = expr.func
    return getattr(expr, "id", ""), first


def is_child(call: Call) -> bool:
    """Whether a mock is given to an attribute, a key or another mock: a part of something that is known elsewhere."""
    above = _above(call)
    if isinstance(above, ast.Assign):
        return not all(isinstance(target, ast.Name) for target in above.targets)
    return isinstance(above, (ast.keyword, ast.Dict, ast.List, ast.Tuple))


def _above(call: Call) -> ast.AST | None:
    """What directly holds a call: most stand right behind an equals sign."""
    return call.stmt if getattr(call.stmt, "value", None) is call.node else call.parent()
