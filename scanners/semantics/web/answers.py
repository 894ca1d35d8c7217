"""What a handler takes, answers and refuses, as far as its def says."""

import ast
import re
from collections.abc import Iterator
from typing import Any, Final

from scanners.constants import fold
from scanners.regex import regex
from scanners.scopes import Scope
from scanners.semantics.api.bodies import whole_body
from scanners.semantics.routes import Route
from scanners.semantics.web.asked import names_in
from scanners.syntax import last_name, suite, unparse

_LOADERS: Final = frozenset(
    {
        "model_validate",
        "parse_obj",
        "load",
        "loads",
        "validate_python",
        "model_validate_json",
        "parse_raw",
        "from_dict",
        "validate",
    }
)
_SCHEMA: Final = regex(r"(Serializer|Form|FormSet|Schema|Validator|Request|Payload|Model|Input|Body|Dto|DTO)$")
_SERIALIZER: Final = regex(r"(Serializer|Schema)$")
_DECORATED: Final = frozenset(
    {"use_args", "use_kwargs", "arguments", "expect", "validate", "validate_json", "validate_request", "input", "json"}
    | {"parser", "openapi", "request_schema", "json_schema"}
)
_OUTPUTS: Final = frozenset(
    {"marshal_with", "marshal_list_with", "response", "output", "validate_response", "response_schema"}
)
_PLAIN: Final = frozenset("str int float bool UUID dict list Any None bytes datetime date Decimal Dict List".split())
NAMED: Final = {
    "Http404": 404, "NotFound": 404, "HTTPNotFound": 404, "HttpResponseNotFound": 404, "get_object_or_404": 404,
    "get_list_or_404": 404, "first_or_404": 404, "get_or_404": 404, "one_or_404": 404, "aget_object_or_404": 404,
    "PermissionDenied": 403, "Forbidden": 403, "HTTPForbidden": 403, "HttpResponseForbidden": 403,
    "BadRequest": 400, "HTTPBadRequest": 400, "HttpResponseBadRequest": 400, "ValidationError": 400, "ParseError": 400,
    "SuspiciousOperation": 400, "NotAuthenticated": 401, "AuthenticationFailed": 401, "Unauthorized": 401,
    "HTTPUnauthorized": 401, "MethodNotAllowed": 405, "HttpResponseNotAllowed": 405, "HTTPMethodNotAllowed": 405,
    "Conflict": 409, "HTTPConflict": 409, "Gone": 410, "HttpResponseGone": 410, "HTTPGone": 410, "Throttled": 429,
    "TooManyRequests": 429, "HTTPTooManyRequests": 429, "UnsupportedMediaType": 415, "UnprocessableEntity": 422,
    "HTTPUnprocessableEntity": 422, "HTTPInternalServerError": 500, "InternalServerError": 500,
    "HttpResponseServerError": 500, "ServiceUnavailable": 503, "HTTPServiceUnavailable": 503,
    "RequestValidationError": 422,
}  # fmt: skip
_CODE_WORDS: Final = ("status_code", "status", "code", "http_status")
_CODE: Final = regex(r"(?:^|_)([45]\d\d)(?:_|$)")
_BY_NAME: Final = {
    "NOT_FOUND": 404, "BAD_REQUEST": 400, "FORBIDDEN": 403, "UNAUTHORIZED": 401, "CONFLICT": 409,
    "INTERNAL_SERVER_ERROR": 500, "SERVICE_UNAVAILABLE": 503, "UNPROCESSABLE_ENTITY": 422, "TOO_MANY_REQUESTS": 429,
    "NOT_IMPLEMENTED": 501, "BAD_GATEWAY": 502, "METHOD_NOT_ALLOWED": 405, "GONE": 410, "PRECONDITION_FAILED": 412,
}  # fmt: skip


