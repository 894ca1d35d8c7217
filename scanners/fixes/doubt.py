"""How sure the rule itself is of a finding."""

import ast
from typing import Final

from scanners.finding import Confidence
from scanners.fixes.spot import Spot
from scanners.regex import regex
from scanners.syntax import descendants

ENDS: Final = regex(r"\b(_?exit|abort)\(|SystemExit")
"""What the text of a clause has that ends the program: what it says is for a person."""


def is_suspected(spot: Spot, rule: str) -> bool:
    """Whether the rule reports the place with low confidence only."""
    node = spot.place.node
    return any(
        found["rule"] == rule and (found["line"], found["col"]) == (node.lineno, node.col_offset)
        for found in spot.ctx.findings
        if found["confidence"] is Confidence.LOW
    )


def clause_of(spot: Spot) -> ast.ExceptHandler | None:
    """The innermost except clause that holds what was reported, by its place in the text."""
    tree = spot.ctx.tree
    if spot.place.handler is not None or tree is None:
        return spot.place.handler
    found = [clause for clause in descendants(tree, ast.ExceptHandler) if spot.place.node in descendants(clause)]
    return found[-1] if found else None
