"""Routes of a repository, and what holds for all of them: guards, limiters, handlers of errors, health checks."""

import ast
import re
from collections.abc import Iterator
from typing import Any, Final

from scanners.constants import fold
from scanners.context import Context
from scanners.place import Call
from scanners.regex import regex
from scanners.rule import CODE, Collector
from scanners.semantics.api.guardnames import guarding
from scanners.semantics.api.guardpoints import acts, answers_data, generic_methods
from scanners.semantics.api.guards import class_state, included, may_refuse, refused_below, state, words_of
from scanners.semantics.api.refusals import compares_paths, passes_all, turns_away
from scanners.semantics.handlers import short
from scanners.semantics.routes import Route, frameworks, routes_of
from scanners.semantics.viewclasses import view_kind
from scanners.semantics.web.roles import role_by
from scanners.syntax import descendants, unparse
from scanners.text import TextFile

_LIMITERS: Final = frozenset(
    "flask_limiter slowapi django_ratelimit ratelimit fastapi_limiter limits axes quart_rate_limiter sanic_limiter "
    "asgi_ratelimit pyrate_limiter defender fastapi_throttling django_smart_ratelimit throttled".split()
)
_HEALTH_PACKAGES: Final = (
    "health_check healthcheck django_healthchecks fastapi_health fastapi_healthcheck py_healthcheck watchman "
    "dockerflow heartbeat healthpy django_health_check flask_healthz"
).split()
_GATEWAY: Final = regex(
    r"limit_req|limit_rate|limit-rp[sm]|limit-connections|rate-?limit|ratelimit|throttl|burst\b", re.I
)
_NO_GUARDS: Final = frozenset(
    "AuthenticationMiddleware SecurityMiddleware CsrfViewMiddleware SessionMiddleware SessionAuthenticationMiddleware "
    "XFrameOptionsMiddleware".split()
)
_KNOWN: Final = regex(
    r"CORS|GZip|Session|TrustedHost|HTTPSRedirect|Prometheus|Correlation|RequestId|Sentry|Profil|Log|Proxy|Trac|Metric"
    r"|Timing|Cache|Locale|Debug",
    re.IGNORECASE,
)
_DECORATED: Final = ("before_", "url_value_preprocessor", "middleware", "exception", "errorhandler")
_POLICY: Final = regex(r"(^|\.)(Is|Django\w+|Has|\w*Permissions?\w*)(Authenticated|Admin|Permission|ModelPerm)?\w*$")


