import ast
from typing import Final

import libcst as cst

from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.spot import Spot
from scanners.syntax import descendants

_MAKERS: Final = frozenset({"list", "dict", "set", "bytearray", "OrderedDict", "defaultdict", "Counter", "deque"})


class MakeDefaultInside(Fix):
    """
    Lets the parameter default to None and makes the object at the start of the body; an annotation gets `| None`. A
    default
    of a field that is the result of a function (`default=now()`) becomes the function.

    Not offered for containers in a class body, for bodies on the line of the def, and for defaults that hold names.
    """

    rule = "state-shared-by-accident"
    bulk = False
    says = "Make the object anew in each call."
    examples = (
        Change(
            "with a docstring, annotations and two parameters",
            'def add(row, rows: list[str] = [], *, seen=set()):\n    """Add it."""\n    rows.append(row)\n'
            "    seen.add(row)\n"
            "    return rows\n",
            'def add(row, rows: list[str] | None = None, *, seen=None):\n    """Add it."""\n'
            "    if rows is None:\n"
            "        rows = []\n    if seen is None:\n        seen = set()\n    rows.append(row)\n    seen.add(row)\n"
            "    return rows\n",
        ),
        Change(
            "a field that takes the time once",
            "from django.db import models\nfrom django.utils import timezone\n\n\nclass Order(models.Model):\n"
            "    made = models.DateTimeField(default=timezone.now())\n",
            "from django.db import models\nfrom django.utils import timezone\n\n\nclass Order(models.Model):\n"
            "    made = models.DateTimeField(default=timezone.now)\n",
        ),
    )
    declined = (
        Declined(
            "one list for all objects",
            "class Basket:\n    rows = []\n    def add(self, row):\n        self.rows.append(row)\n",
            "in `__init__`",
        ),
        Declined(
            "a name in the default",
            "def add(row, rows=[FIRST]):\n    rows.append(row)\n    return rows\n",
            "holds a name",
        ),
    )

    def mend(self, spot: Spot) -> None:
        """Change the parameter and the body, or the field."""
        if isinstance(spot.place.node, ast.Call) and spot.place.node.func is not None and "runs once" in spot.message:
            self._pass_function(spot)
        elif isinstance(spot.place.node, ast.expr):
            self._default_inside(spot)
        else:
            raise NotOfferedError("Bind the attribute in `__init__`: which arguments that takes is a decision.")

    def _pass_function(self, spot: Spot) -> None:
        node = spot.node(cst.Call)
        arg = spot.parent(node)
        if node.args or not isinstance(arg, cst.Arg) or arg.keyword is None or arg.keyword.value != "default":
            raise NotOfferedError("The value is not the default of a field that takes a function.")
        spot.change(node, lambda now: now.func)

    def _default_inside(self, spot: Spot) -> None:
        names = {node.id for node in descendants(spot.place.node, ast.Name)}
        if not names <= _MAKERS:
            raise NotOfferedError("The default holds a name, whose value is read when the def line runs.")
        default = spot.value(spot.place.node)
        param, made = spot.above(default, cst.Param), spot.code(default)
        function = spot.above(param, cst.FunctionDef)
        if not isinstance(function.body, cst.IndentedBlock):
            raise NotOfferedError("The body stands on the line of the def.")
        name = param.name.value
        check = spot.statement(f"if {name} is None:\n    {name} = {made}\n")
        number = sum(_is_docstring(stmt) for stmt in function.body.body[:1])

        def how(now: cst.IndentedBlock) -> cst.IndentedBlock:
            at = number + sum(_is_check(stmt) for stmt in now.body[number:])
            return now.with_changes(body=[*now.body[:at], check, *now.body[at:]])

        spot.change(param, lambda now: now.with_changes(default=cst.Name("None"), annotation=_optional(now.annotation)))
        spot.change(function.body, how)


def _is_docstring(stmt: cst.BaseStatement) -> bool:
    line = stmt.body[0] if isinstance(stmt, cst.SimpleStatementLine) else None
    return isinstance(line, cst.Expr) and isinstance(line.value, (cst.SimpleString, cst.ConcatenatedString))


def _is_check(stmt: cst.BaseStatement) -> bool:
    """Whether it is such a check, which another parameter got before."""
    return isinstance(stmt, cst.If) and isinstance(stmt.test, cst.Comparison) and _is_none(stmt.test)


def _is_none(test: cst.Comparison) -> bool:
    with_what = test.comparisons[0].comparator
    return isinstance(with_what, cst.Name) and with_what.value == "None"


def _optional(annotation: cst.Annotation | None) -> cst.Annotation | None:
    if annotation is None:
        return None
    text = cst.Module([]).code_for_node(annotation.annotation)
    if "None" in text or text.startswith(("Optional", "typing.Optional")):
        return annotation
    return annotation.with_changes(annotation=cst.BinaryOperation(annotation.annotation, cst.BitOr(), cst.Name("None")))
