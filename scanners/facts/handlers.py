"""Handlers of requests in full, and the classes of views, for the table of endpoints."""

import ast
from typing import Any, Final

from scanners.constants import fold
from scanners.context import Context
from scanners.rule import Collector
from scanners.scopes import Scope
from scanners.semantics.pointers import pointer
from scanners.semantics.routes import Route, decorated, frameworks, routes_of
from scanners.semantics.viewclasses import METHODS
from scanners.semantics.web.answers import answered, refused, taken
from scanners.semantics.web.asked import asked_of
from scanners.semantics.web.patterns import written
from scanners.semantics.web.viewfacts import class_fields, is_viewlike
from scanners.syntax import last_name, unparse

_INJECTING: Final = frozenset({"fastapi", "litestar", "ninja"})
_EXTRA: Final = frozenset({"action", "expose", "list_route", "detail_route"})
_ANSWERING: Final = METHODS | {"list", "retrieve", "create", "update", "partial_update", "destroy", "form_valid"}
_FIRST: Final = ("request", "req", "_request", "_")
_PAGES: Final = frozenset("page limit offset cursor per_page page_size skip size paginate paginator pagination".split())


class Handlers(Collector):
    """Fact `handler`: a def that answers requests, or may (`sure` false), with what it takes, answers and refuses.

    `declared` are the routes of its decorators: line, methods, path ("…" for what is computed), owner (a pointer).
    Fact `view-class`: a class that is a view or a part of one.
    """

    def visit_module(self, ctx: Context) -> None:
        """Record them where a web framework is in sight."""
        used = frameworks(ctx)
        routes = routes_of(ctx)
        words = ("View", "Handler", "RequiredMixin", "(API")
        if not used and not routes and not any(word in ctx.source for word in words):
            return
        for node, route in routes.items():
            ctx.fact("handler", node, **handler_fields(node, route, used, ctx))
        seen = {scope.node for scope in self._classes(ctx, web=bool(used))}
        for node, scope in ctx.module.functions.items():
            if node not in routes and not isinstance(node, ast.Lambda) and _may_answer(node, scope, used, seen):
                route = _supposed(node, scope, used)
                ctx.fact("handler", node, **handler_fields(node, route, used, ctx))

    def _classes(self, ctx: Context, *, web: bool) -> list[Scope]:
        found: list[Scope] = []
        known: set[str] = set()
        for scope in ctx.module.classes.values():
            if isinstance(scope.node, ast.ClassDef) and is_viewlike(scope.node, web=web, known=known):
                found.append(scope)
                known.add(scope.node.name)
                ctx.fact("view-class", scope.node, **class_fields(scope.node, scope, ctx))
        return found


def handler_fields(node: Any, route: Route, used: set[str], ctx: Context) -> dict[str, Any]:
    """A handler as plain JSON."""
    scope = ctx.module.functions[node]
    outer = scope.parent or ctx.module
    paged = route.params and any(param.name in _PAGES for param in route.params)
    return {
        "name": scope.qualname,
        "framework": route.framework,
        "cls": outer.qualname if outer.kind == "class" else "",
        "methods": list(route.methods),
        "sure": route.sure,
        "async": isinstance(node, ast.AsyncFunctionDef),
        "declared": [_declared(found, outer) for found in decorated(node, scope, used, ctx)],
        "action": _action(node, outer),
        "asks": asked_of(node, outer, injects=route.framework in _INJECTING).as_fields(),
        "output": answered(node, route, scope),
        "errors": refused(node, route, scope),
        "paged": bool(paged) or _paginates(node),
        **taken(node, route, scope),
    }


def _declared(route: Route, outer: Scope) -> dict[str, Any]:
    call = route.call
    if call is None:
        return {"line": 1, "methods": list(route.methods), "path": route.path, "owner": ""}
    given = (
        call.args[0] if call.args else next((w.value for w in call.keywords if w.arg in ("path", "rule", "uri")), None)
    )
    held = call.func.value if isinstance(call.func, ast.Attribute) else None
    words = {word.arg: word.value for word in call.keywords}
    status = words.get("status_code")
    return {
        "line": call.lineno,
        "methods": list(route.methods),
        "path": written(given, outer) if given is not None else "",
        "owner": pointer(held, outer),
        "owned": unparse(held) if held is not None else "",
        "status": unparse(status).rpartition(".")[2] if status is not None else "",
        "hidden": "include_in_schema" in words and fold(words["include_in_schema"], outer) is False,
    }


def _action(node: Any, outer: Scope) -> dict[str, Any] | None:
    """What `@action` of DRF says of a method of a view set."""
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and last_name(decorator.func) in ("action", "list_route", "detail_route"):
            words = {word.arg: word.value for word in decorator.keywords}
            methods = fold(words["methods"], outer) if "methods" in words else ("get",)
            detail = fold(words["detail"], outer) if "detail" in words else last_name(decorator.func) == "detail_route"
            listed = ("permission_classes", "throttle_classes", "authentication_classes", "serializer_class")
            return {
                "methods": [str(each).upper() for each in methods] if isinstance(methods, tuple) else [],
                "detail": bool(detail),
                "path": written(words["url_path"], outer) if "url_path" in words else node.name,
                "attributes": {key: _names(words[key]) for key in listed if key in words},
            }
    return None


def _names(value: ast.expr) -> list[str]:
    items = value.elts if isinstance(value, (ast.List, ast.Tuple)) else [value]
    return [last_name(item) or unparse(item)[:60] for item in items]


def _paginates(node: Any) -> bool:
    """Whether a word of a handler's body is one of pagination; its source is not read again."""
    return any("paginat" in unparse(decorator).lower() for decorator in node.decorator_list)


def _may_answer(node: Any, scope: Scope, used: set[str], seen: set[ast.AST]) -> bool:
    """Whether a def that nothing in its file makes a handler may be one: it takes the request, or is of a view."""
    if scope.parent is not None and scope.parent.kind == "class":
        extra = any(last_name(getattr(each, "func", each)) in _EXTRA for each in node.decorator_list)
        return scope.parent.node in seen and (node.name in _ANSWERING or extra)
    args = [*node.args.posonlyargs, *node.args.args]
    first = args[0].arg if args else ""
    return bool(used) and scope.parent is not None and scope.parent.kind == "module" and first in _FIRST[:3]


def _supposed(node: Any, scope: Scope, used: set[str]) -> Route:
    order = ("django", "drf", "aiohttp", "starlette", "fastapi", "sanic", "tornado", "flask")
    framework = next((name for name in order if name in used), "")
    methods = (node.name.upper(),) if node.name in METHODS else ()
    inside = scope.parent is not None and scope.parent.kind == "class"
    return Route(framework, methods, "", request="self.request" if inside else "request", sure=False)
