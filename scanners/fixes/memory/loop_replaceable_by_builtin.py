import ast
from typing import Any

import libcst as cst

from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.spot import Spot
from scanners.syntax import unparse


class LeaveOutBrackets(Fix):
    """
    Leaves out the brackets of a list that is made only to be fed to `sum`, `any`, `all`, `min`, `max` or `dict`; one
    that is fed to `set` becomes a set.

    Not offered for loops: how their variables are called afterwards is a matter of taste.
    """

    rule = "loop-replaceable-by-builtin"
    says = "Leave out the brackets."
    examples = (
        Change(
            "on one line and on several",
            "def total(rows):\n    if any([row.open for row in rows]):\n        return 0\n    return sum(\n        [\n"
            "            row.price  # net\n            for row in rows\n        ]\n    )\n",
            "def total(rows):\n    if any(row.open for row in rows):\n        return 0\n    return sum(\n"
            "        row.price  # net\n        for row in rows\n    )\n",
        ),
        Change(
            "a set",
            "def names(rows):\n    found = set(\n        [row.name for row in rows]\n    )\n"
            "    return found | set([row.nick for row in rows])\n",
            "def names(rows):\n    found = {row.name for row in rows}\n    return found | {row.nick for row in rows}\n",
        ),
    )
    declined = (
        Declined(
            "a loop",
            "def total(rows):\n    found = 0\n    for row in rows:\n        found += row\n    return found\n",
            "by a person",
        ),
    )

    def mend(self, spot: Spot) -> None:
        """Make the list a generator."""
        node = spot.place.node
        if not isinstance(node, ast.Call) or not isinstance(node.args[0], ast.ListComp):
            raise NotOfferedError("Loops are better written anew by a person.")
        spot.node(cst.ListComp, node.args[0])
        spot.change(spot.node(cst.Call), _set if unparse(node.func) == "set" else _fed)


def _set(call: cst.Call) -> cst.SetComp:
    """The list as a set, in brackets as the list was."""
    made = cst.ensure_type(call.args[0].value, cst.ListComp)
    opening, closing = made.lbracket.whitespace_after, made.rbracket.whitespace_before
    return cst.SetComp(made.elt, made.for_in, lbrace=cst.LeftCurlyBrace(opening), rbrace=cst.RightCurlyBrace(closing))


def _fed(call: cst.Call) -> cst.Call:
    """The call with the list's brackets gone; where both brackets stood on lines of their own, its lines move back."""
    made = cst.ensure_type(call.args[0].value, cst.ListComp)
    opening, closing = made.lbracket.whitespace_after, made.rbracket.whitespace_before
    before, end = call.whitespace_before_args, call.args[0].whitespace_after_arg
    arg = cst.Arg(cst.GeneratorExp(made.elt, made.for_in, lpar=[], rpar=[]))
    if before.empty or opening.empty or not isinstance(closing, cst.ParenthesizedWhitespace):
        return call.with_changes(
            whitespace_before_args=before if opening.empty else opening,
            args=[arg.with_changes(whitespace_after_arg=end if closing.empty else closing)],
        )
    step = len(_last(opening)) - len(_last(before))
    moved: Any = made.visit(_MoveBack(step)) if step > 0 else made
    arg = cst.Arg(cst.GeneratorExp(moved.elt, moved.for_in, lpar=[], rpar=[]), whitespace_after_arg=end)
    return call.with_changes(args=[arg])


def _last(space: cst.BaseParenthesizableWhitespace) -> str:
    return space.last_line.value if isinstance(space, cst.ParenthesizedWhitespace) else ""


class _MoveBack(cst.CSTTransformer):
    def __init__(self, step: int) -> None:
        super().__init__()
        self._step = step

    def on_leave(self, original_node: Any, updated_node: Any) -> Any:
        """Take a step off the start of a continued line."""
        if not isinstance(original_node, cst.ParenthesizedWhitespace):
            return updated_node
        return updated_node.with_changes(last_line=cst.SimpleWhitespace(updated_node.last_line.value[self._step :]))
