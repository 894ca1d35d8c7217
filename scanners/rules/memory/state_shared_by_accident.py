import ast
from typing import Any

from scanners.context import Context
from scanners.finding import Confidence, Severity
from scanners.place import Call, Place
from scanners.rule import Example, Rule
from scanners.semantics.memory.moving import MOVING
from scanners.semantics.memory.sharedstate import (
    MEANT,
    SAID,
    changed_through_self,
    class_containers,
    evaluated_once,
    fate_of,
    is_copied,
    is_single,
    lineage,
    mutable_defaults,
)


class StateSharedByAccident(Rule):
    """
    A default is made once, when the def line runs, and a class attribute once for all objects. What one request puts into it the
    next one finds there: rows of another customer, a clock that stands still since the start.

    Looks at parameters whose default is a list, dict or set (only read: low), at defaults and fields that take the time, an id
    or a random number once, and at containers in a class body that methods change through `self`. Attributes that `__init__`
    or a base binds again, ClassVar, caches by name, registries changed through the class and models that copy are good.
    """

    id = "state-shared-by-accident"
    area = "memory"
    item = "M3"
    title = "State shared by accident between calls or objects"
    severity = Severity.MEDIUM
    fix = "Default to None and make the object inside; bind attributes in `__init__`; pass the function (`default=now`), not its result."
    bad = (
        Example(
            "defaults that live on",
            {
                "shop/cart.py": "import datetime\nimport uuid\nfrom django.db import models\n"
                "def add(item, items=[]):\n    items.append(item)\n    return items\n"
                "def options(extra, base={}):\n    base['x'] = extra\ndef chosen(names=set()):\n    return names\n"
                "class Cart:\n    def __init__(self, rows=list()):\n        self.rows = rows\n"
                "def log(text, at=datetime.datetime.now()):\n    print(text, at)\n"
                "def make(name, *, key=str(uuid.uuid4())):\n    return name, key\n"
                "class Order(models.Model):\n    made = models.DateTimeField(default=datetime.datetime.now())\n"
                "from pydantic import BaseModel\nclass Paid(BaseModel):\n    at: datetime.datetime = datetime.datetime.now()\n"
                "def shown(rows, hidden=[]):\n    return [row for row in rows if row not in hidden]\n"
            },
            at=[("shop/cart.py", line) for line in (4, 7, 9, 12, 14, 16, 19, 22, 23)],
        ),
        Example(
            "one list for all objects",
            {
                "shop/basket.py": "class Basket:\n    rows = []\n    totals: dict = {}\n    def add(self, row):\n"
                "        self.rows.append(row)\n        self.totals[row.id] = row.price\n"
            },
            at=[("shop/basket.py", 2), ("shop/basket.py", 3)],
        ),
    )
    good = (
        Example(
            "made anew, copied or handed as a function",
            {
                "shop/cart.py": "import datetime\nimport uuid\nfrom dataclasses import dataclass, field\nfrom django.db import models\n"
                "from fastapi import Depends\nfrom pydantic import BaseModel\n"
                "def add(item, items=None, db=Depends(list), kinds=()):\n    items = [] if items is None else items\n"
                "    items.append(item)\n    return items\n"
                "def reader(line):\n    def step(line=[line]):\n        line[0] += 1\n        return line[0]\n    return step\n"
                "def options(extra, base=None, at=None):\n"
                "    return dict(base or {}, extra=extra, at=at or datetime.datetime.now())\n"
                "class Order(models.Model):\n    made = models.DateTimeField(default=datetime.datetime.now)\n"
                "    key = models.UUIDField(default=lambda: uuid.uuid4())\n"
                "@dataclass\nclass Cart:\n    rows: list = field(default_factory=list)\n"
                "class Paid(BaseModel):\n    at: datetime.datetime = Field(default_factory=lambda: datetime.datetime.now())\n"
                "class Query(BaseModel):\n    names: list[str] = []\n    def add(self, name):\n        self.names.append(name)\n"
            },
        ),
        Example(
            "bound in __init__, or meant for all",
            {
                "shop/basket.py": "from typing import ClassVar\nclass Basket:\n    rows = []\n    kinds = {}\n"
                "    names: ClassVar[list[str]] = []\n    _cache = {}\n    fields = ['id', 'price']\n"
                "    def __init__(self):\n        self.rows = []\n"
                "    def add(self, row):\n        self.rows.append(row)\n        self.names.append(row.name)\n"
                "        self._cache[row.id] = row\n        return [getattr(row, name) for name in self.fields]\n"
                "    @classmethod\n    def register(klass, kind):\n        klass.kinds[kind.name] = kind\n"
                "    def again(self, kind):\n        self.kinds[kind.name] = kind\n"
                "class Checks:\n    rows = []\n    def add(self, row):\n        self.rows.append(row)\n"
                "checks = Checks()\n"
            },
        ),
    )
    calls = MOVING

    def visit_function_def(self, place: Place[Any], ctx: Context) -> None:
        args = place.node.args
        if not args.defaults and not args.kw_defaults:
            return
        for arg, default in mutable_defaults(place.node, place.scope):
            at = Place(default, place.block, place.node)
            held = isinstance(default, ast.List) and [getattr(part, "id", "") for part in default.elts] == [arg.arg]
            if held and place.function is not None:  # `line=[line]`: the inner def keeps a name of its own in a cell.
                ctx.site(at)
                continue
            fate = fate_of(arg.arg, place.node)
            if fate == "copied":
                ctx.site(at)
            elif fate == "read" or MEANT.search(arg.arg):
                message = (
                    f"The default of `{arg.arg}` is one object for all calls; whoever changes it changes it for all."
                )
                ctx.report(at, message, severity=Severity.LOW, confidence=Confidence.LOW)
            else:
                sure = Confidence.HIGH if fate == "changed" else Confidence.MEDIUM
                ctx.report(at, SAID[fate].format(arg.arg), confidence=sure)

    def visit_call(self, call: Call, ctx: Context) -> None:
        where = evaluated_once(call)
        if where:
            ctx.report(call, f"`{call.dotted}` runs once, {where}: every use gets the value of that moment.")

    def visit_class_def(self, place: Place[ast.ClassDef], ctx: Context) -> None:
        cls = place.node
        scope = ctx.module.classes.get(f"{place.qualname}.{cls.name}" if place.qualname else cls.name)
        names = class_containers(cls, place.scope) if scope is not None else {}
        if scope is None or not names:
            return
        own, outside = lineage(scope)
        changed = changed_through_self(cls, names)
        copied = is_copied(outside, cls, place) or is_single(cls, ctx)
        for name, stmt in names.items():
            at = Place(stmt, place.block, stmt)
            rebound = any(bound.kind != "augmented" for part in own for bound in part.attributes.get(name, ()))
            if name not in changed or copied or rebound or MEANT.search(name.lstrip("_")) or name.isupper():
                ctx.site(at)
            elif outside and isinstance(stmt, ast.AnnAssign):
                ctx.unresolved(at, "A base class from elsewhere may give each object its own copy.")
            else:
                line = getattr(changed[name], "lineno", 0)
                sure = Confidence.MEDIUM if outside else None
                ctx.report(
                    at, f"`{name}` is one object for all of `{cls.name}`; line {line} changes it.", confidence=sure
                )
