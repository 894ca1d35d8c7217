"""What routes hang on: applications, routers, blueprints, and what is included, mounted or registered below which."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from scanners.constants import fold
from scanners.context import Context
from scanners.names import find
from scanners.place import Call
from scanners.regex import regex
from scanners.scopes import Scope
from scanners.semantics.pointers import pointer
from scanners.semantics.web.asked import depended, names_in
from scanners.semantics.web.patterns import written
from scanners.syntax import last_name, suite

_MAKERS: Final = regex(
    r"(Router|Blueprint|Namespace|RouteTableDef|NinjaAPI|NinjaExtraAPI|FastAPI|Flask|Quart|Sanic|Starlette|Bottle|Litestar|^Api|^API|^Application"
    r"|^App|^namespace|FastApi|APIFlask|OpenAPI)$"
)
_APPS: Final = regex(
    r"(FastAPI|Flask|Quart|Sanic|Starlette|NinjaAPI|NinjaExtraAPI|Bottle|Litestar|Application|^App|APIFlask|OpenAPI)$"
)
_PREFIXES: Final = ("prefix", "url_prefix", "path", "root_path")
_INCLUDES: Final = {
    # How it is called: position of the child, position of the prefix (or -1), keywords of the prefix.
    "include_router": (0, -1), "register_blueprint": (0, -1), "mount": (1, 0), "add_subapp": (1, 0), "Mount": (1, 0),
    "add_router": (1, 0), "add_namespace": (0, 1), "blueprint": (0, -1), "add_routes": (0, -1), "register_api": (0, -1),
}  # fmt: skip
INCLUDES: Final = (*(f"*.{name}" for name in _INCLUDES if name != "Mount"), "starlette.routing.Mount")


@dataclass(frozen=True, slots=True)
class Router:
    """Something that routes hang on, as it is made: `name` as in the file, `parent` a pointer where it names one."""

    line: int
    name: str
    app: bool
    prefix: str
    parent: str
    guards: tuple[str, ...]
    made: str


def routers(ctx: Context) -> Iterator[Router]:
    """The applications, routers and blueprints that the module body and the defs of a file make."""
    for scope in (ctx.module, *ctx.module.functions.values()):
        for name, bindings in list(scope.names.items()):
            for binding in bindings:
                made = binding.value if binding.kind == "assign" else None
                if isinstance(made, ast.Call) and _MAKERS.search(last_name(made.func)):
                    yield _router(f"{scope.qualname}.{name}".lstrip("."), made, scope)
    for holder in ctx.module.classes.values():
        for name, bindings in (*holder.attributes.items(), *holder.names.items()):
            made = bindings[-1].value if bindings[-1].kind == "assign" else None
            if isinstance(made, ast.Call) and _MAKERS.search(last_name(made.func)):
                yield _router(f"{holder.qualname}.{name}", made, bindings[-1].scope)


def _router(name: str, made: ast.Call, scope: Scope) -> Router:
    kind = last_name(made.func)
    words = {word.arg: word.value for word in made.keywords if word.arg}
    given = next((words[key] for key in _PREFIXES if key in words and key != "root_path"), None)
    prefix = written(given, scope) if given is not None and kind not in ("FastAPI", "Flask") else ""
    if kind in ("Namespace", "namespace") and given is None and made.args:
        prefix = f"/{written(made.args[0], scope)}"
    parent = ""
    if kind in ("Api", "API"):
        parent = pointer(made.args[0], scope) if made.args else pointer(words.get("app"), scope)
    elif kind == "namespace" and isinstance(made.func, ast.Attribute):
        parent = pointer(made.func.value, scope)
    guards = tuple(_guards(words))
    return Router(made.lineno, name, bool(_APPS.search(kind)), prefix, parent, guards, kind)


def _guards(words: dict[str, Any]) -> Iterator[str]:
    for key in ("dependencies", "auth", "middlewares"):
        if key in words:
            yield from depended(words[key]) or names_in([words[key]])
    decorators = words.get("decorators")
    if decorators is not None:
        yield from names_in([decorators])


def included(call: Call) -> Iterator[dict[str, Any]]:
    """What a call hangs below what: `child` and `parent` as pointers ("()" behind what is called to make the child),
    `prefix` with "…" for what is computed. Nothing for a call of that name that hangs nothing."""
    name = last_name(call.node.func)
    at, under = _INCLUDES[name]
    child = call.argument(at, "router", "blueprint", "app", "subapp", "ns", "routes")
    words = {word.arg: word.value for word in call.node.keywords if word.arg}
    given = next((words[key] for key in _PREFIXES if key in words and key != "root_path"), None)
    if given is None and under >= 0:
        given = call.argument(under, "prefix", "path")
    if child is None or (under == 0 and given is None):
        return
    prefix = written(given, call.scope) if given is not None else ""
    for one in _each(child, call.scope):
        to = _child(one, call.scope)
        if to or prefix:
            yield {
                "child": to,
                "parent": pointer(call.receiver, call.scope),
                "prefix": prefix,
                "replaces": name == "register_blueprint" and given is not None,
                "guards": list(_guards(words)),
            }


def _each(child: ast.expr, scope: Scope) -> list[ast.expr]:
    """The children that a name stands for: those of a fixed list where a loop goes over it."""
    found = find(child.id, scope) if isinstance(child, ast.Name) else None
    if not found or found[0][-1].kind != "for":
        return [child]
    over = found[0][-1].value
    named = find(over.id, found[1]) if isinstance(over, ast.Name) else None
    over = named[0][-1].value if named and named[0][-1].kind == "assign" else over
    return list(over.elts) if isinstance(over, (ast.List, ast.Tuple, ast.Set)) else [child]


def _child(child: ast.expr, scope: Scope) -> str:
    named = fold(child, scope)
    if isinstance(named, str):
        return named if "." in named else ""
    made = pointer(child.func, scope) if isinstance(child, ast.Call) else ""
    return f"{made}()" if made else pointer(child, scope)


_FACTORY: Final = regex(r"^[a-z_].*(app|api|router|bp|blueprint|server|web)|^(create|make|build)_")


def factories(ctx: Context) -> Iterator[tuple[str, str]]:
    """The defs that give back something made in them, with its name: `create_app` and `create_app.app`."""
    for node, scope in ctx.module.functions.items():
        for each in suite(node.body, ast.Return) if not isinstance(node, ast.Lambda) else ():  # type: ignore[attr-defined]  # a def has a body
            if isinstance(each.value, ast.Name) and each.value.id in scope.names:
                yield scope.qualname, f"{scope.qualname}.{each.value.id}"


def aliases(ctx: Context) -> Iterator[tuple[int, str, str]]:
    """The names that are given what a def of the repository makes: `app = create_app()`."""
    for scope in (ctx.module, *ctx.module.functions.values()):
        for name, bindings in list(scope.names.items()):
            made = bindings[-1].value if bindings[-1].kind == "assign" else None
            if isinstance(made, ast.Call) and _FACTORY.search(last_name(made.func)):
                to = pointer(made.func, scope)
                if to:
                    yield made.lineno, f"{scope.qualname}.{name}".lstrip("."), to
