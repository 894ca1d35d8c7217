import libcst as cst

from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.negation import negated
from scanners.fixes.spot import Spot
from scanners.syntax import unparse


class RaiseInsteadOfAssert(Fix):
    """
    Raises an exception instead: PermissionError for a right, ValueError for anything else, with the message of the
    assertion or its own condition as the text. Who catches AssertionError today, a person has to look for.

    Not offered for an assertion that shares its line with other statements.
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
    )
    declined = (
        Declined("two on a line", "def pay(amount):\n    assert amount > 0; return amount\n", "shares its line"),
    )

    def mend(self, spot: Spot) -> None:
        """Replace the statement."""
        node = spot.node(cst.Assert)
        line = spot.parent(node)
        if not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1:
            raise NotOfferedError("The assertion shares its line with another statement.")
        kind = "PermissionError" if "A right" in spot.message else "ValueError"
        text = spot.code(node.msg) if node.msg else repr(f"expected {unparse(spot.place.node.test)}")
        text = text if node.msg else f'"{text[1:-1]}"' if '"' not in text else text
        made = spot.statement(f"if {negated(spot.code(node.test), spot.place.node.test)}:\n    raise {kind}({text})\n")
        spot.change(line, lambda now: made.with_changes(leading_lines=now.leading_lines))