def taken(node: Any, route: Route, scope: Scope) -> dict[str, Any]:
    """`schemas` of the body, `params` as "path id: int", `raw` how the body is read by hand."""
    schemas, params, raw = [], [], ""
    for param in route.params:
        kind = param.kind.rpartition(".")[2]
        if param.source == "body" and kind not in _PLAIN and param.kind:
            schemas.append(_type(node, param.name) or kind)
        elif param.source == "body":
            raw = raw or param.name
        elif param.source in ("path", "query", "header", "cookie"):
            params.append(f"{param.source} {param.name}{f': {_type(node, param.name) or kind}' if kind else ''}")
        elif param.source == "unknown":
            params.append(f"{param.name}: {_type(node, param.name)}" if kind else param.name)
    schemas += _by_decorators(node) + list(dict.fromkeys(_loaded(node, route)))
    if not schemas and not raw and route.writes:
        raw = whole_body(list(suite(node.body, ast.Attribute)), route)
    return {"schemas": list(dict.fromkeys(schemas))[:8], "params": params, "raw": raw}


def _type(node: Any, name: str) -> str:
    """The annotation of a parameter as it is written, without what Annotated adds."""
    arg = next(
        (arg for arg in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs) if arg.arg == name), None
    )
    if arg is None or arg.annotation is None:
        return ""
    expr: Any = arg.annotation
    if isinstance(expr, ast.Subscript) and last_name(expr.value) == "Annotated" and isinstance(expr.slice, ast.Tuple):
        expr = expr.slice.elts[0]
    return unparse(expr).strip("'\"")[:60]


def _by_decorators(node: Any) -> list[str]:
    return [
        name
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call) and last_name(decorator.func) in _DECORATED
        for name in names_in(decorator.args[:1])[:2]
    ]


def _loaded(node: Any, route: Route) -> Iterator[str]:
    """The schemas that the body of a handler gives what was sent to."""
    for call in suite(node.body, ast.Call):
        name = last_name(call.func)
        given = [*call.args, *(word.value for word in call.keywords)]
        if name in _LOADERS and isinstance(call.func, ast.Attribute):
            held = call.func.value
            owner = last_name(held.func) if isinstance(held, ast.Call) else last_name(held)
            if _SCHEMA.search(owner) or (owner.lower().endswith("schema")):
                yield owner
        elif _SCHEMA.search(name) and name[:1].isupper() and not name.startswith("Http"):
            reads_by_itself = route.framework in ("flask", "quart") and name.endswith("Form") and route.writes
            if reads_by_itself or any(_SENT.search(unparse(value)) for value in given):
                yield name
        elif name in ("get_serializer", "get_form") and any(_SENT.search(unparse(value)) for value in given):
            yield f"{name}()"


_SENT: Final = regex(
    r"\b(request|req)\.(data|POST|GET|FILES|form|json|get_json|body|args|values|query_params)\b|\bdata\b|payload|body"
)


def answered(node: Any, route: Route, scope: Scope) -> str:
    """What a handler answers: its response model, serializer, template, type, or "json"."""
    words = {word.arg: word.value for word in route.call.keywords} if route.call is not None else {}
    for key in ("response_model", "response"):
        if key in words and unparse(words[key]) != "None":
            return unparse(words[key])[:80]
    if "response_class" in words:
        return last_name(words["response_class"])
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and last_name(decorator.func) in _OUTPUTS and decorator.args:
            names = names_in(decorator.args)
            if names:
                return names[0]
    declared = unparse(node.returns).strip("'\"")[:80] if node.returns is not None else ""
    if declared and route.framework in ("fastapi", "litestar", "ninja") and declared not in ("Any", "None"):
        return declared
    return _returned(node, scope) or ("" if declared in ("None", "Any") else declared)


def _returned(node: Any, scope: Scope) -> str:
    found: list[str] = []
    for each in suite(node.body, ast.Return):
        value = each.value.elts[0] if isinstance(each.value, ast.Tuple) and each.value.elts else each.value
        value = value.value if isinstance(value, ast.Await) else value
        told = _form(value, scope)
        if told:
            found.append(told)
    if not found and any(last_name(call.func) in ("write", "finish") for call in suite(node.body, ast.Call)):
        return "written by hand"
    chosen = [told for told in found if not told.startswith("redirect")] or found
    return ", ".join(list(dict.fromkeys(chosen))[:3])


