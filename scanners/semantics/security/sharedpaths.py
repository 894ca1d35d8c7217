"""Paths in folders that all users of a machine share, and what writes there."""

import ast
from typing import Any, Final

from scanners.context import Context
from scanners.place import Call
from scanners.regex import regex
from scanners.semantics.pieces import pieces

WRITES: Final = frozenset({"write_text", "write_bytes", "touch", "mkdir"})
_TEMPORARY: Final = "<temporary>"
_SHARED: Final = regex(r"^(/tmp|/var/tmp|/dev/shm|<temporary>)/")


def is_shared(path: ast.expr, call: Call) -> bool:
    """Whether a path surely leads into a folder that all share."""
    return _SHARED.match(_start(path, call)) is not None


def _start(path: ast.expr, call: Call) -> str:
    """What the path surely starts with; what is joined to a fixed folder or to that of tempfile counts."""
    joined = ""
    while isinstance(path, ast.BinOp) and isinstance(path.op, ast.Div):
        path, joined = path.left, "/"
    return _first(path, call) + joined


def _first(path: ast.expr, call: Call) -> str:
    name = call.name(path.func) if isinstance(path, ast.Call) else ""
    if isinstance(path, ast.Call) and name in ("os.path.join", "pathlib.Path") and path.args:
        return _first(path.args[0], call) + ("/" if len(path.args) > 1 else "")
    if name == "tempfile.gettempdir":
        return _TEMPORARY
    taken = pieces(path, call.scope, call.line, call.stmt.col_offset if call.stmt else 0)
    first = taken.parts[0] if taken.parts else ""
    return first if isinstance(first, str) else ""


def path_of(call: Call) -> ast.expr | None:
    """The path that a call opens or writes, None where it is not in sight."""
    if call.dotted in ("open", "io.open"):
        return call.argument(0, "file")
    if isinstance(call.receiver, ast.BinOp):
        return call.receiver
    made: Any = call.origin
    return made.args[0] if made is not None and made.args else None


def writes(call: Call, ctx: Context) -> bool:
    """Whether a call of a file writes it."""
    if call.last in WRITES:
        return True
    mode = ctx.constant(call.argument(0 if call.dotted == "pathlib.Path.open" else 1, "mode"), call)
    return isinstance(mode, str) and bool(set(mode) & set("wax+"))
