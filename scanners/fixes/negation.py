"""Conditions turned round."""

from collections.abc import Callable
from typing import Final

import libcst as cst

_OTHER: Final[dict[type[cst.BaseCompOp], type[cst.BaseCompOp]]] = {
    cst.Equal: cst.NotEqual,
    cst.NotEqual: cst.Equal,
    cst.In: cst.NotIn,
    cst.NotIn: cst.In,
    cst.Is: cst.IsNot,
    cst.IsNot: cst.Is,
}
_PLAIN: Final = (cst.Name, cst.Attribute, cst.Call, cst.Subscript, cst.Comparison)


def negated(test: cst.BaseExpression, code: Callable[[cst.CSTNode], str]) -> str:
    """The text of the opposite of a condition, all else as it is written; `code` gives the text of a node.

    Orders are not turned round: what is not less need not be more.
    """
    if isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
        return code(test.expression)
    if isinstance(test, cst.Comparison) and len(test.comparisons) == 1:
        only = test.comparisons[0]
        other = _OTHER.get(type(only.operator))
        if other is not None:
            return code(test.with_changes(comparisons=[only.with_changes(operator=other())]))
    text = code(test)
    return f"not {text}" if isinstance(test, _PLAIN) or test.lpar else f"not ({text})"
