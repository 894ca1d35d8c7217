"""How a handler reads the body of its request."""

import ast
import re
from collections.abc import Iterator
from typing import Any, Final

from scanners.context import Context
from scanners.names import resolve
from scanners.regex import regex
from scanners.scopes import Scope
from scanners.semantics.routes import Route
from scanners.syntax import unparse

_BODY: Final = {
    "flask": frozenset({"get_json", "json", "form"}),
    "quart": frozenset({"get_json", "json", "form"}),
    "django": frozenset({"POST", "body"}),
    "drf": frozenset({"data"}),
    "ninja": frozenset({"body", "POST"}),
    "fastapi": frozenset({"json", "form", "body"}),
    "starlette": frozenset({"json", "form", "body"}),
    "aiohttp": frozenset({"json", "post", "text"}),
    "sanic": frozenset({"json", "form"}),
    "bottle": frozenset({"json", "forms"}),
    "tornado": frozenset({"body"}),
    "litestar": frozenset({"json"}),
}


_SCHEMAS: Final = regex(r"^(pydantic|sqlmodel\.SQLModel$|msgspec|marshmallow|attrs?\.)")
_MODULE: Final = regex(r"schema|dto|contract|payload|(^|[._])(requests|inputs|forms)($|[._])", re.IGNORECASE)


def whole_body(body: list[Any], route: Route) -> str:
    """The text of the read of the whole body, empty when the handler reads none or does not use it."""
    wanted = _BODY.get(route.framework, frozenset())
    for node in body:
        if (
            isinstance(node, ast.Attribute)
            and node.attr in wanted
            and isinstance(node.value, (ast.Name, ast.Attribute))
        ):
            owner = unparse(node.value)
            if owner == route.request or (owner in ("request", "self.request") and route.request):
                return f"{owner}.{node.attr}"
    return ""


def is_json(body: list[Any]) -> bool:
    return any((isinstance(node, ast.Attribute) and node.attr in ("json", "get_json", "loads")) for node in body)


def fills_schema(body: list[Any], scope: Scope, ctx: Context) -> bool:
    """Whether a handler makes a model of what it read, field by field: `Order(**request.json)`.

    The class must be a schema by the module that it comes from, or by its base in this file: a row checks nothing.
    """
    for node in body:
        if isinstance(node, ast.Call) and any(word.arg is None for word in node.keywords):
            ref = resolve(node.func, scope, node.lineno)
            own = ctx.definition(ref)
            bases = [resolve(base, ctx.module, base.lineno) for base in getattr(own, "bases", ())]
            if any(base is not None and _SCHEMAS.match(base.dotted) for base in bases):
                return True
            if own is None and ref is not None and _MODULE.search(ref.dotted.rpartition(".")[0]):
                return True
    return False


def called(body: list[Any], node: Any) -> Iterator[str]:
    """The names that a handler calls or is decorated with."""
    decorators = [decorator.func if isinstance(decorator, ast.Call) else decorator for decorator in node.decorator_list]
    for called in [*(each.func for each in body if isinstance(each, ast.Call)), *decorators]:
        if isinstance(called, ast.Attribute):
            yield called.attr
            yield getattr(called.value, "id", getattr(called.value, "attr", ""))
        else:
            yield getattr(called, "id", "")
