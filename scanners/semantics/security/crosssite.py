"""What lets pages of other sites act or read for a user: CSRF checks left out, CORS open to all, writes on GET."""

import ast
import re
from typing import Any, Final

from scanners.constants import fold
from scanners.context import Context, per_file
from scanners.place import Call, Place
from scanners.regex import regex
from scanners.semantics.owncalls import own
from scanners.semantics.remarks import is_explained
from scanners.semantics.routes import routes_of
from scanners.syntax import unparse

LAYERS: Final = (
    "flask_cors.CORS",
    "flask_cors.cross_origin",
    "fastapi.middleware.cors.CORSMiddleware",
    "starlette.middleware.cors.CORSMiddleware",
)
ORIGIN: Final = "Access-Control-Allow-Origin"
WIDE: Final = frozenset({"CORS_ALLOW_ALL_ORIGINS", "CORS_ORIGIN_ALLOW_ALL"})
_OFF: Final = frozenset({"WTF_CSRF_ENABLED", "WTF_CSRF_CHECK_DEFAULT"})
SETTINGS: Final = WIDE | _OFF | {ORIGIN, "MIDDLEWARE"}
"""The settings and the header that say who may come."""

ADDS: Final = ("*.add_middleware", "starlette.middleware.Middleware", "fastapi.middleware.Middleware")
_PROVES: Final = regex(
    r"signature|hmac|compare_digest|construct_event|authorization|bearer|api_?key|x-hub|webhook|verify|token|jwt"
    r"|oauth|saml|scim|social_?auth|require_(GET|safe)\b|http_methods\(\[.(GET|HEAD).\]\)"
    r"|_auth\b|basicauth|grpc|introspect|jwks|ipn|dsn|secret|csp_?report|callback|revo|csrf_protect",
    re.IGNORECASE,
)
_CHANGES: Final = regex(
    r"^_?(delete|remove|create|update|cancel|approve|reject|add|set|reset|disable|enable"
    r"|transfer|buy|archive|revoke|publish)(_|$)"
)
_WRITES: Final = frozenset("delete create save update bulk_create add commit".split())


def proves_itself(node: ast.AST, ctx: Context) -> bool:
    """Whether a view without CSRF check asks for a signature or a token instead."""
    if getattr(node, "name", "") == "dispatch":  # It stands for all methods of its view.
        views = [scope.node for scope in ctx.module.classes.values()]
        node = next((view for view in views if node in getattr(view, "body", ())), node)
    first, last = getattr(node, "lineno", 1), getattr(node, "end_lineno", 1) or 1
    decorators = [each.lineno for each in getattr(node, "decorator_list", ())]
    head = min([first, *decorators])
    if is_explained(ctx.source_lines, max(head - 1, 1), first):
        return True  # Somebody has written down why the check is left out.
    return _PROVES.search("\n".join(ctx.source_lines[head - 1 : last])) is not None


