import re
from typing import Final

import libcst as cst

from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.layout import with_values
from scanners.fixes.lazily import taken_apart
from scanners.fixes.loggers import is_shared
from scanners.fixes.spot import Spot
from scanners.semantics.logcalls import log_call
from scanners.syntax import unparse

_LAZY: Final = r"""\.\w+\(\s*(["'])(?:(?!\1).)*%[srd](?:(?!\1).)*\1\s*,"""
_START: Final = "import logging\nlogger = logging.getLogger(__name__)\n"


class PassValuesToLogger(Fix):
    """
    Passes the values as arguments and leaves placeholders in the message: `"paid %s", order`. F-strings, `%`, `+` and
    `format()` are taken apart; formats as `:.2f` become `%.2f`. What is logged stays the same text.

    Not offered where that cannot be told: formats without a counterpart, fields that look into their value, several
    values in one variable, and loggers from elsewhere, unless another file of the repository makes them with `logging`,
    or the file passes arguments to them already.
    """

    rule = "log-message-preformatted"
    asks_loggers = True
    says = "Pass the values as arguments of the log call."
    examples = (
        Change(
            "f-strings",
            _START + "def pay(order, rate):\n"
            "    logger.info(f'{order.id}: {rate:.2f} {{ok}} 5% {order!r:>8} {a, b}')  # told\n"
            "    logger.error(\n        f\"no {order['name']}\", exc_info=True\n    )\n"
            "    logger.log(logging.INFO, f'paying {order}', extra={})\n",
            _START + "def pay(order, rate):\n"
            "    logger.info('%s: %.2f {ok} 5%% %8r %s', order.id, rate, order, (a, b))  # told\n"
            '    logger.error(\n        "no %s", order["name"], exc_info=True\n    )\n'
            "    logger.log(logging.INFO, 'paying %s', order, extra={})\n",
        ),
        Change(
            "what only a text needs goes",
            _START + "def pay(order, lock):\n    logger.info(f'paid {str(order)}')\n"
            "    logger.warning('%s is locked' % (lock))\n",
            _START + "def pay(order, lock):\n    logger.info('paid %s', order)\n"
            "    logger.warning('%s is locked', lock)\n",
        ),
        Change(
            "the other ways",
            _START + 'def pay(order, rate):\n    logger.info("paying %s for %d" % (order.id, rate))\n'
            '    logger.info("paying %s" % order.id)\n'
            "    logger.info(\"paying \" + order.id + ' (100%)' + str(rate))\n"
            '    logging.warning("paid {} of {name!r:<5}".format(order.id, name=rate))\n'
            '    logger.info("%(id)s" % {"id": order.id})\n',
            _START + 'def pay(order, rate):\n    logger.info("paying %s for %d", order.id, rate)\n'
            '    logger.info("paying %s", order.id)\n    logger.info("paying %s (100%%)%s", order.id, rate)\n'
            '    logging.warning("paid %s of %-5r", order.id, rate)\n'
            '    logger.info("%(id)s", {"id": order.id})\n',
        ),
        Change(
            "several lines, and a line that becomes too long",
            _START + "def pay(order):\n    logger.info(\n        f'paying {order.id} '\n        'at last',\n    )\n"
            "    logger.warning(f'no carrier takes order {order.number} to {order.address}, nor to {order.pickup}')\n",
            _START + "def pay(order):\n    logger.info(\n        'paying %s '\n        'at last',\n"
            "        order.id,\n"
            "    )\n"
            "    logger.warning(\n"
            "        'no carrier takes order %s to %s, nor to %s', order.number, order.address, order.pickup\n    )\n",
        ),
        Change(
            "a logger from elsewhere that is given arguments already",
            "from shop.logs import log\nlog.info('%s paid', 1)\nlog.info(f'{order} paid')\n",
            "from shop.logs import log\nlog.info('%s paid', 1)\nlog.info('%s paid', order)\n",
        ),
    )
    declined = (
        Declined("a format", _START + "def pay(sum):\n    logger.info(f'paid {sum:,}')\n", "no exact counterpart"),
        Declined(
            "a number's width", _START + "def pay(sum):\n    logger.info(f'paid {sum:5}')\n", "no exact counterpart"
        ),
        Declined("values in one", _START + "def pay(row):\n    logger.info('%s %s' % row)\n", "do not fit"),
        Declined("a look inside", _START + "def pay(row):\n    logger.info('{0.id}'.format(row))\n", "looks into"),
        Declined("a mapping, or not", _START + "def pay(row):\n    logger.info('%(id)s' % row)\n", "are a mapping"),
        Declined("formatted twice", _START + "def pay(row):\n    logger.info(f'{row} %s', row)\n", "formats it again"),
        Declined("elsewhere", "from shop.logs import log\nlog.info(f'{order} paid')\n", "cannot be seen"),
        Declined("its own text", _START + "def pay(row):\n    logger.info(f'{row=}')\n", "writes the expression"),
    )

    def mend(self, spot: Spot) -> None:
        """Take the message apart."""
        call, node, log = spot.call, spot.node(cst.Call), log_call(spot.call)
        position = int(log.method == "log") if log is not None else 0
        if log is None or log.message not in call.node.args[position : position + 1]:
            raise NotOfferedError("The message is not passed by position.")
        if len(call.node.args) > position + 1:
            raise NotOfferedError("The call has arguments for its message already, and formats it again.")
        known = log.library == "logging" or (call.receiver is not None and is_shared(spot, call.receiver))
        if not known and not _takes_arguments(spot):
            raise NotOfferedError("What kind of logger this is, and how it formats, cannot be seen in the file.")
        message = log.message
        taken_apart(node.args[position].value, message)

        def how(now: cst.Call) -> cst.Call:
            lazy = taken_apart(now.args[position].value, message)
            return with_values(spot, now, position, lazy.text, lazy.values)

        spot.change(node, how)


def _takes_arguments(spot: Spot) -> bool:
    """Whether the file gives arguments for placeholders to the same logger somewhere."""
    held = unparse(spot.call.receiver) if spot.call.receiver is not None else ""
    return bool(held) and re.search(rf"(?<![\w.]){re.escape(held)}{_LAZY}", spot.ctx.source) is not None
