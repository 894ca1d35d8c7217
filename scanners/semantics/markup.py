"""Where text becomes part of a page: marks of safe markup, responses that hold HTML, and what is harmless in them."""

import ast
import re
from collections.abc import Iterator
from typing import Any, Final

from scanners.context import Context
from scanners.place import Block, Call, Place
from scanners.semantics.harmless import is_fixed_name, is_guarded, is_number, is_picked
from scanners.semantics.owncalls import own
from scanners.semantics.routes import routes_of

MARKERS: Final = frozenset(
    "django.utils.safestring.mark_safe django.utils.safestring.SafeString django.utils.safestring.SafeText "
    "django.utils.html.mark_safe markupsafe.Markup flask.Markup jinja2.Markup".split()
)
_TEXT: Final = ("text", "content", "body", "response")
RESPONSES: Final = {
    "django.http.HttpResponse": ("content",),
    "flask.make_response": (),
    "flask.Response": ("response",),
    "quart.make_response": (),
    "quart.Response": ("response",),
    "fastapi.responses.HTMLResponse": ("content",),
    "starlette.responses.HTMLResponse": ("content",),
    "starlette.responses.Response": ("content",),
    "fastapi.Response": ("content",),
    "fastapi.responses.Response": ("content",),
    "aiohttp.web.Response": ("text", "body"),
    "sanic.response.html": ("body",),
    "tornado.web.RequestHandler.write": ("chunk",),
}
"""Responses by name, with the keywords that give their text."""

_SILENT_HTML: Final = ("django.", "flask.", "quart.", "tornado.", "sanic.response.html")
_ESCAPES: Final = re.compile(
    r"escape|format_html|clean|sanitiz|bleach|nh3|render|markdown|json|url_for|reverse|static|gettext|_\(|\burl\b"
    r"|quote|icon|svg|"
    r"mark_safe|Markup|media|as_p|as_table|as_ul|csrf|\bid\b|\bpk\b|_id\b|count|class|css|style|width|height|size"
    r"|color|highlight|pygments",
    re.IGNORECASE,
)
_TRUSTED: Final = re.compile(
    r"(\||\b|_)(escape|e|force_escape|escapejs|tojson|json|to_json|json_script|linebreaks|linebreaksbr|striptags"
    r"|bleach|sanitize\w*|"
    r"clean\w*|urlize|markdown\w*|richtext|rich_text|render\w*|date|number\w*|intcomma|floatformat|length|translate"
    r"|trans)(\b|\()"
    r"|(^|[._])(form|field|widget|media|csrf\w*|icon\w*|svg|super|html|errors?|help_text|label\w*|pagination"
    r"|paginator|chart|plot\w*|"
    r"script\w*|head|css|js|attrs|flatatt|rendered\w*|\w*_html|html_\w+|\w*_json|json_\w+|markup|content_html"
    r"|version|tag|tags)\b",
    re.IGNORECASE,
)
_OTHER_TYPE: Final = re.compile(r"text/html", re.IGNORECASE)


def is_harmless_markup(hole: ast.expr, call: Call) -> bool:
    """Whether what fills markup is a number, fixed, chosen from a set, escaped or markup itself."""
    if (
        is_number(hole, call.scope)
        or is_fixed_name(hole)
        or is_picked(hole, call.scope)
        or is_guarded(hole, call.function)
    ):
        return True
    return isinstance(hole, ast.Call) and _ESCAPES.search(ast.unparse(hole.func)) is not None


def trusted_by_name(text: str) -> bool:
    """Whether the name of a value, or a filter on it, says that it is markup or cannot hold any."""
    return _TRUSTED.search(text) is not None


def sends_html(call: Call, ctx: Context) -> bool:
    """Whether a response is HTML: by its class, by the type that it is given, or by the default of its framework."""
    given = call.keyword("content_type", "mimetype", "media_type")
    if given is None and call.dotted in ("flask.Response", "django.http.HttpResponse", "fastapi.Response"):
        given = call.argument(1 if call.dotted.startswith("django") else 9, "content_type")
    if given is not None:
        return _OTHER_TYPE.search(str(ctx.constant(given, call))) is not None
    if call.keyword("headers") is not None and "ontent-" in ast.unparse(call.node):
        return False
    if "ontent-" in ast.unparse(call.function) and "type" in ast.unparse(call.function).lower():
        return False
    return call.dotted.startswith(_SILENT_HTML) or call.last == "HTMLResponse"


def returned_text(ctx: Context) -> Iterator[tuple[Place[Any], ast.expr]]:
    """What the Flask handlers of the file return as text; JSON, templates, responses and other types are left out."""
    for node, route in routes_of(ctx).items():
        if route.framework not in ("flask", "quart") or "ontent-" in "\n".join(_lines(node, ctx)):
            continue
        scope = ctx.module.functions[node]
        for stmt in own(node):
            value = stmt.value if isinstance(stmt, ast.Return) else None
            value = value.elts[0] if isinstance(value, ast.Tuple) and value.elts else value
            if isinstance(value, ast.JoinedStr | ast.BinOp | ast.Name | ast.Subscript) or _is_formatted(value):
                yield Place(stmt, Block("function", node, None, scope), stmt), value  # type: ignore[misc]


def _is_formatted(value: Any) -> bool:
    return isinstance(value, ast.Call) and getattr(value.func, "attr", "") in ("format", "join")


def _lines(node: Any, ctx: Context) -> list[str]:
    return ctx.source_lines[node.lineno - 1 : node.end_lineno]
