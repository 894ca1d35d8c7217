"""Where the data of a request comes in: attributes of request objects, parameters of handlers, methods that read it."""

import ast
import re
from typing import Any, Final

from scanners.context import Context, per_file
from scanners.finding import Confidence
from scanners.names import find, resolve
from scanners.place import Place
from scanners.regex import regex
from scanners.scopes import Binding, Scope
from scanners.semantics.routes import routes_of
from scanners.semantics.viewclasses import METHODS
from scanners.syntax import unparse

_FRAMEWORKS: Final = (
    "flask quart django rest_framework fastapi starlette aiohttp tornado bottle sanic falcon ninja fastapi_users"
).split()

_READS: Final[dict[str, frozenset[str]]] = {
    "flask": frozenset(
        "args form values json data headers cookies files get_json "
        "get_data view_args referrer query_string stream".split()
    ),
    "bottle": frozenset("query forms files json params cookies headers get_cookie get_header body".split()),
    "django": frozenset("GET POST body META headers COOKIES FILES data query_params".split()),
    "starlette": frozenset("query_params path_params headers cookies json body form stream".split()),
    "aiohttp": frozenset("query match_info post json text read headers cookies content".split()),
    "sanic": frozenset("args form json headers cookies files body query_args raw_args".split()),
    "tornado": frozenset("arguments query_arguments body_arguments body headers cookies files".split()),
}
_TYPES: Final = {
    "flask.Request": "flask",
    "quart.Request": "flask",
    "werkzeug.Request": "flask",
    "werkzeug.wrappers.Request": "flask",
    "django.http.HttpRequest": "django",
    "django.http.request.HttpRequest": "django",
    "django.core.handlers.wsgi.WSGIRequest": "django",
    "rest_framework.request.Request": "django",
    "fastapi.Request": "starlette",
    "fastapi.WebSocket": "starlette",
    "fastapi.requests.Request": "starlette",
    "starlette.requests.Request": "starlette",
    "aiohttp.web.Request": "aiohttp",
    "aiohttp.web_request.Request": "aiohttp",
}
_GLOBALS: Final = {
    "flask.request": "flask",
    "flask.globals.request": "flask",
    "quart.request": "flask",
    "bottle.request": "bottle",
}
_KINDS: Final = {
    "flask": "flask",
    "quart": "flask",
    "bottle": "bottle",
    "django": "django",
    "drf": "django",
    "ninja": "django",
    "fastapi": "starlette",
    "starlette": "starlette",
    "litestar": "starlette",
    "aiohttp": "aiohttp",
    "tornado": "tornado",
    "sanic": "sanic",
}
_ARGUMENTS: Final = frozenset(
    f"get_{kind}argument{end}" for kind in ("", "query_", "body_") for end in ("", "s")
)  # Tornado's handlers read the request through methods of their own.
_FILLED: Final = frozenset(f"fastapi.{name}" for name in "Query Path Header Cookie Body Form File".split())
_SERVER_KEYS: Final = frozenset("REMOTE_ADDR SERVER_NAME SERVER_PORT REQUEST_METHOD SCRIPT_NAME".split())
_CHECKED: Final = regex(r"(pattern|regex)\s*=|constr\(|StringConstraints|Depends\(|Security\(|Literal|Enum")
_OPEN_TYPES: Final = frozenset("str bytes dict Any list Dict List Sequence set tuple Mapping UploadFile".split())
_SAFE_KEYS: Final = regex(r"^(pk|id|uuid|slug|page|year|month|day|uidb64)$|_(id|pk|uuid|slug)$")
_CONVERTER: Final = regex(r"[<{](?:(\w+)(?:\([^)]*\))?:)?(\w+)(?::(\w+))?[>}]")
_TELLING: Final = regex(
    r"path|file|name|url|document|template|folder|dir|target|next|query|term|text|key", re.IGNORECASE
)
_PLAIN_CONVERTERS: Final = frozenset({"", "string", "str", "path"})


