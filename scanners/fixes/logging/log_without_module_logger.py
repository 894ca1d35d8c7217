import libcst as cst

from scanners.fixes.arguments import renamed
from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.loggers import module_logger
from scanners.fixes.spot import Spot


class UseModuleLogger(Fix):
    """
    Calls a logger of the module in place of a function of `logging`; `logger = logging.getLogger(__name__)` is written
    below the imports where there is none. `Logger(...)` becomes `getLogger(...)`, and `__file__`, or no name, becomes
    `__name__`.

    Not offered for functions imported by name, for calls above the imports, and where `logger` is something else.
    """

    rule = "log-without-module-logger"
    asks_loggers = True
    says = "Call a logger of the module."
    examples = (
        Change(
            "a logger is made",
            '"""Mails."""\nimport logging\nfrom shop import mail  # ours\n\nLIMIT = 3\n\n\ndef send(order):\n'
            '    logging.info("sending %s", order)  # once\n    logging.warning(\n        "late",\n'
            "        extra={},\n    )\n",
            '"""Mails."""\nimport logging\nfrom shop import mail  # ours\n\nlogger = logging.getLogger(__name__)\n\n'
            'LIMIT = 3\n\n\ndef send(order):\n    logger.info("sending %s", order)  # once\n    logger.warning(\n'
            '        "late",\n        extra={},\n    )\n',
        ),
        Change(
            "one is there, by another name",
            "import logging as logs\nLOG = logs.getLogger(__name__)\ndef send(order):\n    logs.error('lost')\n",
            "import logging as logs\nLOG = logs.getLogger(__name__)\ndef send(order):\n    LOG.error('lost')\n",
        ),
        Change(
            "loggers outside the tree",
            "import logging\nmain = logging.Logger(__name__)\nother = logging.getLogger(__file__)\n"
            "log = logging.getLogger()\nlog.info('late')\n",
            "import logging\nmain = logging.getLogger(__name__)\nother = logging.getLogger(__name__)\n"
            "log = logging.getLogger(__name__)\nlog.info('late')\n",
        ),
    )
    declined = (
        Declined("imported by name", "from logging import info\ndef send():\n    info('sent')\n", "imported by name"),
        Declined(
            "the name is taken",
            "import logging\ndef send(logger, log):\n    logging.info('sent')\n",
            "names for a logger are taken",
        ),
        Declined("above the imports", "import logging\nlogging.info('loading')\nimport shop\n", "before the imports"),
    )

    def mend(self, spot: Spot) -> None:
        """Put the logger in the place of the module."""
        call, node = spot.call, spot.node(cst.Call)
        if call.dotted == "logging.getLogger":
            own = [cst.Arg(cst.Name("__name__"))]
            spot.change(node, lambda now: now.with_changes(args=own))
        elif not isinstance(node.func, cst.Attribute):
            raise NotOfferedError("The function is imported by name.")
        elif call.dotted == "logging.Logger":
            if len(node.args) != 1 or node.args[0].star:
                raise NotOfferedError("The logger is given a level, which getLogger does not take.")
            spot.change(node, renamed("getLogger"))
        else:
            name = cst.Name(module_logger(spot, node))
            spot.change(node.func.value, lambda now: name)
