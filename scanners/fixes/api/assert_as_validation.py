import re

import libcst as cst

from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.lazily import quoted
from scanners.fixes.negation import negated
from scanners.fixes.spot import Spot
from scanners.syntax import unparse


class RaiseInsteadOfAssert(Fix):
    """
    Raises an exception instead: PermissionError for a right (PermissionDenied beside imports of Django), ValueError for
    anything else, with the message of the assertion or its own condition as the text.

    Not offered for an assertion that shares its line with other statements, and in a file that knows AssertionError: it
    may be caught there.
    """

    rule = "assert-as-validation"
    bulk = False
    says = "Raise an exception that `python -O` keeps."
    examples = (
        Change(
            "a value and a right",
            'def pay(amount, user):\n    assert amount > 0, f"bad amount {amount}"\n    assert user.is_admin\n'
            "    return amount\n",
            'def pay(amount, user):\n    if not amount > 0:\n        raise ValueError(f"bad amount {amount}")\n'
            '    if not user.is_admin:\n        raise PermissionError("expected user.is_admin")\n    return amount\n',
        ),
        Change(
            "quotes and brackets as they are written",
            'def pay(kind, amount):\n    assert kind in ("card", "cash")\n    assert amount > 0, (\n'
            '        "the amount is not more than"\n        " nothing"\n    )\n    return amount\n',
            'def pay(kind, amount):\n    if kind not in ("card", "cash"):\n'
            '        raise ValueError(\'expected kind in ("card", "cash")\')\n    if not amount > 0:\n'
            '        raise ValueError(\n            "the amount is not more than"\n            " nothing"\n        )\n'
            "    return amount\n",
        ),
        Change(
            "a view of Django",
            "from django.http import HttpResponse\n\n\ndef close(request):\n"
            "    assert request.user.is_staff, 'staff only'\n    return HttpResponse()\n",
            "from django.core.exceptions import PermissionDenied\nfrom django.http import HttpResponse\n\n\n"
            "def close(request):\n    if not request.user.is_staff:\n        raise PermissionDenied('staff only')\n"
            "    return HttpResponse()\n",
        ),
    )
    declined = (
        Declined(
            "it is caught",
            "def pay(amount):\n    assert amount > 0\n    return amount\ndef ask(text):\n    try:\n"
            "        return pay(int(text))\n    except AssertionError:\n        return 0\n",
            "AssertionError",
        ),
        Declined("two on a line", "def pay(amount):\n    assert amount > 0; return amount\n", "shares its line"),
    )

    def mend(self, spot: Spot) -> None:
        """Replace the statement."""
        node = spot.node(cst.Assert)
        line = spot.parent(node)
        if not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1:
            raise NotOfferedError("The assertion shares its line with another statement.")
        if "AssertionError" in spot.ctx.source:
            raise NotOfferedError("The file knows AssertionError, and may catch this one.")
        test = spot.code(node.test)
        told = unparse(spot.place.node.test) if "\n" in test else test
        text = spot.expression(quoted(f"expected {told}", '"'))
        made = spot.statement(f"if {negated(node.test, spot.code)}:\n    raise {self._kind(spot)}(0)\n")
        first = made.body.body[0].body[0]
        raised = made.deep_replace(first.exc, _told(first.exc, node.msg or text))
        spot.change(line, lambda now: raised.with_changes(leading_lines=now.leading_lines))

    def _kind(self, spot: Spot) -> str:
        if "A right" not in spot.message:
            return "ValueError"
        if re.search(r"^from django\.", spot.ctx.source, re.MULTILINE):
            return spot.imported("django.core.exceptions", "PermissionDenied")
        return "PermissionError"


def _told(raised: cst.Call, text: cst.BaseExpression) -> cst.Call:
    """The exception with its text; brackets around a text on several lines become those of the call."""
    if not text.lpar or isinstance(text, (cst.Tuple, cst.GeneratorExp)):
        return raised.with_changes(args=[cst.Arg(text)])
    arg = cst.Arg(text.with_changes(lpar=[], rpar=[]), whitespace_after_arg=text.rpar[0].whitespace_before)
    return raised.with_changes(args=[arg], whitespace_before_args=text.lpar[0].whitespace_after)
