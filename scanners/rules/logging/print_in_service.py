import ast
import re
from typing import Final

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Call
from scanners.regex import regex
from scanners.rule import Example, Rule
from scanners.semantics.logcalls import LOG_CALLS, log_call
from scanners.semantics.terminals import is_command_line, runs_alone
from scanners.syntax import unparse

_PRINTS: Final = frozenset({"print", "pprint.pprint", "pprint.pp", "rich.print"})
_SWITCH: Final = regex(r"debug|verbos|trace|quiet|silent|bench|diagnos|interactive", re.IGNORECASE)
_ENDS: Final = regex(r"^(sys\.|os\.)?_?exit\(|^raise SystemExit")
_SHOWS: Final = regex(
    r"^_*((start|run|do|cmd|handle)_)?(print|printer|show|dump|display|usage|help|describe|summary|summarize|debug|pp|pprint|echo|list|main|cli|report|render|output|say|log|warn)(_|$)"
    r"|_(print|usage|help|main|cli|banner|summary)$|info$|^(repr|__repr__|__str__)$|verbose",
    re.IGNORECASE,
)


class PrintInService(Rule):
    """
    Printed text has no level, no time and no name: it cannot be filtered, routed or switched off when it floods.

    Looks at print and pprint to the standard streams beside log calls, in service code. Left alone are prints to a file
    of their own, bodies under `__main__`, and modules that are a command line (they import argparse, click, typer or
    the like, or read sys.argv). A function whose business is showing something, and a print behind a debug switch, are
    reported with low confidence, and so are those of a program of its own that serves nobody.
    """

    id = "print-in-service"
    area = "logging"
    item = "L1"
    title = "Print instead of a logger"
    severity = Severity.MEDIUM
    effort = Effort.MINUTES
    fix = "Replace it by logger.info(...) or logger.debug(...) of a module logger."
    classes = frozenset({"service"})
    lighter = frozenset({"library"})
    calls = ("print", "pprint.pprint", "pprint.pp", "rich.print", *LOG_CALLS)
    bad = (
        Example(
            "print and pprint in a handler",
            {
                "orders.py": 'from pprint import pprint\n\n\ndef create(order):\n    print("creating", order)\n'
                "    pprint(order.lines)\n"
            },
            at=[("orders.py", 5), ("orders.py", 6)],
        ),
        Example(
            "to standard error",
            {"orders.py": 'import sys\n\n\ndef create(order):\n    print("no stock", file=sys.stderr)\n'},
            at=[("orders.py", 5)],
        ),
    )
    good = (
        Example(
            "a logger, and a file of its own",
            {
                "orders.py": "import logging\n\nlogger = logging.getLogger(__name__)\n\n\n"
                'def create(order, journal):\n    logger.info("creating %s", order)\n    print(order, file=journal)\n'
            },
        ),
        Example(
            "a command line",
            {"report.py": "import argparse\n\n\ndef report(rows):\n    for row in rows:\n        print(row)\n"},
        ),
        Example(
            "under main",
            {"worker.py": 'def work():\n    return 3\n\n\nif __name__ == "__main__":\n    print(work())\n'},
        ),
    )

    def visit_call(self, call: Call, ctx: Context) -> None:
        if call.dotted in _PRINTS:
            self._judge(call, ctx)
        elif log_call(call) is not None:
            ctx.site(call)

    def _judge(self, call: Call, ctx: Context) -> None:
        stream = call.keyword("file", "stream")
        if (stream is not None and not call.name(stream).startswith("sys.std")) or call.under_main:
            return
        if is_command_line(ctx):
            return
        handles = call.cls is not None and any(call.name(base).endswith("Handler") for base in call.cls.bases)
        meant = _is_meant(call) or runs_alone(ctx) or handles  # A handler of records cannot log its own failure.
        message = f"{call.last}() writes straight to the {_stream(call, stream)}, without a level or a logger that could route it."
        ctx.report(call, message, confidence=Confidence.LOW if meant else Confidence.HIGH)


def _stream(call: Call, stream: ast.expr | None) -> str:
    return "standard error" if stream is not None and "err" in call.name(stream) else "standard output"


def _is_meant(call: Call) -> bool:
    """Whether showing something is the business of the function, a debug switch is on, or the program ends here."""
    function = getattr(call.function, "name", "")
    if function and _SHOWS.search(function):
        return True
    if any(_SWITCH.search(unparse(test)) for test in call.conditions()):
        return True
    last = call.block.node.body[-1] if isinstance(getattr(call.block.node, "body", None), list) else None
    return isinstance(last, (ast.Expr, ast.Raise)) and bool(_ENDS.search(unparse(last)))
