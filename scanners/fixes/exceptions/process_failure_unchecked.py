import ast
from typing import Any, Final

import libcst as cst

from scanners.fixes.arguments import refuse_unpacked, renamed, with_keyword
from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.spot import Spot
from scanners.place import Place
from scanners.semantics.handlers import caught
from scanners.syntax import last_name

_TAKES_IT: Final = frozenset({"CalledProcessError", "SubprocessError", "Exception", "BaseException"})


class CheckReturnCode(Fix):
    """
    Passes `check=True` to `subprocess.run`, and calls `check_call` in place of `call`: a command that fails raises
    CalledProcessError.

    Not offered for `os.system`, for processes that are waited for by hand, and in a block whose clauses answer other
    failures, such as a command that is not installed: CalledProcessError would go past them. Nor where a clause takes
    any failure without a word, which may only ask whether the command is there.
    """

    rule = "process-failure-unchecked"
    bulk = False
    says = "Raise CalledProcessError when the command fails."
    examples = (
        Change(
            "run and call",
            "import subprocess\nfrom subprocess import run\nrun(['sync'])\nsubprocess.call(['sync'], cwd='/')\n"
            "text = subprocess.run(\n    ['ls'],\n    capture_output=True,\n).stdout\n",
            "import subprocess\nfrom subprocess import run\nrun(['sync'], check=True)\n"
            "subprocess.check_call(['sync'], cwd='/')\n"
            "text = subprocess.run(\n    ['ls'],\n    capture_output=True,\n    check=True,\n).stdout\n",
        ),
    )
    declined = (
        Declined(
            "asked whether it is there",
            "import subprocess\ntry:\n    subprocess.run(['git', '--version'])\n"
            "except FileNotFoundError:\n    print('no git')\n",
            "answers other failures",
        ),
        Declined(
            "asked in any case",
            "import subprocess\ndef has(command):\n    try:\n        subprocess.call([command])\n"
            "    except Exception:\n        return False\n    return True\n",
            "without a word",
        ),
        Declined("a shell", "import os\nos.system('sync')\n", "os.system"),
        Declined("by name", "from subprocess import call\ncall(['sync'])\n", "imported by name"),
        Declined(
            "by hand", "import subprocess\nwith subprocess.Popen(['sync']) as child:\n    child.wait()\n", "by hand"
        ),
    )

    def mend(self, spot: Spot) -> None:
        """Ask for the check."""
        name, node = spot.call.dotted, spot.node(cst.Call)
        if any(_lets_pass(block.node, spot.place) for block in spot.place.within("try")):
            raise NotOfferedError("The block around it answers other failures, and this one would go past it.")
        if any(_says_nothing(block.node) for block in spot.place.within("try")):
            raise NotOfferedError(
                "The block around it takes any failure without a word, or asks whether the command is there."
            )
        if name == "subprocess.run":
            refuse_unpacked(node)
            spot.change(node, with_keyword("check", spot.expression("True")))
        elif name == "subprocess.call":
            if not isinstance(node.func, cst.Attribute):
                raise NotOfferedError("The function is imported by name.")
            spot.change(node, renamed("check_call"))
        elif name == "os.system":
            raise NotOfferedError("os.system has no check: subprocess.run with a list of arguments is to be written.")
        else:
            raise NotOfferedError("The process is waited for by hand, and its code has to be looked at there.")


def _lets_pass(attempt: Any, place: Place[Any]) -> bool:
    """Whether the clauses of a block are all for something else; a block that only tidies up has none."""
    types = [
        kind for clause in attempt.handlers for kind in caught(clause.type, place.scope) or [ast.Name("Exception")]
    ]
    return bool(types) and not any(last_name(kind) in _TAKES_IT for kind in types)


def _says_nothing(attempt: Any) -> bool:
    """Whether a clause of a block does nothing but go on, or give back a fixed value."""
    return any(
        len(clause.body) == 1
        and (
            isinstance(clause.body[0], (ast.Pass, ast.Continue))
            or (isinstance(clause.body[0], ast.Return) and isinstance(clause.body[0].value, (ast.Constant, type(None))))
        )
        for clause in attempt.handlers
    )
