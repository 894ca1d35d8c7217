"""What a handler answers: the status and the body of responses that it returns, raises or aborts with."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final

from scanners.constants import fold
from scanners.context import Context, per_file
from scanners.place import Place
from scanners.regex import regex
from scanners.scopes import Scope
from scanners.semantics.routes import frameworks

_MAKERS: Final = regex(
    r"^(flask|quart|django|rest_framework|fastapi|starlette|aiohttp|sanic|werkzeug|ninja|litestar|bottle|tornado)\b.*?\.?(\w+)$"
)
_JSON: Final = frozenset(
    {"jsonify", "JsonResponse", "JSONResponse", "ORJSONResponse", "UJSONResponse", "json_response", "json"}
)
_TEXT: Final = frozenset(
    {"Response", "HttpResponse", "PlainTextResponse", "HTMLResponse", "make_response", "text", "html"}
)
RAISED: Final = frozenset({"HTTPException", "HTTPError", "abort", "HttpError", "APIException"})
_STATUS_OF: Final = {
    "HTTPTooManyRequests": 429, "TooManyRequests": 429, "HTTPServiceUnavailable": 503, "ServiceUnavailable": 503,
    "HTTPBadRequest": 400, "HTTPNotFound": 404, "HTTPForbidden": 403,
    "HTTPUnauthorized": 401, "HTTPInternalServerError": 500,
    "HttpResponseBadRequest": 400, "HttpResponseNotFound": 404, "HttpResponseForbidden": 403,
    "HttpResponseServerError": 500, "BadRequest": 400, "NotFound": 404, "Forbidden": 403, "InternalServerError": 500,
}  # fmt: skip


_KNOWN: Final = _JSON | _TEXT | RAISED | _STATUS_OF.keys()


@dataclass(frozen=True, slots=True)
class Reply:
    """One response. `status` is None where it is not fixed; `parts` are the expressions that the body is made of.

    `kind` is json, text or raised (an error of the framework, which answers in the framework's own shape).
    """

    kind: str
    status: int | None
    parts: tuple[ast.expr, ...]
    made: str


@per_file
def is_web(ctx: Context) -> bool:
    """Whether the file imports a web framework."""
    return bool(frameworks(ctx))


@lru_cache(maxsize=1)  # Several rules ask for the same place, one after the other.
def reply_of(place: Place[Any]) -> Reply | None:
    """The response that a return, a raise or a call of `abort` makes, or None."""
    node = place.node
    value = node.value if isinstance(node, ast.Return) else node.exc if isinstance(node, ast.Raise) else node
    if isinstance(value, ast.Tuple) and len(value.elts) in (2, 3) and isinstance(node, ast.Return):
        status = status_in(value.elts[1], place.scope)
        if status is None:
            return None
        inside = _made(value.elts[0], place)
        if inside is not None:
            return Reply(inside.kind, status, inside.parts, inside.made)
        kind = "json" if isinstance(value.elts[0], ast.Dict) else "text"
        return Reply(kind, status, (value.elts[0],), "tuple")
    return _made(value, place) if value is not None else None


def _made(value: ast.expr, place: Place[Any]) -> Reply | None:
    if isinstance(value, (ast.Name, ast.Attribute)):
        last = _named(place.name(value))
        return Reply("raised", _STATUS_OF[last], (), last) if last in _STATUS_OF else None
    if not isinstance(value, ast.Call):
        return None
    dotted = place.name(value.func)
    last = _named(dotted)
    if last not in _KNOWN:
        return None
    words = {word.arg: word.value for word in value.keywords if word.arg}
    args = [arg for arg in value.args if not isinstance(arg, ast.Starred)]
    given = next((words[name] for name in ("status", "status_code", "code") if name in words), None)
    if last in _JSON:
        parts = tuple(args[:1]) + tuple(word for name, word in words.items() if name in ("content", "data", "body"))
        if last == "jsonify":
            parts = tuple(args) + tuple(
                ast.Dict([ast.Constant(name) for name in words], list(words.values())) for _ in (1,) if words
            )
            given = None
        return Reply("json", _status(given, args[1:2], 200, place.scope), parts, last)
    if last in _TEXT:
        kind = "json" if dotted.startswith("rest_framework.") else "text"
        inside = _made(args[0], place) if args and last == "make_response" else None
        named = tuple(words[name] for name in ("content", "data", "response", "body", "text") if name in words)
        kind, parts = (inside.kind, inside.parts) if inside else (kind, (*args[:1], *named))
        return Reply(kind, _status(given, args[1:2], 200, place.scope), parts, last)
    if last in RAISED:
        status = _status(given, args[:1], None, place.scope)
        hidden = ("status_code", "code", "status", "headers")
        shown = (value for name, value in words.items() if name not in hidden)
        return Reply("raised", status, (*args[1:], *shown), last)
    if last in _STATUS_OF:
        return Reply(
            "text" if last.startswith("HttpResponse") else "raised", _STATUS_OF[last], (*args, *words.values()), last
        )
    return None


@lru_cache(maxsize=4096)
def _named(dotted: str) -> str:
    match = _MAKERS.match(dotted)
    return match[2] if match else ""


def _status(given: ast.expr | None, args: list[ast.expr], default: int | None, scope: Scope) -> int | None:
    expr = given if given is not None else args[0] if args else None
    return default if expr is None else status_in(expr, scope)


def status_in(expr: ast.expr, scope: Scope) -> int | None:
    """The HTTP status that an expression names, None when it is not fixed."""
    value = fold(expr, scope)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value[:3].isdigit():
        return int(value[:3])
    name = expr.attr if isinstance(expr, ast.Attribute) else ""
    if name == "value" and isinstance(expr, ast.Attribute) and isinstance(expr.value, ast.Attribute):
        name = expr.value.attr
    found = re.match(r"HTTP_(\d{3})_", name)
    if found:
        return int(found[1])
    return HTTPStatus[name].value if name in HTTPStatus.__members__ else None


def keys_of(parts: tuple[ast.expr, ...]) -> dict[str, ast.expr] | None:
    """The keys of a body that is a literal dict, inner dicts of `error` included; None for any other body."""
    found: dict[str, ast.expr] = {}
    for part in parts:
        if isinstance(part, ast.Call) and getattr(part.func, "id", "") == "dict" and not part.args:
            body: ast.expr = ast.Dict(
                [ast.Constant(word.arg) for word in part.keywords], [word.value for word in part.keywords]
            )
        else:
            body = part
        if not isinstance(body, ast.Dict) or any(key is None for key in body.keys):
            return None
        found |= dict(_pairs(body))
    return found or None


def _pairs(node: ast.Dict) -> Iterator[tuple[str, ast.expr]]:
    for key, value in zip(node.keys, node.values, strict=True):
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            yield key.value, value
            if isinstance(value, ast.Dict):
                yield from _pairs(value)
