import ast
import re
from typing import Final

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Call
from scanners.rule import Example, Rule
from scanners.semantics.markup import MARKERS, RESPONSES, is_harmless_markup, returned_text, sends_html, trusted_by_name
from scanners.semantics.pieces import pieces
from scanners.semantics.requestdata import taint
from scanners.semantics.requestsources import serving
from scanners.text import TextFile

_CLEANERS: Final = frozenset(
    "escape conditional_escape format_html format_html_join clean linkify sanitize sanitize_html bleach_clean url_for "
    "reverse quote quote_plus urlencode jsonify dumps force_escape "
    "escapejs render_to_string render_template strip_tags "
    "striptags xhtml_escape to_html".split()
)
_SAFE: Final = re.compile(r"\{\{-?\s*([^{}]*?)\|\s*safe\b(?!\w)[^{}]*\}\}")
_OFF: Final = re.compile(r"\{%-?\s*autoescape\s+(off|false)\s*-?%\}", re.IGNORECASE)


class OutputUnescaped(Rule):
    """
    Text that reaches a page as it is can hold a script, which then acts as whoever looks at the page.

    Looks at mark_safe and Markup on text that is put together, at `|safe` and autoescape switched off in HTML templates,
    at Jinja environments of web code without escaping, and at request data in HTML responses. format_html, escape, nh3,
    bleach, JSON and plain text are good. A value that is marked as it comes is a guess, unless the request gave it.
    """

    id = "output-unescaped"
    area = "security"
    item = "S4"
    title = "Text put into a page without escaping"
    severity = Severity.HIGH
    confidence = Confidence.MEDIUM
    effort = Effort.MINUTES
    fix = "Let the template escape it, build markup with format_html or Markup(...).format(...), or clean it with nh3."
    files = ("template",)
    bad = [
        Example(
            "marked as safe",
            {
                "tags.py": "from django.utils.safestring import mark_safe\nfrom markupsafe import Markup\n\n\n"
                "def badge(user):\n"
                "    return mark_safe('<b>%s</b>' % user.name) + Markup(f'<i>{user.title}</i>')\n"
            },
            at=[("tags.py", 6), ("tags.py", 6)],
        ),
        Example(
            "request data in a response",
            {
                "app.py": "from flask import Flask, request\n\napp = Flask(__name__)\n\n\n@app.get('/hi')\ndef hi():\n"
                "    name = request.args.get('name')\n    return f'<h1>Hello {name}</h1>'\n",
                "views.py": "from django.http import HttpResponse\n\n\ndef hi(request):\n"
                "    return HttpResponse('Hello ' + request.GET['name'])\n",
                "api.py": "from fastapi import FastAPI\nfrom fastapi.responses import HTMLResponse\n\n"
                "app = FastAPI()\n\n\n"
                "@app.get('/hi')\ndef hi(name: str):\n    return HTMLResponse(f'<h1>{name}</h1>')\n",
            },
            at=[("api.py", 9), ("app.py", 9), ("views.py", 5)],
        ),
        Example(
            "templates",
            {
                "shop/templates/note.html": "<p>{{ note.text|safe }}</p>\n"
                "{% autoescape off %}{{ note.title }}{% endautoescape %}\n"
            },
            at=[("shop/templates/note.html", 1), ("shop/templates/note.html", 2)],
        ),
        Example(
            "Jinja without escaping",
            {"pages.py": "import jinja2\nfrom aiohttp import web\n\npages = jinja2.Environment(autoescape=False)\n"},
            at=[("pages.py", 4)],
        ),
    ]
    good = [
        Example(
            "escaped, cleaned, built by format",
            {
                "tags.py": "import nh3\nfrom django.utils.html import escape, format_html\n"
                "from django.utils.safestring import mark_safe\n"
                "from markupsafe import Markup\n\nBR = '<br>'\n\n\ndef badge(user, count: int):\n"
                "    mark_safe(f'<b>{escape(user.name)}</b>{BR}{count}')\n    mark_safe(nh3.clean(user.text))\n"
                "    return format_html('<b>{}</b>', user.name) + Markup('<b>%s</b>') "
                "% user.name + Markup('<i>{}</i>').format(user.name)\n"
            },
        ),
        Example(
            "other content",
            {
                "app.py": "from django.http import HttpResponse, JsonResponse\n"
                "from flask import Flask, jsonify, request\nfrom markupsafe import escape\n\n"
                "app = Flask(__name__)\n\n\n@app.get('/hi')\ndef hi():\n    if request.args.get('raw'):\n"
                "        return {'name': request.args['name']}\n    if request.args.get('plain'):\n"
                "        return request.args['name'], 200, {'Content-Type': 'text/plain'}\n"
                "    return f\"Hi {escape(request.args['name'])}\"\n\n\n"
                "def plain(request):\n    if request.GET:\n        return JsonResponse({'q': request.GET['q']})\n"
                "    return HttpResponse(request.GET['q'], content_type='text/plain')\n",
            },
        ),
        Example(
            "templates",
            {
                "shop/templates/note.html": "<p>{{ note.text }}</p>{{ data|tojson|safe }}{{ '<br>'|safe "
                "}}{{ form.media|safe }}\n"
                "{{ note.body|escape|safe }}\n",
                "shop/templates/mail.txt": "{{ note.text|safe }}\n",
            },
        ),
        Example(
            "code, not pages",
            {"generate.py": "import jinja2\n\ncode = jinja2.Environment(autoescape=False)\n"},
        ),
    ]
    calls = (*MARKERS, *RESPONSES, "jinja2.Environment")

    def visit_call(self, call: Call, ctx: Context) -> None:
        if call.dotted == "jinja2.Environment":
            self._environment(call, ctx)
        elif call.dotted in MARKERS:
            self._marked(call, ctx)
        elif call.function is not None and serving(ctx):
            self._response(call, ctx)

    def _environment(self, call: Call, ctx: Context) -> None:
        if not serving(ctx):
            return
        ctx.site(call)
        given = call.keyword("autoescape")
        if ctx.constant(given, call) is False or (given is None and not call.unpacks):  # jinja2 3.1: off by default.
            ctx.report(call, "Templates of this environment put text into pages as it is: autoescape is off.")

    def _marked(self, call: Call, ctx: Context) -> None:
        text = call.argument(0)
        if text is None:
            return
        ctx.site(call)
        taken = pieces(text, call.scope, call.line, call.stmt.col_offset if call.stmt else 0)
        loose = [hole for hole in taken.holes if not is_harmless_markup(hole, call)]
        sent = taint(text, call, ctx, _CLEANERS) if loose else None
        if sent is not None:
            ctx.report(call, f"`{sent.what}` from the request is marked as safe markup.")
        elif loose:
            sure = (
                Confidence.MEDIUM
                if taken.built and any("<" in p for p in taken.parts if isinstance(p, str))
                else Confidence.LOW
            )
            known = isinstance(loose[0], ast.Call) or trusted_by_name(ast.unparse(loose[0]))
            ctx.report(
                call,
                f"`{ast.unparse(loose[0])[:60]}` is marked as safe markup, whatever it holds.",
                confidence=Confidence.LOW if known else sure,
            )

    def _response(self, call: Call, ctx: Context) -> None:
        body = call.argument(0, *RESPONSES[call.dotted])
        if body is None or not sends_html(call, ctx):
            return
        ctx.site(call)
        sent = taint(body, call, ctx, _CLEANERS)
        if sent is not None:
            sure = Confidence.LOW if sent.confidence is Confidence.LOW else Confidence.MEDIUM
            ctx.report(call, f"`{sent.what}` reaches the page as it is.", confidence=sure)

    def visit_module(self, ctx: Context) -> None:
        if not {"flask", "quart"} & set(serving(ctx).split()):
            return
        for place, text in returned_text(ctx):
            ctx.site(place)
            sent = taint(text, place, ctx, _CLEANERS)
            if sent is not None and (isinstance(text, ast.JoinedStr | ast.BinOp) or "json" not in sent.what):
                sure = Confidence.LOW if sent.confidence is Confidence.LOW else Confidence.MEDIUM
                ctx.report(place, f"`{sent.what}` reaches the page as it is.", confidence=sure)

    def visit_text(self, text: TextFile, ctx: Context) -> None:
        for number, line in enumerate(text.lines, 1):
            found = _SAFE.search(line)
            value = found[1].strip() if found else ""
            if value[:1] not in ("", "'", '"') and value[:2] not in ("_(",):
                ctx.site(number)
                if not trusted_by_name(value):
                    sure = Confidence.MEDIUM if "." in value and "(" not in value else Confidence.LOW
                    ctx.report(number, f"`{value[:60]}` is put into the page as it is.", confidence=sure)
            if _OFF.search(line) and "</" in text.text:
                ctx.report(number, "Nothing is escaped in this part of the page.")
