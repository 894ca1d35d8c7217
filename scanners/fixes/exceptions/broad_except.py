import ast
from collections.abc import Mapping
from typing import Any, Final

import libcst as cst

from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.spot import Spot

_OF_FILES: Final = (
    "open os.remove os.unlink os.rename os.replace os.mkdir os.makedirs os.rmdir os.listdir os.scandir os.stat "
    "os.lstat os.chmod os.path.getsize os.path.getmtime shutil.rmtree shutil.copy shutil.copy2 shutil.copyfile "
    "shutil.copytree shutil.move"
).split()
_OF_TEXTS: Final = (
    "int float json.loads datetime.datetime.strptime datetime.datetime.fromisoformat datetime.date.fromisoformat "
    "time.strptime base64.b64decode bytes.fromhex binascii.unhexlify"
).split()
_CAN_RAISE: Final[Mapping[str, str]] = {
    **dict.fromkeys(_OF_TEXTS, "(TypeError, ValueError)"),
    **dict.fromkeys(_OF_FILES, "OSError"),
    **dict.fromkeys(("ipaddress.ip_address", "ipaddress.ip_network"), "ValueError"),
    "uuid.UUID": "(AttributeError, TypeError, ValueError)",
}
"""What a call of the standard library raises when it is given a plain value."""
_READ: Final = frozenset({"json.load", "tomllib.load"})
_FROM_FILE: Final = "(OSError, ValueError)"
"""What opening a file and reading it as one of these raises: bad syntax and bad bytes are a ValueError."""
_PLAIN: Final = (ast.Name, ast.Constant)


class NameException(Fix):
    """
    Names what the one call in the block can raise: `except (TypeError, ValueError)` for `int(text)` or
    `json.loads(text)`, `except OSError` for `os.remove(path)`, both for a file that is opened and read as JSON.

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
        Change(
            "a file of JSON",
            "import json, logging\nlogger = logging.getLogger(__name__)\ndef load(path):\n    try:\n"
            "        with open(path, encoding='utf-8') as file:\n            return json.load(file)\n"
            "    except Exception as error:\n        logger.warning('no state: %s', error)\n        return {}\n",
            "import json, logging\nlogger = logging.getLogger(__name__)\ndef load(path):\n    try:\n"
            "        with open(path, encoding='utf-8') as file:\n            return json.load(file)\n"
            "    except (OSError, ValueError) as error:\n        logger.warning('no state: %s', error)\n"
            "        return {}\n",
        ),
    )
    declined = (
        Declined(
            "more than the file is read",
            "import json, logging\nlogger = logging.getLogger(__name__)\ndef load(path, check):\n    try:\n"
            "        with open(path) as file:\n            found = check(json.load(file))\n"
            "    except Exception as error:\n        logger.warning('no state: %s', error)\n        found = {}\n"
            "    return found\n",
            "cannot be told",
        ),
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
        raised = _raised(first, spot) if harmless else ""
        if not raised:
            raise NotOfferedError("What can fail in this block cannot be told from the code.")
        space = cst.SimpleWhitespace(" ")
        named = spot.expression(raised)
        spot.change(clause, lambda now: now.with_changes(type=named, whitespace_after_except=space))


def _raised(stmt: ast.stmt, spot: Spot) -> str:
    """What a statement of one call can raise, or of a file that is opened and read; "" if that cannot be told."""
    if not isinstance(stmt, ast.With):
        name = _called(stmt, spot)
        return _CAN_RAISE.get(name, "")
    opened = ast.Expr(stmt.items[0].context_expr)
    reads = len(stmt.items) == len(stmt.body) == 1 and _called(stmt.body[0], spot) in _READ
    return _FROM_FILE if reads and _called(opened, spot) == "open" else ""


def _called(stmt: ast.stmt, spot: Spot) -> str:
    """The name of the call with plain values that a statement is made of, whose value goes to plain names at most."""
    call: Any = getattr(stmt, "value", None)
    names = all(isinstance(target, ast.Name) for target in getattr(stmt, "targets", []))
    kept = isinstance(stmt, (ast.Expr, ast.Return)) or (isinstance(stmt, ast.Assign) and names)
    if not kept or not isinstance(call, ast.Call) or not all(word.arg for word in call.keywords):
        return ""
    given = [*call.args, *(word.value for word in call.keywords)]
    return spot.place.name(call.func) if all(isinstance(value, _PLAIN) for value in given) else ""
