import ast

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
            "            row.price  # net\n            for row in rows\n        )\n",
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
    """The call with the list's brackets gone, and with its line breaks where they were inside them."""
    made = cst.ensure_type(call.args[0].value, cst.ListComp)
    opening, closing = made.lbracket.whitespace_after, made.rbracket.whitespace_before
    arg = cst.Arg(cst.GeneratorExp(made.elt, made.for_in, lpar=[], rpar=[]))
    return call.with_changes(
        whitespace_before_args=call.whitespace_before_args if opening.empty else opening,
        args=[arg.with_changes(whitespace_after_arg=call.args[0].whitespace_after_arg if closing.empty else closing)],
    )
