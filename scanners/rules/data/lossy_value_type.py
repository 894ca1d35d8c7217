import ast
from typing import Any

from scanners.context import Context
from scanners.facts.models import fields_of
from scanners.finding import Confidence, Severity
from scanners.place import Bound, Call, Place
from scanners.rule import Example, Rule
from scanners.semantics.data.fields import TEXTS, FieldSpec
from scanners.semantics.data.moments import NAIVE, is_naive, passed_as_default, passed_to_statement, reached
from scanners.semantics.data.money import is_money
from scanners.semantics.data.moneyfields import float_fields
from scanners.syntax import unparse
from scanners.tree import Tree, TreeContext

_FLOAT = "`{}` looks like money and is a float; use a Decimal or whole cents."
_FLOATS = frozenset("FloatField DoubleField Float FLOAT REAL Double DOUBLE DOUBLE_PRECISION float".split())


class LossyValueType(Rule):
    """
    A float cannot hold 0.10, so sums drift by cents; a moment without a time zone means another instant on the next
    machine, or twice a year.

    Looks at money-like fields of models, serializers, pydantic schemas and dataclasses that are floats, at now() and utcnow() without a zone that are stored in a field or
    compared with one, at USE_TZ = False, and (low) at Django texts that may be both empty and NULL. Ratios, logs, file
    names, durations and unique texts that may be missing are good.
    """

    id = "lossy-value-type"
    area = "data"
    item = "B5"
    title = "Value stored in a type that loses part of it"
    severity = Severity.MEDIUM
    fix = "Store money as Decimal or whole cents, moments as datetime.now(UTC) in zoned columns, missing text as an empty string."
    bad = [
        Example("Django: a float for money, text that may be NULL", {"shop/models.py": "from django.db import models\n\n\nclass Order(models.Model):\n    unit_price = models.FloatField()\n"
                "    amount = models.FloatField(default=0.0)\n    note = models.CharField(max_length=80, null=True, blank=True)\n"}, at=[("shop/models.py", 5), ("shop/models.py", 6), ("shop/models.py", 7)]),
        Example(
            "SQLAlchemy: floats and naive defaults",
            {
                "models.py": "from datetime import datetime\n\nfrom sqlalchemy import Column, DateTime, Float\n"
                "from sqlalchemy.orm import Mapped, mapped_column\n\nfrom base import Base\n\n\nclass Invoice(Base):\n    __tablename__ = 'invoices'\n    total_price = Column(Float)\n    fee: Mapped[float] = mapped_column()\n    created = Column(DateTime, default=datetime.utcnow)\n",
                "schemas.py": "from pydantic import BaseModel\n\n\nclass Order(BaseModel):\n    unit_price: float\n",
            },
            at=[("models.py", 11), ("models.py", 12), ("models.py", 13), ("schemas.py", 5)],
        ),
        Example(
            "a name for the moment, a lookup, a factory",
            {
                "shop/models.py": "from django.db import models\n\n\nclass Order(models.Model):\n    paid_at = models.DateTimeField()\n",
                "shop/jobs.py": "from datetime import datetime\n\nfrom pydantic import BaseModel, Field\n\n\ndef pay(order):\n    now = datetime.now()\n    order.paid_at = now\n    return User.objects.filter(date_joined__lt=datetime.utcnow())\n"
                "\n\nclass Paid(BaseModel):\n    at: datetime = Field(default_factory=datetime.utcnow)\n",
            },
            at=[("shop/jobs.py", 7), ("shop/jobs.py", 9), ("shop/jobs.py", 13)],
        ),
        Example(
            "naive moments stored and compared, time zones off",
            {
                "shop/settings.py": "USE_TZ = False\n",
                "shop/models.py": "from django.db import models\n\n\nclass Order(models.Model):\n    paid_at = models.DateTimeField()\n    expires_at = models.DateTimeField()\n",
                "shop/jobs.py": "from datetime import datetime, timedelta\n\n\ndef pay(order):\n    order.paid_at = datetime.now()\n"
                "    return order.expires_at < datetime.utcnow() - timedelta(days=1)\n",
            },
            at=[("shop/jobs.py", 5), ("shop/jobs.py", 6), ("shop/settings.py", 1)],
        ),
    ]  # fmt: skip
    good = [
        Example(
            "decimals, ratios, unique text, zoned moments",
            {
                "shop/models.py": "from django.db import models\nfrom django.utils import timezone\n\n\nclass Order(models.Model):\n"
                "    price = models.DecimalField(max_digits=9, decimal_places=2)\n    discount_rate = models.FloatField()\n    weight = models.FloatField()\n    code = models.CharField(max_length=9, null=True, unique=True)\n    created = models.DateTimeField(default=timezone.now)\n",
                "shop/jobs.py": "from datetime import UTC, datetime\n\n\ndef pay(order):\n    order.created = datetime.now(UTC)\n",
            },
        ),
        Example("logs, file names and durations", {"report.py": "from datetime import datetime\n\n\ndef write(log, self):\n    start = datetime.now()\n    name = datetime.now().strftime('%Y-%m-%d.csv')\n"
                "    log.info('at %s', datetime.now())\n    self.last_run_at = datetime.now()\n    return name, datetime.now() - start\n"}),
        Example("an amount that is no money", {"lab.py": "from django.db import models\n\n\nclass Sample(models.Model):\n    amount = models.FloatField()\n    energy_cost = models.FloatField()\n"}),
    ]  # fmt: skip
    calls = (*NAIVE, "pydantic.Field", "sqlmodel.Field", "dataclasses.field")

    @staticmethod
    def binds(name: str) -> bool:
        return name == "USE_TZ"

    def visit_binding(self, bound: Bound, ctx: Context) -> None:
        if ctx.role.startswith("settings") or "INSTALLED_APPS" in ctx.module.names:
            ctx.site(bound)
            if isinstance(bound.value, ast.Constant) and bound.value.value is False:
                ctx.report(bound, "USE_TZ is off: moments are stored in local time, without a zone.")

    def visit_class_def(self, place: Place[ast.ClassDef], ctx: Context) -> None:
        for name, spec, stmt in fields_of(place.node, ctx):
            at = Place(stmt, place.block, stmt)
            default = spec.expr("default") or spec.expr("onupdate")
            clock = passed_as_default(at, default) if default is not None else ""
            if spec.type in _FLOATS:
                ctx.site(at)
                if is_money(name, unparse(place.node)):
                    sure = Confidence.HIGH if spec.call is not None else Confidence.MEDIUM
                    ctx.report(at, _FLOAT.format(name), confidence=sure)
            elif clock:
                ctx.report(at, f"`{name}` is given {clock.removeprefix('datetime.')}(), which has no time zone.")
            elif spec.orm == "django" and spec.type in TEXTS:
                self._text(at, name, spec, ctx)
        for name, stmt, money in float_fields(place.node, ctx):
            at = Place(stmt, place.block, stmt)
            ctx.site(at)
            if money:
                limit = name.startswith(("max_", "min_", "soft_"))  # Compared with sums, never added up.
                ctx.report(at, _FLOAT.format(name), confidence=Confidence.LOW if limit else Confidence.MEDIUM)

    def _text(self, at: Place[Any], name: str, spec: FieldSpec, ctx: Context) -> None:
        ctx.site(at)
        if spec.word("null", ctx.module) is True and not spec.word("unique", ctx.module):
            sure = None if spec.word("blank", ctx.module) is True else Confidence.LOW  # No form leaves it empty.
            text = f"`{name}` can be both NULL and empty; keep one of them."
            ctx.report(at, text, severity=Severity.LOW, confidence=sure)

    def visit_call(self, call: Call, ctx: Context) -> None:
        if call.dotted not in NAIVE:
            made = call.keyword("default_factory")
            clock = passed_as_default(call, made) if made is not None else ""
            if clock:
                ctx.report(call, f"The field is given {clock.removeprefix('datetime.')}(), which has no time zone.")
            return
        attr, stored = reached(call) if is_naive(call) else ("", False)
        if attr:
            text = ctx.source_lines[call.line - 1].strip()
            ctx.fact("naive-moment", call, attr=attr, call=call.last, text=text, stored=stored)
            return
        ctx.site(call)
        if is_naive(call) and passed_to_statement(call):
            ctx.report(call, f"{call.last}() has no time zone and is stored by a statement; use datetime.now(UTC).")

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        fields = [item for model in tree.facts("model") for item in model["fields"].items()]
        known = {name for name, field in fields if field["type"].startswith(("DateTime", "TIMESTAMP", "datetime"))}
        known |= {"date_joined", "last_login"}  # Those of Django's own users.
        for fact in tree.facts("naive-moment"):
            at, text = (fact.path, fact.line), fact["text"]
            if fact["attr"] not in known:
                ctx.site(*at)
                continue
            done = "stored in" if fact["stored"] else "compared with"
            message = f"{fact['call']}() has no time zone and is {done} `{fact['attr']}`; use datetime.now(UTC)."
            ctx.report(*at, message, anchor=text, text=text, confidence=Confidence.MEDIUM)
