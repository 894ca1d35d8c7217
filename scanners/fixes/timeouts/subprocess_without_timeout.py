from typing import Any, Final

import libcst as cst

from scanners.fixes.arguments import last_part, refuse_unpacked, with_keyword
from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.spot import Spot
from scanners.regex import regex
from scanners.semantics.handlers import caught
from scanners.syntax import last_name, unparse

_TAKES_IT: Final = frozenset({"TimeoutExpired", "SubprocessError", "Exception", "BaseException"})
_SLOW: Final = regex(
    r"\b(?:install|clone|fetch|pull|push|build|compile|download|upload|dump|restore|backup|migrate|rsync)\b"
)


class AddTimeoutToProcess(Fix):
    """
    Passes `timeout=60` to the call, which ends the command after that and raises TimeoutExpired; 600 to one that
    installs, builds or copies. How long it may take, a person knows better.

    Not offered for `wait` and `communicate`, which leave the process running: it is to be killed there. Nor in a block
    that answers CalledProcessError: TimeoutExpired would go past it.
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
        Change(
            "with a comment behind the last argument",
            "import subprocess\nsubprocess.run(\n    ['sync'],  # all\n    check=False,  # see below\n)\n",
            "import subprocess\nsubprocess.run(\n    ['sync'],  # all\n    check=False,  # see below\n    timeout=60,\n"
            ")\n",
        ),
        Change(
            "with a comment behind the last argument and no comma",
            "import subprocess\nsubprocess.run(\n    ['sync'],  # all\n    check=False  # see below\n)\n",
            "import subprocess\nsubprocess.run(\n    ['sync'],  # all\n    check=False,  # see below\n    timeout=60\n"
            ")\n",
        ),
    )
    declined = (
        Declined(
            "its failure is answered",
            "import subprocess\ndef sync():\n    try:\n        subprocess.run(['sync'], check=True)\n"
            "    except subprocess.CalledProcessError:\n        return False\n    return True\n",
            "go past it",
        ),
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
        attempts = [block.node for block in spot.place.within("try")]
        if any(_lets_pass(attempt, spot) for attempt in attempts):
            raise NotOfferedError("The block around it answers a command that fails: TimeoutExpired would go past it.")
        spot.change(
            node, with_keyword("timeout", spot.expression("600" if _SLOW.search(unparse(spot.call.node)) else "60"))
        )


def _lets_pass(attempt: Any, spot: Spot) -> bool:
    """Whether a block answers CalledProcessError, and nothing that TimeoutExpired is."""
    named = {last_name(kind) for clause in attempt.handlers for kind in caught(clause.type, spot.place.scope)}
    every = any(clause.type is None for clause in attempt.handlers)
    return "CalledProcessError" in named and not every and not named & _TAKES_IT
