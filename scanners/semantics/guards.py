"""What keeps callers out of a route: decorators, dependencies, permission classes, mixins and checks in the handler."""

import ast
import re
from collections.abc import Iterable
from typing import Any, Final

from scanners.context import Context
from scanners.names import resolve
from scanners.scopes import Scope
from scanners.semantics.routes import Route
from scanners.syntax import descendants

_GUARD: Final = re.compile(
    r"log(ged)?_?in|auth|jwt|token|permission|perms?([_A-Z]|$)|roles?([_A-Z]|$)|admin|staff|superuser|secur(e|ity)|protected|scopes?([_A-Z]|$)"
    r"|api_?key|credential|access|current_?(user|account|admin|member|customer|tenant|principal)|get_(user|account|principal|identity)\b"
    r"|principal|identity|signature|hmac|verif(y|ied)|acl\b|oidc|saml|oauth|require_?(user|role|admin|scope|owner)|user_passes_test"
    r"|passes_test|compare_digest|can_\w+|check_\w*(owner|allowed|user)|ensure_\w*(owner|user|allowed)|entitle|captcha|restricted|policy",
    re.IGNORECASE,
)
_OPEN: Final = re.compile(
    r"AllowAny|login_not_required|no_?auth|skip_?auth|anonymous|public|unauthenticated|allow_guest|without_auth|auth_?exempt|NoPermission|unprotected",
    re.IGNORECASE,
)
_HARMLESS: Final = re.compile(
    r"(^|\.)(csrf_exempt|csrf_protect|ensure_csrf_cookie|require_\w+|cache\w*|never_cache|vary_on_\w+|extend_schema\w*|swagger\w*|doc|docs"
    r"|marshal_with|expect|response|arguments|limit|limiter\w*|throttle\w*|ratelimit\w*|rate_limit\w*|api_view|renderer_classes"
    r"|parser_classes|schema|action|list_route|detail_route|cross_origin|use_kwargs|use_args|validate\w*|templated|template|property"
    r"|staticmethod|classmethod|wraps|override|inject|gzip_page|atomic|non_atomic_requests|xframe_options_\w+|timed|timeit|trace\w*|log\w*call|input|output"
    r"|method_decorator|condition|etag|last_modified|route|get|post|put|patch|delete|head|options|websocket|api_route|expose|docket|produces|consumes)$"
)


def guarding(name: str) -> bool:
    """Whether a decorator, dependency, class or function is named after keeping callers out."""
    return bool(_GUARD.search(name)) and not _OPEN.search(name)


def state(node: Any, route: Route, ctx: Context) -> str:
    """Of a route in its file: guarded, open (declared public), unknown (an unknown decorator), or none."""
    if _only_redirects(node):
        return "open"
    scope = ctx.module.functions[node]
    outer = scope.parent or ctx.module
    names = [(text, ref) for text, ref in _decorators(node.decorator_list, outer) if text]
    found = [*_dependencies(node, route)]
    if route.cls is not None:
        names += _decorators(route.cls.decorator_list, ctx.module)
        found += class_marks(route.cls, node.name, ctx)
    texts = [text for text, _ in names] + found
    if any(guarding(text) for text in texts):
        return "guarded"
    if any(_OPEN.search(text) for text in texts):
        return "open"
    if any(guarding(word) for word in words_of(node.body)):
        return "guarded"
    unknown = [text for text, _ in names if not _HARMLESS.search(text)]
    return "unknown" if unknown else "none"


def _only_redirects(node: Any) -> bool:
    """Whether a handler does nothing but send the caller to another route, which asks for itself."""
    body = [stmt for stmt in node.body if not (isinstance(stmt, ast.Expr) and isinstance(stmt.value, ast.Constant))]
    value = body[0].value if len(body) == 1 and isinstance(body[0], ast.Return) else None
    return isinstance(value, ast.Call) and "redirect" in ast.unparse(value.func).lower()


