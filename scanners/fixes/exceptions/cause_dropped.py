from typing import Final

import libcst as cst

from scanners.fixes.fix import Change, Fix, NotOfferedError
from scanners.fixes.spot import Spot

_NAMES: Final = ("error", "exc", "caught")


class RaiseFromCause(Fix):
    """
    Raises the new exception `from` the one that was caught; a clause without a name for it is given one.

    The name is one that nothing else in the function has, because Python deletes it at the end of the clause.
    """

    rule = "cause-dropped"
    says = "Raise the new exception from the caught one."
    examples = (
        Change(
            "with a name and without",
            "def read(text):\n    try:\n        return int(text)\n    except ValueError as wrong:\n"
            "        raise RuntimeError(str(wrong))\n    except TypeError:\n        if not text:\n"
            "            raise EOFError  # nothing left\n        raise RuntimeError(text)\n",
            "def read(text):\n    try:\n        return int(text)\n    except ValueError as wrong:\n"
            "        raise RuntimeError(str(wrong)) from wrong\n    except TypeError as error:\n        if not text:\n"
            "            raise EOFError from error  # nothing left\n        raise RuntimeError(text) from error\n",
        ),
        Change(
            "the usual name is taken",
            "def read(text, error):\n    try:\n        return int(text)\n    except (ValueError, TypeError):\n"
            "        raise RuntimeError(error)\n",
            "def read(text, error):\n    try:\n        return int(text)\n    except (ValueError, TypeError) as exc:\n"
            "        raise RuntimeError(error) from exc\n",
        ),
    )

    def mend(self, spot: Spot) -> None:
        """Add the cause, and a name for it where there is none."""
        handler = spot.place.handler
        node = spot.node(cst.Raise)
        if handler is None or handler.type is None:
            raise NotOfferedError("The clause names no exception that could be given a name.")
        name = handler.name or self._free(spot)
        if handler.name is None:
            clause = spot.handler(handler)
            spot.change(clause, lambda now: now if now.name else now.with_changes(name=_as(name)))
        spot.change(node, lambda now: now.with_changes(cause=cst.From(cst.Name(name), cst.SimpleWhitespace(" "))))

    def _free(self, spot: Spot) -> str:
        for name in _NAMES:
            if not spot.is_used(name):
                return name
        raise NotOfferedError("The usual names for a caught exception are all taken in the function.")


def _as(name: str) -> cst.AsName:
    return cst.AsName(cst.Name(name), cst.SimpleWhitespace(" "), cst.SimpleWhitespace(" "))
