"""Calls that open text, where their mode and their encoding stand, and how sure that is."""

import ast
from typing import Final

from scanners.finding import Confidence
from scanners.place import Call
from scanners.syntax import descendants

MODES: Final = {
    "open": 1,
    "io.open": 1,
    "os.fdopen": 1,
    "pathlib.Path.open": 0,
    "aiofiles.open": 1,
    "gzip.open": 1,
    "bz2.open": 1,
    "lzma.open": 1,
    "tempfile.NamedTemporaryFile": 0,
    "tempfile.TemporaryFile": 0,
    "tempfile.SpooledTemporaryFile": 1,
}
BINARY: Final = frozenset(name for name in MODES if name.startswith(("gzip.", "bz2.", "lzma.", "tempfile.")))
"""Calls that open bytes when no mode is given; those of the archives do so for any mode without a `t`."""


TEXTS: Final = {"read_text": 0, "write_text": 1}


ENCODINGS: Final = {
    "open": 3,
    "io.open": 3,
    "os.fdopen": 3,
    "pathlib.Path.open": 2,
    "aiofiles.open": 3,
    "gzip.open": 3,
    "bz2.open": 3,
    "tempfile.NamedTemporaryFile": 2,
    "tempfile.TemporaryFile": 2,
    "tempfile.SpooledTemporaryFile": 3,
}


def is_text(mode: str, kind: str) -> bool:
    """Whether a mode opens text."""
    return "t" in mode if kind.startswith(("gzip.", "bz2.", "lzma.")) else "b" not in mode


def sureness(call: Call, kind: str) -> Confidence | None:
    """How sure it is that a file is opened; None when it is something else."""
    if _is_for_its_name(call) or _is_of_the_kernel(call):
        return None
    if kind in MODES or call.dotted.startswith("pathlib."):
        return Confidence.HIGH
    if call.dotted or (kind == "read_text" and call.node.args):
        return None  # Something else of that name; an encoding, or the name of a file in a distribution.
    receiver = call.receiver
    if isinstance(receiver, ast.BinOp) and isinstance(receiver.op, ast.Div):
        return Confidence.HIGH  # Only paths are divided and then read.
    return Confidence.LOW


def _is_of_the_kernel(call: Call) -> bool:
    """Whether it is a file of the kernel, which writes nothing but ASCII."""
    named = call.node.args[0] if call.node.args else call.receiver
    named = named.args[0] if isinstance(named, ast.Call) and named.args else named
    first = named.values[0] if isinstance(named, ast.JoinedStr) and named.values else named
    text = first.value if isinstance(first, ast.Constant) else ""
    return isinstance(text, str) and text.startswith(("/proc/", "/sys/"))


def _is_for_its_name(call: Call) -> bool:
    """Whether a temporary file is made for its path alone: nothing is read or written by this handle."""
    above, body = call.parent(), call.function
    target: ast.expr | None = None
    if isinstance(above, ast.withitem):
        target, body = above.optional_vars, call.stmt
    elif isinstance(above, ast.Assign):
        target = above.targets[0]
    if call.dotted != "tempfile.NamedTemporaryFile" or not isinstance(target, ast.Name) or body is None:
        return False
    uses = {id(node) for node in descendants(body, ast.Name) if node.id == target.id and node is not target}
    named = {id(node.value) for node in descendants(body, ast.Attribute) if node.attr in ("name", "close")}
    return bool(uses) and uses <= named


def is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
