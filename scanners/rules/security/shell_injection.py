import ast
import re
from typing import Final

from scanners.constants import UNKNOWN
from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.pieces import is_fixed_name, is_guarded, is_number, is_picked, pieces
from scanners.place import Call
from scanners.rule import Example, Rule

_ALWAYS: Final = frozenset(
    "os.system os.popen subprocess.getoutput subprocess.getstatusoutput asyncio.create_subprocess_shell "
    "asyncio.subprocess.create_subprocess_shell".split()
)
_SUBPROCESS: Final = frozenset(f"subprocess.{name}" for name in ("run", "call", "check_call", "check_output", "Popen"))
_EXECS: Final = frozenset(
    f"os.{name}" for name in "execl execlp execv execvp execvpe spawnl spawnlp spawnv spawnvp posix_spawn".split()
) | {"asyncio.create_subprocess_exec"}
_REMOTE: Final = frozenset(
    {"paramiko.SSHClient.exec_command", "paramiko.client.SSHClient.exec_command", "fabric.Connection.run"}
)
_SHELLS: Final = frozenset("sh bash dash zsh ksh ash cmd cmd.exe powershell pwsh".split())
_QUOTES: Final = frozenset(
    {"quote", "shlex_quote", "shellquote", "shell_quote", "list2cmdline", "escapeshellarg", "quote_cmd"}
)
_OWN: Final = frozenset({"sys.executable", "__file__", "os.getcwd", "shutil.which", "sys.prefix", "os.curdir"})
_SSH: Final = re.compile(r"ssh|client|remote|conn", re.I)


class ShellInjection(Rule):
    """
    A shell reads `;`, `$(...)` and quotes in the values that a command is made of: a file name can then run programs.

    Looks at os.system, os.popen, getoutput, subprocess with shell=True, asyncio's shell, programs started as `sh -c` and
    commands over SSH. Parts that went through shlex.quote, numbers and choices from fixed sets are good, and so are lists.
    A constant command weighs less: it only wastes a shell.
    """

    id = "shell-injection"
    area = "security"
    item = "S2"
    title = "Shell command that is not fixed"
    severity = Severity.HIGH
    effort = Effort.HOUR
    fix = "Pass a list and leave the shell out; where a shell is needed, put each value through shlex.quote."
    bad = [
        Example(
            "os.system and os.popen",
            {
                "thumbs.py": "import os\n\n\ndef resize(name, width):\n    os.system('convert ' + name + ' out.png')\n"
                "    return os.popen(f'identify {name}').read()\n"
            },
            at=[("thumbs.py", 5), ("thumbs.py", 6)],
        ),
        Example(
            "shell=True",
            {
                "backup.py": "import subprocess\nfrom subprocess import check_output as output\n\n\ndef dump(database):\n"
                "    command = 'pg_dump %s | gzip' % database\n    subprocess.run(command, shell=True, check=True)\n"
                "    return output('du -sh {}'.format(database), shell=True)\n"
            },
            at=[("backup.py", 7), ("backup.py", 8)],
        ),
        Example(
            "the whole command comes in",
            {"run.py": "import subprocess\n\n\ndef run(command):\n    return subprocess.getoutput(command)\n"},
            at=[("run.py", 5)],
        ),
        Example(
            "a shell by name",
            {
                "run.py": "import subprocess\n\n\ndef count(path):\n    subprocess.run(['bash', '-c', f'wc -l {path} | sort'])\n"
            },
            at=[("run.py", 5)],
        ),
        Example(
            "asyncio",
            {
                "probe.py": "import asyncio\n\n\nasync def probe(host):\n    await asyncio.create_subprocess_shell(f'ping -c1 {host}')\n"
            },
            at=[("probe.py", 5)],
        ),
        Example(
            "over SSH",
            {
                "deploy.py": "import paramiko\n\n\ndef restart(host, unit):\n    client = paramiko.SSHClient()\n    client.connect(host)\n"
                "    client.exec_command('systemctl restart ' + unit)\n"
            },
            at=[("deploy.py", 7)],
        ),
        Example(
            "constant, which weighs less",
            {"disk.py": "import subprocess\n\nsubprocess.run('df -h | tail -1', shell=True)\n"},
            at=[("disk.py", 3)],
        ),
    ]
    good = [
        Example(
            "list",
            {
                "thumbs.py": "import subprocess\n\n\ndef resize(name):\n    subprocess.run(['convert', name, 'out.png'], check=True)\n"
            },
        ),
        Example(
            "quoted",
            {
                "backup.py": "import os\nimport shlex\nimport subprocess\n\n\ndef dump(name, arguments):\n"
                "    os.system(f'pg_dump {shlex.quote(name)} | gzip')\n    subprocess.run(shlex.join(arguments) + ' | gzip', shell=True)\n"
                "    os.system('tar cf x ' + ' '.join(shlex.quote(each) for each in arguments))\n"
            },
        ),
        Example(
            "choices and numbers",
            {
                "unit.py": "import os\n\nUNITS = {'web': 'web.service'}\n\n\ndef restart(key, delay: int):\n"
                "    os.system(f'sleep {delay}; systemctl restart {UNITS[key]}')\n"
            },
        ),
        Example(
            "not a shell",
            {"run.py": "import subprocess\n\n\ndef run(args, use):\n    subprocess.run(args, shell=False)\n"},
        ),
    ]
    calls = (*_ALWAYS, *_SUBPROCESS, *_EXECS, *_REMOTE, "*.exec_command", "*.subprocess_shell")

    def visit_call(self, call: Call, ctx: Context) -> None:
        if call.last == "exec_command" and call.dotted not in _REMOTE:
            if call.ref is not None and not call.dotted.endswith("SSHClient.exec_command"):
                return
            if call.receiver is None or not _SSH.search(ast.unparse(call.receiver)):
                return
        ctx.site(call)
        command, sure = _command(call, ctx)
        if sure is None:
            ctx.unresolved(call, "Whether a shell is used is decided elsewhere.")
        elif command is not None:
            self._judge(call, ctx, command, sure)

    def _judge(self, call: Call, ctx: Context, command: ast.expr, sure: Confidence) -> None:
        taken = pieces(command, call.scope, call.line, call.stmt.col_offset if call.stmt else 0)
        loose = [hole for hole in taken.holes if not _is_harmless(hole, call)]
        if loose:
            message = f"A shell reads {ast.unparse(loose[0])[:60]} as part of the command."
            ctx.report(call, message, confidence=sure if taken.built else min(sure, Confidence.MEDIUM, key=_rank))
        elif not taken.holes and call.dotted in _SUBPROCESS and call.keyword("shell") is not None:
            ctx.report(call, "The command is fixed, so nothing needs a shell here.", severity=Severity.LOW)


