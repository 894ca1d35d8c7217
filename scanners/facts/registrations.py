"""Routes that are declared away from their handlers, and what hangs below what, to be joined over files."""

import ast
from collections.abc import Iterator
from typing import Final

from scanners.constants import fold
from scanners.context import Context
from scanners.place import Call, Place
from scanners.regex import regex
from scanners.rule import Collector
from scanners.scopes import Scope
from scanners.semantics.pointers import pointer
from scanners.semantics.routes import frameworks
from scanners.semantics.viewclasses import METHODS
from scanners.semantics.web.asked import depended
from scanners.semantics.web.mounts import INCLUDES, aliases, factories, included, routers
from scanners.semantics.web.patterns import written
from scanners.syntax import descendants, last_name

_ADDERS: Final = {
    # How it is called: position of the path, position of the target, whether more paths may follow.
    "add_url_rule": (0, 2), "add_api_route": (0, 1), "add_api_websocket_route": (0, 1), "add_websocket_route": (0, 1),
    "add_route": (0, 1), "add_view": (0, 1), "add_resource": (1, 0), "add_url_rules": (0, 1),
    **{f"add_{verb}": (0, 1) for verb in METHODS},
}  # fmt: skip
_MADE: Final = {
    **{f"aiohttp.web.{verb}": (0, 1) for verb in (*METHODS, "view")}, "aiohttp.web.route": (1, 2),
    "starlette.routing.Route": (0, 1), "starlette.routing.WebSocketRoute": (0, 1), "fastapi.routing.APIRoute": (0, 1),
    "fastapi.APIRoute": (0, 1), "tornado.web.url": (0, 1), "tornado.web.URLSpec": (0, 1),
    "tornado.routing.URLSpec": (0, 1),
}  # fmt: skip
_CLASS_VERBS: Final = frozenset({"route", "view", "resource"})
_ROUTED: Final = regex(r"^(/|\(|\^|\{|<|\.\*|$)")
_ANSWERS: Final = regex(r"^[A-Z]\w*(Handler|Resource)$")
_WEB: Final = ("flask", "quart", "fastapi", "starlette", "aiohttp", "sanic", "ninja", "litestar", "bottle", "tornado")


