import ast
from typing import Final

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Place
from scanners.regex import regex
from scanners.rule import Example, Rule
from scanners.semantics.exceptions.attempts import exits, is_one_step
from scanners.semantics.handlers import breadth, caught, reaction, short, spelled
from scanners.semantics.logcalls import ERROR, LogCall, logs_errors
from scanners.syntax import unparse

EXPECTED: Final = regex(
    r"(ValueError|KeyError|IndexError|TypeError|LookupError|UnicodeDecodeError|FileNotFoundError|FileExistsError|PermissionError"
    r"|NotADirectoryError|IsADirectoryError|ImportError|ModuleNotFoundError|AttributeError|JSONDecodeError|ValidationError|Invalid\w*"
    r"|\w*DoesNotExist|\w*NotFound\w*|CalledProcessError|HTTPStatusError|Timeout\w*|\w*TimeoutError|TimeoutExpired|ConnectionRefusedError"
    r"|CancelledError|KeyboardInterrupt|\w*Parse\w*|\w*Config\w*Error|ImproperlyConfigured|SyntaxError|gaierror|\w*Syntax\w*|\w*Usage\w*|NoReverseMatch|Empty|Full|HTTPException)$"
)
"""Failures that are part of the day: a warning is enough for them."""


class TracebackLost(Rule):
    """
    The text of an exception seldom says where it came from; at night the traceback is the only witness.

    Looks at log calls at error and above inside except clauses. `exc_info=`, `exception()`, a formatted traceback, an
    error tracker, or raising again in the same clause keep it. A clause for one expected type around a single step, and
    one that ends the program after its message, are reported with low confidence.
    """

    id = "traceback-lost"
    area = "exceptions"
    item = "E2"
    title = "Error logged without its traceback"
    severity = Severity.MEDIUM
    effort = Effort.MINUTES
    fix = "Call logger.exception(...) here, or pass exc_info=True; for an expected failure, log at warning."
    bad = (
        Example(
            "only the text of the exception",
            {
                "worker.py": "import logging\n\nlogger = logging.getLogger(__name__)\n\n\ndef work(job):\n    try:\n"
                "        job.run()\n    except Exception as error:\n"
                '        logger.error("job failed: %s", str(error))\n'
            },
            at=[("worker.py", 10)],
        ),
        Example(
            "repr of it, at critical",
            {
                "ledger.py": "import logging\n\nfrom ledger.errors import LedgerError\n\n"
                "log = logging.getLogger(__name__)\n\n\ndef post(entry):\n    try:\n        entry.post()\n"
                "        entry.seal()\n    except LedgerError as error:\n"
                '        log.critical("ledger refused %s", repr(error))\n        return None\n'
            },
            at=[("ledger.py", 13)],
        ),
        Example(
            "structlog, without the exception, and with it left out",
            {
                "hooks.py": "import structlog\n\nlog = structlog.get_logger()\n\n\ndef deliver(hook):\n    try:\n"
                '        hook.send()\n    except Exception:\n        log.error("hook-failed", hook=hook.id)\n'
                '    try:\n        hook.end()\n    except Exception:\n        log.error("lost", exc_info=False)\n'
            },
            at=[("hooks.py", 10), ("hooks.py", 14)],
        ),
    )
    good = (
        Example(
            "exception() and exc_info",
            {
                "worker.py": "import logging\n\nlogger = logging.getLogger(__name__)\n\n\ndef work(job):\n    try:\n"
                '        job.run()\n    except OSError as error:\n        logger.error("job failed", exc_info=error)\n'
                '    except Exception:\n        logger.exception("job failed")\n'
            },
        ),
        Example(
            "formatted by hand",
            {
                "worker.py": "import logging\nimport traceback\n\nlogger = logging.getLogger(__name__)\n\n\n"
                "def work(job):\n    try:\n        job.run()\n    except Exception:\n"
                '        logger.error("job failed: %s", traceback.format_exc())\n'
            },
        ),
        Example(
            "an error tracker is told",
            {
                "worker.py": "import logging\n\nimport sentry_sdk\n\nlogger = logging.getLogger(__name__)\n\n\n"
                "def work(job):\n    try:\n        job.run()\n    except Exception as error:\n"
                '        sentry_sdk.capture_exception(error)\n        logger.error("job failed")\n'
            },
        ),
        Example(
            "an expected type at warning",
            {
                "quota.py": "import logging\n\nlogger = logging.getLogger(__name__)\n\n\ndef limit(plan, plans):\n"
                "    try:\n        return plans[plan]\n    except KeyError:\n"
                '        logger.warning("unknown plan %s", plan)\n        return 0\n'
            },
        ),
        Example(
            "raised again",
            {
                "worker.py": "import logging\n\nlogger = logging.getLogger(__name__)\n\n\ndef work(job):\n    try:\n"
                '        job.run()\n    except Exception as error:\n        logger.error("job %s failed", job)\n'
                "        raise JobFailed(job) from error\n",
                "stack.py": "from oslo_log import log\nfrom oslo_utils import excutils\n\nLOG = log.getLogger(__name__)\n\n\n"
                "def work(job):\n    try:\n        job.run()\n    except Exception:\n"
                '        with excutils.save_and_reraise_exception():\n            LOG.error("job %s failed", job)\n',
            },
        ),
    )

    def visit_try(self, place: Place[ast.Try], ctx: Context) -> None:
        for handler in [clause for clause in place.node.handlers if logs_errors(clause, ctx)]:
            found = reaction(handler, place, ctx)
            errors = [entry for entry in found.logs if entry[1].level >= ERROR]
            if not errors:
                continue
            node, log = next((entry for entry in errors if not entry[1].traceback), errors[0])
            ctx.site(node)
            if found.traceback or any(log.traceback for _, log in found.logs) or (found.raises and not exits(handler)):
                continue
            self._judge(Place(node, place.block, place.stmt), log, handler, place, ctx)

    def _judge(
        self, at: Place[ast.Call], log: LogCall, handler: ast.ExceptHandler, place: Place[ast.Try], ctx: Context
    ) -> None:
        if any(word.arg is None for word in log.keywords):
            ctx.unresolved(at, "Keywords are passed on from elsewhere; exc_info may be among them.")
            return
        what = f"`{short(at.node.func)}` in `{spelled(handler)}`"
        message = f"{what} leaves the traceback out, so the line that failed stays unknown."
        ctx.report(at, message, confidence=_sure(log, handler, place, ends=exits(handler)))


def _sure(log: LogCall, handler: ast.ExceptHandler, place: Place[ast.Try], *, ends: bool) -> Confidence:
    types = caught(handler.type, place.scope)
    if ends:
        return Confidence.LOW
    if breadth(types, place.scope) != "narrow":
        return Confidence.MEDIUM if log.library == "other" else Confidence.HIGH
    expected = all(EXPECTED.search(unparse(expr)) for expr in types)
    return Confidence.LOW if expected or is_one_step(place) else Confidence.MEDIUM