def _rank(confidence: Confidence) -> int:
    return list(Confidence).index(confidence)


def _command(call: Call, ctx: Context) -> tuple[ast.expr | None, Confidence | None]:
    """The text that a shell reads, None when no shell does; and how sure that is, None when it cannot be told."""
    first = call.argument(0, "args", "cmd", "command")
    if call.dotted in _ALWAYS or call.last in ("exec_command", "subprocess_shell") or call.dotted in _REMOTE:
        known = call.dotted in _ALWAYS or call.dotted in _REMOTE
        return first, Confidence.HIGH if known else Confidence.LOW
    if call.dotted in _EXECS:
        return _after_c(call.node.args), Confidence.HIGH
    given = call.keyword("shell")
    shell = ctx.constant(given, call) if given is not None else False
    if isinstance(first, ast.List | ast.Tuple):
        inner = _after_c(first.elts)
        if inner is None and shell is True and first.elts:
            return first.elts[0], Confidence.HIGH
        return inner, Confidence.HIGH
    if shell is UNKNOWN:
        return None, None
    return (first, Confidence.HIGH) if shell else (None, Confidence.HIGH)


def _after_c(items: list[ast.expr]) -> ast.expr | None:
    """What follows `-c` where a list starts a shell."""
    words = [item.value if isinstance(item, ast.Constant) else None for item in items]
    if not any(isinstance(word, str) and word.rpartition("/")[2] in _SHELLS for word in words[:3]):
        return None
    found = [number for number, word in enumerate(words) if word in ("-c", "-lc", "-ec", "/c", "/C", "-Command")]
    return items[found[0] + 1] if found and found[0] + 1 < len(items) else None


def _is_harmless(hole: ast.expr, call: Call) -> bool:
    if (
        is_number(hole, call.scope)
        or is_fixed_name(hole)
        or is_picked(hole, call.scope)
        or is_guarded(hole, call.function)
    ):
        return True
    if isinstance(hole, ast.Call):
        name = getattr(hole.func, "attr", getattr(hole.func, "id", ""))
        if name in _QUOTES or (name == "join" and _quotes_inside(hole)) or ast.unparse(hole.func) in _OWN:
            return True
    text = ast.unparse(hole)
    return text in _OWN or "__file__" in text


def _quotes_inside(hole: ast.Call) -> bool:
    if isinstance(hole.func, ast.Attribute) and getattr(hole.func.value, "id", "") in ("shlex", "subprocess"):
        return True
    return any(getattr(node, "attr", getattr(node, "id", "")) in _QUOTES for node in ast.walk(hole))
