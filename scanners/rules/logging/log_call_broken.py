import ast
from typing import Final

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Call
from scanners.regex import regex
from scanners.rule import Example, Rule
from scanners.semantics.handlers import called_by_handlers
from scanners.semantics.logcalls import LOG_CALLS, LogCall, log_call
from scanners.semantics.logging.formats import fault, keyword_fault

_GIVEN: Final = regex(r"(?i)exc|err|fail|handle|trace|hook|on_|^e$")


class LogCallBroken(Rule):
    """
    A broken log call loses the very line that was wanted: `logging` prints its own error instead of the message, or
    raises.

    Looks at calls of `logging`: placeholders that do not fit the arguments, keywords that loggers do not take, keys in
    `extra` that a log record has already, and exception() or exc_info=True where no exception is being handled. `*args`
    is unresolved; structlog and loguru have formats of their own. A function that handlers may call, or that is given
    an exception, may use exception().
    """

    id = "log-call-broken"
    area = "logging"
    item = "L1"
    title = "Log call that cannot work"
    severity = Severity.MEDIUM
    effort = Effort.MINUTES
    fix = "Give one argument for each placeholder, rename the extra key, or pass exc_info=error."
    calls = LOG_CALLS
    bad = (
        Example(
            "placeholders and arguments differ",
            {
                "orders.py": "import logging\n\nlogger = logging.getLogger(__name__)\n\n\ndef ship(order, carrier):\n"
                '    logger.info("shipping %s with %s", order)\n    logger.info("shipped", order)\n'
                '    logger.info("shipped {}", order)\n    logger.log(logging.ERROR, "lost %s")\n'
                '    logger.info("%(a)s", {"b": order})\n    logger.info("shipped", order=order)\n'
            },
            at=[("orders.py", number) for number in range(7, 13)],
        ),
        Example(
            "a key of the record",
            {
                "users.py": "import logging\n\nlogger = logging.getLogger(__name__)\n\n\ndef invite(user):\n"
                '    logger.info("invited", extra={"name": user.name})\n'
            },
            at=[("users.py", 7)],
        ),
        Example(
            "no exception to log",
            {
                "sync.py": "import logging\n\nlogger = logging.getLogger(__name__)\n\n\ndef sync(feed):\n"
                '    if not feed.ready:\n        logger.exception("not ready")\n'
                '        logger.error("not ready", exc_info=True)\n'
            },
            at=[("sync.py", 8), ("sync.py", 9)],
        ),
    )
    good = (
        Example(
            "one argument each, by place or by name",
            {
                "orders.py": "import logging\n\nlogger = logging.getLogger(__name__)\n\n\ndef ship(order, carrier, *parts):\n"
                '    logger.info("shipping %s with %-10s, 100%% sure", order, carrier)\n'
                '    logger.info("%(a)s and %(b)d", order)\n    logger.info("sent %s %s", *parts)\n'
                '    logger.info("done: 100%")\n    logger.info("%s", {"a": 1})\n'
                '    logger.info("kept", extra={"order": order})\n'
            },
        ),
        Example(
            "another library",
            {
                "orders.py": "import structlog\nfrom loguru import logger\n\nlog = structlog.get_logger()\n\n\ndef ship(order):\n"
                '    logger.info("shipping {}", order)\n    log.info("shipping", order=order, name="x")\n'
            },
        ),
        Example(
            "an exception is at hand",
            {
                "sync.py": "import logging\n\nlogger = logging.getLogger(__name__)\n\n\ndef sync(feed):\n    try:\n"
                "        feed.load()\n    except OSError:\n        note(feed)\n\n\ndef note(feed):\n"
                '    logger.exception("not ready")\n\n\ndef later(future):\n'
                '    logger.error("failed", exc_info=future.exception())\n'
            },
        ),
    )

    def visit_call(self, call: Call, ctx: Context) -> None:
        log = log_call(call)
        if log is None or log.library in ("structlog", "loguru"):
            return
        ctx.site(call)
        sure = Confidence.HIGH if log.library == "logging" else Confidence.LOW
        wrong = keyword_fault(log, call.dotted) or _format_fault(log, call, ctx)
        if wrong:
            ctx.report(call, wrong, confidence=sure)
        elif log.unpacks and log.args:
            ctx.unresolved(call, "Its arguments are put together elsewhere.")
        elif _without_exception(log, call):
            doubt = _guess(call, ctx)
            message = "No exception is being handled here, so the line ends in `NoneType: None` instead of a traceback."
            if doubt is not None:
                ctx.report(call, message, confidence=min(sure, doubt, key=list(Confidence).index))


def _format_fault(log: LogCall, call: Call, ctx: Context) -> str:
    message = ctx.constant(log.message, call)
    if not isinstance(message, str) or (log.unpacks and log.args):
        return ""
    return fault(message, list(log.args))


def _without_exception(log: LogCall, call: Call) -> bool:
    info = log.keyword("exc_info")
    wants = info is None if log.method == "exception" else isinstance(info, ast.Constant) and info.value is True
    return wants and call.handler is None and not any(True for _ in call.within("finally"))


def _guess(call: Call, ctx: Context) -> Confidence | None:
    """How sure it is that nobody calls the function while handling an exception; None when somebody surely does."""
    function = call.function
    if function is None:
        return Confidence.HIGH
    args = function.args
    params = [arg.arg for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs)]
    name = getattr(function, "name", "lambda")
    if any(_GIVEN.search(param) for param in params) or _GIVEN.search(name) or name in ("__exit__", "__aexit__"):
        return None
    return None if name in called_by_handlers(ctx) else Confidence.MEDIUM
