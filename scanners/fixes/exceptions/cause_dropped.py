import ast
from collections import Counter
from typing import Any, Final

import libcst as cst

from scanners.fixes.fix import Change, Fix, NotOfferedError
from scanners.fixes.spot import Spot
from scanners.syntax import descendants

_NAMES: Final = ("error", "exc", "caught")
_USUAL: Final = (*_NAMES, "e", "err", "ex", "exception")
"""What clauses call an exception, and nothing else is called."""


class RaiseFromCause(Fix):
    """
    Raises the new exception `from` the one that was caught; a clause without a name for it is given one.

    The name is the one that clauses of the file mostly use; nothing else in the function has it, because Python deletes
    it at the end of the clause.
    """

    rule = "cause-dropped"
    says = "Raise the new exception from the caught one."
    examples = (
        Change(
            "with a name and without",
            "def read(text):\n    try:\n        return int(text)\n    except ValueError as err:\n"
            "        raise RuntimeError(str(err))\n    except TypeError:\n        if not text:\n"
            "            raise EOFError  # nothing left\n        raise RuntimeError(text)\n",
            "def read(text):\n    try:\n        return int(text)\n    except ValueError as err:\n"
            "        raise RuntimeError(str(err)) from err\n    except TypeError as err:\n        if not text:\n"
            "            raise EOFError from err  # nothing left\n        raise RuntimeError(text) from err\n",
        ),
        Change(
            "a clause in a clause",
            "def read(text):\n    try:\n        return int(text)\n    except ValueError as e:\n        try:\n"
            "            return float(text)\n        except ValueError:\n            raise RuntimeError(text)\n"
            "        print(e)\n",
            "def read(text):\n    try:\n        return int(text)\n    except ValueError as e:\n        try:\n"
            "            return float(text)\n        except ValueError as error:\n"
            "            raise RuntimeError(text) from error\n        print(e)\n",
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
        name = handler.name or self._free(spot, handler)
        if handler.name is None:
            clause = spot.handler(handler)
            spot.change(clause, lambda now: now if now.name else now.with_changes(name=_as(name)))
        spot.change(node, lambda now: now.with_changes(cause=cst.From(cst.Name(name), cst.SimpleWhitespace(" "))))

    def _free(self, spot: Spot, handler: ast.ExceptHandler) -> str:
        clauses = list(descendants(spot.ctx.tree, ast.ExceptHandler)) if spot.ctx.tree is not None else []
        usual: list[str] = [
            name for name, _ in Counter(clause.name for clause in clauses).most_common() if name in _USUAL
        ][:1]
        around = [clause for clause in clauses if handler in descendants(clause) or clause in descendants(handler)]
        for name in (*usual, *_NAMES):
            if not spot.is_used(name) or (_is_caught_only(name, spot) and name not in {one.name for one in around}):
                return name
        raise NotOfferedError("The usual names for a caught exception are all taken in the function.")


def _is_caught_only(name: str, spot: Spot) -> bool:
    """Whether other clauses of the function have the name, and nothing else in it or around it."""
    scope: Any = spot.place.scope
    own = all(bound.kind == "except" for bound in scope.bindings(name))
    while own and scope.parent is not None:
        scope = scope.parent
        own = not scope.bindings(name)
    return own


def _as(name: str) -> cst.AsName:
    return cst.AsName(cst.Name(name), cst.SimpleWhitespace(" "), cst.SimpleWhitespace(" "))
