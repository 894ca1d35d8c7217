import ast

from scanners.constants import UNKNOWN, fold
from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.names import find
from scanners.place import Call
from scanners.rule import Example, Rule
from scanners.scopes import Scope
from scanners.semantics.logcalls import LOG_CALLS, log_call


class LogMessagePreformatted(Rule):
    """
    A message that is put together before the call is a new text each time: nobody can count or group it, and it is
    built even when its level is off.

    Looks at the messages of `logging` calls: f-strings, `%`, `+` and format() with something variable in them. A
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
        how = _put_together(log.message)
        if not how or _is_one_of_few(log.message, call.scope) or _is_guarded(call):
            return
        message = f"{how} makes every message of this call a different text, so a thousand lines do not show as one."
        ctx.report(call, message, confidence=Confidence.HIGH if log.library == "logging" else Confidence.LOW)


def _put_together(message: ast.expr) -> str:
    """How a message with something variable in it is built; empty when it is not."""
    if isinstance(message, ast.JoinedStr):
        fields = [part for part in message.values if isinstance(part, ast.FormattedValue)]
        return "The f-string" if any(not isinstance(part.value, ast.Constant) for part in fields) else ""
    if isinstance(message, ast.BinOp) and _holds_text(message):
        return "The `%`" if isinstance(message.op, ast.Mod) else "The `+`"
    if isinstance(message, ast.Call) and isinstance(message.func, ast.Attribute) and message.func.attr == "format":
        return "format()" if isinstance(message.func.value, ast.Constant) and (message.args or message.keywords) else ""
    return ""


def _holds_text(message: ast.BinOp) -> bool:
    if isinstance(message.op, ast.Mod):
        return isinstance(message.left, (ast.Constant, ast.JoinedStr)) and not isinstance(message.right, ast.Constant)
    if not isinstance(message.op, ast.Add):
        return False
    return any(
        isinstance(side, ast.JoinedStr)
        or (isinstance(side, ast.Constant) and isinstance(side.value, str))
        or (isinstance(side, ast.BinOp) and _holds_text(side))
        for side in (message.left, message.right)
    )


def _is_one_of_few(expr: ast.expr, scope: Scope, depth: int = 0) -> bool:
    """Whether an expression is a fixed text, or put together from choices between such."""
    if depth > 4 or fold(expr, scope) is not UNKNOWN:
        return depth <= 4
    parts: list[ast.expr] = []
    if isinstance(expr, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.FormattedValue) else part for part in expr.values]
    elif isinstance(expr, ast.IfExp):
        parts = [expr.body, expr.orelse]
    elif isinstance(expr, ast.BinOp) and isinstance(expr.op, ast.Add):
        parts = [expr.left, expr.right]
    elif isinstance(expr, ast.Name):
        bindings, scope = find(expr.id, scope) or ([], scope)
        parts = [bound.value for bound in bindings if bound.kind == "assign" and isinstance(bound.value, ast.IfExp)]
        parts = parts if len(bindings) == 1 else []
    return bool(parts) and all(_is_one_of_few(part, scope, depth + 1) for part in parts)


def _is_guarded(call: Call) -> bool:
    return any("isEnabledFor" in ast.dump(block.node.test) for block in call.within("if"))