def guards_itself(call: Call, with_cookies: bool, ctx: Context) -> bool:
    """Whether the view that `cross_origin` opens asks for a key or a token, which no other site's page has."""
    view = call.stmt
    if with_cookies or not isinstance(view, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return False
    return call.node in view.decorator_list and proves_itself(view, ctx)


def origins(call: Call, ctx: Context) -> tuple[bool, bool]:
    """Whether a CORS layer lets all origins in, and whether it lets them send cookies."""
    flask = call.dotted.startswith("flask_cors")
    given = call.keyword("origins") if flask else call.keyword("allow_origins", "allow_origin_regex")
    value = ctx.constant(given, call)
    wide = (given is None and flask and not call.unpacks and _serves_all(call, ctx)) or _is_wide(value)
    with_cookies = ctx.constant(call.keyword("supports_credentials", "allow_credentials"), call) is True
    return wide, with_cookies


def _serves_all(call: Call, ctx: Context) -> bool:
    """Whether some path of flask_cors is open to all: those without origins of their own are."""
    resources = call.keyword("resources")
    if not isinstance(resources, ast.Dict):
        return resources is None or isinstance(ctx.constant(resources, call), str)
    for options in resources.values:
        if isinstance(options, ast.Dict):
            given = [getattr(key, "value", None) for key in options.keys]
            if "origins" not in given or _is_wide(ctx.constant(options.values[given.index("origins")], call)):
                return True
    return False


def unchecked(name: str, value: Any, ctx: Context) -> str:
    """What a setting of this name and value leaves unchecked; empty for nothing."""
    if name in _OFF and value is False and "csrf.protect(" not in ctx.source:
        return f"{name} is off: no form is checked."
    if name == "MIDDLEWARE" and _lacks_check(value):
        return "Sessions are kept, but no middleware checks forms: add CsrfViewMiddleware."
    return ""


def with_credentials(ctx: Context) -> bool:
    """Whether django-cors-headers is told to let other sites send cookies."""
    bindings = ctx.module.names.get("CORS_ALLOW_CREDENTIALS", ())
    return any(isinstance(each.value, ast.AST) and fold(each.value, ctx.module) is True for each in bindings)


def _lacks_check(middleware: Any) -> bool:
    """Whether a fixed list of Django's middleware keeps sessions but has none that checks forms."""
    listed = [each for each in middleware if isinstance(each, str)] if isinstance(middleware, tuple) else []
    return any(each.endswith(".SessionMiddleware") for each in listed) and not any(
        "csrf" in each.lower() for each in listed
    )


def configured_elsewhere(call: Call, ctx: Context) -> bool:
    """Whether the application's configuration names the origins: flask_cors reads CORS_ORIGINS where none are given."""
    if not call.dotted.startswith("flask_cors") or call.keyword("origins", "resources") is not None:
        return False
    return call.last == "cross_origin" or not call.node.args or "CORS_" in ctx.source


def _is_wide(value: Any) -> bool:
    items = value if isinstance(value, tuple) else (value,)
    return any(item in ("*", ".*", "https?://.*", "http.*", "https://.*") for item in items)


def writing_gets(ctx: Context) -> list[tuple[Any, str]]:
    """The handlers that answer only GET, are named after a change, and make one; with what they call."""
    found = []
    for node, route in routes_of(ctx).items():
        if route.framework not in ("flask", "quart", "django") or route.methods != ("GET",):
            continue
        if not _CHANGES.search(getattr(node, "name", "")):
            continue
        calls = [inner.func for inner in own(node, ast.Call) if isinstance(inner.func, ast.Attribute)]
        writes = [func for func in calls if func.attr in _WRITES and _stores(unparse(func.value))]
        if writes:
            found.append((node, unparse(writes[0])))
    return found


def _stores(receiver: str) -> bool:
    return re.search(
        r"session$|objects$|\bdb\b|filter\(|query|_set$|^(\w+\.)?get_object_or_404\(|objects\.get\("
        r"|^(self\.)?[a-z_]+$",
        receiver,
    ) is not None and not re.search(
        r"cache|form$|^(args|kwargs|data|result\w*|params|context|seen|items|names)$", receiver
    )


@per_file
def exempts(ctx: Context) -> bool:
    """A cheap test: whether the file may leave a check out anywhere."""
    return "exempt" in ctx.source


def exempted(place: Place[Any]) -> ast.expr | None:
    """The decorator that takes the CSRF check from a view or a class of them, or None."""
    for decorator in place.node.decorator_list:
        parts = [decorator, *(decorator.args if isinstance(decorator, ast.Call) else ())]
        for part in parts:
            if isinstance(part, (ast.Name, ast.Attribute)):
                name = place.name(part)
                if name == "django.views.decorators.csrf.csrf_exempt" or (
                    isinstance(part, ast.Attribute) and part.attr == "exempt" and "csrf" in unparse(part.value).lower()
                ):
                    found: ast.expr = decorator
                    return found
    return None
