import ast
from typing import Final

import libcst as cst

from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.spot import Spot
from scanners.semantics.handlers import caught
from scanners.semantics.hierarchy import class_of, covered, ranks
from scanners.syntax import unparse

_READ: Final = "def read(path):\n    try:\n        return path.read_text()\n"


class PutNarrowClauseFirst(Fix):
    """
    Moves the clause in front of the one that covers it, and writes `except A or B` as `except (A, B)`.

    Not offered for two clauses of the same class, of which a person has to choose one, and for what is no exception.
    """

    rule = "except-never-matches"
    bulk = False
    says = "Let the clause match."
    examples = (
        Change(
            "the narrow clause comes first, with its comment",
            _READ
            + "    except OSError:\n        return None\n    # never written\n    except FileNotFoundError:  # yet\n"
            "        return ''\n    finally:\n        path.close()\n",
            _READ
            + "    # never written\n    except FileNotFoundError:  # yet\n        return ''\n    except OSError:\n"
            "        return None\n    finally:\n        path.close()\n",
        ),
        Change(
            "several types",
            _READ + "    except ValueError or TypeError as error:\n        return error\n",
            _READ + "    except (ValueError, TypeError) as error:\n        return error\n",
        ),
        Change(
            "in front of the first of several",
            _READ + "    except KeyError:\n        return 1\n    except (OSError, ValueError):\n        return 2\n"
            "    except Exception:\n        return 3\n    except UnicodeDecodeError:\n        return 4\n",
            _READ + "    except KeyError:\n        return 1\n    except UnicodeDecodeError:\n        return 4\n"
            "    except (OSError, ValueError):\n        return 2\n    except Exception:\n        return 3\n",
        ),
    )
    declined = (
        Declined(
            "the same", _READ + "    except OSError:\n        return 1\n    except IOError:\n        return 2\n", "same"
        ),
        Declined("no class", _READ + "    except 'OSError':\n        return 1\n", "no exception"),
    )

    def mend(self, spot: Spot) -> None:
        """Write a tuple, or move the clause up."""
        clause = spot.place.node
        if isinstance(clause.type, ast.BoolOp):
            either = spot.node(cst.BooleanOperation, clause.type)
            text = ", ".join(map(unparse, clause.type.values))
            spot.change(either, lambda now: spot.expression(f"({text})"))
            return
        attempt = spot.place.stmt
        if not isinstance(attempt, ast.Try):
            raise NotOfferedError("The clauses around it cannot be told apart.")
        self._move(spot, attempt.handlers.index(clause), self._above(spot, attempt, clause), attempt)

    def _above(self, spot: Spot, attempt: ast.Try, clause: ast.ExceptHandler) -> int:
        """The first clause that covers a class of this one."""
        own = [class_of(kind, spot.place.scope) for kind in caught(clause.type, spot.place.scope)]
        for number, earlier in enumerate(attempt.handlers[: attempt.handlers.index(clause)]):
            above = [class_of(kind, spot.place.scope) for kind in caught(earlier.type, spot.place.scope)]
            if earlier.type is not None and any(covered(kind, ranks(above, spot.ctx), spot.ctx) for kind in own):
                if any(covered(kind, ranks(own, spot.ctx), spot.ctx) for kind in above):
                    raise NotOfferedError("Another clause catches the same class; one of the two is too many.")
                return number
        raise NotOfferedError("What it names is no exception class, and which was meant cannot be seen.")

    def _move(self, spot: Spot, start: int, end: int, attempt: ast.Try) -> None:
        node = spot.node(cst.Try, attempt)
        heads = [_head(handler) for handler in node.handlers]
        if heads.count(heads[start]) > 1 or heads.count(heads[end]) > 1:
            raise NotOfferedError("Another clause catches the same class; one of the two is too many.")

        def how(now: cst.Try) -> cst.Try:
            found = list(now.handlers)
            moved = next(handler for handler in found if _head(handler) == heads[start])
            found.remove(moved)
            at = next(number for number, handler in enumerate(found) if _head(handler) == heads[end])
            return now.with_changes(handlers=[*found[:at], moved, *found[at:]])

        spot.change(node, how)


def _head(handler: cst.ExceptHandler) -> str:
    return cst.Module([]).code_for_node(handler.type) if handler.type is not None else ""
