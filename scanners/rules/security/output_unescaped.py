import ast
from typing import Any

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Bound, Call, Place
from scanners.rule import Example, Rule
from scanners.semantics.pieces import pieces
from scanners.semantics.requestdata import Taint, taint
from scanners.semantics.requestsources import serving
from scanners.semantics.security import markup
from scanners.syntax import unparse
from scanners.text import TextFile

_OFF = "Templates of this environment put text into pages as it is: autoescape is off."


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
                "tags.py": "from django.utils.safestring import mark_safe\nfrom markupsafe import Markup\n\n\ndef badge(user):\n    return mark_safe('<b>%s</b>' % user.name) + Markup(f'<i>{user.title}</i>')\n",
                "notes.py": "from django.utils.html import format_html\nfrom django.utils.safestring import mark_safe\n\n\ndef note(order, request):\n    return format_html(f'<b>{order.note}</b>'), mark_safe('<b>' + request.GET['note'] + '</b>')\n",
            },
            at=[("notes.py", 6), ("notes.py", 6), ("tags.py", 6), ("tags.py", 6)],
        ),
        Example(
            "request data in a response",
            {
                "app.py": "from flask import Flask, request\n\napp = Flask(__name__)\n\n\n@app.get('/hi')\ndef hi():\n    name = request.args.get('name')\n    return f'<h1>Hello {name}</h1>'\n",
                "views.py": "from django.http import HttpResponse\n\n\ndef hi(request):\n    return HttpResponse('Hello ' + request.GET['name'])\n",
                "api.py": "from fastapi import FastAPI\nfrom fastapi.responses import HTMLResponse\n\napp = FastAPI()\n\n\n@app.get('/hi')\ndef hi(name: str):\n    return HTMLResponse(f'<h1>{name}</h1>')\n",
            },
            at=[("api.py", 9), ("app.py", 9), ("views.py", 5)],
        ),
        Example(
            "templates; Jinja without escaping",
            {
                "shop/templates/note.html": "<p>{{ note.text|safe }}</p>\n{% autoescape off %}{{ note.title }}{% endautoescape %}\n",
                "pages.py": "import jinja2\nfrom aiohttp import web\n\npages = jinja2.Environment(autoescape=False)\n",
                "site.py": "from flask import Flask\n\napp = Flask(__name__)\napp.jinja_env.autoescape = False\n",
            },
            at=[("pages.py", 4), ("shop/templates/note.html", 1), ("shop/templates/note.html", 2), ("site.py", 4)],
        ),
    ]
    good = [
        Example(
            "escaped, cleaned, built by format; other content",
            {
                "tags.py": "import nh3\nfrom django.utils.html import escape, format_html\nfrom django.utils.safestring import mark_safe\nfrom markupsafe import Markup\n\nBR = '<br>'\n\n\ndef badge(user, count: int):\n    mark_safe(f'<b>{escape(user.name)}</b>{BR}{count}')\n    mark_safe(nh3.clean(user.text))\n    return format_html('<b>{}</b>', user.name) + Markup('<b>%s</b>') % user.name + Markup('<i>{}</i>').format(user.name)\n",
                "links.py": "from django.utils.safestring import mark_safe\nfrom flask import Flask, request\nfrom markupsafe import Markup\n\napp = Flask(__name__)\n\n\ndef link(order, limit):\n    return mark_safe(f'<a href=\"/orders/{order.pk}/of/{order.customer_id}/{str(order.id)[:8]}/{order.sent_at}?n={limit}\">' + (order.note or '').replace('&', '&amp;').replace('<', '&lt;'))\n\n\ndef state(order):\n    ink, paper = {'open': ('red', 'white')}.get(order.state, ('black', 'white'))\n    return mark_safe(f'<b style=\"color: {ink}; background: {paper}\">')\n\n\n@app.get('/')\ndef hello():\n    return Markup('<b>%s</b>') % request.args['name']\n",
                "app.py": "from django.http import HttpResponse, JsonResponse\nfrom flask import Flask, jsonify, request\nfrom markupsafe import escape\n\napp = Flask(__name__)\n\n\n@app.get('/hi')\ndef hi():\n    if request.args.get('raw'):\n        return {'name': request.args['name']}\n    if request.args.get('plain'):\n        return request.args['name'], 200, {'Content-Type': 'text/plain'}\n    return f\"Hi {escape(request.args['name'])}\"\n\n\ndef plain(request):\n    if request.GET:\n        return JsonResponse({'q': request.GET['q']})\n    return HttpResponse(request.GET['q'], content_type='text/plain')\n",
            },
        ),
        Example(
            "templates; code, not pages",
            {
                "shop/templates/note.html": "<p>{{ note.text }}</p>{{ data|tojson|safe }}{{ '<br>'|safe }}{{ form.media|safe }}\n{{ note.body|escape|safe }}\n{{ note.eta or '&mdash;'|safe }}\n",
                "shop/templates/mail.txt": "{{ note.text|safe }}\n",
                "generate.py": "import jinja2\n\ncode = jinja2.Environment(autoescape=False)\n",
            },
        ),
    ]
    calls = (*markup.MARKERS, *markup.RESPONSES, "jinja2.Environment")
    binds = staticmethod("autoescape".__eq__)

    def visit_call(self, call: Call, ctx: Context) -> None:
        if call.dotted == "jinja2.Environment":
            self._environment(call, ctx)
        elif call.dotted in markup.MARKERS:
            self._marked(call, ctx)
        elif call.function is not None and serving(ctx):
            self._response(call, ctx)

    def _environment(self, call: Call, ctx: Context) -> None:
        if not serving(ctx):
            return
        ctx.site(call)
        given = call.keyword("autoescape")
        if ctx.constant(given, call) is False or (given is None and not call.unpacks):  # jinja2 3.1: off by default.
            ctx.report(call, _OFF)

    def _marked(self, call: Call, ctx: Context) -> None:
        text = call.argument(0)
        if text is None:
            return
        ctx.site(call)
        taken = pieces(text, call.scope, call.line, call.stmt.col_offset if call.stmt else 0)
        loose = [hole for hole in taken.holes if not markup.is_harmless_markup(hole, call)]
        sent = taint(text, call, ctx, markup.CLEANERS) if loose else None
        if sent is not None:
            ctx.report(call, f"`{sent.what}` from the request is marked as safe markup.")
        elif loose := [hole for hole in loose if not markup.is_numbered(hole)]:
            told = f"`{unparse(loose[0])[:60]}` is marked as safe markup, whatever it holds."
            ctx.report(call, told, confidence=markup.how_sure(loose[0], taken, call))

    def visit_binding(self, bound: Bound, ctx: Context) -> None:
        if isinstance(bound.node, ast.Assign) and isinstance(bound.node.targets[0], ast.Attribute) and serving(ctx):
            ctx.site(bound)
            if ctx.constant(bound.value, bound) is False:
                ctx.report(bound, _OFF)

    def _response(self, call: Call, ctx: Context) -> None:
        body = call.argument(0, *markup.RESPONSES[call.dotted])
        if body is not None and markup.sends_html(call, ctx):
            ctx.site(call)
            self._tell(call, taint(body, call, ctx, markup.CLEANERS), ctx)

    def _tell(self, place: Place[Any], sent: Taint | None, ctx: Context) -> None:
        if sent is not None:
            sure = Confidence.LOW if sent.confidence is Confidence.LOW else Confidence.MEDIUM
            ctx.report(place, f"`{sent.what}` reaches the page as it is.", confidence=sure)

    def visit_module(self, ctx: Context) -> None:
        if not {"flask", "quart"} & set(serving(ctx).split()) and "HTMLResponse" not in ctx.source:
            return
        for place, text in markup.returned_text(ctx):
            ctx.site(place)
            sent = None if markup.escapes(text, place) else taint(text, place, ctx, markup.CLEANERS)
            if sent is not None and (isinstance(text, (ast.JoinedStr, ast.BinOp)) or "json" not in sent.what):
                self._tell(place, sent, ctx)

    def visit_text(self, text: TextFile, ctx: Context) -> None:
        for number, value, sure in markup.unescaped_lines(text):
            ctx.site(number)
            if not value:
                ctx.report(number, "Nothing is escaped in this part of the page.")
            elif sure is not None:
                ctx.report(number, f"`{value[:60]}` is put into the page as it is.", confidence=sure)
