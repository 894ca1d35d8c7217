import ast
from itertools import takewhile
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
            "checks that were there before, and typing's Optional",
            "from typing import Optional\ndef add(row, rows: list[str] = [], at=None):\n    at = at or len(rows)\n"
            "    if at is None:\n        rows.append(row)\n    rows.append(row)\n    return rows\n",
            "from typing import Optional\ndef add(row, rows: Optional[list[str]] = None, at=None):\n"
            "    if rows is None:\n        rows = []\n    at = at or len(rows)\n"
            "    if at is None:\n        rows.append(row)\n    rows.append(row)\n    return rows\n",
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
        param, text = spot.above(default, cst.Param), spot.code(default)
        function = spot.above(param, cst.FunctionDef)
        if not isinstance(function.body, cst.IndentedBlock):
            raise NotOfferedError("The body stands on the line of the def.")
        name = param.name.value
        check = spot.statement(f"if {name} is None:\n    {name} = {text}\n")
        number = sum(_is_docstring(stmt) for stmt in function.body.body[:1])
        made = {one.name.value for one in _params(function) if one.default is not None and not _is_none(one.default)}

        def how(now: cst.IndentedBlock) -> cst.IndentedBlock:
            at = number + sum(1 for _ in takewhile(lambda stmt: _checked(stmt) in made, now.body[number:]))
            return now.with_changes(body=[*now.body[:at], check, *now.body[at:]])

        optional = "Optional" if spot.ctx.module.names.get("Optional") else ""
        none = cst.Name("None")
        spot.change(param, lambda now: now.with_changes(default=none, annotation=_annotated(now.annotation, optional)))
        spot.change(function.body, how)


def _is_docstring(stmt: cst.BaseStatement) -> bool:
    line = stmt.body[0] if isinstance(stmt, cst.SimpleStatementLine) else None
    return isinstance(line, cst.Expr) and isinstance(line.value, (cst.SimpleString, cst.ConcatenatedString))


def _checked(stmt: cst.BaseStatement) -> str:
    """The name for which a statement is such a check, as another parameter may have got before."""
    test = stmt.test if isinstance(stmt, cst.If) else None
    if not isinstance(test, cst.Comparison) or not isinstance(test.left, cst.Name):
        return ""
    first = test.comparisons[0]
    return test.left.value if isinstance(first.operator, cst.Is) and _is_none(first.comparator) else ""


def _is_none(value: cst.BaseExpression) -> bool:
    return isinstance(value, cst.Name) and value.value == "None"


def _params(function: cst.FunctionDef) -> list[cst.Param]:
    """The parameters that can have a default."""
    given = function.params
    return [*given.posonly_params, *given.params, *given.kwonly_params]


def _annotated(annotation: cst.Annotation | None, optional: str) -> cst.Annotation | None:
    """The annotation with None; `optional` is what the file calls typing's Optional, if it does."""
    if annotation is None:
        return None
    text = cst.Module([]).code_for_node(annotation.annotation)
    if "None" in text or text.startswith(("Optional", "typing.Optional")):
        return annotation
    either = f"{optional}[{text}]" if optional else f"{text} | None"
    return annotation.with_changes(annotation=cst.parse_expression(either))
