"""Time limits as people read them: what is passed, on what, and what the library does by itself."""

import ast
from typing import Any, Final

from scanners.constants import UNKNOWN, fold
from scanners.names import find
from scanners.place import Call, Place
from scanners.semantics.boundaries.paramdefaults import default_of
from scanners.semantics.outbound import CLIENTS, HTTP, argument, hides
from scanners.semantics.timeouts.budgets import deadline
from scanners.syntax import last_name, unparse

DEFAULTS: Final = {"httpx": "5 s", "aiohttp": "300 s"}
"""Limits that HTTP libraries have of their own: httpx 0.28, aiohttp 3.14."""

_PARTS: Final = {
    "connect": "connect",
    "sock_connect": "connect",
    "read": "read",
    "sock_read": "read",
    "total": "total",
    "pool": "pool",
    "write": "write",
}
_LONGEST: Final = 50


def shown(expr: ast.expr, place: Place[Any]) -> str:
    """A limit in words: `5 s`, `connect 3 s, read 10 s`, `none`, or the name of what holds it."""
    if isinstance(expr, ast.Tuple) and len(expr.elts) == 2:
        return f"connect {shown(expr.elts[0], place)}, read {shown(expr.elts[1], place)}"
    if isinstance(expr, ast.Call) and last_name(expr.func) in ("Timeout", "ClientTimeout", "timedelta", "float", "int"):
        return _made(expr, place)
    value = fold(expr, place.scope)
    if value is UNKNOWN and isinstance(expr, ast.Name):
        return _named(expr, place)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{value:g} s"
    if value is None:
        return "none"
    if isinstance(value, tuple) and len(value) == 2 and all(isinstance(each, (int, float)) for each in value):
        return f"connect {value[0]:g} s, read {value[1]:g} s"
    text = unparse(expr).replace("\n", " ")
    return (
        text
        if len(text) <= _LONGEST and isinstance(expr, (ast.Name, ast.Attribute, ast.Subscript, ast.Call))
        else "computed"
    )


def _named(expr: ast.Name, place: Place[Any]) -> str:
    """What a name holds: the one thing that is assigned to it, or the default of a parameter."""
    found = find(expr.id, place.scope)
    bindings, holder = found if found is not None else ([], place.scope)
    if len(bindings) == 1 and bindings[0].kind == "assign" and isinstance(bindings[0].value, ast.Call):
        made = shown(bindings[0].value, place)
        return made if made != "computed" else expr.id
    if len(bindings) == 1 and bindings[0].kind == "param":
        default = default_of(expr.id, holder)
        value = fold(default, holder.parent or holder) if default is not None else None
        return f"{value:g} s unless told" if isinstance(value, (int, float)) else f"passed in as {expr.id}"
    return expr.id


def _made(expr: ast.Call, place: Place[Any]) -> str:
    if last_name(expr.func) in ("timedelta", "float", "int"):
        return unparse(expr)[:_LONGEST]
    parts = [shown(arg, place) for arg in expr.args[:1]]
    for word in expr.keywords:
        if word.arg in _PARTS:
            said = shown(word.value, place)
            parts.append(said if word.arg == "total" else f"{_PARTS[word.arg]} {said}")
    return ", ".join(parts) or "set"


def of_http(call: Call) -> str:
    """How an HTTP call that is found bounded is bounded, and where that is said."""
    given = argument(call.node, HTTP[call.dotted])
    if given is not None:
        return shown(given, call)
    maker = CLIENTS.get(call.dotted.rpartition(".")[0])
    on_client = argument(call.origin, maker) if maker is not None and call.origin is not None else None
    if on_client is None and call.origin is not None:
        on_client = call.keyword("timeout", of=call.origin)
    if on_client is not None:
        return f"{shown(on_client, call)} (on the client)"
    around = deadline(call)
    if around is not None:
        return f"{around[0]:g} s (deadline)"
    root = call.dotted.partition(".")[0]
    if call.origin is not None and hides(call.origin):
        return "as among the unpacked options of the client"
    return f"library default {DEFAULTS[root]}" if root in DEFAULTS else "deadline"
