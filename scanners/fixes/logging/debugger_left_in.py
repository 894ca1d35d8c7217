import ast
from typing import Final

import libcst as cst

from scanners.fixes.doubt import is_suspected
from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.spot import Spot
from scanners.regex import regex
from scanners.syntax import descendants

_DEBUGS: Final = regex(r"(?i)debug|pydev|ptvsd|trace")


class RemoveDebugger(Fix):
    """
    Deletes the call; `pass` stays where a block would be empty. An import of the debugger that serves nothing else goes
    along.

    Not offered for a call behind a switch or in code about debugging, one whose result is used, and one below a comment
    of its own.
    """

    rule = "debugger-left-in"
    says = "Delete the call of the debugger."
    examples = (
        Change(
            "its import goes along",
            "import os\nimport pdb\n\n\ndef total(cart):\n    breakpoint()\n    for line in cart:\n"
            "        if line.price < 0:\n            pdb.set_trace()\n    return sum(cart)\n",
            "import os\n\n\ndef total(cart):\n    for line in cart:\n"
            "        if line.price < 0:\n            pass\n    return sum(cart)\n",
        ),
        Change(
            "both on one line",
            "def total(cart):\n    import pdb; pdb.set_trace()  # here\n    return sum(cart)\n",
            "def total(cart):\n    return sum(cart)\n",
        ),
        Change(
            "an import that is used elsewhere",
            "from celery.contrib import rdb\ndef run(task):\n    task()\n    rdb.set_trace()\ndef name():\n"
            "    return rdb.__name__\n",
            "from celery.contrib import rdb\ndef run(task):\n    task()\ndef name():\n    return rdb.__name__\n",
        ),
    )
    declined = (
        Declined(
            "what debugging is started with",
            "import pydevd\ndef _enable_pydev(host):\n    pydevd.settrace(host, suspend=False)\n",
            "about debugging",
        ),
        Declined("behind a switch", "def run(debug):\n    if debug:\n        breakpoint()\n", "behind a switch"),
        Declined("its result is used", "import debugpy\nport = debugpy.listen(1)\n", "result is used"),
    )

    def mend(self, spot: Spot) -> None:
        """Take the statement out, and the import if nothing else needs it."""
        call = spot.call
        if not isinstance(call.parent(), ast.Expr):
            raise NotOfferedError("Its result is used.")
        if is_suspected(spot, self.rule) or _DEBUGS.search(spot.place.scope.qualname):
            raise NotOfferedError("It stands behind a switch, or in code about debugging, and may be meant.")
        node = spot.node(cst.Call)
        part, line = spot.above(node, cst.Expr), spot.above(node, cst.SimpleStatementLine)
        if any(empty.comment for empty in line.leading_lines):
            raise NotOfferedError("A comment above it would be lost.")
        spot.change(part, lambda now: cst.RemoveFromParent())
        self._forget_import(spot)

    def _forget_import(self, spot: Spot) -> None:
        """Drop the import when every use of its name is such a call."""
        head = spot.call.node.func
        while isinstance(head, ast.Attribute):
            head = head.value
        name = head.id if isinstance(head, ast.Name) else ""
        tree = spot.ctx.tree
        if tree is None or name == "breakpoint":
            return
        uses = [node for node in descendants(tree, ast.Name) if node.id == name]
        imports = [
            (node, alias)
            for node in descendants(tree, ast.Import, ast.ImportFrom)
            for alias in node.names
            if (alias.asname or alias.name.partition(".")[0]) == name
        ]
        if len(uses) != 1 or len(imports) != 1 or len(imports[0][0].names) != 1:
            return
        statement = imports[0][0]
        found = spot.node(cst.Import if isinstance(statement, ast.Import) else cst.ImportFrom, statement)
        if not any(empty.comment for empty in spot.above(found, cst.SimpleStatementLine).leading_lines):
            spot.change(found, lambda now: cst.RemoveFromParent())
