import ast
from typing import Any, Final

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Call, Place
from scanners.rule import Example, Rule
from scanners.semantics.data import lookbefore, updates
from scanners.semantics.orm import SQLALCHEMY, Query, uses_orm
from scanners.syntax import unparse
from scanners.tree import Tree, TreeContext

_SUMS: Final = (ast.Add, ast.Sub, ast.Mult)
_LOST: Final = "`{}` is computed from what was read; a write in between is lost."
_HEAD = "from django.db import models\nfrom django.db.models import F\n\nfrom shop.models import Order\n\n\n"


class LostUpdate(Rule):
    """
    Two requests read 5, both write 6: one of them is lost. Two requests see no row, both make one.

    Looks at numbers of a stored row that are computed from what was read and saved in the same def, and at rows that are
    made after a look whether they are there. Expressions of the database (F()), locked rows, locks, version columns,
    handled constraint errors and new objects are good. A row that is passed in may have been locked: unresolved.
    """

    id = "lost-update"
    area = "data"
    item = "B3"
    title = "Write that another writer can undo or repeat"
    severity = Severity.MEDIUM
    confidence = Confidence.MEDIUM
    effort = Effort.HOUR
    fix = "Let the database compute (F(), UPDATE ... SET x = x + 1), lock the row, or rely on a unique constraint and handle its error."
    bad = [
        Example("Django: read, compute, save", {"shop/stock.py": f"{_HEAD}def pay(pk, sum):\n    order = Order.objects.get(pk=pk)\n    order.paid += sum\n    order.save()\n\n\n"
                "class Counter(models.Model):\n    hits = models.IntegerField()\n\n    def hit(self):\n        self.hits = self.hits + 1\n        self.save()\n"}, at=[("shop/stock.py", 9), ("shop/stock.py", 17)]),
        Example("SQLAlchemy", {"stock.py": "from sqlalchemy import select\nfrom sqlalchemy.orm import Session\n\nfrom models import Stock\n\n\n"
                "def take(session: Session, pk):\n    row = session.get(Stock, pk)\n    row.left -= 1\n    session.commit()\n\n\n"
                "def name(session: Session, name):\n    if session.scalar(select(Stock).where(Stock.name == name)) is None:\n"
                "        session.add(Stock(name=name))\n        session.commit()\n"}, at=[("stock.py", 9), ("stock.py", 15)]),
        Example("a statement that computes from the row", {"shop/stock.py": f"{_HEAD}def pay(pk, sum):\n    order = Order.objects.get(pk=pk)\n    Order.objects.filter(pk=pk).update(paid=order.paid + sum)\n"}, at=[("shop/stock.py", 9)]),
        Example(
            "checks of other forms",
            {
                "shop/orders.py": f"{_HEAD}def order(number, data):\n    if len(Order.objects.filter(number=number)) == 0:\n        order = Order()\n        order.number = number\n        order.save()\n"
                "    if found := Order.objects.filter(number=number).first():\n        return found\n    else:\n        Order.objects.create(number=number)\n"
                "    if Order.objects.filter(key=data['key']).exists():\n        raise ValueError(data)\n    Order.objects.create(**data)\n"
            },
            at=[("shop/orders.py", 9), ("shop/orders.py", 15), ("shop/orders.py", 18)],
        ),
        Example(
            "Django: check, then create",
            {
                "shop/orders.py": f"{_HEAD}def order(number, user):\n    if not Order.objects.filter(number=number).exists():\n        Order.objects.create(number=number)\n"
                "    if Order.objects.filter(user=user).exists():\n        raise ValueError(user)\n    Order.objects.create(user=user)\n"
                "    try:\n        Order.objects.get(number=number)\n    except Order.DoesNotExist:\n        Order.objects.create(number=number)\n"
            },
            at=[("shop/orders.py", 9), ("shop/orders.py", 12), ("shop/orders.py", 16)],
        ),
    ]  # fmt: skip
    good = [
        Example("the database computes, or the row is locked", {"shop/stock.py": f"{_HEAD}def pay(pk, sum):\n    order = Order.objects.get(pk=pk)\n    order.paid = F('paid') + sum\n    order.save()\n"
                "    other = Order.objects.select_for_update().get(pk=pk)\n    other.paid += sum\n    other.save()\n"}),
        Example("a version, a lock, a new object, text", {"shop/stock.py": f"{_HEAD}def pay(pk, sum, cache):\n    with cache.lock('pay'):\n        order = Order.objects.get(pk=pk)\n        order.paid += sum\n        order.save()\n\n\n"
                "def check(pk, sum):\n    order = Order.objects.get(pk=pk)\n    order.paid += sum\n    order.version += 1\n    order.save()\n\n\n"
                "def make(sum):\n    order = Order(paid=0)\n    order.paid += sum\n    order.save()\n\n\n"
                "def note(order_id):\n    order = Order.objects.get(pk=order_id)\n    order.note = order.note + 'paid'\n    order.save()\n"}),
        Example("the constraint decides", {"shop/orders.py": f"from django.db import IntegrityError\n{_HEAD}def order(number):\n    if Order.objects.filter(number=number).exists():\n        return None\n"
                "    try:\n        return Order.objects.create(number=number)\n    except IntegrityError:\n        return Order.objects.get(number=number)\n\n\n"
                "def ensure(number):\n    return Order.objects.get_or_create(number=number)\n"}),
        Example("a statement that asks for the old value too", {"shop/stock.py": f"{_HEAD}def pay(pk, sum):\n    order = Order.objects.get(pk=pk)\n    Order.objects.filter(pk=pk, paid=order.paid).update(paid=order.paid + sum)\n    same = Order.objects.filter(pk=pk, paid=order.paid)\n    return same.update(paid=order.paid + sum)\n"}),
        Example("no row at all", {"count.py": "class Counter:\n    def hit(self, session):\n        self.hits += 1\n        self.save()\n"}),
    ]  # fmt: skip

    calls = ("*.update", "*.values")

    def visit_aug_assign(self, place: Place[ast.AugAssign], ctx: Context) -> None:
        if isinstance(place.node.target, ast.Attribute) and isinstance(place.node.op, _SUMS):
            self._computed(place.node.target, [place.node.value], place, ctx)

    def visit_assign(self, place: Place[ast.Assign], ctx: Context) -> None:
        target = place.node.targets[0]
        if type(target) is not ast.Attribute or type(target.value) is not ast.Name:
            return
        value = updates.computed_before(place.node.value, place)
        if not isinstance(value, ast.BinOp) or not isinstance(value.op, _SUMS):
            return
        read = unparse(target)
        if read in (unparse(value.left), unparse(value.right)):
            self._computed(target, [value.left, value.right], place, ctx)

    def _computed(self, target: ast.Attribute, parts: list[ast.expr], place: Place[Any], ctx: Context) -> None:
        if not isinstance(target.value, ast.Name) or not (uses_orm(ctx) or "models." in ctx.source):
            return
        if place.function is None or isinstance(place.function, ast.Lambda) or any(map(updates.is_text, parts)):
            return
        came, told = updates.origin(target.value.id, place, ctx)
        commits = told is not None and told.engine == SQLALCHEMY
        if not came or not (updates.is_committed(place) if commits else updates.is_saved(target.value.id, place)):
            return
        if came == "passed" or (came == "own" and "for_update" in ctx.source):
            ctx.unresolved(place, "The row comes from elsewhere and may be locked there.")
        elif came in ("new", "locked") or updates.is_guarded(place, ctx):
            ctx.site(place)
        elif told is not None and commits:  # Its model, in another file, may count its versions.
            model, text = told.model.rpartition(".")[2], ctx.source_lines[place.line - 1]
            ctx.fact("computed-write", place, model=model, what=unparse(target), text=text)
        else:
            ctx.report(place, _LOST.format(unparse(target)))

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        versioned = {fact["name"] for fact in tree.facts("model") if fact["versioned"]}
        for fact in tree.facts("computed-write"):
            if fact["model"] in versioned:
                ctx.site(fact.path, fact.line)
            else:
                ctx.report(fact.path, fact.line, _LOST.format(fact["what"]), text=fact["text"])

    def visit_call(self, call: Call, ctx: Context) -> None:
        if call.function is None or not uses_orm(ctx):
            return
        for row, field in updates.rewritten(call):
            came, _ = updates.origin(row, call, ctx)
            if came == "stored" and not updates.is_guarded(call, ctx):
                ctx.report(call, _LOST.format(field))

    def visit_if(self, place: Place[ast.If], ctx: Context) -> None:
        if uses_orm(ctx) and place.function is not None and lookbefore.may_store(place, ctx):
            for told, after in lookbefore.looked_for(place, ctx):
                self._made(told, after, place, ctx)

    def visit_try(self, place: Place[Any], ctx: Context) -> None:
        if uses_orm(ctx) and place.function is not None and lookbefore.may_store(place, ctx):
            for told, after in lookbefore.not_found(place, ctx):
                self._made(told, after, place, ctx)

    def _made(self, told: Query, after: list[Any], place: Place[Any], ctx: Context) -> None:
        for node, given in lookbefore.creations(told.model, after, ctx):
            at = Place(node, place.block, place.stmt)
            if lookbefore.handles_conflicts(place, ctx):
                ctx.site(at)
            elif lookbefore.is_asked_for(told, given):
                own = place.cls.name if told.model == "cls" and place.cls is not None else told.model
                named = "A row" if own == "self" else f"`{own}`"
                message = f"{named} is made because none was there; another writer may have made it meanwhile."
                ctx.report(at, message)
            return
