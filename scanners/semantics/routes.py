"""Route handlers of a file: which def answers which path, for which framework, and which parameters come from outside.

Known by decorators (Flask, Quart, FastAPI, Starlette, Sanic, aiohttp, Bottle, Django Ninja), by registration
(`add_url_rule`, `Route("/x", fn)`, `router.add_get`), by class (see `viewclasses`) and, for Django's function views, by
what they return.
"""

import ast
import re
from collections.abc import Iterator
from typing import Any, Final

from scanners.constants import fold
from scanners.context import Context, per_file
from scanners.names import annotated, resolve
from scanners.regex import regex
from scanners.scopes import Scope
from scanners.semantics.handlers import inner
from scanners.semantics.parameters import REQUESTS, Param, parameters
from scanners.semantics.viewclasses import METHODS, Route, class_routes
from scanners.syntax import descendants, unparse

__all__ = ["Param", "Route", "route_of", "routes_of"]

FRAMEWORKS: Final = {
    "flask": "flask", "flask_restful": "flask", "flask_restx": "flask", "flask_smorest": "flask", "quart": "quart",
    "connexion": "flask", "apiflask": "flask", "flask_openapi3": "flask",
    "fastapi": "fastapi", "starlette": "starlette",
    "aiohttp": "aiohttp", "sanic": "sanic", "bottle": "bottle", "ninja": "ninja", "litestar": "litestar",
    "rest_framework": "drf", "django": "django", "tornado": "tornado", "blacksheep": "blacksheep",
}  # fmt: skip
_VERBS: Final = METHODS | {"route", "api_route", "websocket", "websocket_route", "view", "expose", "api_operation"}
_DECORATED: Final = frozenset(
    {"flask", "quart", "fastapi", "starlette", "aiohttp", "sanic", "bottle", "ninja", "litestar", "blacksheep"}
)
_REGISTERS: Final = regex(
    r"\b(add_url_rule|add_(get|post|put|delete|patch|head|route|api_route|view|websocket_route)|Route|WebSocketRoute"
    r"|APIRoute|web\.(get|post|put|delete|patch|view|route|head))\("
)
_REGISTERING: Final = ("add_", "Route(", "web.")
_VIEW_MODULES: Final = (
    "django.views.decorators.",
    "django.contrib.auth.decorators.",
    "django.contrib.admin.views.decorators.",
    "rest_framework.decorators.",
)
_RESPONSES: Final = regex(
    r"(^|\.)(render|redirect|render_to_response|get_object_or_404|(Json|Streaming|Template|File|Simple\w*)?(Http)?Response\w*)$"
)


@per_file
def routes_of(ctx: Context) -> dict[ast.AST, Route]:
    """The route handlers that this file defines, by their defs. Ask from a hook, when all names are known."""
    return _read(ctx) if ctx.module.functions else {}


def route_of(node: ast.AST | None, ctx: Context) -> Route | None:
    """The route that a def answers, or None for any other def."""
    return routes_of(ctx).get(node) if node is not None else None


def frameworks(ctx: Context) -> set[str]:
    """The web frameworks that the file imports."""
    return {FRAMEWORKS[head] for head in ctx.imported & FRAMEWORKS.keys()}


def _read(ctx: Context) -> dict[ast.AST, Route]:
    used = frameworks(ctx)
    found = class_routes(ctx, used)
    for node, scope in ctx.module.functions.items():
        if node in found or isinstance(node, ast.Lambda):
            continue
        route = next(decorated(node, scope, used, ctx), None) if node.decorator_list else None  # type: ignore[attr-defined]  # lambdas are left out above
        if route is None and used & {"django", "drf", "ninja"}:
            route = _django(node, scope, ctx)
        if route is not None:
            found[node] = route
    if used and any(word in ctx.source for word in _REGISTERING) and _REGISTERS.search(ctx.source):
        for node, route in _registered(ctx, used):
            found.setdefault(node, route)
    return found


