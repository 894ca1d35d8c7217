"""What keeps callers out of a route: decorators, dependencies, permission classes, mixins and checks in the handler."""

import ast
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

from scanners.context import Context
from scanners.names import resolve
from scanners.place import Call
from scanners.regex import regex
from scanners.scopes import Scope
from scanners.semantics.api.guardnames import OPEN, guarding
from scanners.semantics.routes import Route
from scanners.syntax import descendants, unparse

_HARMLESS: Final = regex(
    r"(^|\.)(csrf_exempt|csrf_protect|ensure_csrf_cookie|require_\w+|cache\w*|never_cache|vary_on_\w+|extend_schema\w*|swagger\w*|doc|docs"
    r"|marshal_with|expect|response|arguments|limit|limiter\w*|throttle\w*|ratelimit\w*|rate_limit\w*|api_view|renderer_classes"
    r"|parser_classes|schema|action|list_route|detail_route|cross_origin|use_kwargs|use_args|validate\w*|templated|template|property"
    r"|staticmethod|classmethod|wraps|override|inject|gzip_page|atomic|non_atomic_requests|xframe_options_\w+|timed|timeit|trace\w*|log\w*call|input|output"
    r"|method_decorator|condition|etag|last_modified|route|get|post|put|patch|delete|head|options|websocket|api_route|expose|docket|produces|consumes)$"
)
_REFUSES: Final = regex(
    r"forbidden|unauthori[sz]ed|permission_?denied|access_?denied|not_?allowed|not_?auth(enticated|ori[sz]ed)", re.I
)
_MEASURES: Final = regex(r"telemetry|analytics|metrics|tracking")
_ASKS: Final = regex(
    r"^_?(check|require|verify|has|can|is_|ensure|authori|assert|validate|enforce|decode|authenticate|get_(user|current))"
)
_CALLER: Final = regex(
    r"^_?(current_?(active_)?(user|account|admin|member|customer|tenant|principal)|principal|identity|logged_in)$", re.I
)
_USERS: Final = frozenset(
    {"request.user", "self.request.user", "g.user", "info.context.user", "req.user", "request.state.user"}
)
_NO_CALLER: Final = regex(
    r"db\b|database|session|conn|engine|settings|config|repo|service|client|pagina|page|param|query|filter|log|cache|redis|queue"
    r"|stor(e|age)|bus\b|uow|unit_of_work|factory|template|locale|lang|request_?id|background|limiter|clock|manager|handler"
    r"|use_?case|dao|crud|app\b|state|pool|cursor|model|broker|producer|mail|body|payload|data|form|sort|order|range|search",
    re.IGNORECASE,
)
_BODIES: Final = regex(
    r"(Create|Update|In|Out|Request|Payload|Schema|Body|Form|Data|Params|Input|Patch|Model|Info|Dto|DTO)$"
)


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
    if any(OPEN.search(text) for text in texts):
        return "open"
    inside = asked_in(node)
    if inside == "guarded":
        return "guarded"
    unknown = [text for text, _ in names if not _HARMLESS.search(text)] + [text for text in found if text == "?"]
    return "unknown" if unknown or inside else "none"


def class_state(node: ast.ClassDef, ctx: Context) -> str:
    """Of a view whose methods its base defines: guarded, open, unknown, or none."""
    names = [text for text, _ in _decorators(node.decorator_list, ctx.module) if text]
    texts = names + class_marks(node, "", ctx)
    if any(guarding(text) for text in texts):
        return "guarded"
    if any(OPEN.search(text) for text in texts):
        return "open"
    return "unknown" if any(not _HARMLESS.search(text) for text in names) else "none"


