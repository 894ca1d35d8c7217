import ast
from collections.abc import Mapping
from typing import Any, Final

import libcst as cst

from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.spot import Spot

_CAN_RAISE: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("int", "float", "datetime.datetime.fromisoformat", "datetime.date.fromisoformat"), "(TypeError, ValueError)"
    ),
    **dict.fromkeys(("json.loads", "datetime.datetime.strptime"), "(TypeError, ValueError)"),
    "uuid.UUID": "(AttributeError, TypeError, ValueError)",
    **dict.fromkeys(("os.remove", "os.unlink", "os.rename", "os.mkdir", "os.makedirs", "os.rmdir", "open"), "OSError"),
}
"""What a call of the standard library raises when it is given a plain value."""
_PLAIN: Final = (ast.Name, ast.Constant)


class NameException(Fix):
    """
    Names what the one call in the block can raise: `except (TypeError, ValueError)` for `int(text)` or
    `json.loads(text)`, `except OSError` for `os.remove(path)`.

    Not offered for a block of more than such a call with plain values: what else may fail there, a person has to say.
    """

    rule = "broad-except"
    bulk = False
    says = "Name the exceptions that the call can raise."
    examples = (
        Change(
            "a number and a file",
            "import logging, os\nlogger = logging.getLogger(__name__)\ndef read(text, path):\n    try:\n"
            "        found = int(text)\n    except Exception as error:  # odd\n"
            "        logger.warning('no: %s', error)\n"
            "        found = 0\n    try:\n        os.remove(path)\n        return found\n    except:\n"
            "        logger.warning('kept')\n        return None\n",
            "import logging, os\nlogger = logging.getLogger(__name__)\ndef read(text, path):\n    try:\n"
            "        found = int(text)\n    except (TypeError, ValueError) as error:  # odd\n"
            "        logger.warning('no: %s', error)\n"
            "        found = 0\n    try:\n        os.remove(path)\n        return found\n    except OSError:\n"
            "        logger.warning('kept')\n        return None\n",
        ),
    )
    declined = (
        Declined(
            "anything may fail",
            "import logging\nlogger = logging.getLogger(__name__)\ndef convert(api, amount):\n    try:\n"
            "        return amount * api.rate()\n    except Exception as error:\n"
            "        logger.warning('no rate: %s', error)\n        return amount\n",
            "cannot be told",
        ),
    )

    def mend(self, spot: Spot) -> None:
        """Name them."""
        attempt, clause = spot.place.stmt, spot.handler(spot.place.node)
        if not isinstance(attempt, ast.Try) or isinstance(clause, cst.ExceptStarHandler):
            raise NotOfferedError("The block around the clause is not of the shape that is mended.")
        first, *others = attempt.body
        harmless = all(
            isinstance(stmt, ast.Return) and isinstance(stmt.value, (*_PLAIN, type(None))) for stmt in others
        )
        call: Any = getattr(first, "value", None)
        name = spot.place.name(call.func) if isinstance(call, ast.Call) else ""
        targets = getattr(first, "targets", [])
        plain = isinstance(first, (ast.Expr, ast.Return)) or all(isinstance(target, ast.Name) for target in targets)
        if name not in _CAN_RAISE or not (harmless and plain and self._is_plain(call)):
            raise NotOfferedError("What can fail in this block cannot be told from the code.")
        space = cst.SimpleWhitespace(" ")
        named = spot.expression(_CAN_RAISE[name])
        spot.change(clause, lambda now: now.with_changes(type=named, whitespace_after_except=space))

    def _is_plain(self, call: ast.Call) -> bool:
        given = [*call.args, *(word.value for word in call.keywords if word.arg)]
        return all(isinstance(value, _PLAIN) for value in given) and all(word.arg for word in call.keywords)
