from typing import Final

import libcst as cst

from scanners.fixes.arguments import last_part, refuse_unpacked, with_keyword
from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.spot import Spot
from scanners.regex import regex
from scanners.syntax import unparse

_SLOW: Final = regex(
    r"\b(?:install|clone|fetch|pull|push|build|compile|download|upload|dump|restore|backup|migrate|rsync)\b"
)


class AddTimeoutToProcess(Fix):
    """
    Passes `timeout=60` to the call, which ends the command after that and raises TimeoutExpired; 600 to one that
    installs, builds or copies. How long it may take, a person knows better.

    Not offered for `wait` and `communicate`, which leave the process running: it is to be killed there.
    """

    rule = "subprocess-without-timeout"
    fact = "suspect-client"
    bulk = False
    says = "End the command when it takes too long."
    examples = (
        Change(
            "as it is laid out",
            "import subprocess\nfrom subprocess import check_output\ndef render(path):\n"
            "    subprocess.run(['convert', path], check=True)  # slow\n"
            "    subprocess.run(['pip', 'install', path])\n    size = check_output(\n"
            "        ['identify', path],\n"
            "        text=True,\n    )\n    subprocess.call(['sync'], timeout=None)\n    return size\n",
            "import subprocess\nfrom subprocess import check_output\ndef render(path):\n"
            "    subprocess.run(['convert', path], check=True, timeout=60)  # slow\n"
            "    subprocess.run(['pip', 'install', path], timeout=600)\n    size = check_output(\n"
            "        ['identify', path],\n        text=True,\n        timeout=60,\n    )\n"
            "    subprocess.call(['sync'], timeout=60)\n    return size\n",
        ),
    )
    declined = (
        Declined(
            "by hand",
            "import subprocess\ndef dump():\n    with subprocess.Popen(['dump']) as child:\n"
            "        child.communicate()\n",
            "killed",
        ),
    )

    def mend(self, spot: Spot) -> None:
        """Pass the limit."""
        node = spot.node(cst.Call)
        if spot.call.last in ("wait", "communicate"):
            raise NotOfferedError("The process runs on after the limit: it has to be killed when the wait ends.")
        if last_part(node.func) in ("run_in_executor", "Thread"):
            raise NotOfferedError(f"{last_part(node.func)} takes no keywords for the function that it is given.")
        refuse_unpacked(node)
        spot.change(
            node, with_keyword("timeout", spot.expression("600" if _SLOW.search(unparse(spot.call.node)) else "60"))
        )
