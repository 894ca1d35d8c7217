"""The parameters of route handlers: what fills them, the path, the query, the body or the application."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from scanners.names import annotated
from scanners.regex import regex
from scanners.scopes import Scope
from scanners.syntax import descendants, unparse

_BODY_TYPES: Final = regex(r"(^|\.)(Body|Form|File|UploadFile|Json)$")
_INJECTED: Final = regex(r"(^|\.)(Depends|Security|BackgroundTasks|Response|Session|AsyncSession|SecurityScopes)$")
REQUESTS: Final = regex(r"(^|\.)(Request|HttpRequest|HTTPConnection|WebSocket|ASGIRequest|WSGIRequest)$")
_PLAIN: Final = frozenset(
    {
        "str",
        "bytes",
        "dict",
        "list",
        "Any",
        "object",
        "Mapping",
        "int",
        "float",
        "bool",
        "UUID",
        "datetime",
        "date",
        "Decimal",
        "Literal",
        "Enum",
        "set",
        "tuple",
    }
)
_IN_PATH: Final = regex(r"[{<](?:[^{}<>]*:)?\s*(\w+)(?::[^{}<>]*)?[}>]")


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter of a handler; `kind` is its type.

    `source` is path, query, header, cookie, body, request, depends or unknown.
    """

    name: str
    source: str
    kind: str = ""


def parameters(framework: str, methods: tuple[str, ...], path: str, node: Any, scope: Scope) -> Iterator[Param]:
    """The parameters of a handler, without self."""
    args: ast.arguments = node.args
    positional = [*args.posonlyargs, *args.args]
    if positional and positional[0].arg in ("self", "cls"):
        positional = positional[1:]
    defaults: dict[str, ast.expr] = dict(
        zip((arg.arg for arg in reversed(positional)), reversed(args.defaults), strict=False)
    )
    defaults |= {arg.arg: value for arg, value in zip(args.kwonlyargs, args.kw_defaults, strict=True) if value}
    in_path = set(_IN_PATH.findall(path[:1000]))
    first_is_request = framework in ("aiohttp", "sanic", "django", "drf", "ninja", "starlette")
    for number, arg in enumerate([*positional, *args.kwonlyargs]):
        outer = scope.parent or scope
        ref = annotated(arg.annotation, outer, arg.lineno) if arg.annotation else None
        kind = ref.dotted if ref else unparse(arg.annotation) if arg.annotation else ""
        if first_is_request and number == 0:
            yield Param(arg.arg, "request", kind)
        elif framework in ("fastapi", "litestar"):
            yield Param(arg.arg, _source(arg, kind, defaults.get(arg.arg), in_path, methods), kind)
        elif framework == "ninja" and arg.arg not in in_path:
            yield Param(arg.arg, "query" if kind.rpartition(".")[2] in _PLAIN or not kind else "body", kind)
        else:
            yield Param(arg.arg, "path", kind)


def _source(arg: ast.arg, kind: str, default: ast.expr | None, in_path: set[str], methods: tuple[str, ...]) -> str:
    """Where FastAPI takes a parameter from."""
    if REQUESTS.search(kind):
        return "request"
    if arg.arg in in_path:
        return "path"
    marked = _marked(arg, default)
    if marked:
        return marked
    if _INJECTED.search(kind):
        return "depends"
    if _BODY_TYPES.search(kind) or kind in ("dict", "typing.Any", "typing.Dict", "list", "typing.List"):
        return "body" if set(methods) - {"GET", "HEAD"} else "query"
    plain = kind.rpartition(".")[2] in _PLAIN or not kind
    if plain:
        return "query"
    return "body" if set(methods) - {"GET", "HEAD", "DELETE"} and default is None else "unknown"


def _marked(arg: ast.arg, default: ast.expr | None) -> str:
    """What `Depends`, `Body`, `Query` and the like say of a parameter, in its default or in its annotation."""
    marks = [default] if isinstance(default, ast.Call) else []
    if isinstance(arg.annotation, ast.Subscript):
        marks += [node for node in descendants(arg.annotation.slice) if isinstance(node, ast.Call)]
    for mark in marks:
        last = unparse(mark.func).rpartition(".")[2]
        if last == "Security" or last.startswith("Depends"):
            return "depends"
        if last in ("Body", "Form", "File"):
            return "body"
        if last in ("Query", "Path", "Header", "Cookie"):
            return last.lower()
    return ""
