"""Routes that are methods of classes: Django's View, DRF's ViewSet, Flask's MethodView, Tornado's RequestHandler."""

import ast
from dataclasses import dataclass
from typing import Any, Final

from scanners.constants import fold
from scanners.context import Context
from scanners.names import resolve
from scanners.scopes import Scope
from scanners.semantics.parameters import Param
from scanners.syntax import unparse

METHODS: Final = frozenset({"get", "post", "put", "patch", "delete", "head", "options"})
_ACTIONS: Final = {
    "list": ("GET",), "retrieve": ("GET",), "create": ("POST",),
    "update": ("PUT",), "partial_update": ("PATCH",), "destroy": ("DELETE",),
}  # fmt: skip
_FORMS: Final = {"form_valid": ("POST",), "dispatch": (), "perform_create": ("POST",), "perform_update": ("PUT",)}
_BASES: Final = (
    # Prefix of the dotted base, framework, what the request is called there.
    *(
        (f"rest_framework.{part}.", "drf", "self.request")  # A serializer's create answers no request.
        for part in ("views", "viewsets", "generics", "mixins", "authtoken.views", "schemas.views")
    ),
    ("django.views.", "django", "self.request"),
    ("django.contrib.auth.views.", "django", "self.request"),
    ("flask.views.", "flask", "request"),
    ("flask_restful.", "flask", "request"),
    ("flask_restx.", "flask", "request"),
    ("flask_appbuilder.", "flask", "request"),
    ("quart.views.", "quart", "request"),
    ("tornado.web.", "tornado", "self.request"),
    ("jupyter_server.base.", "tornado", "self.request"),
    ("aiohttp.web.View", "aiohttp", "self.request"),
    ("starlette.endpoints.", "starlette", "request"),
    ("sanic.views.", "sanic", "request"),
)
_EXTRA: Final = frozenset({("drf", "action"), ("drf", "list_route"), ("drf", "detail_route"), ("flask", "expose")})
_DEPTH: Final = 8
_GUESSES: Final = (
    # Ending of a base that another module defines, framework; only in a file that imports the framework.
    (("ViewSet", "APIView", "GenericAPIView"), "drf"),
    (("View", "ViewMixin"), "django"),
    (("MethodView", "Resource"), "flask"),
    (("Handler",), "tornado"),
    (("HTTPMethodView",), "sanic"),
)


@dataclass(frozen=True, slots=True)
class Route:
    """What a def answers. Empty `methods` are any or not known; an empty `path` is computed or given elsewhere.

    `request` is how the handler calls the request (`request`, `req`, `self.request`), empty where it has none; `owner`
    is the application or router as written; `call` is the decorator or registration; `cls` the class of a method.
    `sure` is false when the class is a view by the name of its base only.
    """

    framework: str
    methods: tuple[str, ...]
    path: str
    request: str = ""
    params: tuple[Param, ...] = ()
    owner: str = ""
    call: ast.Call | None = None
    cls: ast.ClassDef | None = None
    sure: bool = True

    @property
    def body_params(self) -> tuple[str, ...]:
        """The parameters that hold the body."""
        return tuple(param.name for param in self.params if param.source == "body")

    @property
    def raw_params(self) -> tuple[str, ...]:
        """The parameters that hold what the caller sent in a type that promises nothing: str, dict, Any, none."""
        return tuple(
            param.name
            for param in self.params
            if param.source in ("path", "query", "header", "cookie", "body", "unknown")
            and param.kind.rpartition(".")[2] in ("", "str", "bytes", "dict", "Dict", "list", "List", "Any", "object")
        )

    @property
    def writes(self) -> bool:
        """Whether it may change something: it takes more than GET, HEAD and OPTIONS, or nobody knows."""
        return bool(set(self.methods) - {"GET", "HEAD", "OPTIONS"}) or not self.methods


def class_routes(ctx: Context, used: set[str]) -> dict[ast.AST, Route]:
    """The methods of the file's view classes that answer requests."""
    found: dict[ast.AST, Route] = {}
    for scope in ctx.module.classes.values():
        node_of = scope.node
        known = view_kind(scope, used, ctx)
        if known is None or not isinstance(node_of, ast.ClassDef):
            continue
        framework, request, sure = known
        for node in node_of.body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                methods = _methods(node, framework, scope)
                if methods is not None:
                    params, named = _params(node, framework)
                    found[node] = Route(
                        framework,
                        methods,
                        "",
                        named or request,
                        params,
                        cls=node_of,
                        sure=sure,
                    )
    return found


def view_kind(scope: Scope, used: set[str], ctx: Context, depth: int = 0) -> tuple[str, str, bool] | None:
    """The framework of a view class, what its request is called, and whether that is sure; None for any other class."""
    guess = None
    for base in getattr(scope.node, "bases", ()):
        ref = resolve(base.value if isinstance(base, ast.Subscript) else base, scope.parent or scope, base.lineno)
        if ref is None:
            continue
        above = ctx.module.classes.get(ref.dotted[1:]) if ref.local else None
        if above is not None and above is not scope and depth < _DEPTH:
            known = view_kind(above, used, ctx, depth + 1)
        else:
            known = next(
                ((name, request, True) for prefix, name, request in _BASES if ref.dotted.startswith(prefix)), None
            )
            known = known if ref.dotted.rpartition(".")[2] not in _NO_VIEWS else None
            guess = guess or _guessed(ref.dotted.rpartition(".")[2], used)
        if known is not None:
            return known
    return guess


_NO_VIEWS: Final = frozenset({"Application", "HTTPError", "UIModule", "StaticFileHandler"})


def _guessed(last: str, used: set[str]) -> tuple[str, str, bool] | None:
    for endings, framework in _GUESSES:
        if last.endswith(endings) and (framework in used or (framework == "django" and "drf" in used)):
            return framework, "request" if framework in ("flask", "sanic") else "self.request", False
    return None


def _methods(node: Any, framework: str, scope: Scope) -> tuple[str, ...] | None:
    """The HTTP methods that a method of a view class answers, None when it answers none."""
    name = node.name
    for decorator in node.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        last = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        if (framework, last) in _EXTRA:  # fmt: skip
            given = next((w.value for w in getattr(decorator, "keywords", ()) if w.arg == "methods"), None)
            value = fold(given, scope) if given is not None else ("GET",)
            return tuple(str(part).upper() for part in value) if isinstance(value, tuple) else ()
    if name in METHODS:
        return (name.upper(),)
    if framework == "drf" and name in _ACTIONS:
        return _ACTIONS[name]
    if framework in ("drf", "django") and name in _FORMS:
        return _FORMS[name]
    return ("POST",) if framework == "flask" and name == "dispatch_request" else None


def _params(node: Any, framework: str) -> tuple[tuple[Param, ...], str]:
    """The parameters of a method without self, and the one that is the request."""
    args = [*node.args.posonlyargs, *node.args.args][1:] + node.args.kwonlyargs
    takes = framework in ("drf", "django", "starlette", "sanic") and bool(args) and "request" in args[0].arg
    params = tuple(
        Param(
            arg.arg,
            "request" if takes and number == 0 else "unknown" if node.name in _FORMS else "path",
            unparse(arg.annotation) if arg.annotation else "",
        )
        for number, arg in enumerate(args)
    )
    return tuple(param for param in params if param.source != "unknown"), args[0].arg if takes else ""
