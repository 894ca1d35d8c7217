"""Where text becomes part of a page: marks of safe markup, responses that hold HTML, and what is harmless in them."""

import ast
import re
from collections.abc import Iterator
from typing import Any, Final

from scanners.context import Context
from scanners.finding import Confidence
from scanners.place import Block, Call, Place
from scanners.regex import regex
from scanners.semantics.harmless import is_settled
from scanners.semantics.owncalls import own
from scanners.semantics.pieces import Pieces
from scanners.semantics.routes import Route, routes_of
from scanners.syntax import unparse
from scanners.text import TextFile

MARKERS: Final = frozenset(
    "django.utils.html.format_html "
    "django.utils.safestring.mark_safe django.utils.safestring.SafeString django.utils.safestring.SafeText "
    "django.utils.html.mark_safe markupsafe.Markup flask.Markup jinja2.Markup".split()
)
CLEANERS: Final = frozenset(
    "escape conditional_escape format_html format_html_join clean linkify sanitize sanitize_html bleach_clean url_for "
    "reverse quote quote_plus urlencode jsonify dumps force_escape "
    "escapejs render_to_string render_template strip_tags "
    "striptags xhtml_escape to_html".split()
)
"""Functions that escape or clean what they are given."""

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
_ESCAPES: Final = regex(
    r"escape|format_html|clean|sanitiz|bleach|nh3|render|markdown|json|url_for|reverse|static|gettext|_\(|\burl\b"
    r"|quote|icon|svg|"
    r"mark_safe|Markup|media|as_p|as_table|as_ul|csrf|\bid\b|\bpk\b|_id\b|count|class|css|style|width|height|size"
    r"|color|highlight|pygments",
    re.IGNORECASE,
)
_TRUSTED: Final = regex(
    r"(\||\b|_)(escape|e|force_escape|escapejs|tojson|json|to_json|json_script|linebreaks|linebreaksbr|striptags"
    r"|bleach|sanitize\w*|"
    r"clean\w*|urlize|markdown\w*|richtext|rich_text|render\w*|date|number\w*|intcomma|floatformat|length|translate"
    r"|trans)(\b|\()"
    r"|(^|[._])(form|field|fieldset|widget|media|csrf\w*|icon\w*|svg|super|html|errors?|help_text|label\w*|pagination"
    r"|paginator|chart|plot\w*|"
    r"script\w*|head|css|js|attrs|flatatt|rendered\w*|\w*_html|html_\w+|\w*_json|json_\w+|markup|microdata|ld_json|content_html"
    r"|version|tag|tags)\b",
    re.IGNORECASE,
)
_HTML: Final = regex(r"text/html", re.IGNORECASE)
_RAW_MARKDOWN: Final = frozenset({"markdown.markdown", "markdown2.markdown", "markdown.Markdown.convert"})
"""Converters that leave the markup in a text as it is; Python-Markdown 3 has no safe mode."""

_SAFE: Final = regex(r"\{\{-?\s*+([^{}]*?)\|\s*+safe\b(?!\w)[^{}]*\}\}")
_OPERATOR: Final = regex(r"\s(?:or|and|else|\+|~)\s")
_MAIL: Final = regex(r"\{%-?\s*block\s+\w*(plain|subject|text_?body)\w*\s*-?%\}", re.IGNORECASE)
_OFF: Final = regex(r"\{%-?\s*autoescape\s+(off|false)\s*-?%\}", re.IGNORECASE)


def is_harmless_markup(hole: ast.expr, call: Call) -> bool:
    """Whether what fills markup is a number, fixed, chosen from a set, escaped or markup itself."""
    if is_settled(hole, call):
        return True
    if isinstance(hole, ast.Call) and "&lt;" in unparse(hole):
        return True  # Escaped by hand.
    return isinstance(hole, ast.Call) and not _is_raw(hole, call) and _ESCAPES.search(unparse(hole.func)) is not None


_NUMBERED: Final = regex(
    r"(^|_)(pk|id|uuid|count|total|index|idx|number|num|limit|offset|width|height|at|ts|date|time|created|modified)$"
)


def is_numbered(hole: ast.expr) -> bool:
    """Whether a value is named like a number, a date or a key of the database: `order.pk`, `row["id"]`."""
    while isinstance(hole, ast.Subscript) and isinstance(hole.slice, ast.Slice):
        hole = hole.value
    if isinstance(hole, ast.Call) and getattr(hole.func, "id", "") == "str" and len(hole.args) == 1:
        hole = hole.args[0]
    key = getattr(hole.slice, "value", "") if isinstance(hole, ast.Subscript) else ""
    return _NUMBERED.search(str(key or getattr(hole, "attr", getattr(hole, "id", "")))) is not None


def escapes(expr: ast.expr, place: Place[Any]) -> bool:
    """Whether markup is filled by its own `%` or `format`, which escape: `Markup("<b>%s</b>") % name`."""
    if isinstance(expr, ast.BinOp) and isinstance(expr.op, ast.Mod):
        made: ast.expr = expr.left
    elif isinstance(expr, ast.Call) and isinstance(expr.func, ast.Attribute) and expr.func.attr == "format":
        made = expr.func.value
    else:
        return False
    return isinstance(made, ast.Call) and place.name(made.func) in MARKERS


