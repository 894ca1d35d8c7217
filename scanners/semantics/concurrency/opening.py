"""Files that a def only opens: to see whether it may, to hand them to a process, or to look at their first bytes."""

import ast
from typing import Any, Final

from scanners.constants import fold
from scanners.place import Call
from scanners.semantics.handlers import inner

_STREAMS: Final = ("stdout", "stderr", "stdin")
_GLANCE: Final = 65_536


def is_only_opened(call: Call) -> bool:
    """Whether the def neither writes to the file that a call opens nor reads more of it than a glance."""
    above = call.parent()
    if isinstance(above, ast.Attribute):
        return above.attr == "close"
    named: ast.AST | None = None
    if isinstance(above, ast.withitem):
        named = above.optional_vars
    elif isinstance(above, ast.Assign) and len(above.targets) == 1:
        named = above.targets[0]
    if not isinstance(named, ast.Name):
        return False
    body = getattr(call.function, "body", [])
    uses = [node for node in inner(body, ast.Name) if node.id == named.id and isinstance(node.ctx, ast.Load)]
    light = set(_light(body, call))
    return bool(uses) and all(id(node) in light for node in uses)


def _light(body: list[Any], call: Call) -> list[int]:
    """What is handed to a process, closed, or asked for a few bytes."""
    found = [id(node.value) for node in inner(body, ast.Attribute) if node.attr in ("close", "fileno")]
    for node in inner(body, ast.Call):
        found += [id(word.value) for word in node.keywords if word.arg in _STREAMS]
        if isinstance(node.func, ast.Attribute) and node.func.attr == "read" and node.args:
            size = fold(node.args[0], call.scope)
            if isinstance(size, int) and 0 <= size <= _GLANCE:
                found.append(id(node.func.value))
    return found