def class_marks(node: ast.ClassDef, method: str, ctx: Context, depth: int = 0) -> list[str]:
    """What the class of a view says of who may call: permission classes, mixins, checks before its methods."""
    found: list[str] = []
    for base in node.bases:
        ref = resolve(base, ctx.module, base.lineno)
        found.append(ref.dotted.rpartition(".")[2] if ref else ast.unparse(base))
        above = ctx.definition(ref)
        if isinstance(above, ast.ClassDef) and above is not node and depth < 5:
            found += class_marks(above, method, ctx, depth + 1)
    for stmt in node.body:
        target = stmt.targets[0] if isinstance(stmt, ast.Assign) else getattr(stmt, "target", None)
        name = getattr(target, "id", "")
        value = getattr(stmt, "value", None)
        if value is not None and name in (
            "permission_classes",
            "authentication_classes",
            "decorators",
            "method_decorators",
        ):
            inside = [text for text in words_of([value]) if text[:1].isalpha()]
            if name == "permission_classes":
                found += [*inside, "permission"] if inside and "AllowAny" not in inside else ["public"]
            elif name != "authentication_classes":
                found += inside
        elif (
            value is not None
            and name in ("permission_required", "login_required", "required_permission", "auth_required")
        ) or (
            isinstance(stmt, ast.FunctionDef | ast.AsyncFunctionDef)
            and (
                stmt.name
                in (
                    "get_permissions",
                    "test_func",
                    "prepare",
                    "check_permissions",
                    "check_object_permissions",
                    "initial",
                    "get_current_user",
                )
                or (
                    stmt.name in ("dispatch", "setup", "get_queryset", "get_object")
                    and any(guarding(word) or word == "user" for word in words_of(stmt.body))
                )
            )
        ):
            found.append("permission")
    return found


def _decorators(decorators: Iterable[ast.expr], scope: Scope) -> list[tuple[str, Any]]:
    found = []
    for decorator in decorators:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        text = ast.unparse(called)
        if text.rpartition(".")[2] in ("method_decorator", "permission_classes", "csrf_exempt") and isinstance(
            decorator, ast.Call
        ):
            inside = words_of(decorator.args)
            text = _inside(text, inside)
        ref = resolve(called, scope, called.lineno)
        found.append((text, ref))
        if isinstance(decorator, ast.Call):
            found += [
                (str(word.arg) if not _empty(word.value) else "public", None)
                for word in decorator.keywords
                if word.arg in ("auth", "dependencies", "permission", "permissions", "security", "roles")
            ]
    return found


def _inside(name: str, words: list[str]) -> str:
    """What a decorator that takes guards says: permission classes guard unless they are AllowAny."""
    if name.endswith("permission_classes"):
        return "permission" if words and "AllowAny" not in words else "AllowAny"
    return " ".join(words) or name


def _empty(value: ast.expr) -> bool:
    return (isinstance(value, ast.Constant) and not value.value) or (
        isinstance(value, ast.List | ast.Tuple) and not value.elts
    )


def _dependencies(node: Any, route: Route) -> list[str]:
    """What FastAPI resolves before the handler runs, by name, and the types of its parameters."""
    if route.framework not in ("fastapi", "litestar"):
        return []
    args: ast.arguments = node.args
    found = [param.kind for param in route.params if param.kind]
    for value in [*args.defaults, *(value for value in args.kw_defaults if value)]:
        if isinstance(value, ast.Call):
            found += [ast.unparse(value)]
    for arg in [*args.args, *args.kwonlyargs]:
        if arg.annotation is not None:
            found.append(ast.unparse(arg.annotation))
            if arg.arg in ("user", "current_user", "account", "principal", "identity", "me"):
                found.append("current_user")
    return found


def words_of(nodes: Iterable[ast.AST]) -> list[str]:
    """The names in some code, and the keys that it reads."""
    found = []
    for top in nodes:
        for node in descendants(top):
            if isinstance(node, ast.Name):
                found.append(node.id)
            elif isinstance(node, ast.Attribute):
                found.append(node.attr)
            elif (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and node.value.lower() in ("authorization", "x-api-key", "x-token")
            ) or (isinstance(node, ast.Constant) and node.value in (401, 403)):
                found.append("authorization")
    return found
