from typing import Final

import libcst as cst

from scanners.fixes.arguments import refuse_unpacked, renamed, with_keyword
from scanners.fixes.doubt import ENDS, clause_of
from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.loggers import is_shared
from scanners.fixes.spot import Spot
from scanners.regex import regex
from scanners.rules.exceptions.traceback_lost import EXPECTED
from scanners.semantics.handlers import caught
from scanners.semantics.logcalls import find
from scanners.syntax import unparse

_START: Final = (
    "import logging, sys\nlogger = logging.getLogger(__name__)\ndef pay(api):\n    try:\n        api.pay()\n"
)


_REFUSED: Final = regex(r"\b(HTTPException|Http404|\w*Disconnect(ed)?)$")
"""What a handler of requests raises, or is raised, in the course of the day."""
_NOTHING: Final = cst.SimpleWhitespace("")


class LogTraceback(Fix):
    """
    Calls `logger.exception(...)` in place of `logger.error(...)`; other levels are given `exc_info=True`. The message
    is kept as it is.

    Not offered where a person is told and the program ends, where the clause names an expected failure, and for loggers
    from elsewhere, unless another file of the repository makes them with `logging`, or the file calls their `exception`
    already.
    """

    rule = "traceback-lost"
    asks_loggers = True
    says = "Log the traceback with the message."
    examples = (
        Change(
            "at error and at critical",
            _START + '    except Exception as error:\n        logger.error("not paid: %s", error)  # late\n'
            "    try:\n        api.book()\n    except OSError:\n        logger.critical(\n"
            '            "not booked",\n            extra={},\n        )\n',
            _START + '    except Exception as error:\n        logger.exception("not paid: %s", error)  # late\n'
            "    try:\n        api.book()\n    except OSError:\n        logger.critical(\n"
            '            "not booked",\n            extra={},\n            exc_info=True,\n        )\n',
        ),
        Change(
            "functions of the module, a logger of another library",
            "import logging\nimport structlog\nlog = structlog.get_logger()\ndef pay(api):\n    try:\n"
            "        api.pay()\n"
            "    except OSError:\n        logging.error('lost')\n    try:\n        api.book()\n    except OSError:\n"
            "        log.error('lost', api=api)\n",
            "import logging\nimport structlog\nlog = structlog.get_logger()\ndef pay(api):\n    try:\n"
            "        api.pay()\n"
            "    except OSError:\n        logging.exception('lost')\n    try:\n        api.book()\n"
            "    except OSError:\n"
            "        log.exception('lost', api=api)\n",
        ),
        Change(
            "loguru at critical",
            "from loguru import logger\ndef pay(api):\n    try:\n        api.pay()\n    except OSError:\n"
            "        logger.critical('lost')\n",
            "from loguru import logger\ndef pay(api):\n    try:\n        api.pay()\n    except OSError:\n"
            "        logger.opt(exception=True).critical('lost')\n",
        ),
    )
    declined = (
        Declined(
            "the end of a program",
            _START + "    except Exception:\n        logger.error('not paid')\n        sys.exit(1)\n",
            "ends the program",
        ),
        Declined(
            "expected", _START + "    except FileNotFoundError:\n        logger.error('no card')\n", "expected failure"
        ),
        Declined(
            "a request that is refused",
            "from fastapi import HTTPException\n"
            + _START
            + "    except HTTPException as refused:\n        logger.error('no right: %s', refused.detail)\n",
            "expected failure",
        ),
        Declined(
            "a logger from elsewhere",
            "from shop import logger\ndef pay(api):\n    try:\n        api.pay()\n    except Exception:\n"
            "        logger.error('not paid')\n",
            "cannot be seen",
        ),
    )

    def mend(self, spot: Spot) -> None:
        """Log the traceback too."""
        place, node, clause = spot.place, spot.node(cst.Call), clause_of(spot)
        log = find(place.node, place.scope)
        if log is None or clause is None or not isinstance(node.func, cst.Attribute):
            raise NotOfferedError("The log call cannot be told apart.")
        refuse_unpacked(node)
        if ENDS.search(unparse(clause)):
            raise NotOfferedError("The clause ends the program with a message for a person.")
        types = caught(clause.type, place.scope)
        if types and all(EXPECTED.search(unparse(kind)) or _REFUSED.search(unparse(kind)) for kind in types):
            raise NotOfferedError("The clause names an expected failure: a warning without a traceback may be meant.")
        held = unparse(place.node.func.value)
        known = log.library != "other" or is_shared(spot, place.node.func.value)
        if not known and f"{held}.exception(" not in spot.ctx.source:
            raise NotOfferedError("What kind of logger this is cannot be seen in the file.")
        if log.method == "error":
            spot.change(node, renamed("exception"))
        elif log.library == "loguru":
            opted = cst.Name("opt")
            asked = [cst.Arg(cst.Name("True"), cst.Name("exception"), cst.AssignEqual(_NOTHING, _NOTHING))]
            spot.change(node.func.value, lambda now: cst.Call(cst.Attribute(now, opted), asked))
        else:
            spot.change(node, with_keyword("exc_info", spot.expression("True")))
