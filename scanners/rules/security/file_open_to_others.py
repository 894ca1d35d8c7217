import ast
import re

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Call
from scanners.regex import regex
from scanners.rule import Example, Rule
from scanners.semantics.security import sharedpaths
from scanners.syntax import unparse

_MODES = {"os.chmod": 1, "os.fchmod": 1, "os.lchmod": 1, "pathlib.Path.chmod": 0, "os.umask": 0, "*.chmod": 0}
_FLAGS = regex(r"\bS_IWOTH\b|\bS_IRWXO\b")
_KEY = regex(
    r"private_?key|priv_?key|secret|id_rsa|id_ed25519|\.pem\b|\.key\b|key_?(file|path)|credential|password|token", re.I
)
_PUBLIC = regex(r"pub|cert|authorized", re.I)


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
            "mktemp; fixed name under a shared folder",
            {
                "export.py": "import tempfile\n\n\ndef export(rows):\n    path = tempfile.mktemp('.csv')\n    return path\n",
                "report.py": "from pathlib import Path\n\n\ndef save(day, text):\n    with open(f'/tmp/report-{day}.txt', 'w') as out:\n        out.write(text)\n    Path('/tmp/last').write_text(day)\n",
                "joined.py": "import os\nimport tempfile\nfrom pathlib import Path\n\n\ndef keep(name, rows):\n    with open(os.path.join('/tmp', 'rows.csv'), 'w') as file:\n        file.write(rows)\n    (Path(tempfile.gettempdir()) / 'rows.csv').write_text(rows)\n    Path(f'/var/tmp/{name}.csv').write_text(rows)\n",
            },
            at=[
                ("export.py", 5),
                ("joined.py", 7),
                ("joined.py", 9),
                ("joined.py", 10),
                ("report.py", 5),
                ("report.py", 7),
            ],
        ),
        Example(
            "others may write; a key that others may read",
            {
                "setup_dirs.py": "import os\nfrom pathlib import Path\n\n\ndef prepare(path):\n    os.chmod(path, 0o777)\n    Path(path).chmod(0o666)\n    os.umask(0)\n",
                "flags.py": "import os\nimport stat\n\n\ndef share(path):\n    os.chmod(path, os.stat(path).st_mode | stat.S_IWOTH)\n",
                "keys.py": "import os\n\n\ndef store(private_key_path):\n    os.chmod(private_key_path, 0o644)\n",
            },
            at=[("flags.py", 6), ("keys.py", 5), ("setup_dirs.py", 6), ("setup_dirs.py", 7), ("setup_dirs.py", 8)],
        ),
    ]
    good = [
        Example(
            "tempfile; reading",
            {
                "export.py": "import tempfile\n\n\ndef export():\n    return tempfile.NamedTemporaryFile('w', suffix='.csv')\n",
                "report.py": "def last():\n    with open('/tmp/last') as file:\n        return file.read()\n",
            },
        ),
        Example(
            "private modes; for all to run",
            {
                "keys.py": "import os\n\n\ndef store(key_path):\n    os.umask(0o077)\n    os.chmod(key_path, 0o600)\n",
                "closed.py": "import os\nimport stat\n\n\ndef close(path):\n    os.chmod(path, os.stat(path).st_mode & ~stat.S_IWOTH)\n",
                "hook.py": "import os\n\n\ndef install(path):\n    os.chmod(path, 0o755)\n",
            },
        ),
    ]
    calls = (
        *_MODES,
        "tempfile.mktemp",
        "open",
        "io.open",
        *(f"pathlib.Path.{name}" for name in sharedpaths.WRITES),
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
        given = call.argument(position, "mode")
        mode = ctx.constant(given, call)
        if isinstance(given, ast.BinOp) and _FLAGS.search(unparse(given)) and "~" not in unparse(given):
            mode = 0o002
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
        path = sharedpaths.path_of(call)
        if path is None or not sharedpaths.writes(call, ctx) or not sharedpaths.is_shared(path, call):
            return
        ctx.site(call)
        if not re.search(r"pid|uuid|urandom|token_|mkdtemp|rand", unparse(path)):
            ctx.report(call, "The path is in a directory that all users share, and its name can be foreseen.")