@lru_cache(maxsize=256)  # The rule and the table of endpoints ask the same of the handlers of a file.
def asked_in(node: Any) -> str:
    """Whether a handler asks who is calling: "guarded", "unknown" where only a name sounds like it, or ""."""
    parts = [part for stmt in node.body for part in descendants(stmt, *_TELLING)]
    named = [part for part in parts if type(part) in _NAMED and type(part.ctx) is ast.Load]
    if any(_refuses(part) for part in parts if type(part) not in _NAMED) or any(map(_is_caller, named)):
        return "guarded"
    caught = _of_files(node) if any(type(part) is ast.ExceptHandler for part in parts) else set()
    if any(words_of([part]) for part in parts if type(part) is ast.Constant and part not in caught):
        return "guarded"
    words = [word for word in dict.fromkeys(map(_word, named)) if not word[:1].isupper() and guarding(word)]
    return "unknown" if words and not _records(node).issuperset(words) else ""


_NAMED: Final = frozenset({ast.Name, ast.Attribute})
_TESTS: Final = (ast.If, ast.IfExp, ast.Assert, ast.While)
_TELLING: Final = (ast.ExceptHandler, *_TESTS, ast.Raise, ast.Call, ast.Constant, *_NAMED)


def _of_files(node: Any) -> set[ast.AST]:
    """The constants in handlers of a PermissionError: what the system refused says nothing of who calls."""
    found: set[ast.AST] = set()
    for part in descendants(node, ast.ExceptHandler):
        if part.type is not None and "PermissionError" in unparse(part.type):
            found.update(descendants(part, ast.Constant))
    return found


def _records(node: Any) -> set[str]:
    """The names of a handler that stand for what it keeps: bodies of a model, and objects that it makes."""
    args = [*node.args.args, *node.args.kwonlyargs]
    found = {arg.arg for arg in args if arg.annotation is not None and _BODIES.search(unparse(arg.annotation))}
    for stmt in node.body:
        made = stmt.value if isinstance(stmt, ast.Assign) else None
        if isinstance(made, ast.Call) and unparse(made.func).rpartition(".")[2][:1].isupper():
            found |= {target.id for target in stmt.targets if isinstance(target, ast.Name)}
    return found


def _refuses(node: ast.AST) -> bool:
    """Whether a statement or a call may turn a caller away."""
    if isinstance(node, _TESTS):
        return any(guarding(word) for word in words_of([node.test]))
    if isinstance(node, ast.Raise):
        return any(_REFUSES.search(word) for word in words_of([node.exc] if node.exc else []))
    if not isinstance(node, ast.Call):
        return False
    called = unparse(node.func)
    last = called.rpartition(".")[2]
    if _MEASURES.search(called):
        return False
    return bool(_REFUSES.search(last)) or (guarding(called) and (bool(_ASKS.search(last)) or not called[:1].isupper()))


def _is_caller(node: ast.Name | ast.Attribute) -> bool:
    """Whether a name is that of the one who calls: `current_user`, `request.user`."""
    word = _word(node)
    return bool(_CALLER.search(word)) or (word == "user" and unparse(node) in _USERS)


def _word(node: ast.Name | ast.Attribute) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr


def _only_redirects(node: Any) -> bool:
    """Whether a handler does nothing but send the caller to another route, which asks for itself."""
    body = [stmt for stmt in node.body if not (isinstance(stmt, ast.Expr) and isinstance(stmt.value, ast.Constant))]
    value = body[0].value if len(body) == 1 and isinstance(body[0], ast.Return) else None
    return isinstance(value, ast.Call) and "redirect" in unparse(value.func).lower()


def may_refuse(node: Any) -> bool:
    """Whether a hook before requests may turn one away: it raises, aborts, or answers in the place of the handler."""
    for part in descendants(node, ast.Raise, ast.Return, ast.Call):
        if isinstance(part, ast.Raise) or (isinstance(part, ast.Return) and part.value is not None):
            return True
        if isinstance(part, ast.Call) and re.search(r"abort|refuse|require|verify|check", unparse(part.func), re.I):
            return True
    return False


