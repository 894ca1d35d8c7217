"""Calls that something else makes: `to_thread(run, text, shell=True)`, `partial(get, verify=False)`."""

import ast
from typing import Final

from scanners.names import find, resolve
from scanners.place import Call

_POSITIONS: Final = {
    "asyncio.to_thread": 0,
    "functools.partial": 0,
    "anyio.to_thread.run_sync": 0,
    "starlette.concurrency.run_in_threadpool": 0,
    "fastapi.concurrency.run_in_threadpool": 0,
}
_METHODS: Final = {"run_in_executor": 1, "submit": 0}
CALLS: Final = (*_POSITIONS, *(f"*.{name}" for name in _METHODS))
"""Calls that are given a function and what to call it with."""


def hands_on(call: Call) -> bool:
    """Whether a call is one of CALLS."""
    return call.dotted in _POSITIONS or call.last in _METHODS


def called_by(call: Call, names: frozenset[str]) -> Call | None:
    """The call that `call` hands on to somebody else, where it is one of these names; it stands at the same place."""
    position = _POSITIONS.get(call.dotted, _METHODS.get(call.last, -1))
    args = call.node.args
    if position < 0 or len(args) <= position:
        return None
    func = args[position]
    ref = resolve(func, call.scope, call.line) if isinstance(func, (ast.Name, ast.Attribute)) else None
    if ref is None or ref.dotted not in names:
        return None
    node = ast.Call(func=func, args=args[position + 1 :], keywords=call.node.keywords)
    return Call(ast.copy_location(node, call.node), call.block, call.stmt, ref)


def passed(call: Call, *names: str) -> ast.expr | None:
    """The value passed by one of these keywords, also by a dict that is unpacked in sight: `**{"verify": False}`."""
    given = call.keyword(*names)
    if given is not None:
        return given
    for word in call.node.keywords:
        if word.arg is None and (value := of_dict(word.value, call, *names)) is not None:
            return value
    return None


def _written(expr: ast.expr, call: Call) -> ast.expr:
    found = find(expr.id, call.scope) if isinstance(expr, ast.Name) else None
    return found[0][0].value if found and len(found[0]) == 1 and found[0][0].kind == "assign" else expr


def of_dict(given: ast.expr, call: Call, *names: str) -> ast.expr | None:
    """The value of one of these keys in a dict that is written in sight, as `{...}` or `dict(...)`."""
    made = _written(given, call)
    if isinstance(made, ast.Dict):
        pairs = zip(made.keys, made.values, strict=True)
        return next((value for key, value in pairs if isinstance(key, ast.Constant) and key.value in names), None)
    if isinstance(made, ast.Call) and getattr(made.func, "id", "") == "dict":
        return next((word.value for word in made.keywords if word.arg in names), None)
    return None