def decorated(node: Any, scope: Scope, used: set[str], ctx: Context) -> Iterator[Route]:
    """The routes that the decorators of a def declare, in order: one def may answer several."""
    for decorator in node.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        last = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        if last not in _VERBS or not isinstance(decorator, ast.Call):
            continue
        outer = scope.parent or ctx.module
        ref = resolve(called, outer, node.lineno)
        framework = _framework(ref.dotted if ref else "", called, used)
        path = _path(decorator, outer)
        if framework and (path is not None or (decorator.args and ref is not None and not ref.local)):
            yield _route(framework, _methods(last, decorator, outer), path or "", node, scope, called, decorator)


def _framework(dotted: str, called: ast.AST, used: set[str]) -> str:
    """Whose decorator it is: of the library itself, or of an imported object in a file of that framework."""
    head = dotted.partition(".")[0]
    if head in FRAMEWORKS:
        return FRAMEWORKS[head] if FRAMEWORKS[head] in _DECORATED else ""
    if not isinstance(called, ast.Attribute) or (dotted and not dotted.startswith(".") and not _application(dotted)):
        return ""
    likely = used & _DECORATED
    if "fastapi" in likely or "litestar" in likely:
        return "fastapi" if "fastapi" in likely else "litestar"
    for name in ("flask", "quart", "sanic", "bottle", "aiohttp", "ninja", "starlette", "blacksheep"):
        if name in likely:
            return name
    return "web" if _application(dotted or unparse(called)) else ""


def _application(dotted: str) -> bool:
    """Whether the name before the verb is one that applications and routers go by."""
    return re.search(
        r"(^|[._])(app|api|application|bp|blueprint|router|routes|server|web)\d*\.\w+$", dotted
    ) is not None or (re.search(r"(_bp|_api|_router|_app|_blueprint|Router|Blueprint)\.\w+$", dotted) is not None)


def _path(call: ast.Call, scope: Scope) -> str | None:
    """The literal path of a decorator or a registration; "" when it is computed, None when it looks like no path."""
    given = (
        call.args[0] if call.args else next((w.value for w in call.keywords if w.arg in ("path", "rule", "uri")), None)
    )
    if given is None:
        return None
    value = fold(given, scope)
    if isinstance(value, str):
        return value if not value or value.startswith(("/", "<", "{", "^", "*")) else None
    return "" if isinstance(given, (ast.Name, ast.JoinedStr, ast.BinOp, ast.Attribute)) else None


def _methods(verb: str, call: ast.Call, scope: Scope) -> tuple[str, ...]:
    if verb in METHODS:
        return (verb.upper(),)
    given = next((word.value for word in call.keywords if word.arg in ("methods", "method")), None)
    if given is None and call.args and str(fold(call.args[0], scope)).lower() in METHODS:
        given = call.args[0]  # aiohttp: add_route("POST", "/x", handler)
    if given is None:
        return ("WEBSOCKET",) if "websocket" in verb else ("GET",)
    value = fold(given, scope)
    if isinstance(value, str):
        return (value.upper(),)
    return tuple(str(name).upper() for name in value) if isinstance(value, tuple) else ()


def _route(
    framework: str,
    methods: tuple[str, ...],
    path: str,
    node: Any,
    scope: Scope,
    owner: ast.AST | None,
    at: ast.Call | None,
) -> Route:
    held = unparse(owner.value) if isinstance(owner, ast.Attribute) else ""
    params = tuple(parameters(framework, methods, path, node, scope))
    return Route(framework, methods, path, request=_request(framework, params), params=params, owner=held, call=at)


def _request(framework: str, params: tuple[Param, ...]) -> str:
    named = next((param.name for param in params if param.source == "request"), "")
    return named or ("request" if framework in ("flask", "quart", "bottle") else "")


