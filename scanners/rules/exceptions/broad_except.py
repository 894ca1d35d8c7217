import ast
import re
from typing import Final

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Place
from scanners.rule import Example, Rule
from scanners.semantics.exceptions.attempts import cleans_up, imports
from scanners.semantics.handlers import Reaction, breadth, caught, clause, reaction, spelled

_ENTRY: Final = re.compile(
    r"^_*(main|run|handle|process|dispatch|on|consume|work|worker|perform|execute|serve|start|tick|listen|poll|watch|lambda|do)(_\w+)?$"
    r"|_(loop|callback|handler|task|job|worker|thread|view|middleware|hook)$|^__call__$|^(get|post|put|patch|delete|loop|job|task)$"
    r"|^do_[A-Z]+$|^(handler|callback|view|middleware|entrypoint|application|app)$"
)
_ENTRY_DECORATOR: Final = re.compile(
    r"^(route|get|post|put|patch|delete|websocket|task|shared_task|periodic_task|job|receiver|command|middleware|errorhandler"
    r"|exception_handler|api_view|action|on_event|on|subscribe|subscriber|listener|consumer|scheduled_job|cron|handler|agent|timer)$"
)


class BroadExcept(Rule):
    """
    A clause for everything treats a bug like bad luck: a typing error in the block is handled as if the network had
    failed.

    Looks at bare, BaseException and Exception clauses that react to the failure (those that do not belong to
    swallowed-exception). Raising again, leaving the program, handing the exception object on, tidying up, optional
    imports, one item of a loop whose failure is kept, and the outermost handler of a request, task, thread, loop or
    main that logs the traceback are right. A clause that logs the traceback elsewhere is reported with low confidence.
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
                interrupts = any("Interrupt" in ast.dump(expr) for expr in types)
                interrupts_pass |= interrupts and reaction(handler, place, ctx).raises
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
        ctx.report(at, message)
    elif not _is_boundary(at):
        message = f"`{name}` goes on after any failure, bugs included, though this is not the outermost handler."
        ctx.report(at, message, confidence=Confidence.MEDIUM if _is_called_here(at, ctx) else Confidence.LOW)


def _is_called_here(at: Place[ast.ExceptHandler], ctx: Context) -> bool:
    """Whether code of this file calls the function, so that there is a handler further out to leave the failure to."""
    name = getattr(at.function, "name", "")
    return (
        bool(name)
        and f"{name}(" in ctx.source
        and re.search(rf"(?<!def )\b{re.escape(name)}\(", ctx.source) is not None
    )


def _is_boundary(at: Place[ast.ExceptHandler]) -> bool:
    function = at.function
    if function is None or at.under_main or at.in_loop:
        return True
    decorators = [node.func if isinstance(node, ast.Call) else node for node in getattr(function, "decorator_list", ())]
    names = [getattr(node, "attr", getattr(node, "id", "")) for node in decorators]
    params = [arg.arg for arg in function.args.args[:2]]
    return (
        bool(_ENTRY.search(getattr(function, "name", "")))
        or any(_ENTRY_DECORATOR.match(name) for name in names)
        or "request" in params
        or params == ["event", "context"]
    )
