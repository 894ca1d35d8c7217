import ast
from typing import Any

from scanners.context import Context
from scanners.finding import Severity
from scanners.place import Call, Place
from scanners.rule import Example, Rule
from scanners.semantics.data import fetches
from scanners.semantics.orm import SQLALCHEMY, query, uses_orm


class RowsFetchedToCount(Rule):
    """
    Rows that are fetched only to be counted cross the network and fill memory, more of them every month, for an answer
    that the database gives in one number.

    Looks at len(), bool(), truth tests, `in` and list(...)[0] of Django querysets and of fetched SQLAlchemy queries, and
    at count() compared with zero. Rows that are used later, slices, locked rows and relations that may be prefetched are
    left alone.
    """

    id = "rows-fetched-to-count"
    area = "data"
    item = "B1"
    title = "Rows fetched only to be counted"
    severity = Severity.LOW
    fix = "Ask the database: .count() for a number, .exists() (SQLAlchemy: .first()) for any, .first() for one row."
    bad = [
        Example(
            "len, bool and a test of a queryset",
            {
                "shop/views.py": "from shop.models import Order\n\n\ndef summary(user):\n    total = len(Order.objects.filter(user=user))\n"
                "    late = Order.objects.filter(user=user, late=True)\n    if late:\n        total -= 1\n"
                "    return total, bool(Order.objects.exclude(paid=True))\n"
            },
            at=[("shop/views.py", 5), ("shop/views.py", 7), ("shop/views.py", 9)],
        ),
        Example(
            "count compared with zero, the first of a list, membership",
            {
                "shop/orders.py": "from shop.models import Order\n\n\ndef newest(user, order):\n"
                "    if Order.objects.filter(user=user).count() > 0:\n        return list(Order.objects.order_by('-id'))[0]\n"
                "    return order in Order.objects.filter(open=True)\n"
            },
            at=[("shop/orders.py", 5), ("shop/orders.py", 6), ("shop/orders.py", 7)],
        ),
        Example(
            "rows of SQLAlchemy",
            {
                "orders.py": "from sqlalchemy import select\nfrom sqlalchemy.orm import Session\n\nfrom models import Order\n\n\n"
                "def count(session: Session, user):\n    total = len(session.query(Order).filter_by(user=user).all())\n"
                "    rows = session.scalars(select(Order).where(Order.late)).all()\n    return total - len(rows)\n\n\n"
                "def first(session: Session):\n    return session.query(Order).order_by(Order.id).all()[0]\n"
            },
            at=[("orders.py", 8), ("orders.py", 10), ("orders.py", 14)],
        ),
    ]
    good = [
        Example(
            "the rows are used later",
            {
                "shop/views.py": "from shop.models import Order\n\n\ndef late(user):\n    orders = Order.objects.filter(user=user, late=True)\n"
                "    if not orders:\n        return 'none'\n    names = [order.name for order in orders]\n"
                "    return f'{len(orders)}: {names}'\n"
            },
        ),
        Example(
            "slices, prefetched relations, locks and questions to the database",
            {
                "shop/views.py": "from django.db import transaction\n\nfrom shop.models import Order\n\n\ndef few(user):\n"
                "    if len(Order.objects.filter(user=user)[:3]) == 3 or len(user.orders.all()) > 9:\n        return None\n"
                "    with transaction.atomic():\n        locked = len(Order.objects.select_for_update().filter(user=user))\n"
                "    return locked, Order.objects.filter(user=user).exists(), Order.objects.count()\n"
            },
        ),
        Example(
            "one query for many tests of membership",
            {
                "shop/known.py": "from shop.models import Order\n\n\ndef new(numbers):\n    known = Order.objects.values_list('number', flat=True)\n"
                "    return [number for number in numbers if number not in known]\n"
            },
        ),
        Example(
            "no database",
            {"text.py": "def words(text, rows):\n    if text.count('a') > 0 and len(rows.filter()) > 1:\n        return list(text)[0]\n"},
        ),
    ]  # fmt: skip
    calls = ("len", "bool", "list", "*.count", "*.all")

    def visit_call(self, call: Call, ctx: Context) -> None:
        if not uses_orm(ctx):
            return
        if call.last == "count" and not call.node.args:
            self._count(call, ctx)
        elif call.dotted in ("len", "bool") and len(call.node.args) == 1:
            what, ask = ("counted", "use .count()") if call.dotted == "len" else ("tested", "ask whether one exists")
            self._look(call.node.args[0], call, ctx, f"Rows are fetched only to be {what}; {ask}.")
        else:
            self._first(call, ctx)

    def visit_if(self, place: Place[Any], ctx: Context) -> None:
        self._test(place.node.test, place, ctx)

    def visit_unary_op(self, place: Place[ast.UnaryOp], ctx: Context) -> None:
        if isinstance(place.node.op, ast.Not):
            self._test(place.node.operand, place, ctx)

    def visit_compare(self, place: Place[ast.Compare], ctx: Context) -> None:
        right = place.node.comparators[0]
        if not isinstance(place.node.ops[0], (ast.In, ast.NotIn)) or not isinstance(right, ast.Call):
            return
        if uses_orm(ctx) and not place.in_loop and not fetches.in_comprehension(place):
            self._look(right, place, ctx, "All rows are fetched to look for one; filter and ask whether it exists.")

    def _test(self, test: ast.expr, place: Place[Any], ctx: Context) -> None:
        if isinstance(test, (ast.Name, ast.Call)) and uses_orm(ctx):
            at = Place(test, place.block, place.stmt)
            self._look(test, at, ctx, "Rows are fetched only to be tested; ask whether one exists.")

    def _look(self, expr: ast.expr, place: Place[Any], ctx: Context, message: str) -> None:
        if (told := fetches.fetched(expr, place, ctx)) is None:
            return
        if fetches.may_be_loaded(told):
            ctx.unresolved(place, "The relation may have been prefetched elsewhere.")
        elif isinstance(expr, ast.Name) and not fetches.only_counted(expr.id, place):
            ctx.site(place)
        else:
            ctx.report(place, message)

    def _count(self, call: Call, ctx: Context) -> None:
        told = query(call.node, call.scope, ctx)
        if told is None or told.sliced or told.last != "count":
            return
        if fetches.may_be_loaded(told) or (told.root == "related" and told.methods == ["count"]):
            ctx.unresolved(call, "The relation may have been prefetched elsewhere.")
            return
        ctx.site(call)
        if fetches.compares_with_none_at_all(call.parent(), call.node) or fetches.is_tested(call.node, call.parent()):
            ctx.report(call, "All rows are counted only to see whether there are any; ask whether one exists.")

    def _first(self, call: Call, ctx: Context) -> None:
        above = call.parent()
        if not isinstance(above, ast.Subscript) or not isinstance(above.slice, ast.Constant) or above.slice.value != 0:
            return
        inner = call.node.args[0] if call.dotted == "list" and call.node.args else call.node
        told = fetches.fetched(inner, call, ctx)
        if told is None or fetches.may_be_loaded(told):
            return
        if call.dotted == "list" or told.engine == SQLALCHEMY:
            ctx.report(call, "All rows are fetched to take the first; use .first() or ask for one with a limit.")
