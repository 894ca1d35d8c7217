import ast
from typing import Any

import libcst as cst

from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.spot import Spot
from scanners.semantics.orm import DJANGO, query


class AskTheDatabase(Fix):
    """
    Asks a Django queryset `.count()` instead of `len()`, and `.exists()` where it is tested or its count is.

    Not offered for SQLAlchemy, whose number needs another statement, for `in`, and for the first of a list.
    """

    rule = "rows-fetched-to-count"
    says = "Ask the database for the number, or whether one exists."
    examples = (
        Change(
            "counted and tested",
            "from django.db import models\n\n\nclass Order(models.Model):\n    paid = models.BooleanField()\n\n\n"
            "def report(day):\n"
            "    if Order.objects.filter(paid=False):\n        warn()\n    if not Order.objects.all().count():\n"
            "        return 0\n"
            "    return len(Order.objects.filter(\n        day=day,\n    ))\n",
            "from django.db import models\n\n\nclass Order(models.Model):\n    paid = models.BooleanField()\n\n\n"
            "def report(day):\n"
            "    if Order.objects.filter(paid=False).exists():\n        warn()\n"
            "    if not Order.objects.all().exists():\n        return 0\n"
            "    return Order.objects.filter(\n        day=day,\n    ).count()\n",
            path="shop/models.py",
        ),
    )
    declined = (
        Declined(
            "looked for",
            "from django.db import models\n\n\nclass Order(models.Model):\n    paid = models.BooleanField()\n\n\n"
            "def has(order):\n"
            "    return order in Order.objects.filter(paid=True)\n",
            "another question",
            path="shop/models.py",
        ),
    )

    def mend(self, spot: Spot) -> None:
        """Ask by another method."""
        node = spot.place.node
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("len", "bool"):
            self._refuse_others(node.args[0], spot)
            method = "count" if node.func.id == "len" else "exists"
            whole, rows = spot.node(cst.Call), spot.value(node.args[0])
            _refuse_spread(rows)
            spot.change(whole, lambda now: _asked(now.args[0].value, method))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "count":
            self._exists(node, spot)
        elif isinstance(node, (ast.Name, ast.Call)) and "only to be tested" in spot.message:
            self._refuse_others(node, spot)
            tested = spot.value(node)
            spot.change(tested, lambda now: _asked(now, "exists"))
        else:
            raise NotOfferedError("The database has to be asked another question, which a person writes.")

    def _exists(self, node: ast.Call, spot: Spot) -> None:
        self._refuse_others(node, spot)
        above = spot.place.parent()
        counted = spot.node(cst.Call)
        if isinstance(above, ast.Compare):
            self._compared(above, spot)
        else:
            spot.change(counted, lambda now: now.with_changes(func=now.func.with_changes(attr=cst.Name("exists"))))

    def _compared(self, above: ast.Compare, spot: Spot) -> None:
        whole: Any = spot.node(cst.Comparison, above)
        right = above.comparators[0]
        number = right.value if isinstance(right, ast.Constant) else None
        some = {(ast.Gt, 0), (ast.NotEq, 0), (ast.GtE, 1)}
        none = {(ast.Eq, 0), (ast.Lt, 1), (ast.LtE, 0)}
        shape = (type(above.ops[0]), number)
        if above.left is not spot.place.node or len(above.ops) != 1 or shape not in some | none:
            raise NotOfferedError("The number is compared in a way that does not ask whether there is one.")

        def how(now: Any) -> Any:
            asked = now.left.with_changes(func=now.left.func.with_changes(attr=cst.Name("exists")))
            kept = {"lpar": now.lpar, "rpar": now.rpar}
            return asked.with_changes(**kept) if shape in some else cst.UnaryOperation(cst.Not(), asked, **kept)

        spot.change(whole, how)

    def _refuse_others(self, rows: ast.expr, spot: Spot) -> None:
        told = query(rows, spot.place.scope, spot.ctx)
        if told is None or told.engine != DJANGO:
            raise NotOfferedError("Only querysets of Django are asked in this way.")


def _refuse_spread(rows: cst.BaseExpression) -> None:
    if not isinstance(rows, (cst.Name, cst.Attribute, cst.Call)):
        raise NotOfferedError("What is counted is put together in place.")


def _asked(rows: cst.BaseExpression, method: str) -> cst.Call:
    return cst.Call(cst.Attribute(rows, cst.Name(method)))
