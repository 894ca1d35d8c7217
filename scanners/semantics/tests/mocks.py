"""Mocks as they are made: what they stand for, whether they keep to its shape, what a patch replaces."""

import ast
from typing import Any, Final

from scanners.constants import fold
from scanners.place import Call, Place
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
    words = {word.arg for word in call.node.keywords}
    return bool(words & SHAPED) or len(call.node.args) > position or None in words


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
    above = call.parent()
    target = above.targets[0] if isinstance(above, ast.Assign) and len(above.targets) == 1 else None
    if not isinstance(target, ast.Name):
        return given
    for node in descendants(call.function or ast.Module([], []), ast.Attribute):
        if not isinstance(node.ctx, ast.Load):
            given += _below(node, target.id)
    return given


def holds_data(call: Call) -> bool:
    """Whether a bare mock is only given values to be read: nothing of it is called, answers, or is asked afterwards."""
    above = call.parent()
    name = getattr(above.targets[0], "id", "") if isinstance(above, ast.Assign) else ""
    around = list(descendants(call.function or ast.Module([], [])))
    held = [node for node in around if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == name]
    stored = {id(node) for node in held if not isinstance(node.ctx, ast.Load)}
    values = [word.value for word in call.node.keywords]
    values += [node.value for node in around if isinstance(node, ast.Assign) and id(node.targets[0]) in stored]
    deep = [node for node in around if isinstance(node, ast.Attribute) and any(node.value is part for part in held)]
    called = [node for node in around if isinstance(node, ast.Call) and any(node.func is part for part in held)]
    return bool(name) and not deep and not called and bool(values) and all(isinstance(each, _VALUES) for each in values)


def _below(node: ast.Attribute, name: str) -> list[str]:
    """The first attribute of `name` that an assignment to `name.a.return_value` reaches."""
    expr: Any = node
    path: list[str] = []
    while isinstance(expr, (ast.Attribute, ast.Call)):
        if isinstance(expr, ast.Attribute):
            path.append(expr.attr)
            expr = expr.value
        else:
            expr = expr.func
    first = path[-1] if path else ""
    plain = first not in ("return_value", "side_effect") and not first.startswith("__")
    return [first] if plain and isinstance(expr, ast.Name) and expr.id == name else []


def is_child(place: Place[Any]) -> bool:
    """Whether a mock is given to an attribute, a key or another mock: a part of something that is known elsewhere."""
    above = place.parent()
    if isinstance(above, ast.Assign):
        return not all(isinstance(target, ast.Name) for target in above.targets)
    return isinstance(above, (ast.keyword, ast.Dict, ast.List, ast.Tuple))
