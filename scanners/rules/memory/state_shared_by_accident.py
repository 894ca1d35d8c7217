import ast
import re
from typing import Any, Final

from scanners.context import Context
from scanners.finding import Confidence, Severity
from scanners.place import Call, Place
from scanners.rule import Example, Rule
from scanners.semantics.moving import MOVING
from scanners.semantics.sharedstate import (
    changed_through_self,
    class_containers,
    fate_of,
    is_copied,
    is_single,
    lineage,
    mutable_defaults,
)

_MEANT: Final = re.compile(r"^_|cache|memo|registry|seen|visited|shared|instances|pool", re.IGNORECASE)
_SAID: Final = {
    "changed": "`{}` is changed, and all calls without it share the one object that the def line made.",
    "returned": "`{}` is returned: what a caller does to it, the next call without it starts with.",
    "stored": "`{}` is kept: all objects made without it hold the same one.",
}


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
                "shop/cart.py": """\
import datetime
import uuid
from django.db import models
def add(item, items=[]):
    items.append(item)
    return items
def options(extra, base={}):
    base["x"] = extra
def chosen(names=set()):
    return names
class Cart:
    def __init__(self, rows=list()):
        self.rows = rows
def log(text, at=datetime.datetime.now()):
    print(text, at)
def make(name, *, key=str(uuid.uuid4())):
    return name, key
class Order(models.Model):
    made = models.DateTimeField(default=datetime.datetime.now())
def shown(rows, hidden=[]):
    return [row for row in rows if row not in hidden]
"""
            },
            at=[("shop/cart.py", line) for line in (4, 7, 9, 12, 14, 16, 19, 20)],
        ),
        Example(
            "one list for all objects",
            {
                "shop/basket.py": """\
class Basket:
    rows = []
    totals: dict = {}
    def add(self, row):
        self.rows.append(row)
        self.totals[row.id] = row.price
"""
            },
            at=[("shop/basket.py", 2), ("shop/basket.py", 3)],
        ),
    )
    good = (
        Example(
            "made anew, copied or handed as a function",
            {
                "shop/cart.py": """\
import datetime
import uuid
from dataclasses import dataclass, field
from django.db import models
from fastapi import Depends
from pydantic import BaseModel
def add(item, items=None, db=Depends(list), kinds=()):
    items = [] if items is None else items
    items.append(item)
    return items
def options(extra, base=None, at=None):
    return dict(base or {}, extra=extra, at=at or datetime.datetime.now())
class Order(models.Model):
    made = models.DateTimeField(default=datetime.datetime.now)
    key = models.UUIDField(default=lambda: uuid.uuid4())
@dataclass
class Cart:
    rows: list = field(default_factory=list)
class Query(BaseModel):
    names: list[str] = []
    def add(self, name):
        self.names.append(name)
"""
            },
        ),
        Example(
            "bound in __init__, or meant for all",
            {
                "shop/basket.py": """\
from typing import ClassVar
class Basket:
    rows = []
    kinds = {}
    names: ClassVar[list[str]] = []
    _cache = {}
    fields = ["id", "price"]
    def __init__(self):
        self.rows = []
    def add(self, row):
        self.rows.append(row)
        self.names.append(row.name)
        self._cache[row.id] = row
        return [getattr(row, name) for name in self.fields]
    @classmethod
    def register(klass, kind):
        klass.kinds[kind.name] = kind
    def again(self, kind):
        self.kinds[kind.name] = kind
class Checks:
    rows = []
    def add(self, row):
        self.rows.append(row)
checks = Checks()
"""
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
            fate = fate_of(arg.arg, place.node)
            if fate == "copied":
                ctx.site(at)
            elif fate == "read" or _MEANT.search(arg.arg):
                message = (
                    f"The default of `{arg.arg}` is one object for all calls; whoever changes it changes it for all."
                )
                ctx.report(at, message, severity=Severity.LOW, confidence=Confidence.LOW)
            else:
                sure = Confidence.HIGH if fate == "changed" else Confidence.MEDIUM
                ctx.report(at, _SAID[fate].format(arg.arg), confidence=sure)

    def visit_call(self, call: Call, ctx: Context) -> None:
        where = _evaluated_once(call)
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
            if name not in changed or copied or rebound or _MEANT.search(name.lstrip("_")) or name.isupper():
                ctx.site(at)
            elif outside and isinstance(stmt, ast.AnnAssign):
                ctx.unresolved(at, "A base class from elsewhere may give each object its own copy.")
            else:
                line = getattr(changed[name], "lineno", 0)
                sure = Confidence.MEDIUM if outside else None
                ctx.report(
                    at, f"`{name}` is one object for all of `{cls.name}`; line {line} changes it.", confidence=sure
                )


def _evaluated_once(call: Call) -> str:
    """Where a call runs only once though its value is wanted each time; empty for any other place."""
    node, above = call.node, call.parent()
    inner: ast.AST = node
    while above is not None and not isinstance(above, ast.Lambda | ast.GeneratorExp | ast.ListComp):
        if isinstance(above, ast.arguments):
            return "when the def line is read"
        if isinstance(above, ast.keyword) and above.arg in ("default", "onupdate") and inner is above.value:
            holder = call.parent(above)
            in_body = call.block.kind == "class" and isinstance(call.stmt, ast.Assign | ast.AnnAssign)
            if in_body and isinstance(holder, ast.Call):
                return "when the class is made"
        inner, above = above, call.parent(above)
    return ""