def how_sure(hole: ast.expr, taken: Pieces, call: Call) -> Confidence:
    """How sure it is that text marked as safe markup is none: tags put around it, or into it, tell."""
    text = unparse(hole)
    if isinstance(hole, ast.Call):
        return Confidence.MEDIUM if _is_raw(hole, call) or _is_filled(hole) else Confidence.LOW
    tagged = taken.built and any("<" in part for part in taken.parts if isinstance(part, str))
    return Confidence.MEDIUM if tagged and not trusted_by_name(text) else Confidence.LOW


def _is_raw(hole: ast.Call, call: Call) -> bool:
    return call.name(hole.func) in _RAW_MARKDOWN


def _is_filled(hole: ast.Call) -> bool:
    """Whether tags are put into the text of a field: `note.text.replace("\\n", "<br>")`."""
    func, last = hole.func, hole.args[-1] if len(hole.args) == 2 else None
    if not isinstance(func, ast.Attribute) or func.attr != "replace" or not isinstance(func.value, ast.Attribute):
        return False
    return isinstance(last, ast.Constant) and "<" in str(last.value) and not trusted_by_name(unparse(func.value))


def trusted_by_name(text: str) -> bool:
    """Whether the name of a value, or a filter on it, says that it is markup or cannot hold any."""
    return _TRUSTED.search(text) is not None


def sends_html(call: Call, ctx: Context) -> bool:
    """Whether a response is HTML: by its class, by the type that it is given, or by the default of its framework."""
    given = call.keyword("content_type", "mimetype", "media_type")
    if given is None and call.dotted in ("flask.Response", "django.http.HttpResponse", "fastapi.Response"):
        given = call.argument(1 if call.dotted.startswith("django") else 9, "content_type")
    if given is not None:
        return _HTML.search(str(ctx.constant(given, call))) is not None
    if call.keyword("headers") is not None and "ontent-" in unparse(call.node):
        return False
    if "ontent-" in unparse(call.function) and "type" in unparse(call.function).lower():
        return False
    return call.dotted.startswith(_SILENT_HTML) or call.last == "HTMLResponse"


def returned_text(ctx: Context) -> Iterator[tuple[Place[Any], ast.expr]]:
    """What the handlers of the file return as a page of text, in Flask and where FastAPI is told that it is HTML.

    JSON, templates, responses and other types are left out.
    """
    for node, route in routes_of(ctx).items():
        if not _answers_html(node, route) or "ontent-" in "\n".join(_lines(node, ctx)):
            continue
        scope = ctx.module.functions[node]
        for stmt in own(node):
            value = stmt.value if isinstance(stmt, ast.Return) else None
            value = value.elts[0] if isinstance(value, ast.Tuple) and value.elts else value
            if isinstance(value, (ast.JoinedStr, ast.BinOp, ast.Name, ast.Subscript)) or _is_formatted(value):
                yield Place(stmt, Block("function", node, None, scope), stmt), value  # type: ignore[misc]  # the filter above says so


def _answers_html(node: Any, route: Route) -> bool:
    if route.framework != "fastapi":
        return route.framework in ("flask", "quart")
    words = [word for made in node.decorator_list if isinstance(made, ast.Call) for word in made.keywords]
    return any(word.arg == "response_class" and unparse(word.value).endswith("HTMLResponse") for word in words)


def unescaped_lines(text: TextFile) -> Iterator[tuple[int, str, Confidence | None]]:
    """What a template puts into the page as it is: the line, the value (empty for a whole part), how sure it is wrong.

    A value whose name says that it is markup comes without: it is a place, but no fault.
    """
    mail = _MAIL.search(text.text) is not None  # Its subject and its plain text are no markup.
    for number, line in enumerate(text.lines, 1):
        found = _SAFE.search(line)
        value = _marked(found[1].strip()) if found else ""
        if value[:1] not in ("", "'", '"') and value[:2] != "_(":
            plain = "." in value and not mail and not {"(", "|"} & set(value)
            guess = Confidence.MEDIUM if plain else Confidence.LOW
            yield number, value, None if trusted_by_name(value) else guess
        if _OFF.search(line) and "</" in text.text and _fills(text.lines[number - 1 : number + 200]):
            yield number, "", Confidence.MEDIUM


def _marked(value: str) -> str:
    """The part of an expression that a filter behind it is for: it binds closer than `or`, `else`, `+` and `~`."""
    last = _OPERATOR.split(value)[-1]
    return last if last.count("(") == last.count(")") else value


def _fills(lines: list[str]) -> bool:
    """Whether the part that starts there puts a value into the page: addresses of files and routes are harmless."""
    part = "\n".join(lines).partition("endautoescape")[0]
    values = re.findall(r"\{\{((?:(?!\{\{).)*?)\}\}", part)
    return (
        any(not trusted_by_name(value) for value in values)
        or re.search(r"\{%-?\s*(include|block|(block)?trans|(block)?translate)\b", part) is not None
    )


def _is_formatted(value: Any) -> bool:
    return isinstance(value, ast.Call) and getattr(value.func, "attr", "") in ("format", "join")


def _lines(node: Any, ctx: Context) -> list[str]:
    return ctx.source_lines[node.lineno - 1 : node.end_lineno]
