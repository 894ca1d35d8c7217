import libcst as cst

from scanners.fixes.arguments import refuse_unpacked, with_keyword
from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.quotes import in_quotes
from scanners.fixes.spot import Spot

_EXTRACTS = ("extract", "extractall", "unpack_archive")


class ExtractWithFilter(Fix):
    """
    Passes `filter="data"`, which refuses members that leave the directory (Python 3.12, and the security releases of
    3.8 to 3.11: PEP 706).

    Not offered for zip archives and for names of members that are joined to paths by hand.
    """

    rule = "archive-extracted-unchecked"
    says = 'Pass filter="data" to the extraction.'
    examples = (
        Change(
            "tarfile and shutil",
            "import shutil\nimport tarfile\n\n\ndef unpack(path, to):\n    with tarfile.open(path) as tar:\n"
            "        tar.extractall(to)\n    shutil.unpack_archive(path, to)\n",
            "import shutil\nimport tarfile\n\n\ndef unpack(path, to):\n    with tarfile.open(path) as tar:\n"
            '        tar.extractall(to, filter="data")\n    shutil.unpack_archive(path, to, filter="data")\n',
        ),
    )
    declined = (
        Declined(
            "joined by hand",
            "import os, tarfile\n\n\ndef unpack(path, to):\n    with tarfile.open(path) as tar:\n"
            '        for name in tar.getnames():\n            open(os.path.join(to, name), "wb").close()\n',
            "takes a filter",
        ),
    )

    def mend(self, spot: Spot) -> None:
        """Add the filter, or give it another value."""
        node = spot.node(cst.Call)
        if getattr(spot.place.node.func, "attr", "") not in _EXTRACTS or "zipfile" in getattr(spot.place, "dotted", ""):
            raise NotOfferedError("Nothing that writes the member takes a filter.")
        refuse_unpacked(node)
        spot.change(node, with_keyword("filter", spot.expression(in_quotes("data", spot.ctx.source_lines))))
