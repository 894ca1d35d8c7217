"""Which part of a call a shell reads, and what in it is harmless."""

import ast
import re
from typing import Final

from scanners.constants import UNKNOWN
from scanners.context import Context
from scanners.finding import Confidence
from scanners.place import Call
from scanners.regex import regex
from scanners.semantics.harmless import is_settled
from scanners.semantics.security.handed import passed
from scanners.syntax import descendants, unparse

ALWAYS: Final = frozenset(
    "os.system os.popen subprocess.getoutput subprocess.getstatusoutput asyncio.create_subprocess_shell "
    "asyncio.subprocess.create_subprocess_shell".split()
)


SUBPROCESS: Final = frozenset(f"subprocess.{name}" for name in ("run", "call", "check_call", "check_output", "Popen"))


EXECS: Final = frozenset(
    f"os.{name}" for name in "execl execlp execv execvp execvpe spawnl spawnlp spawnv spawnvp posix_spawn".split()
) | {"asyncio.create_subprocess_exec"}


REMOTE: Final = frozenset(
    "paramiko.SSHClient.exec_command paramiko.client.SSHClient.exec_command asyncssh.connect().run "
    "fabric.Connection.run fabric.Connection.sudo fabric.Connection.local invoke.run invoke.Context.run "
    "invoke.context.Context.run invoke.Context.sudo".split()
)


_SHELLS: Final = frozenset("sh bash dash zsh ksh ash cmd cmd.exe powershell pwsh".split())


QUOTES: Final = frozenset(
    {"quote", "shlex_quote", "shellquote", "shell_quote", "list2cmdline", "escapeshellarg", "quote_cmd"}
)


_OWN: Final = frozenset({"sys.executable", "__file__", "os.getcwd", "shutil.which", "sys.prefix", "os.curdir"})
_SSH: Final = regex(r"ssh|client|remote|conn", re.IGNORECASE)


def command_of(call: Call, ctx: Context) -> tuple[ast.expr | None, Confidence | None]:
    """The text that a shell reads, None when no shell does; and how sure that is, None when it cannot be told."""
    first = call.argument(1 if call.last == "subprocess_shell" else 0, "args", "cmd", "command")
    if call.dotted in ALWAYS or call.last in ("exec_command", "subprocess_shell") or call.dotted in REMOTE:
        known = call.dotted in ALWAYS or call.dotted in REMOTE
        return first, Confidence.HIGH if known else Confidence.LOW
    if call.dotted in EXECS:
        return _after_c(call.node.args), Confidence.HIGH
    first = _listed(first, call)
    given = call.argument(8) or passed(call, "shell")
    shell = ctx.constant(given, call) if given is not None else False
    if isinstance(first, (ast.List, ast.Tuple)):
        inner = _after_c(first.elts)
        if inner is None and shell is True and first.elts:
            return first.elts[0], Confidence.HIGH
        return inner, Confidence.HIGH
    if shell is UNKNOWN:
        return None, None
    return (first, Confidence.HIGH) if shell else (None, Confidence.HIGH)


def _listed(first: ast.expr | None, call: Call) -> ast.expr | None:
    """The list behind a name that is given once, else what is passed."""
    held = call.scope.bindings(first.id) if isinstance(first, ast.Name) else []
    value = held[0].value if len(held) == 1 and held[0].kind == "assign" else None
    return value if isinstance(value, (ast.List, ast.Tuple)) else first


def program_of(call: Call) -> ast.expr | None:
    """The program that a list of words starts, None where the words are not in sight."""
    first = call.argument(0, "args", "cmd", "command")
    if call.dotted in SUBPROCESS:
        if isinstance(first, ast.Call) and call.name(first.func) == "shlex.split" and first.args:
            return first.args[0]
        return first.elts[0] if isinstance(first, (ast.List, ast.Tuple)) and first.elts else None
    return first if call.dotted in EXECS else None


def _after_c(items: list[ast.expr]) -> ast.expr | None:
    """What follows `-c` where a list starts a shell."""
    words = [item.value if isinstance(item, ast.Constant) else None for item in items]
    if not any(isinstance(word, str) and word.rpartition("/")[2] in _SHELLS for word in words[:3]):
        return None
    found = [number for number, word in enumerate(words) if word in ("-c", "-lc", "-ec", "/c", "/C", "-Command")]
    return items[found[0] + 1] if found and found[0] + 1 < len(items) else None


def is_harmless_in_shell(hole: ast.expr, call: Call) -> bool:
    """Whether a part of a command is a number, fixed, chosen from a set or quoted."""
    if is_settled(hole, call):
        return True
    if isinstance(hole, ast.Call):
        name = getattr(hole.func, "attr", getattr(hole.func, "id", ""))
        if name in QUOTES or (name == "join" and _quotes_inside(hole)) or unparse(hole.func) in _OWN:
            return True
    text = unparse(hole)
    return text in _OWN or "__file__" in text


def _quotes_inside(hole: ast.Call) -> bool:
    if isinstance(hole.func, ast.Attribute) and getattr(hole.func.value, "id", "") in ("shlex", "subprocess"):
        return True
    return any(getattr(node, "attr", getattr(node, "id", "")) in QUOTES for node in descendants(hole))


def goes_over_ssh(call: Call) -> bool:
    """Whether an `exec_command` is one of a client of SSH, known or at least called so."""
    if call.dotted in REMOTE:
        return True
    if call.ref is not None and not call.dotted.endswith("SSHClient.exec_command"):
        return False
    return call.receiver is not None and _SSH.search(unparse(call.receiver)) is not None
