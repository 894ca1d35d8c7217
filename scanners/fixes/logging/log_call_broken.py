import ast
import re
from typing import Final

import libcst as cst

from scanners.fixes.arguments import renamed, without_keyword
from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.lazily import spoken
from scanners.fixes.spot import Spot
from scanners.regex import regex
from scanners.semantics.logcalls import LogCall, log_call

_FIELD: Final = regex(r"%[sdr]|\{[^{}]*\}")
_START: Final = "import logging\nlogger = logging.getLogger(__name__)\ndef ship(order, carrier):\n"


class RepairLogCall(Fix):
    """
    Adds `%s` for arguments without a placeholder, writes `%s` for `{}`, and takes the traceback of no exception away:
    `exception()` outside of a handler becomes `error()`, `exc_info=True` goes.

    Not offered where arguments are missing, for keys in `extra`, which others may read, and for messages from
    elsewhere.
    """

    rule = "log-call-broken"
    bulk = False
    says = "Make the log call work."
    examples = (
        Change(
            "arguments without a placeholder",
            _START + '    logger.info("shipping %s with", order, carrier)  # now\n    logger.info("shipped", order)\n'
            "    logger.info('shipped {} with {}', order, carrier)\n",
            _START + '    logger.info("shipping %s with %s", order, carrier)  # now\n'
            '    logger.info("shipped: %s", order)\n'
            "    logger.info('shipped %s with %s', order, carrier)\n",
        ),
        Change(
            "no exception",
            _START + '    logger.exception("not ready")\n    logger.error("not ready", exc_info=True)\n',
            _START + '    logger.error("not ready")\n    logger.error("not ready")\n',
        ),
    )
    declined = (
        Declined("an argument is missing", _START + '    logger.info("%s with %s", order)\n', "is missing"),
        Declined("a word left out", _START + '    extra = {}\n    logger.info("shipped", extra)\n', "extra=extra"),
        Declined("a key", _START + '    logger.info("shipped", extra={"name": order})\n', "extra"),
    )

    def mend(self, spot: Spot) -> None:
        """Repair what the rule says is broken."""
        log, node = log_call(spot.call), spot.node(cst.Call)
        if log is None or "extra" in spot.message:
            raise NotOfferedError("The key in extra may be read by name elsewhere.")
        if "No exception" in spot.message:
            if log.method == "exception" and isinstance(node.func, cst.Attribute):
                spot.change(node, renamed("error"))
            else:
                spot.change(node, without_keyword("exc_info"))
            return
        text = self._text(log)
        concrete = spot.node(cst.SimpleString, log.message)
        spot.change(concrete, lambda now: now.with_changes(value=_rewritten(now, text)))

    def _text(self, log: LogCall) -> str:
        """The message with as many placeholders as there are arguments."""
        message = log.message.value if isinstance(log.message, ast.Constant) else None
        if not isinstance(message, str) or log.unpacks:
            raise NotOfferedError("The message, or its arguments, come from elsewhere.")
        fields, braces = re.findall(r"%[^%]", message), re.findall(r"\{\w*\}", message)
        if not fields and len(braces) == len(log.args):
            return re.sub(r"\{\w*\}", "%s", message.replace("%", "%%"))
        if len(fields) > len(log.args) or not log.args:
            raise NotOfferedError("An argument is missing, and which one cannot be seen.")
        if braces or "%" in _FIELD.sub("", message):
            raise NotOfferedError("Which argument belongs to which placeholder cannot be seen.")
        if log.library == "other":
            raise NotOfferedError("What this logger does with its arguments cannot be seen in the file.")
        if any(isinstance(arg, ast.Name) and arg.id == "extra" for arg in log.args):
            raise NotOfferedError("The argument may be meant as extra=extra.")
        if fields or not message[-1:].isalnum():
            return message + " %s" * (len(log.args) - len(fields))
        return f"{message}: {', '.join(['%s'] * len(log.args))}"


def _rewritten(now: cst.SimpleString, text: str) -> str:
    """The literal with this text, if it has no escapes that would be lost."""
    if now.prefix or "\\" in now.value or len(now.quote) > 1:
        raise NotOfferedError("The message has escapes or a prefix.")
    return spoken(now) + text + spoken(now)