_FORMS: Final = (
    (regex(r"^(JsonResponse|JSONResponse|jsonify|json_response|json|json_success|ORJSONResponse)$"), "json"),
    (regex(r"redirect|^RedirectResponse$|^HTTPFound$|^HttpResponseRedirect$", re.I), "redirect"),
    (regex(r"^(FileResponse|send_file|send_from_directory|file|StaticFiles)$"), "file"),
    (regex(r"^(Streaming\w*|stream\w*|EventSourceResponse|stream_with_context)$"), "stream"),
)


def _form(value: ast.AST | None, scope: Scope) -> str:
    if isinstance(value, (ast.Dict, ast.List, ast.ListComp, ast.DictComp)):
        return "json"
    if isinstance(value, (ast.JoinedStr,)) or (isinstance(value, ast.Constant) and isinstance(value.value, str)):
        return "text"
    if not isinstance(value, ast.Call):
        return ""
    name = last_name(value.func)
    if name in (
        "render",
        "render_template",
        "TemplateResponse",
        "render_to_response",
        "render_to_string",
        "async_render_template",
    ):
        given = [fold(arg, scope) for arg in (*value.args, *(word.value for word in value.keywords))]
        template = next((text for text in given if isinstance(text, str) and "." in text), "")
        return f"html {template}".strip()
    for pattern, form in _FORMS:
        if pattern.search(name):
            return form
    if name == "Response" and value.args:
        inner = value.args[0]
        held = inner.value if isinstance(inner, ast.Attribute) and inner.attr == "data" else None
        made = _maker(held, scope) if held is not None else ""
        return made or "json"
    return name if _SERIALIZER.search(name) else "html" if name in ("HTMLResponse", "HttpResponse") else ""


def _maker(held: ast.AST, scope: Scope) -> str:
    """The serializer whose data is answered."""
    if isinstance(held, ast.Name):
        bound = scope.bindings(held.id)
        held = bound[-1].value if bound and bound[-1].kind == "assign" else held
    return last_name(held.func) if isinstance(held, ast.Call) and _SERIALIZER.search(last_name(held.func)) else ""


def refused(node: Any, route: Route, scope: Scope) -> list[str]:
    """The status codes of the errors that a handler declares or makes itself, in order."""
    codes: set[int] = set()
    for word in route.call.keywords if route.call is not None else ():
        if word.arg == "responses" and isinstance(word.value, ast.Dict):
            codes |= {code for key in word.value.keys if key is not None and (code := _code(key, scope))}
    for each in suite(node.body, ast.Raise):
        made = each.exc.func if isinstance(each.exc, ast.Call) else each.exc
        if last_name(made) in NAMED:
            codes.add(NAMED[last_name(made)])
    for call in suite(node.body, ast.Call):
        codes |= _of_call(call, scope)
    for each in suite(node.body, ast.Return):
        if isinstance(each.value, ast.Tuple) and len(each.value.elts) > 1:
            codes.add(_code(each.value.elts[1], scope))
    return [str(code) for code in sorted(codes - {0})]


def _of_call(call: ast.Call, scope: Scope) -> set[int]:
    """The status codes that one call stands for: `abort(404)`, `HTTPException(status_code=...)`, `first_or_404()`."""
    name = last_name(call.func)
    if name in NAMED and (name[:1].isupper() or name.endswith("404")):
        return {NAMED[name]}
    values = [word.value for word in call.keywords if word.arg in _CODE_WORDS]
    values += call.args[:1] if name in _REFUSERS else []
    checks = name == "is_valid" and any(word.arg == "raise_exception" for word in call.keywords)
    return {_code(value, scope) for value in values} | ({400} if checks else set())


_REFUSERS: Final = frozenset({"abort", "HTTPException", "HTTPError", "set_status", "send_error", "HttpError"})


def _code(value: ast.AST, scope: Scope) -> int:
    """A status code of an error, 0 for anything else."""
    known = fold(value, scope)
    if isinstance(known, int) and not isinstance(known, bool):
        return known if 400 <= known < 600 else 0
    name = last_name(value)
    match = _CODE.search(name)
    return int(match[1]) if match else _BY_NAME.get(name, 0)
