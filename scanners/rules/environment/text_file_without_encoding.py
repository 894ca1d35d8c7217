from typing import Any

from scanners.constants import UNKNOWN
from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Call
from scanners.rule import Example, Rule
from scanners.semantics.environment.textopens import BINARY, ENCODINGS, MODES, TEXTS, is_none, is_text, sureness
from scanners.text import TextFile
from scanners.tree import Tree, TreeContext


class TextFileWithoutEncoding(Rule):
    """
    Without an encoding, text is read and written as the locale of the machine says: the same file breaks in a container
    without locale, on a colleague's Windows, or turns names into question marks.

    Looks at `open`, `Path.open`, `read_text` and `write_text` in text mode, and at what opens packed and temporary files
    as text. Binary modes are left out, temporary files of which only the name is used, and repositories whose images set
    PYTHONUTF8 or that need Python 3.15, where UTF-8 is the default. A mode that is computed, or a receiver that is known
    by the name of the method only, is unresolved or suspected.
    """

    id = "text-file-without-encoding"
    area = "environment"
    item = "V1"
    title = "Text file opened without an encoding"
    severity = Severity.LOW
    effort = Effort.MINUTES
    fix = 'Pass `encoding="utf-8"`.'
    calls = (*MODES, "*.read_text", "*.write_text")
    files = ("dockerfile", "pyproject")
    bad = [
        Example(
            "text modes",
            {
                "shop/rates.py": """\
import gzip
import io
import os
import tempfile
from pathlib import Path
from pathlib import Path as P

with open("rates.csv") as rates:
    print(rates.read())
open("out.txt", mode="w").close()
open("out.txt", "a", newline="").close()
io.open("x", "rt").close()
Path("a").read_text()
P("a", "b").write_text("x", errors="replace")
Path("a").open("w").close()
os.fdopen(3, "w").close()
tempfile.NamedTemporaryFile("w").close()
gzip.open("a", "rt").close()
"""
            },
            at=[("shop/rates.py", line) for line in (8, 10, 11, 12, 13, 14, 15, 16, 17, 18)],
        ),
        Example(
            "a path made elsewhere in the file",
            {
                "shop/state.py": "from pathlib import Path\nBASE = Path(__file__).parent\ndef load(where: Path) -> str:\n"
                "    text = (BASE / 'a.txt').read_text()\n    return text + where.read_text()\n"
            },
            at=[("shop/state.py", 4), ("shop/state.py", 5)],
        ),
    ]
    good = [
        Example(
            "encodings and binary",
            {
                "shop/rates.py": """\
import gzip
import tempfile
from importlib.metadata import distribution
from pathlib import Path
open("a", encoding="utf-8").close()
open("a", "r", -1, "utf-8").close()
MODE = "wb"
open("a", mode=MODE).close()
Path("a").read_text("utf-8")
Path("a").write_text("x", encoding="utf-8")
Path("a").read_bytes()
Path("a").open("rb").close()
gzip.open("a", "w").close()
tempfile.NamedTemporaryFile().close()
distribution("x").read_text("METADATA")
def copy(path, mode, **options):
    with tempfile.NamedTemporaryFile("w", delete=False) as made:
        path = made.name
    open(path, mode).close()
    open(path, **options).close()
"""
            },
        ),
        Example(
            "UTF-8 everywhere",
            {"shop/a.py": 'open("a").close()\n', "Dockerfile": "FROM python:3.13\nENV PYTHONUTF8=1 A=b\n"},
        ),
        Example(
            "a Python that reads UTF-8",
            {
                "shop/a.py": 'open("a").close()\n',
                "pyproject.toml": '[project]\nname = "x"\nversion = "1"\nrequires-python = ">=3.15"\n',
            },
        ),
    ]

    def visit_call(self, call: Call, ctx: Context) -> None:
        kind = call.dotted if call.dotted in MODES else call.last
        sure = sureness(call, kind)
        mode = self._mode(call, kind, ctx) if kind in MODES else "t"
        if sure is None or (isinstance(mode, str) and not is_text(mode, kind)):
            return
        position = ENCODINGS.get(kind, TEXTS.get(kind, 99))
        given = call.argument(position, "encoding")
        state = "good" if given is not None and not is_none(given) else "hidden" if call.unpacks else "bad"
        if state == "bad" and mode is UNKNOWN:
            state = "hidden"
        text = ctx.source_lines[call.line - 1].strip()[:160]
        ctx.fact("text-open", call, name=kind.rpartition(".")[2], state=state, sure=str(sure), text=text)

    def visit_text(self, text: TextFile, ctx: Context) -> None:
        if text.kind == "dockerfile" and any(
            "PYTHONUTF8=1" in entry.value.replace(" 1", "=1")
            for stage in text.dockerfile.stages
            for entry in stage.all("ENV")
        ):
            ctx.fact("utf8-mode", 1)

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        utf8 = bool(tree.facts("utf8-mode")) or any(
            str(fact["python"]).replace(" ", "").startswith((">=3.15", ">=3.16")) for fact in tree.facts("manifest")
        )
        for fact in tree.facts("text-open"):
            if utf8 or fact["state"] == "good":
                ctx.site(fact.path, fact.line)
            elif fact["state"] == "hidden":
                ctx.unresolved(fact.path, fact.line, "The mode or the encoding is decided elsewhere.")
            else:
                message = f"`{fact['name']}` takes the encoding of the machine it runs on."
                sure = Confidence(fact["sure"])
                ctx.report(fact.path, fact.line, message, anchor=fact["text"], text=fact["text"], confidence=sure)

    def _mode(self, call: Call, kind: str, ctx: Context) -> Any:
        given = call.argument(MODES[kind], "mode")
        if given is None:
            return "rb" if kind in BINARY else "r"
        return ctx.constant(given, call)
