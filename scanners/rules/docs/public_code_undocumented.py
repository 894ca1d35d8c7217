import ast
from typing import Any

from scanners.context import Context
from scanners.facts.jobs import is_task
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Place
from scanners.rule import Example, Rule
from scanners.semantics.docs import definitions
from scanners.semantics.routes import routes_of

_SHOWN = ("fastapi", "ninja", "litestar")
"""Frameworks that publish a handler's docstring to those who call it."""
_FEW = 4
_PLAIN = 10
"""Below so many statements the name and the code together say nearly all."""
_BODY = "    a = 1\n    b = 2\n    c = 3\n    d = 4\n    e = 5\n    f = 6\n    g = 7\n    return a, b, c, d, e, f, g\n"
_DEEP = _BODY.replace("    ", "        ")


class PublicCodeUndocumented(Rule):
    """
    The next person changes what they think a function does; where it does not say so itself, callers find out afterwards.

    Looks at public functions and classes at the top of a module, and at public methods of their classes, that have eight
    statements or more, at route handlers and tasks of any length, and at what `__all__` names. Properties, overloads,
    modules with a leading underscore, and methods that may override one that is documented (those of a class whose bases
    are not known to have none of that name), are not looked at. A description in the decorator of a route, or of `__init__`
    for its class, is enough. Low confidence where the rest says nearly all: below ten statements (a handler whose text is
    shown in an API's description excepted), a class whose base or documented methods tell what it is, and the one public
    thing of a module that has a docstring.
    """

    id = "public-code-undocumented"
    area = "docs"
    item = "O3"
    title = "Public code without a docstring"
    severity = Severity.LOW
    confidence = Confidence.HIGH
    effort = Effort.MINUTES
    fix = "Say in one sentence what it does for its caller, then what goes in, what comes out and what it raises."
    classes = frozenset({"service"})
    bad = (
        Example("a coroutine", {"pay.py": "async def settle(order):\n" + _BODY}, at=[("pay.py", 1)]),
        Example("a place for one", {"pay.py": "def settle(order):\n    'TODO.'\n" + _BODY}, at=[("pay.py", 1)]),
        Example(
            "a class and its method",
            {"pay.py": "class Ledger:\n    def settle(self):\n" + _DEEP},
            at=[("pay.py", 1), ("pay.py", 2)],
        ),
        Example(
            "a method that is no model's",
            {
                "models.py": "from django.db import models\n\n\nclass Order(models.Model):\n    'An order.'\n\n"
                "    def merge(self):\n" + _DEEP
            },
            at=[("models.py", 7)],
        ),
        Example(
            "a route",
            {
                "app.py": 'from flask import Flask\n\napp = Flask(__name__)\n\n\n@app.get("/")\ndef index():\n    return "ok"\n'
            },
            at=[("app.py", 7)],
        ),
        Example(
            "a task",
            {"tasks.py": "from celery import shared_task\n\n\n@shared_task\ndef settle(order):\n    pay(order)\n"},
            at=[("tasks.py", 5)],
        ),
        Example(
            "named by __all__",
            {"pay.py": '__all__ = ["settle"]\n\n\ndef settle(order):\n    return order\n'},
            at=[("pay.py", 4)],
        ),
    )
    good = (
        Example("it says", {"pay.py": 'def settle(order):\n    """Pay one order."""\n' + _BODY}),
        Example("bound by hand", {"pay.py": "class Ledger:\n    x = 1\n    __doc__ = 'A ledger.'\n" + _BODY[:-1]}),
        Example("short", {"pay.py": "def double(x):\n    return 2 * x\n"}),
        Example("private", {"pay.py": "def _settle(order):\n" + _BODY}),
        Example("a private module", {"shop/_pay.py": "def settle(order):\n" + _BODY}),
        Example(
            "local",
            {"pay.py": "def outer():\n    '''Settle.'''\n    def inner():\n" + _DEEP},
        ),
        Example(
            "an override and a property",
            {
                "pay.py": "from base import Base\n\n\nclass Ledger(Base):\n    '''A ledger.'''\n\n    def settle(self):\n"
                + _DEEP
                + "\n\nclass Book:\n    '''A book.'''\n\n    @property\n    def total(self):\n"
                + _DEEP
                + "\n\n@implementer(IShelf)\nclass Shelf:\n    '''A shelf.'''\n\n    def settle(self):\n"
                + _DEEP
            },
        ),
        Example(
            "described for its readers",
            {
                "app.py": "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n"
                '@app.get("/", summary="Say that all is well")\ndef index():\n    return "ok"\n'
            },
        ),
        Example("a test", {"tests/test_pay.py": "def test_settle():\n" + _BODY}),
    )

    def visit_function_def(self, place: Place[Any], ctx: Context) -> None:
        name = place.node.name
        if name.startswith("_") or ctx.role == "private" or not _is_in_public(place):
            return
        route = routes_of(ctx).get(place.node)
        entry = "route handler" if route else "task" if _is_job(place) else ""
        known = definitions.exported(name, place, ctx)
        if not (entry or known or definitions.is_long(place.node)):
            return
        if not definitions.may_override(name, place.scope.node, place) and not definitions.is_spared(place.node):
            what = entry or ("function" if place.scope.kind == "module" else "method")
            front = known and (ctx.role == "init" or definitions.is_long(place.node, _FEW))
            shown = front or (route is not None and route.framework in _SHOWN and "WEBSOCKET" not in route.methods)
            plain = not definitions.is_long(place.node, _PLAIN) or definitions.opens_with_remark(place.node, ctx)
            self._judge(place, ctx, f"The {what} {name}", sure=shown or not plain)

    def visit_class_def(self, place: Place[ast.ClassDef], ctx: Context) -> None:
        name = place.node.name
        if name.startswith("_") or ctx.role == "private" or place.scope.kind != "module":
            return
        own = [part for part in place.node.body if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef))]
        if any(part.name == "__init__" and definitions.docstring(part) for part in own):
            ctx.site(place)
        elif definitions.exported(name, place, ctx) or definitions.is_long(place.node):
            told = definitions.is_told_by_parts(place.node) or definitions.is_named_by_base(place.node)
            told = told or definitions.is_record(place.node) or definitions.is_alone(place.node, ctx)
            self._judge(place, ctx, f"The class {name}", sure=not told)

    def _judge(self, place: Place[Any], ctx: Context, subject: str, *, sure: bool) -> None:
        ctx.site(place)
        if definitions.says_nothing(place.node) and not definitions.described(place.node):
            confidence = Confidence.HIGH if sure else Confidence.LOW
            ctx.report(place, f"{subject} does not say what it does.", confidence=confidence)


def _is_in_public(place: Place[Any]) -> bool:
    holder = place.scope.node
    return place.scope.kind == "module" or (isinstance(holder, ast.ClassDef) and not holder.name.startswith("_"))


def _is_job(place: Place[Any]) -> bool:
    return any(is_task(mark.func if isinstance(mark, ast.Call) else mark, place) for mark in place.node.decorator_list)