class Routes(Collector):
    """Facts `route`, `web-guard` (what guards many routes), `web-limit`, `web-health`, `error-handler` and `url`."""

    classes = CODE
    calls = (
        "fastapi.FastAPI", "fastapi.APIRouter", "*.include_router", "*.add_middleware", "*.before_request", "*.mount",
        "*.add_exception_handler", "*.register_error_handler", "aiohttp.web.Application",
        "starlette.middleware.Middleware", "ninja.NinjaAPI", "ninja.Router", "starlette.applications.Starlette",
    )  # fmt: skip

    def visit_call(self, call: Call, ctx: Context) -> None:
        """Record what an application or a router asks of all its routes."""
        owner = _bound(call, ctx)
        if call.last in ("FastAPI", "APIRouter", "NinjaAPI", "Router", "include_router"):
            given = call.keyword("dependencies", "auth")
            if given is not None:
                target = included(call) if call.last == "include_router" and call.node.args else owner
                wide = call.last in ("FastAPI", "NinjaAPI")
                fields = {"wide": wide, "owner": target, "kind": "dependency", "name": short(given)}
                ctx.fact("web-guard", call, sure=guarding(unparse(given)), **fields)
        elif call.last in ("add_middleware", "Middleware") and call.node.args:
            self._middleware(unparse(call.node.args[0]), call, ctx)
        elif call.last == "Application":
            given = call.keyword("middlewares")
            for part in descendants(given) if given is not None else ():
                if isinstance(part, (ast.Name, ast.Attribute)):
                    self._middleware(unparse(part), call, ctx)
        elif call.last in ("add_exception_handler", "register_error_handler") and call.node.args:
            ctx.fact("error-handler", call, of=unparse(call.node.args[0]).rpartition(".")[2])
        elif call.last == "mount" and call.node.args and "health" in unparse(call.node.args[0]).lower():
            ctx.fact("web-health", call)

    def _middleware(self, name: str, at: Any, ctx: Context, **told: bool) -> None:
        known = _KNOWN.search(name)
        if re.search(r"limit|throttl", name, re.I):
            ctx.fact("web-limit", at)
        elif guarding(name):
            ctx.fact("web-guard", at, wide=True, owner="", sure=True, kind="middleware", name=name, **told)
        elif not known:
            ctx.fact("web-guard", at, wide=True, owner="", sure=False, kind="middleware", name=name, **told)

    def visit_module(self, ctx: Context) -> None:
        """Record the routes, the settings and the packages in use."""
        for node, route in routes_of(ctx).items():
            ctx.fact("route", node, **route_fields(node, route, ctx))
        self._classes(ctx)
        if routes_of(ctx) and refused_below(ctx):
            ctx.fact("asked-below", 1)
        if ctx.imports(*_LIMITERS) and ctx.path_class != "test":
            ctx.fact("web-limit", 1)
        if ctx.imports(*_HEALTH_PACKAGES):
            ctx.fact("web-health", 1)
        if ctx.module.functions and any(word in ctx.source for word in _DECORATED):
            self._decorated(ctx)
        self._settings(ctx)
        if "urlpatterns" in ctx.module.names or "register(" in ctx.source or "def get_urls(" in ctx.source:
            for line, fields in _urls(ctx):
                ctx.fact("url", line, **fields)

    def _classes(self, ctx: Context) -> None:
        """Record the generic views, and the middlewares that look at the path."""
        if ctx.module.classes:
            self._generic(ctx)
        for name, scope in ctx.module.classes.items():
            if name.endswith("Middleware") and compares_paths(scope.node):
                ctx.fact("middleware-paths", scope.node, name=name)

    def _generic(self, ctx: Context) -> None:
        """Record the views of Django and DRF that leave all their methods to a base."""
        answered = {route.cls for route in routes_of(ctx).values()}
        for scope in ctx.module.classes.values():
            node = scope.node
            methods = generic_methods(node) if isinstance(node, ast.ClassDef) and node not in answered else ()
            known = view_kind(scope, frameworks(ctx), ctx) if methods else None
            if isinstance(node, ast.ClassDef) and known is not None and known[0] in ("drf", "django"):
                route = Route(known[0], tuple(sorted(methods)), "", cls=node, sure=known[2])
                ctx.fact("generic-view", node, **generic_fields(node, route, ctx))

    def _decorated(self, ctx: Context) -> None:
        for node in ctx.module.functions:
            for decorator in getattr(node, "decorator_list", ()):
                called = decorator.func if isinstance(decorator, ast.Call) else decorator
                last = getattr(called, "attr", getattr(called, "id", ""))
                if last in ("before_request", "before_app_request", "url_value_preprocessor"):
                    text = f"{node.name} {' '.join(words_of(node.body))}"  # type: ignore[attr-defined]  # a class, as its hook says
                    owner = unparse(called.value) if isinstance(called, ast.Attribute) else ""
                    wide = last == "before_app_request" or owner.rpartition(".")[2] in ("app", "application")
                    if guarding(text) and may_refuse(node):
                        refuses = turns_away(node) and not compares_paths(node)
                        fields = {"wide": wide, "owner": owner, "kind": "hook", "name": node.name, "refuses": refuses}  # type: ignore[attr-defined]  # decorated nodes are defs
                        ctx.fact("web-guard", node, sure=True, **fields)
                elif last == "middleware":
                    text = f"{node.name} {' '.join(words_of(node.body))}"  # type: ignore[attr-defined]  # a class, as its hook says
                    told = {"refuses": turns_away(node) and not compares_paths(node), "passes": passes_all(node)}
                    if re.search(r"auth|api_?key|jwt", text, re.I):
                        fields = {"wide": True, "owner": "", "kind": "middleware", "name": node.name}  # type: ignore[attr-defined]  # decorated nodes are defs
                        ctx.fact("web-guard", node, sure=not is_conditional(node, ctx), **fields, **told)
                    self._middleware(node.name, node, ctx, **told)  # type: ignore[attr-defined]  # a class, as its hook says
                elif last in ("exception_handler", "errorhandler", "app_errorhandler", "error_handler", "exception"):
                    of = (
                        unparse(decorator.args[0]).rpartition(".")[2]
                        if isinstance(decorator, ast.Call) and decorator.args
                        else ""
                    )
                    retried = any("retry" in text.lower() for text in _told(node))
                    ctx.fact("error-handler", node, of=of, retry=retried)

    def _settings(self, ctx: Context) -> None:
        names = ctx.module.names
        for key in ("MIDDLEWARE", "MIDDLEWARE_CLASSES"):
            for text in _texts(names.get(key, ())):
                self._listed(text, names[key][0].line, ctx)
        for text in _texts(names.get("INSTALLED_APPS", ())):
            if re.search(r"health|watchman|heartbeat", text):
                ctx.fact("web-health", names["INSTALLED_APPS"][0].line)
        for text in _texts(names.get("REST_FRAMEWORK", ())):
            self._default(text, names["REST_FRAMEWORK"][0].line, ctx)

    def _listed(self, text: str, line: int, ctx: Context) -> None:
        """A middleware of Django's settings."""
        last = text.rpartition(".")[2]
        own = last not in _NO_GUARDS and not text.startswith("django.")
        if text.endswith("LoginRequiredMiddleware") or (own and re.search(r"Login|Require|Permission|Auth", last)):
            sure = last.startswith(("Login", "Require")) or "Required" in last
            ctx.fact("web-guard", line, wide=True, owner="", sure=sure, kind="middleware", name=last)
        if re.search(r"limit|throttl|axes|defender", text, re.IGNORECASE):
            ctx.fact("web-limit", line)

    def _default(self, text: str, line: int, ctx: Context) -> None:
        """A default of DRF."""
        if _POLICY.search(text) and not text.isupper() and "AllowAny" not in text:
            sure = guarding(text) or "IsA" in text
            ctx.fact("web-guard", line, wide=True, owner="drf", sure=sure, kind="default", name=text.rpartition(".")[2])
        if "hrottle" in text and "." in text:
            ctx.fact("web-limit", line)
        if "aginat" in text and "." in text:
            ctx.fact("web-pages", line)
        if text == "EXCEPTION_HANDLER":
            ctx.fact("error-handler", line, of="drf")