def refused_below(ctx: Context) -> bool:
    """Whether a file catches refusals: what its handlers call asks who is calling."""
    return any(
        part.type is not None and any(map(_REFUSES.search, words_of([part.type])))
        for node in ctx.module.functions
        if not isinstance(node, ast.Lambda)
        for part in descendants(node, ast.ExceptHandler)
    )


_REQUIRES: Final = frozenset({"permission_required", "login_required", "required_permission", "auth_required"})
_CHECKS: Final = frozenset(
    "get_permissions test_func prepare check_permissions check_object_permissions initial get_current_user".split()
)


def class_marks(node: ast.ClassDef, method: str, ctx: Context, depth: int = 0) -> list[str]:
    """What the class of a view says of who may call: permission classes, mixins, checks before its methods."""
    found: list[str] = []
    for base in node.bases:
        ref = resolve(base, ctx.module, base.lineno)
        found.append(ref.dotted.rpartition(".")[2] if ref else unparse(base))
        above = ctx.definition(ref)
        if isinstance(above, ast.ClassDef) and above is not node and depth < 5:
            found += class_marks(above, method, ctx, depth + 1)
    for stmt in node.body:
        found += _marks_of(stmt)
    return found


def _marks_of(stmt: ast.stmt) -> list[str]:
    """What one statement of a view's class says of who may call."""
    target = stmt.targets[0] if isinstance(stmt, ast.Assign) else getattr(stmt, "target", None)
    name, value = getattr(target, "id", ""), getattr(stmt, "value", None)
    if value is not None and name == "permission_classes":
        inside = [text for text in words_of([value]) if text[:1].isalpha()]
        return [*inside, "permission"] if inside and "AllowAny" not in inside else ["public"]
    if value is not None and name in ("decorators", "method_decorators"):
        return [text for text in words_of([value]) if text[:1].isalpha()]
    return ["permission"] if (value is not None and name in _REQUIRES) or _asks(stmt) else []


def _asks(stmt: ast.stmt) -> bool:
    if not isinstance(stmt, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return False
    opens = stmt.name in ("dispatch", "setup", "get_queryset", "get_object")
    return stmt.name in _CHECKS or (opens and any(guarding(word) or word == "user" for word in words_of(stmt.body)))


def _decorators(decorators: Iterable[ast.expr], scope: Scope) -> list[tuple[str, Any]]:
    found = []
    for decorator in decorators:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        text = unparse(called)
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
        isinstance(value, (ast.List, ast.Tuple)) and not value.elts
    )


def _dependencies(node: Any, route: Route) -> list[str]:
    """What FastAPI resolves before the handler runs, by name, and the types of its parameters."""
    if route.framework not in ("fastapi", "litestar"):
        return []
    args: ast.arguments = node.args
    defaults = [*args.defaults, *(value for value in args.kw_defaults if value)]
    found = [text for value in defaults for text in _depended(value)]
    for arg in [*args.args, *args.kwonlyargs]:
        if isinstance(arg.annotation, (ast.Name, ast.Attribute)):
            kind = unparse(arg.annotation)
            found += [kind] if not _BODIES.search(kind) else []
        elif arg.annotation is not None:
            found += _depended(arg.annotation)
        if arg.annotation is not None and arg.arg in ("user", "current_user", "account", "principal", "identity", "me"):
            found.append("current_user")
    return found


def _depended(expr: ast.expr) -> list[str]:
    """What an expression has resolved before the handler runs: "?" for a dependency that may ask who is calling."""
    found = []
    for node in descendants(expr):
        if isinstance(node, ast.Call) and re.search(r"(^|\.)(Depends|Security|Provide|Inject)$", unparse(node.func)):
            text = " ".join(words_of(node.args))
            found.append(text if guarding(text) or not text or _NO_CALLER.search(text) else "?")
            found += ["security"] if unparse(node.func).endswith("Security") else []
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


def included(call: Call) -> str:
    """The router that is included, by the module it comes from where that is imported under another name."""
    named = call.name(call.node.args[0])
    return named if "." in named.strip(".") else unparse(call.node.args[0])
