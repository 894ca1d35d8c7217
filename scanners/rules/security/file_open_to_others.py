import ast
import re
from typing import Any

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Call
from scanners.regex import regex
from scanners.rule import Example, Rule
from scanners.semantics.pieces import pieces
from scanners.syntax import unparse

_MODES = {"os.chmod": 1, "os.fchmod": 1, "os.lchmod": 1, "pathlib.Path.chmod": 0, "os.umask": 0, "*.chmod": 0}
_SHARED = regex(r"^(/tmp|/var/tmp|/dev/shm)/.")
_KEY = regex(
    r"private_?key|priv_?key|secret|id_rsa|id_ed25519|\.pem\b|\.key\b|key_?(file|path)|credential|password|token", re.I
)
_PUBLIC = regex(r"pub|cert|authorized", re.I)
_WRITES = frozenset({"write_text", "write_bytes", "touch", "mkdir"})


class FileOpenToOthers(Rule):
    """
    In a directory that all share, whoever made the file first decides what the service reads, and can read what it writes.

    Looks at tempfile.mktemp, at files of a fixed name written under /tmp, /var/tmp or /dev/shm, and at chmod and umask: modes
    that let others write, and key files that others may read. Reading, and the rest of tempfile, are good.
    """

    id = "file-open-to-others"
    area = "security"
    item = "S9"
    title = "File that other users can read or replace"
    severity = Severity.MEDIUM
    effort = Effort.MINUTES
    fix = "Use tempfile.NamedTemporaryFile or mkdtemp; give files 0o600 and directories 0o700."
    bad = [
        Example(
            "mktemp",
            {
                "export.py": "import tempfile\n\n\ndef export(rows):\n    path = tempfile.mktemp('.csv')\n    return path\n"
            },
            at=[("export.py", 5)],
        ),
        Example(
            "fixed name under /tmp",
            {
                "report.py": "from pathlib import Path\n\n\ndef save(day, text):\n    with open(f'/tmp/report-{day}.txt', 'w') as out:\n"
                "        out.write(text)\n    Path('/tmp/last').write_text(day)\n"
            },
            at=[("report.py", 5), ("report.py", 7)],
        ),
        Example(
            "others may write",
            {
                "setup_dirs.py": "import os\nfrom pathlib import Path\n\n\ndef prepare(path):\n    os.chmod(path, 0o777)\n"
                "    Path(path).chmod(0o666)\n    os.umask(0)\n"
            },
            at=[("setup_dirs.py", 6), ("setup_dirs.py", 7), ("setup_dirs.py", 8)],
        ),
        Example(
            "key that others may read",
            {"keys.py": "import os\n\n\ndef store(private_key_path):\n    os.chmod(private_key_path, 0o644)\n"},
            at=[("keys.py", 5)],
        ),
    ]
    good = [
        Example(
            "tempfile",
            {
                "export.py": "import tempfile\n\n\ndef export():\n    return tempfile.NamedTemporaryFile('w', suffix='.csv')\n"
            },
        ),
        Example(
            "reading", {"report.py": "def last():\n    with open('/tmp/last') as file:\n        return file.read()\n"}
        ),
        Example(
            "private modes",
            {"keys.py": "import os\n\n\ndef store(key_path):\n    os.umask(0o077)\n    os.chmod(key_path, 0o600)\n"},
        ),
        Example("for all to run", {"hook.py": "import os\n\n\ndef install(path):\n    os.chmod(path, 0o755)\n"}),
    ]
    calls = (
        *_MODES,
        "tempfile.mktemp",
        "open",
        "io.open",
        *(f"pathlib.Path.{name}" for name in _WRITES),
        "pathlib.Path.open",
    )

    def visit_call(self, call: Call, ctx: Context) -> None:
        if call.dotted == "tempfile.mktemp":
            ctx.report(call, "Another process can make the file between the choice of its name and its opening.")
        elif call.last in ("chmod", "fchmod", "lchmod", "umask"):
            self._mode(call, ctx)
        else:
            self._written(call, ctx)

    def _mode(self, call: Call, ctx: Context) -> None:
        position = _MODES.get(call.dotted, 0)
        mode = ctx.constant(call.argument(position, "mode"), call)
        if not isinstance(mode, int):
            return
        ctx.site(call)
        target = unparse(call.receiver if call.receiver is not None and position == 0 else call.node)
        if call.last == "umask":
            if not mode & 0o002 and call.dropped:  # A value that is kept is how one asks for the present umask.
                ctx.report(call, f"With a umask of {mode:#o}, others may write what is made from here on.")
        elif mode & 0o002 and not mode & 0o1000:
            ctx.report(call, f"Mode {mode:#o} lets every user of the machine write it.")
        elif mode & 0o004 and _KEY.search(target) and not _PUBLIC.search(target):
            ctx.report(call, f"Mode {mode:#o} lets every user of the machine read it.", confidence=Confidence.MEDIUM)

    def _written(self, call: Call, ctx: Context) -> None:
        path = _path(call)
        if path is None or not _writes(call, ctx):
            return
        taken = pieces(path, call.scope, call.line, call.stmt.col_offset if call.stmt else 0)
        first = taken.parts[0] if taken.parts else ""
        if not isinstance(first, str) or not _SHARED.match(first):
            return
        ctx.site(call)
        if not re.search(r"pid|uuid|urandom|token_|mkdtemp", unparse(path)):
            ctx.report(call, "The path is in a directory that all users share, and its name can be foreseen.")


def _path(call: Call) -> ast.expr | None:
    if call.dotted in ("open", "io.open"):
        return call.argument(0, "file")
    made: Any = call.origin
    return made.args[0] if made is not None and made.args else None


def _writes(call: Call, ctx: Context) -> bool:
    if call.last in _WRITES:
        return True
    mode = ctx.constant(call.argument(0 if call.dotted == "pathlib.Path.open" else 1, "mode"), call)
    return isinstance(mode, str) and bool(set(mode) & set("wax+"))