class GatewayLimits(Collector):
    """Facts `web-limit` and `web-health`: a gateway's rule over requests, a probe that an operator configured."""

    files = ("manifest", "config-file", "compose", "dockerfile")

    def visit_text(self, text: TextFile, ctx: Context) -> None:
        """Record the first such line."""
        for number, line in enumerate(text.lines, 1):
            if _GATEWAY.search(line) and not line.lstrip().startswith("#"):
                ctx.fact("web-limit", number)
                break


def is_conditional(node: ast.AST, ctx: Context) -> bool:
    """Whether a nested def is only there where a condition holds, such as a setting that asks for it."""
    outer = ctx.module.functions[node].parent
    tests = descendants(outer.node, ast.If) if outer is not None and outer.kind == "function" else ()
    return any(node in descendants(test, ast.FunctionDef, ast.AsyncFunctionDef) for test in tests)


def route_fields(node: Any, route: Route, ctx: Context) -> dict[str, Any]:
    """A route as plain JSON."""
    scope = ctx.module.functions[node]
    return {
        "name": scope.qualname,
        "handler": node.name,
        "framework": route.framework,
        "methods": list(route.methods),
        "path": route.path[:200],
        "async": isinstance(node, ast.AsyncFunctionDef),
        "auth": state(node, route, ctx),
        "owner": route.owner,
        "cls": route.cls.name if route.cls else "",
        "bases": [unparse(base)[:80] for base in route.cls.bases] if route.cls else [],
        "sure": route.sure,
        "role": role_of(node.name, route),
        "body": bool(route.body_params),
        "schema": any(param.source == "body" and param.name not in route.raw_params for param in route.params),
        "text": ctx.source_lines[node.lineno - 1].strip()[:160],
        "data": answers_data(node, route.framework),
        "acts": acts(node),
    }


def generic_fields(node: ast.ClassDef, route: Route, ctx: Context) -> dict[str, Any]:
    """A generic view as plain JSON, with the fields of a route that are known of it."""
    return {
        "name": node.name,
        **dict.fromkeys(("handler", "path", "owner"), ""),
        "framework": route.framework,
        "methods": list(route.methods),
        "auth": class_state(node, ctx),
        "cls": node.name,
        "bases": [unparse(base)[:80] for base in node.bases],
        "sure": route.sure,
        "role": role_of("", route),
        "text": ctx.source_lines[node.lineno - 1].strip()[:160],
        "data": route.framework == "drf",
        "acts": False,
    }


def role_of(name: str, route: Route) -> str:
    """What a route is for, by its path, its handler's name and its class: health, webhook, login, static or empty."""
    return role_by(route.path, name, route.cls.name if route.cls else "")


def _bound(call: Call, ctx: Context) -> str:
    """The name that the result of a call is given."""
    stmt = call.stmt
    if isinstance(stmt, ast.Assign) and stmt.value is call.node:
        return unparse(stmt.targets[0])
    return ""


def _texts(bindings: Any) -> Iterator[str]:
    for binding in bindings:
        if binding.kind in ("assign", "augmented") and isinstance(binding.value, ast.AST):
            for node in descendants(binding.value):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


def _told(node: ast.AST) -> Iterator[str]:
    """The texts, names and keywords of a handler."""
    for part in descendants(node):
        text = getattr(part, "value", None) if isinstance(part, ast.Constant) else getattr(part, "arg", None)
        yield from (value for value in (text, getattr(part, "id", None)) if isinstance(value, str))


def _urls(ctx: Context) -> Iterator[tuple[int, dict[str, Any]]]:
    """The entries of `urlpatterns` and the registrations of routers."""
    for node in descendants(ctx.tree, ast.Call) if ctx.tree else ():
        if len(node.args) < 2:
            continue
        last = getattr(node.func, "attr", getattr(node.func, "id", ""))
        path = fold(node.args[0], ctx.module)
        if last in ("path", "re_path", "url", "register") and isinstance(path, str):
            view = unparse(node.args[1])[:160]
            names = [name for name in re.findall(r"\w+", view) if name not in ("as_view", "views")]
            fields = {
                "path": path[:200],
                "view": names[-1] if names else "",
                "whole": view,
                "include": "include" in names,
            }
            yield node.lineno, fields | {"guarded": "(" in view and guarding(view)}
