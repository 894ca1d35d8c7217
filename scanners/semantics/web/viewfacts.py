"""What the class of a view says by itself: bases, methods, and the attributes that decide who may call."""

import ast
from collections.abc import Container
from typing import Any, Final

from scanners.constants import fold
from scanners.context import Context
from scanners.regex import regex
from scanners.scopes import Scope
from scanners.semantics.api.guardnames import guards_as_base
from scanners.semantics.api.guards import class_marks
from scanners.semantics.pointers import pointer
from scanners.semantics.web.asked import asked_by_decorators, names_in
from scanners.syntax import last_name, unparse

_VIEWLIKE: Final = regex(
    r"(View|ViewSet|ViewMixin|Mixin|Resource|Handler|API|Endpoint|Controller|Page|Step|Feed)$|^(Base|Generic)\w*View|^API[A-Z]\w+$"
)
_PLAIN_VIEWS: Final = regex(r"(View|ViewSet|ViewMixin|RequiredMixin|RequestHandler|APIHandler)$|^API[A-Z][a-z]\w*$")
_NOT: Final = regex(
    r"(Model|Form|Serializer|Migration|Config|Command|Admin|TestCase|Exception|Error|Manager|Field|Widget)$"
)
_LISTED: Final = ("permission_classes", "authentication_classes", "throttle_classes", "http_method_names", "methods")
_NAMED: Final = ("pagination_class", "serializer_class", "form_class", "filterset_class", "queryset", "model")
_TEXTS: Final = (
    "template_name", "permission_required", "permission", "throttle_scope", "lookup_field", "lookup_url_kwarg",
    "required_permission", "route_base", "resource_name", "permissions", "url", "requires_auth",
)  # fmt: skip
_HOOKS: Final = frozenset({"dispatch", "test_func", "get_permissions", "setup", "initial", "prepare", "form_valid"})


def is_viewlike(node: ast.ClassDef, *, web: bool, known: Container[str] = ()) -> bool:
    """Whether a class may be a view or a part of one, by its name and those of its bases. `web` says that its file
    imports a web framework: elsewhere a handler or a mixin is mostly something else. `known` are views above it."""
    names = [last_name(base.value if isinstance(base, ast.Subscript) else base) for base in node.bases]
    if _NOT.search(node.name):
        return False
    if any(name in known or name.endswith(("View", "ViewSet")) for name in names):
        return True
    if any(_NOT.search(name) for name in names):
        return False
    wanted = _VIEWLIKE if web else _PLAIN_VIEWS
    return any(wanted.search(name) for name in (node.name, *names))


def class_fields(node: ast.ClassDef, scope: Scope, ctx: Context) -> dict[str, Any]:
    """A view's class as plain JSON: `bases` are pointers, `attributes` what it sets, `asks` who is asked."""
    outer = scope.parent or ctx.module
    bases = [base.value if isinstance(base, ast.Subscript) else base for base in node.bases]
    attributes: dict[str, Any] = {}
    for stmt in node.body:
        target = stmt.targets[0] if isinstance(stmt, ast.Assign) else getattr(stmt, "target", None)
        value = getattr(stmt, "value", None)
        if isinstance(target, ast.Name) and value is not None:
            _attribute(target.id, value, scope, attributes)
    asked = asked_by_decorators(node.decorator_list, outer)
    own = [text for text in class_marks(node, "", ctx) if guards_as_base(text) and text != "permission"]
    hooks = [
        stmt.name
        for stmt in node.body
        if isinstance(stmt, (ast.FunctionDef, ast.AsyncFunctionDef)) and stmt.name in _HOOKS
    ]
    asked.guards += [text for text in own if text not in attributes.get("permission_classes", ())]
    asked.guards += [f"{name}()" for name in hooks if name in ("get_permissions", "test_func")]
    marks = [last_name(mark.func if isinstance(mark, ast.Call) else mark) for mark in node.decorator_list]
    found = [pointer(base, outer) or last_name(base) for base in bases]
    return {
        "name": scope.qualname,
        "bases": found,
        "attributes": attributes,
        "registered": any("register" in mark for mark in marks),
        "asks": asked.as_fields(),
    }


def _attribute(name: str, value: ast.expr, scope: Scope, found: dict[str, Any]) -> None:
    if name in _LISTED:
        fixed = fold(value, scope)
        words = [str(part) for part in fixed] if isinstance(fixed, tuple) else names_in([value])
        if words or isinstance(value, (ast.List, ast.Tuple)):
            found[name] = words
    elif name in _NAMED:
        none = isinstance(value, ast.Constant) and value.value is None
        found[name] = "" if none else (names_in([value]) or [unparse(value)[:60]])[0]
    elif name in _TEXTS:
        fixed = fold(value, scope)
        texts = [str(part) for part in fixed] if isinstance(fixed, tuple) else [fixed if isinstance(fixed, str) else ""]
        found[name] = ", ".join(text for text in texts if text) or unparse(value)[:60]
    elif name == "paginate_by":
        found[name] = True
