"""What a function does about the members of an archive before it writes them."""

import ast
import re

from scanners.constants import UNKNOWN
from scanners.context import Context
from scanners.place import Call, Place
from scanners.regex import regex
from scanners.semantics.harmless import is_fixed_name
from scanners.syntax import descendants, unparse

_CHECKS = regex(
    r"^(is_relative_to|commonpath|realpath|commonprefix|safe_join|secure_filename|relative_to|resolve|basename|normpath)$|"
    r"within|travers|is_safe|safe_member"
)


def opens_joined(node: ast.Call, member: str, place: Place[ast.For]) -> bool:
    """Whether a call opens, for writing, a path made of the member's name."""
    func = node.func
    if isinstance(func, ast.Attribute) and func.attr in ("write_bytes", "write_text", "open"):
        mode = str(getattr(node.args[0], "value", "")) if node.args and func.attr == "open" else "r"
        writes = func.attr != "open" or bool(set(mode) & set("wax"))
        return writes and any(_joins(source, member) for source in _behind(func.value, place))
    if getattr(func, "id", "") != "open" or len(node.args) < 2 or not isinstance(node.args[1], ast.Constant):
        return False
    if not set(str(node.args[1].value)) & set("wax"):
        return False
    return any(_joins(source, member) for source in _behind(node.args[0], place))


def _behind(path: ast.expr, place: Place[ast.For]) -> list[ast.expr]:
    """A path, and what it was given where it is a name."""
    held = place.scope.bindings(path.id) if isinstance(path, ast.Name) else []
    return [path, *(binding.value for binding in held if binding.kind == "assign")]


def _joins(source: ast.expr, member: str) -> bool:
    joins = (isinstance(source, ast.Call) and getattr(source.func, "attr", "") in ("join", "joinpath")) or (
        isinstance(source, ast.BinOp) and isinstance(source.op, (ast.Div, ast.Add))
    )
    return joins and any(isinstance(inner, ast.Name) and inner.id == member for inner in descendants(source))


def named_like_tar(receiver: ast.expr | None) -> bool:
    """Whether a receiver is named like a tar archive."""
    name = getattr(receiver, "id", getattr(receiver, "attr", "")).lower()
    return name.startswith("tar") or name in ("tf", "tgz") or name.endswith(("_tar", "tarball", "tarfile"))


def filter_fault(call: Call, ctx: Context, position: int) -> str:
    """Empty for a safe filter, "unknown", else what is wrong."""
    given = call.keyword("filter") or (call.argument(position) if call.last == "unpack_archive" else None)
    if given is None:
        return "unknown" if call.unpacks else "pass filter='data'"
    value = ctx.constant(given, call)
    if value is None or value == "fully_trusted" or call.name(given).endswith("fully_trusted_filter"):
        return "this filter lets them"
    return ""


def is_zip(call: Call, ctx: Context) -> bool:
    """Whether shutil is told, in sight, to unpack a zip."""
    if call.last != "unpack_archive":
        return False
    values = (ctx.constant(call.argument(0), call), ctx.constant(call.argument(2, "format"), call))
    return any(value is not UNKNOWN and str(value).endswith("zip") for value in values)


def checked(call: Call) -> bool:
    """Whether the members that are extracted were chosen or looked at."""
    members = call.argument(1, "members") if call.last == "extractall" else None
    if isinstance(members, ast.Call) and getattr(members.func, "attr", "") in ("getmembers", "infolist"):
        members = None  # All of them.
    if isinstance(members, ast.Call) or (members is not None and has_check(call.function or call.node)):
        return True
    named = call.argument(0, "member") if call.last == "extract" else None
    if named is not None and (is_fixed_name(named) or isinstance(named, ast.Constant)):
        return True
    return call.function is not None and has_check(call.function)


def for_old_python(call: Call) -> bool:
    """Whether a condition asks first whether this Python knows filters."""
    tests = [unparse(block.node.test) for block in call.blocks() if block.kind in ("if", "else")]
    return any(re.search(r"filter|version_info", test) for test in tests)


def has_check(function: ast.AST) -> bool:
    """Whether the function looks where members would go, or writes the archive itself."""
    for node in descendants(function):
        name = getattr(node, "attr", getattr(node, "id", ""))
        if _CHECKS.search(name) or (name == "startswith" and isinstance(node, ast.Attribute)):
            return True
        if isinstance(node, ast.Attribute) and name == "name" and isinstance(node.ctx, ast.Store):
            return True  # It gives the member a name of its own.
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and (node.value == ".." or node.value.startswith("w:"))
        ):
            return True
    return False