def _django(node: Any, scope: Scope, ctx: Context) -> Route | None:
    """A function view of Django: it takes the request first, and is decorated as a view or makes its response."""
    if scope.parent is None or scope.parent.kind != "module" or not node.args.args:
        return None
    first = node.args.args[0]
    kind = annotated(first.annotation, ctx.module, first.lineno) if first.annotation else None
    if first.arg != "request" and not (kind and REQUESTS.search(kind.dotted)):
        return None
    names = [
        (d, resolve(d.func if isinstance(d, ast.Call) else d, ctx.module, node.lineno)) for d in node.decorator_list
    ]
    api = next((d for d, ref in names if ref and ref.dotted == "rest_framework.decorators.api_view"), None)
    sure = any(ref and ref.dotted.startswith(_VIEW_MODULES) for _, ref in names)
    if not sure and not (node.name[:1] != "_" and _answers(node, scope)):
        return None
    methods = _required(names, scope)
    if isinstance(api, ast.Call):
        given = fold(api.args[0], ctx.module) if api.args else ("GET",)
        methods = tuple(str(name).upper() for name in given) if isinstance(given, tuple) else ()
    call = api if isinstance(api, ast.Call) else None
    return _route("django" if api is None else "drf", methods, "", node, scope, None, call)


def _required(names: list[tuple[Any, Any]], scope: Scope) -> tuple[str, ...]:
    for decorator, ref in names:
        last = ref.dotted.rpartition(".")[2] if ref else ""
        if last in ("require_POST", "require_GET", "require_safe"):
            return ("POST",) if last == "require_POST" else ("GET",)
        if last == "require_http_methods" and isinstance(decorator, ast.Call) and decorator.args:
            value = fold(decorator.args[0], scope)
            return tuple(str(name).upper() for name in value) if isinstance(value, tuple) else ()
    return ()


def _answers(node: Any, scope: Scope) -> bool:
    """Whether a def returns a response that it makes itself."""
    for part in inner(list(node.body)):
        if isinstance(part, ast.Return) and isinstance(part.value, ast.Call):
            ref = resolve(part.value.func, scope, part.lineno)
            if (
                ref is not None
                and ref.dotted.startswith(("django.", "rest_framework."))
                and _RESPONSES.search(ref.dotted)
            ):
                return True
    return False


def _registered(ctx: Context, used: set[str]) -> Iterator[tuple[ast.AST, Route]]:
    """The defs that are handed to a router by name."""
    for node in descendants(ctx.tree) if ctx.tree else ():
        if not isinstance(node, ast.Call) or len(node.args) + len(node.keywords) < 2:
            continue
        last = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        verb = last.removeprefix("add_")
        if verb not in _VERBS | {"url_rule", "Route", "APIRoute", "WebSocketRoute"} or (
            verb == last and verb == "route"
        ):
            continue
        if verb in METHODS and last == verb and not unparse(node.func).endswith(f"web.{verb}"):
            continue
        target, path = _target(node, ctx), _path_anywhere(node, ctx.module)
        if target is not None and path is not None:
            methods, scope = _methods(verb, node, ctx.module), ctx.module.functions[target]
            yield target, _route(_likely(verb, used), methods, path, target, scope, node.func, node)


def _likely(verb: str, used: set[str]) -> str:
    if verb == "url_rule":
        return "quart" if "quart" in used else "flask"
    order = ("fastapi", "starlette", "aiohttp", "sanic", "flask", "tornado", "django")
    return next((name for name in order if name in used), "web")


def _path_anywhere(call: ast.Call, scope: Scope) -> str | None:
    for given in call.args[:2]:
        value = fold(given, scope)
        if isinstance(value, str) and value.startswith(("/", "{", "<")):
            return value
    return _path(call, scope)


def _target(call: ast.Call, ctx: Context) -> Any:
    words = [w.value for w in call.keywords if w.arg in ("view_func", "endpoint", "handler")]
    for given in (*call.args[1:], *words):
        if isinstance(given, (ast.Name, ast.Attribute)):
            node = ctx.definition(resolve(given, ctx.module, call.lineno)) or _method_named(given, ctx)
            if node in ctx.module.functions:
                return node
    return None


def _method_named(given: ast.expr, ctx: Context) -> ast.AST | None:
    """The one method of the file that `self.handle` names."""
    if not isinstance(given, ast.Attribute) or not isinstance(given.value, ast.Name) or given.value.id != "self":
        return None
    found = [node for node in ctx.module.functions if getattr(node, "name", "") == given.attr]
    return found[0] if len(found) == 1 else None
