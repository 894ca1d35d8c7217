"""Programs that are started: which one, and whether a process is ended by hand."""

import ast
from typing import Any, Final

from scanners.constants import fold
from scanners.context import Context
from scanners.names import find
from scanners.place import Call
from scanners.regex import regex
from scanners.semantics.boundaries.addresstexts import CONFIG, Target, config_name
from scanners.syntax import descendants, last_name, unparse

_ENDINGS: Final = frozenset({"terminate", "kill", "send_signal"})
_WORD: Final = regex(r"^\s*(?:(?:sudo|env|exec|nohup|time|\w+=\S+)\s+)*([\w./+-]+)")
_STARTERS: Final = frozenset({"sudo", "env", "nice", "nohup", "ionice"})
_DEPTH: Final = 4


def program(call: Call, ctx: Context) -> Target:
    """The program that a call of `subprocess` and the like starts, by its file name."""
    made = call.node
    if call.dotted.startswith("subprocess.Popen."):
        if call.origin is None:
            return Target("", "The process is started elsewhere.")
        made = call.origin
    words = {word.arg: word.value for word in made.keywords}
    given = made.args[0] if made.args else words.get("args", words.get("cmd", words.get("program")))
    name = _first(given, call, 0) if given is not None else ""
    return Target(name) if name else Target("", "The program is computed.")


def _first(expr: ast.expr, call: Call, depth: int) -> str:
    if depth > _DEPTH:
        return ""
    value = fold(expr, call.scope)
    if isinstance(value, tuple):
        value = _of_words([word for word in value if isinstance(word, str)])
    if isinstance(value, str):
        found = _WORD.match(value)
        return found[1].rpartition("/")[2] if found else ""
    if isinstance(expr, ast.Call):
        return _of_call(expr, call, depth)
    if isinstance(expr, ast.Attribute) and unparse(expr) == "sys.executable":
        return "python"
    if isinstance(expr, ast.Attribute) and CONFIG.search(unparse(expr.value)):
        return f"{config_name(unparse(expr.value))}.{expr.attr}"
    if isinstance(expr, (ast.Name, ast.Attribute)):
        return _named(expr, call, depth)
    return _of_composed(expr, call, depth)


def _of_composed(expr: ast.expr, call: Call, depth: int) -> str:
    if isinstance(expr, (ast.List, ast.Tuple)):
        return _of_list(list(expr.elts), call, depth)
    if isinstance(expr, ast.BinOp):
        return _first(expr.left, call, depth + 1)
    if isinstance(expr, ast.Starred):
        return _first(expr.value, call, depth + 1)
    if isinstance(expr, ast.JoinedStr) and expr.values and isinstance(expr.values[0], ast.Constant):
        return _first(expr.values[0], call, depth + 1)
    if isinstance(expr, ast.IfExp):
        one, other = _first(expr.body, call, depth + 1), _first(expr.orelse, call, depth + 1)
        return one if one == other else ""
    return ""


def _of_words(words: list[str]) -> str:
    """The first word that is neither a starter of programs nor an option of one."""
    plain = [word for word in words if word.rpartition("/")[2] not in _STARTERS and not word.startswith("-")]
    return (plain or words or [""])[0]


def _of_list(items: list[ast.expr], call: Call, depth: int) -> str:
    name = _first(items[0], call, depth + 1) if items else ""
    if name.startswith("-"):
        return _of_list(items[1:], call, depth + 1)
    if name in _STARTERS and len(items) > 1:
        return _of_list(items[1:], call, depth + 1) or name
    return name


def _of_call(expr: ast.Call, call: Call, depth: int) -> str:
    last = last_name(expr.func)
    receiver = expr.func.value if isinstance(expr.func, ast.Attribute) else None
    if last in ("which", "split", "quote", "str", "Path", "list", "fspath", "join") and expr.args:
        return _first(expr.args[-1] if last == "join" else expr.args[0], call, depth + 1)
    if last in ("format", "split", "strip", "copy") and receiver is not None:
        return _first(receiver, call, depth + 1)
    return ""


def _named(expr: ast.expr, call: Call, depth: int) -> str:
    """What a name is given in sight, if that is one thing."""
    if isinstance(expr, ast.Attribute):
        scope: Any = call.scope
        while scope is not None and scope.kind != "class":
            scope = scope.parent
        bindings = scope.attributes.get(expr.attr, []) + scope.names.get(expr.attr, []) if scope is not None else []
    else:
        found = find(getattr(expr, "id", ""), call.scope)
        bindings = found[0] if found is not None else []
    names = {
        _first(binding.value, call, depth + 1)
        for binding in bindings
        if binding.kind == "assign" and isinstance(binding.value, ast.expr) and binding.line <= call.line
    }
    return names.pop() if len(names) == 1 else ""


def managed(call: Call, ctx: Context) -> bool:
    """Whether the process is ended by hand: in the same def, or anywhere in the file when an object holds it."""
    held = unparse(call.receiver) if call.receiver is not None else ""
    around = ctx.tree if "." in held else call.function or ctx.tree
    return any(
        node.attr in _ENDINGS and unparse(node.value) == held
        for node in descendants(around or ast.Module([], []), ast.Attribute)
    )