class Registrations(Collector):
    """Fact `route-entry`: a path that is given to a def or a class by pointer. Fact `web-router`: what routes hang on.
    Fact `web-include`: what hangs below what. Facts `web-factory` and `web-alias`: what makes a router, and which name
    is given what it makes. Fact `star-import`: a module whose names a package hands on."""

    calls = (*(f"*.{name}" for name in _ADDERS), *_MADE, *INCLUDES)

    def visit_call(self, call: Call, ctx: Context) -> None:
        """Record a registration or an inclusion."""
        name = last_name(call.node.func)
        if call.dotted in _MADE:
            self._made(call, ctx)
        elif name in _ADDERS and isinstance(call.node.func, ast.Attribute) and frameworks(ctx):
            self._added(name, call, ctx)
        elif f"*.{name}" in INCLUDES or name == "Mount":
            for fields in included(call):
                ctx.fact("web-include", call, **fields)

    def _made(self, call: Call, ctx: Context) -> None:
        path, target = _MADE[call.dotted]
        verb = call.dotted.rpartition(".")[2]
        given = call.argument(path, "path", "pattern")
        to = call.argument(target, "endpoint", "handler", "handler_class")
        if given is not None and to is not None:
            methods = [verb.upper()] if verb in METHODS else _methods(call)
            self._entry(call, [written(given, call.scope)], methods, pointer(_bare(to), call.scope), "", ctx)

    def _added(self, name: str, call: Call, ctx: Context) -> None:
        at, target = _ADDERS[name]
        first = call.argument(0, "path", "rule", "method")
        shifted = name == "add_route" and str(fold(first, call.scope) if first is not None else "").lower() in (
            *METHODS,
            "*",
        )
        if name == "add_route" and isinstance(first, (ast.Attribute, ast.Name, ast.Call)) and len(call.node.args) > 1:
            at, target = 1, 0  # Sanic: add_route(handler, "/x")
        if shifted:
            at, target = 1, 2
        given = call.argument(at, "path", "rule", "uri")
        to = call.argument(target, "view_func", "endpoint", "handler", "resource", "route")
        if name == "add_url_rule" and (to is None or isinstance(to, ast.Constant)):
            to = call.keyword("view_func")
        if given is None or to is None:
            return
        paths = [given, *(call.node.args[at + 1 :] if name == "add_resource" else [])]
        found = [text for text in (written(path, call.scope) for path in paths) if _ROUTED.match(text) or "…" in text]
        verb = name.removeprefix("add_")
        methods = (
            [verb.upper()]
            if verb in METHODS
            else [str(fold(first, call.scope)).upper()]
            if shifted and first is not None
            else _methods(call)
        )
        if found:
            self._entry(
                call,
                found,
                [each for each in methods if each != "*"],
                pointer(_bare(to), call.scope),
                pointer(call.receiver, call.scope),
                ctx,
            )

    def _entry(self, call: Call, paths: list[str], methods: list[str], to: str, owner: str, ctx: Context) -> None:
        likely = next((name for name in _WEB if name in frameworks(ctx)), "")
        guards = [text for word in call.node.keywords if word.arg == "dependencies" for text in depended(word.value)]
        ctx.fact("route-entry", call, paths=paths, methods=methods, to=to, owner=owner, framework=likely, guards=guards)

    def visit_import_from(self, place: Place[ast.ImportFrom], ctx: Context) -> None:
        """Record what a package hands on by a star."""
        if place.node.names[0].name == "*" and ctx.role == "init":
            ctx.fact("star-import", place, module="." * place.node.level + (place.node.module or ""))

    def visit_module(self, ctx: Context) -> None:
        """Record what routes hang on, the routes of decorated classes, and Tornado's lists of pairs."""
        used = frameworks(ctx)
        if used & set(_WEB) or "Router(" in ctx.source or "Blueprint(" in ctx.source:
            self._routers(ctx)
        if ctx.module.classes and used:
            for scope in ctx.module.classes.values():
                self._class(scope, ctx)
        if ("Handler" in ctx.source and ("tornado" in used or "handlers" in ctx.source)) or "ROUTES" in ctx.source:
            for line, path, target in _pairs(ctx):
                ctx.fact(
                    "route-entry", line, paths=[path], methods=[], to=target, owner="", framework="tornado", guards=[]
                )

    def _routers(self, ctx: Context) -> None:
        made = set()
        for router in routers(ctx):
            made.add(router.name)
            fields = {name: getattr(router, name) for name in ("name", "app", "prefix", "parent", "made")}
            ctx.fact("web-router", router.line, **fields, guards=list(router.guards))
        for factory, name in factories(ctx) if any("." in name for name in made) else ():
            if name in made:
                ctx.fact("web-factory", 1, name=factory, makes=name)
        for line, name, to in aliases(ctx):
            if name not in made:
                ctx.fact("web-alias", line, name=name, to=to)

    def _class(self, scope: Scope, ctx: Context) -> None:
        for decorator in getattr(scope.node, "decorator_list", ()):
            if (
                not isinstance(decorator, ast.Call)
                or last_name(decorator.func) not in _CLASS_VERBS
                or not decorator.args
            ):
                continue
            outer = scope.parent or ctx.module
            paths = [written(arg, outer) for arg in decorator.args if not isinstance(arg, ast.Starred)]
            held = decorator.func.value if isinstance(decorator.func, ast.Attribute) else None
            found = [path for path in paths if _ROUTED.match(path) or "…" in path]
            if found:
                likely = next((name for name in _WEB if name in frameworks(ctx)), "")
                fields = {"paths": found, "methods": [], "to": f":{scope.qualname}", "owner": pointer(held, outer)}
                ctx.fact("route-entry", decorator.lineno, **fields, framework=likely, guards=[])


def _bare(to: ast.expr) -> ast.expr:
    """What `View.as_view("name")` or a decorator around a handler is about."""
    while isinstance(to, ast.Call):
        if isinstance(to.func, ast.Attribute) and to.func.attr == "as_view":
            return to.func.value
        inner = next((arg for arg in to.args if isinstance(arg, (ast.Name, ast.Attribute, ast.Call))), None)
        if inner is None:
            return to.func
        to = inner
    return to


def _methods(call: Call) -> list[str]:
    given = call.keyword("methods")
    value = fold(given, call.scope) if given is not None else ()
    if isinstance(value, str):
        return [value.upper()]
    return [str(each).upper() for each in value] if isinstance(value, tuple) else []


def _pairs(ctx: Context) -> Iterator[tuple[int, str, str]]:
    """Tornado's `(r"/path", Handler)`, and `(Resource, "/path")` as lists for Flask-RESTful have it."""
    for node in descendants(ctx.tree, ast.Tuple) if ctx.tree is not None else ():
        if len(node.elts) < 2:
            continue
        first, second = node.elts[:2]
        if isinstance(first, ast.Name) and isinstance(second, ast.Constant):
            first, second = second, first
        if not isinstance(second, (ast.Name, ast.Attribute)) or not _ANSWERS.search(last_name(second)):
            continue
        if isinstance(first, (ast.Constant, ast.BinOp, ast.JoinedStr)):
            path = written(first, ctx.module)
            if path and (_ROUTED.match(path) or path.startswith("…")):
                yield node.lineno, path, pointer(second, ctx.module)
