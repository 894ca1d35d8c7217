import ast
import re
from typing import Final

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Call
from scanners.regex import regex
from scanners.rule import Example, Rule
from scanners.syntax import unparse

_SWITCH: Final = regex(r"debug|[pr]db|pydev|ptvs|breakpoint|post_?mortem|trace|interactive|attach", re.IGNORECASE)
_DEBUGGERS: Final = (
    "pdb",
    "ipdb",
    "pudb",
    "wdb",
    "web_pdb",
    "celery.contrib.rdb",
    "pdbpp",
    "epdb",
    "bdb",
    "rpdb",
    "remote_pdb",
)


class DebuggerLeftIn(Rule):
    """
    A debugger that waits for a terminal stops the worker for good, or opens a door for whoever connects first.

    Looks for breakpoint(), set_trace() and post_mortem() of the known debuggers and for debugpy and pydevd, one site a
    module without them. Behind a debug switch, or in code about debuggers, it is reported with low confidence. A
    function of the same file that has one of these names is no debugger.
    """

    id = "debugger-left-in"
    area = "logging"
    item = "L1"
    title = "Debugger left in the code"
    severity = Severity.HIGH
    effort = Effort.MINUTES
    fix = "Delete the call; attach a debugger from outside when you need one."
    calls = (
        "breakpoint",
        *(f"{name}.{function}" for name in _DEBUGGERS for function in ("set_trace", "post_mortem", "pm")),
        *("debugpy.listen", "debugpy.breakpoint", "debugpy.wait_for_client", "ptvsd.enable_attach", "pydevd.settrace"),
        *("pydevd_pycharm.settrace", "IPython.embed", "IPython.core.debugger.set_trace", "remote_pdb.RemotePdb"),
    )
    bad = (
        Example(
            "breakpoint and set_trace",
            {
                "cart.py": "import pdb\n\n\ndef total(cart):\n    breakpoint()\n    for line in cart:\n"
                "        if line.price < 0:\n            pdb.set_trace()\n    return sum(cart)\n"
            },
            at=[("cart.py", 5), ("cart.py", 8)],
        ),
        Example(
            "post-mortem, and a port to attach to",
            {
                "app.py": "import debugpy\nfrom ipdb import post_mortem\n\ndebugpy.listen(5678)\n\n\ndef serve(app):\n"
                "    try:\n        app.run()\n    except RuntimeError as error:\n"
                "        post_mortem(error.__traceback__)\n        raise\n"
            },
            at=[("app.py", 4), ("app.py", 11)],
        ),
        Example(
            "behind a switch",
            {"app.py": "import debugpy\n\nfrom app.settings import DEBUG\n\nif DEBUG:\n    debugpy.listen(5678)\n"},
            at=[("app.py", 6)],
        ),
    )
    good = (
        Example(
            "a method and a function of the same name",
            {
                "tracer.py": "def breakpoint():\n    return None\n\n\nclass Tracer:\n    def set_trace(self):\n"
                "        breakpoint()\n\n    def start(self):\n        self.set_trace()\n"
            },
        ),
    )

    def visit_call(self, call: Call, ctx: Context) -> None:
        switched = any(_SWITCH.search(unparse(test)) for test in call.conditions())
        switched = switched or bool(_SWITCH.search(call.qualname))
        message = f"{call.dotted}() {_does(call)}."
        ctx.report(call, message, confidence=Confidence.LOW if switched else Confidence.HIGH)

    def visit_module(self, ctx: Context) -> None:
        if not any(finding["rule"] == self.id for finding in ctx.findings):
            ctx.site(1)


def _does(call: Call) -> str:
    """What the call does to the process; those that only open a port let it go on."""
    suspends = call.keyword("suspend")
    if call.last in ("listen", "enable_attach") or (isinstance(suspends, ast.Constant) and suspends.value is False):
        return "lets whoever reaches a port take the process over"
    return "stops the process here and waits for someone at a terminal or a port"
