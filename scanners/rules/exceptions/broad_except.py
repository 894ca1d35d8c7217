import ast

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Place
from scanners.rule import Example, Rule
from scanners.semantics.exceptions.attempts import cleans_up, imports
from scanners.semantics.exceptions.boundaries import ends_def, is_boundary, is_called_here
from scanners.semantics.handlers import Reaction, breadth, caught, clause, reaction, spelled
from scanners.semantics.remarks import is_explained
from scanners.semantics.terminals import is_started_by_hand
from scanners.syntax import unparse


class BroadExcept(Rule):
    """
    A clause for everything treats a bug like bad luck: a typing error in the block is handled as if the network had
    failed.

    Looks at bare, BaseException and Exception clauses that react to the failure (those that do not belong to
    swallowed-exception). Raising again, leaving the program, handing the exception object on, tidying up, optional
    imports, one item of a loop whose failure is kept, and the outermost handler of a request, task, thread, loop or
    main that logs the traceback are right. A clause that logs the traceback elsewhere, and one for the failure of a
    reaction to another failure, are reported with low confidence.
    """

    id = "broad-except"
    area = "exceptions"
    item = "E2"
    title = "Clause that catches more than it can handle"
    severity = Severity.MEDIUM
    confidence = Confidence.MEDIUM
    effort = Effort.HOUR
    fix = "Name the exceptions that this code can answer; let the others reach the outermost handler, which logs the traceback."
    bad = (
        Example(
            "a fallback for every failure",
            {
                "rates.py": "import logging\n\nlogger = logging.getLogger(__name__)\n\n\ndef convert(api, amount):\n"
                "    try:\n        return amount * api.rate()\n    except Exception as error:\n"
                '        logger.warning("no rate: %s", error)\n        return amount\n'
            },
            at=[("rates.py", 9)],
        ),
        Example(
            "a bare clause",
            {
                "store.py": "import logging\n\nlogger = logging.getLogger(__name__)\n\n\ndef put(bucket, blob):\n"
                '    try:\n        bucket.upload(blob)\n    except:\n        logger.exception("upload failed")\n'
                "        return False\n"
            },
            at=[("store.py", 9)],
        ),
        Example(
            "BaseException told to a metric",
            {
                "feed.py": "from statsd import StatsClient\n\nstats = StatsClient()\n\n\ndef refresh(feed):\n"
                '    try:\n        feed.load()\n    except BaseException:\n        stats.incr("feed.failed")\n'
            },
            at=[("feed.py", 9)],
        ),
    )
    good = (
        Example(
            "told and raised again",
            {
                "store.py": "def put(bucket, blob, logger):\n    try:\n        bucket.upload(blob)\n"
                '    except BaseException:\n        logger.error("upload of %s failed", blob)\n        raise\n'
            },
        ),
        Example(
            "the outermost handler of a task",
            {
                "tasks.py": "import logging\n\nfrom celery import shared_task\n\n"
                "logger = logging.getLogger(__name__)\n\n\n@shared_task\ndef rebuild(index):\n    try:\n"
                '        index.rebuild()\n    except Exception:\n        logger.exception("rebuild failed")\n'
            },
        ),
        Example(
            "an answer of 500 with the traceback in the log, and tidying that is told",
            {
                "wrap.py": "import logging\n\nlogger = logging.getLogger(__name__)\n\n\ndef safe(f):\n    def answer(self, page):\n"
                "        try:\n            return f(self, page)\n        except Exception:\n"
                '            logger.exception("failed")\n            page.set_code(500)\n        return page\n\n    return answer\n',
                "feed.py": "import logging\n\nlogger = logging.getLogger(__name__)\n\n\ndef stop(feed):\n    try:\n"
                '        feed.client.close()\n        logger.debug("closed")\n    except Exception as error:\n'
                '        logger.warning("not closed: %s", error)\n    feed.open = False\n',
            },
        ),
        Example(
            "one item does not stop the others",
            {
                "imports.py": "import logging\n\nlogger = logging.getLogger(__name__)\n\n\ndef load(rows):\n"
                "    for row in rows:\n        try:\n            row.save()\n        except Exception as error:\n"
                '            logger.warning("row %s: %s", row, error)\n'
            },
        ),
        Example(
            "handed on to who waits",
            {
                "futures.py": "def settle(future, work):\n    try:\n        future.set_result(work())\n"
                "    except BaseException as error:\n        future.set_exception(error)\n"
            },
        ),
    )

    def visit_try(self, place: Place[ast.Try], ctx: Context) -> None:
        interrupts_pass = False
        for handler in place.node.handlers:
            types = caught(handler.type, place.scope)
            width = breadth(types, place.scope)
            if width == "narrow":
                interrupts_pass |= "Interrupt" in ctx.source and any("Interrupt" in unparse(expr) for expr in types)
            elif (found := reaction(handler, place, ctx)).reacts:
                ctx.site(handler)
                everything = width == "all" and not interrupts_pass
                if not _fits(place, found, everything):
                    _report(clause(handler, place), found, ctx, everything)


def _fits(place: Place[ast.Try], found: Reaction, everything: bool) -> bool:
    isolates = place.in_loop and (found.traceback or found.described) and not everything
    return found.raises or found.kept or isolates or imports(place.node.body) or cleans_up(place.node.body, place)


def _report(at: Place[ast.ExceptHandler], found: Reaction, ctx: Context, everything: bool) -> None:
    name = spelled(at.node)
    if everything:
        message = (
            f"`{name}` also catches KeyboardInterrupt, SystemExit and cancellation, and does not raise them again."
        )
        ctx.report(at, message, severity=Severity.HIGH)
    elif not found.traceback:
        message = f"`{name}` answers a bug in this block like an expected failure, and goes on without its traceback."
        explained = is_explained(ctx.source_lines, at.line, at.node.body[-1].end_lineno or at.line)
        guess = explained or is_started_by_hand(at, ctx) or at.handler is not None
        ctx.report(at, message, confidence=Confidence.LOW if guess else None)
    elif not is_boundary(at):
        message = f"`{name}` goes on after any failure, bugs included, though this is not the outermost handler."
        sure = is_called_here(at, ctx) and not ends_def(at) and at.handler is None
        ctx.report(at, message, confidence=Confidence.MEDIUM if sure else Confidence.LOW)
