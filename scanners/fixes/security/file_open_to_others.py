import ast
from typing import Any, Final

import libcst as cst

from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.spot import Spot

_POSITIONS: Final = {"os.chmod": 1, "os.fchmod": 1, "os.lchmod": 1}
_UMASK: Final = "0o022"


class TightenMode(Fix):
    """
    Takes the right to write from the group and from others, and every right to a key file; sets a umask of 0o022.

    Not offered for files with a fixed name in a shared directory, and for modes that are no plain number. Whether
    another
    user has to write the file, a person has to know.
    """

    rule = "file-open-to-others"
    bulk = False
    says = "Take the rights of others out of the mode."
    examples = (
        Change(
            "modes and a umask",
            'import os\n\nos.chmod("run.sh", 0o777)\nos.chmod("server.key", 0o644)\nos.umask(0)\n',
            'import os\n\nos.chmod("run.sh", 0o755)\nos.chmod("server.key", 0o600)\nos.umask(0o022)\n',
        ),
    )
    declined = (Declined("a shared directory", 'open("/tmp/report.csv", "w").close()\n', "that is a plain number"),)

    def mend(self, spot: Spot) -> None:
        """Write another number."""
        call = spot.call
        if call.last not in ("chmod", "fchmod", "lchmod", "umask"):
            raise NotOfferedError("The file has no mode here that is a plain number.")
        given = call.argument(_POSITIONS.get(call.dotted, 0), "mode")
        if not isinstance(given, ast.Constant) or not isinstance(given.value, int):
            raise NotOfferedError("The mode is no plain number.")
        mode = given.value & (~0o077 if "read it" in spot.message else ~0o022)
        number: Any = spot.expression(_UMASK if call.last == "umask" else f"0o{mode:o}")
        spot.change(spot.node(cst.Integer, given), lambda _: number)
