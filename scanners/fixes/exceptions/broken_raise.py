import ast

import libcst as cst

from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.spot import Spot


class RaiseNotImplementedError(Fix):
    """
    Raises `NotImplementedError` in place of `NotImplemented`, with the arguments that it is given.

    Not offered where a person has to choose: which class to raise, whether an exception that is built and dropped
    should be raised, and what a bare raise was meant for.
    """

    rule = "broken-raise"
    says = "Raise NotImplementedError."
    examples = (
        Change(
            "with arguments, without, and with a cause",
            "class Shape:\n    def area(self):\n        raise NotImplemented  # yet\n    def side(self, n):\n"
            "        raise NotImplemented(\n            n,\n        )\n    def edge(self):\n"
            "        raise (NotImplemented)\n",
            "class Shape:\n    def area(self):\n        raise NotImplementedError  # yet\n    def side(self, n):\n"
            "        raise NotImplementedError(\n            n,\n        )\n    def edge(self):\n"
            "        raise (NotImplementedError)\n",
        ),
    )
    declined = (
        Declined("a text", "def pay():\n    raise 'not paid'\n", "is for a person to choose"),
        Declined("built and dropped", "def pay():\n    ValueError('not paid')\n", "whether it should end here"),
        Declined("nothing to raise", "def pay(order):\n    if order:\n        raise\n", "nothing to raise again"),
        Declined("Exception itself", "def pay():\n    raise Exception('not paid')\n", "is for a person to choose"),
    )

    def mend(self, spot: Spot) -> None:
        """Put the class in the place of the constant."""
        statement = spot.place.node
        if isinstance(statement, ast.Expr):
            raise NotOfferedError(
                "The code goes on after the dropped exception; whether it should end here, a person knows."
            )
        raised = statement.exc
        if raised is None:
            raise NotOfferedError("There is nothing to raise again, and what was meant cannot be seen.")
        name = raised.func if isinstance(raised, ast.Call) else raised
        if not isinstance(name, ast.Name) or name.id != "NotImplemented":
            raise NotOfferedError("Which exception class says it best is for a person to choose.")
        spot.change(spot.node(cst.Name, name), lambda now: now.with_changes(value="NotImplementedError"))