@per_file
def serving(ctx: Context) -> str:
    """The web frameworks that the file imports, joined by spaces; empty where it serves nobody."""
    return " ".join(name for name in _FRAMEWORKS if name in ctx.imported)


def is_source(expr: ast.expr, scope: Scope, ctx: Context) -> Confidence | None:
    """How sure it is that `expr` itself reads the request (`request.args`, `self.get_argument`), or None."""
    if not isinstance(expr, ast.Attribute):
        return None
    if expr.attr in _ARGUMENTS or expr.attr in ("kwargs", "path_kwargs"):
        return _of_handler(expr, scope, ctx)
    framework, sure = _request(expr.value, scope, ctx)
    if framework:
        return sure if expr.attr in _READS[framework] else None
    return _of_model(expr, scope, ctx)


def _of_model(expr: ast.Attribute, scope: Scope, ctx: Context) -> Confidence | None:
    """Whether it is a field of text of the file's own schema, in a handler that takes one: its type checks nothing."""
    found = find(expr.value.id, scope) if isinstance(expr.value, ast.Name) else None
    if found is None or found[0][0].kind != "param" or "pydantic" not in ctx.imported:
        return None
    route = routes_of(ctx).get(found[1].node)
    made = ctx.definition(resolve(expr.value, scope, expr.lineno)) if route is not None else None
    if not isinstance(made, ast.ClassDef) or any("validator" in unparse(each) for each in _decorators(made)):
        return None
    for stmt in made.body:
        if isinstance(stmt, ast.AnnAssign) and getattr(stmt.target, "id", "") == expr.attr:
            checked = _CHECKED.search(unparse(stmt))
            return None if checked or _plain_type(unparse(stmt.annotation)) not in _OPEN_TYPES else Confidence.MEDIUM
    return None


def _decorators(made: ast.ClassDef) -> list[ast.expr]:
    return [each for stmt in made.body if isinstance(stmt, ast.FunctionDef) for each in stmt.decorator_list]


def _of_handler(expr: ast.Attribute, scope: Scope, ctx: Context) -> Confidence | None:
    if not (isinstance(expr.value, ast.Name) and expr.value.id == "self"):
        return None
    if expr.attr in _ARGUMENTS:
        return Confidence.HIGH if "tornado" in serving(ctx) else None
    views = "django" in serving(ctx) or "rest_framework" in serving(ctx)
    return Confidence.MEDIUM if views and _is_view(scope) else None


def _is_view(scope: Scope) -> bool:
    current: Scope | None = scope
    while current is not None and current.kind != "class":
        current = current.parent
    bases = [unparse(base) for base in getattr(getattr(current, "node", None), "bases", ())]
    return any(re.search(r"(View|ViewSet|APIView|Mixin)(\[.*\])?$", base) for base in bases)


def is_server_key(key: ast.expr | None) -> bool:
    """Whether a key of the request's environment is the server's own word (`REMOTE_ADDR`)."""
    return isinstance(key, ast.Constant) and key.value in _SERVER_KEYS


def _request(expr: ast.expr, scope: Scope, ctx: Context) -> tuple[str, Confidence | None]:
    """Of which framework the request object is that `expr` stands for."""
    if not isinstance(expr, (ast.Name, ast.Attribute)):
        return "", None
    ref = resolve(expr, scope, expr.lineno)
    if ref is not None:
        known = _GLOBALS.get(ref.dotted) if ref.via != "param" else _TYPES.get(ref.dotted)
        if known:
            return known, Confidence.HIGH
    if isinstance(expr, ast.Attribute):
        if expr.attr == "rel_url":
            return _request(expr.value, scope, ctx)
        return (_by_import(ctx), Confidence.HIGH) if expr.attr == "request" and _is_self(expr.value) else ("", None)
    named = expr.id
    found = find(named, scope)
    if found is None or found[0][0].kind != "param" or found[0][0].value.annotation is not None:
        return "", None
    route = routes_of(ctx).get(found[1].node)
    if route is not None and route.request == named and route.framework in _KINDS:
        return _KINDS[route.framework], Confidence.HIGH
    return (_by_import(ctx), Confidence.HIGH) if named in ("request", "req") else ("", None)


