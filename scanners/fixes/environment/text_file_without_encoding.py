import libcst as cst

from scanners.fixes.arguments import refuse_unpacked, with_keyword
from scanners.fixes.fix import Change, Fix
from scanners.fixes.quotes import in_quotes
from scanners.fixes.spot import Spot


class NameEncoding(Fix):
    """
    Passes `encoding="utf-8"`, which is what a machine with a modern locale uses without it. Files that were written in
    another coding on purpose show by failing at once.

    Not offered for calls with unpacked arguments, and where two files are opened on one line.
    """

    rule = "text-file-without-encoding"
    fact = "text-open"
    says = 'Pass encoding="utf-8".'
    examples = (
        Change(
            "open and Path",
            "from pathlib import Path\n\n\ndef load(path):\n    with open(path) as file:\n"
            "        head = file.readline()\n"
            "    return head, Path(path).read_text()\n",
            'from pathlib import Path\n\n\ndef load(path):\n    with open(path, encoding="utf-8") as file:\n'
            '        head = file.readline()\n    return head, Path(path).read_text(encoding="utf-8")\n',
        ),
        Change(
            "a file of single quotes",
            "def load(path):\n    with open(path, 'r') as file:\n        return file.read().split(',')\n",
            "def load(path):\n    with open(path, 'r', encoding='utf-8') as file:\n"
            "        return file.read().split(',')\n",
        ),
    )

    def mend(self, spot: Spot) -> None:
        """Add the keyword."""
        node = spot.node(cst.Call)
        refuse_unpacked(node)
        spot.change(node, with_keyword("encoding", spot.expression(in_quotes("utf-8", spot.ctx.source_lines))))
