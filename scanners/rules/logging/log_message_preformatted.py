import ast

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Call
from scanners.rule import Example, Rule
from scanners.semantics.logcalls import LOG_CALLS, log_call
from scanners.semantics.logging.messages import is_one_of_few, put_together, written_for


class LogMessagePreformatted(Rule):
    """
    A message that is put together before the call is a new text each time: nobody can count or group it, and it is
    built even when its level is off.

    Looks at the messages of `logging` calls: f-strings, `%`, `+` and format() with something variable in them, also when
    a variable holds the message for this one call. A
    message from constants alone or a choice between some, one under `isEnabledFor`, and structlog and loguru, which have ways of their own, are
    left alone. A logger that comes from elsewhere is taken for one of `logging` with low confidence.
    """

    id = "log-message-preformatted"
    area = "logging"
    item = "L3"
    title = "Log message put together before the call"
    severity = Severity.LOW
    effort = Effort.MINUTES
    fix = 'Pass the values as arguments: logger.info("paid %s", order).'
    calls = LOG_CALLS
    bad = (
        Example(
            "four ways to put it together",
            {
                "pay.py": "import logging\n\nlogger = logging.getLogger(__name__)\n\n\ndef pay(order):\n"
                '    logger.info(f"paying {order.id}")\n    logger.info("paying %s" % order.id)\n'
                '    logger.info("paying " + order.id)\n    logging.warning("paid {}".format(order.id))\n'
            },
            at=[("pay.py", 7), ("pay.py", 8), ("pay.py", 9), ("pay.py", 10)],
        ),
        Example(
            "a template, a variable for it, a function of the module",
            {
                "pay.py": "import logging\nfrom logging import info as tell\n\nlogger = logging.getLogger(__name__)\nTEXT = 'paying %s'\n\n\n"
                'def pay(order):\n    logger.info(TEXT % order)\n    logger.info(_("paying {}").format(order))\n'
                '    message = f"paid {order}"\n    logger.info(message)\n    tell(f"paid {order}")\n'
            },
            at=[("pay.py", 9), ("pay.py", 10), ("pay.py", 12), ("pay.py", 13)],
        ),
    )
    good = (
        Example(
            "arguments, and constants",
            {
                "pay.py": 'import logging\n\nLIMIT = "10 EUR"\nlogger = logging.getLogger(__name__)\n\n\n'
                'def pay(order):\n    logger.info("paying %s", order.id)\n    logger.info(f"the limit is {LIMIT}")\n'
                '    logger.info("one " + "line")\n'
            },
        ),
        Example(
            "one text for the log and for the caller",
            {
                "pay.py": "import logging\n\nlogger = logging.getLogger(__name__)\n\n\ndef pay(order):\n"
                '    message = f"no {order}"\n    logger.error(message)\n    raise ValueError(message)\n'
            },
        ),
        Example(
            "one of two texts",
            {
                "pay.py": "import logging\n\nlogger = logging.getLogger(__name__)\n\n\ndef pay(order, trial):\n"
                '    label = " (on trial)" if trial else ""\n    logger.info(f"paying{label}")\n'
            },
        ),
        Example(
            "loguru, and a guard",
            {
                "pay.py": "import logging\n\nfrom loguru import logger as log\n\n"
                'logger = logging.getLogger(__name__)\n\n\ndef pay(order):\n    log.info(f"paying {order.id}")\n'
                '    if logger.isEnabledFor(logging.DEBUG):\n        logger.debug(f"paying {order.dump()}")\n'
            },
        ),
    )

    def visit_call(self, call: Call, ctx: Context) -> None:
        log = log_call(call)
        if log is None or log.message is None or log.library in ("structlog", "loguru"):
            return
        ctx.site(call)
        written = written_for(log.message, call) if isinstance(log.message, ast.Name) else log.message
        how = put_together(written, call.scope)
        if not how or is_one_of_few(written, call.scope) or _is_guarded(call):
            return
        message = f"{how} makes every message of this call a different text, so a thousand lines do not show as one."
        ctx.report(call, message, confidence=Confidence.HIGH if log.library == "logging" else Confidence.LOW)


def _is_guarded(call: Call) -> bool:
    return any("isEnabledFor" in ast.dump(block.node.test) for block in call.within("if"))