def _is_self(expr: ast.expr) -> bool:
    return isinstance(expr, ast.Name) and expr.id == "self"


def _by_import(ctx: Context) -> str:
    """The framework whose request a parameter called `request` is, as the imports of the file say."""
    tops = serving(ctx).split()
    for top, framework in (("django", "django"), ("rest_framework", "django"), ("tornado", "tornado")):
        if top in tops:
            return framework
    if "aiohttp" in tops and any("aiohttp.web" in str(b.value) for bs in ctx.module.names.values() for b in bs):
        return "aiohttp"
    return "starlette" if {"starlette", "fastapi"} & set(tops) else ""


def parameter_source(binding: Binding, ctx: Context) -> Confidence | None:
    """How sure it is that a parameter of a route handler holds request data; None when it is none."""
    function, arg = binding.scope.node, binding.value
    route = routes_of(ctx).get(function)
    param = next((param for param in route.params if param.name == arg.arg), None) if route else None
    if route is None and "fastapi" in ctx.imported and isinstance(default := _default(arg, function), ast.Call):
        made = resolve(default.func, ctx.module, default.lineno)  # A function that handlers depend on.
        return Confidence.MEDIUM if made and made.dotted in _FILLED and _is_open(arg, function) else None
    if route is None or param is None or param.source in ("request", "depends"):
        return None
    if route.framework in ("fastapi", "litestar", "ninja"):
        return Confidence.HIGH if _is_open(arg, function) else None
    if not _annotated_open(arg) or _SAFE_KEYS.search(arg.arg):
        return None
    if not route.path:  # The URL, with its converters, is written elsewhere.
        answers = route.sure and route.cls is not None and function.name in METHODS  # type: ignore[attr-defined]  # handlers are defs
        return Confidence.MEDIUM if answers and _TELLING.search(arg.arg) else Confidence.LOW
    converters = {name: first or last for first, name, last in _CONVERTER.findall(route.path)}
    return Confidence.MEDIUM if converters.get(arg.arg) in _PLAIN_CONVERTERS else None


def _annotated_open(arg: ast.arg) -> bool:
    return arg.annotation is None or unparse(arg.annotation).strip("'\"") in _OPEN_TYPES


def _is_open(arg: ast.arg, function: Any) -> bool:
    """Whether a parameter of a FastAPI handler is text that nothing has checked."""
    default = _default(arg, function)
    if default is not None and _CHECKED.search(unparse(default)):
        return False
    if arg.annotation is None:
        return default is None or (isinstance(default, ast.Constant) and isinstance(default.value, str))
    written = unparse(arg.annotation).strip("'\"")
    return not _CHECKED.search(written) and _plain_type(written) in _OPEN_TYPES


def _plain_type(written: str) -> str:
    """The type that an annotation comes down to, without Annotated, Optional and what it holds."""
    written = re.sub(r"^(?:typing\.|t\.)?Annotated\[(.+)\]$", lambda found: found[1].split(", ")[0], written)
    written = re.sub(r"^(?:typing\.|t\.)?Optional\[(.+)\]$|^(.+?) \| None$", lambda m: m[1] or m[2], written)
    return re.split(r"[\[(]", written)[0].rpartition(".")[2]


def _default(arg: ast.arg, function: Any) -> ast.expr | None:
    args = function.args
    plain = [*args.posonlyargs, *args.args]
    given = dict(zip([each.arg for each in plain[len(plain) - len(args.defaults) :]], args.defaults, strict=True))
    given |= {each.arg: value for each, value in zip(args.kwonlyargs, args.kw_defaults, strict=True) if value}
    return given.get(arg.arg)


def in_request_code(place: Place[Any], ctx: Context) -> bool:
    """Whether the place stands in a def of a file that imports a web framework."""
    return place.function is not None and bool(serving(ctx))
