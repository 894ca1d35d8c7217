import ast
from typing import Any

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Block, Bound, Call, Place
from scanners.rule import Example, Rule
from scanners.semantics.requestdata import taint
from scanners.semantics.requestsources import serving
from scanners.semantics.security import crosssite
from scanners.semantics.testsettings import is_for_tests

_PUBLIC = "Pages of any site can read the answers: all origins are allowed."


class CrossSiteOpen(Rule):
    """
    A page of another site can make a logged-in browser send requests; without a CSRF check they change things in the
    user's name, and with CORS open to all and cookies allowed the page can read every answer.

    Looks at views that leave the CSRF check out, at CSRF settings, at CORS layers and headers, and at handlers that change
    things on GET. A view that asks for a signature or a token, and origins that are named or configured are good. CORS
    for all without cookies has low confidence: it is what a public API wants.
    """

    id = "cross-site-open"
    area = "security"
    item = "S7"
    title = "Open to requests that other sites start"
    severity = Severity.HIGH
    confidence = Confidence.MEDIUM
    effort = Effort.HOUR
    fix = "Keep the CSRF check, change things on POST only, and name the origins that may send cookies."
    bad = [
        Example(
            "Django without the check",
            {
                "views.py": "from django.http import HttpResponse\nfrom django.utils.decorators import method_decorator\nfrom django.views import View\nfrom django.views.decorators.csrf import csrf_exempt\n\n\n@csrf_exempt\ndef rename(request):\n    request.user.name = request.POST['name']\n    return HttpResponse()\n\n\n@method_decorator(csrf_exempt, name='dispatch')\nclass Rename(View):\n    pass\n"
            },
            at=[("views.py", 8), ("views.py", 14)],
        ),
        Example(
            "settings",
            {
                "shop/settings.py": "CORS_ALLOW_ALL_ORIGINS = True\nCORS_ALLOW_CREDENTIALS = True\n",
                "app.py": "from flask import Flask\n\napp = Flask(__name__)\napp.config['WTF_CSRF_ENABLED'] = False\n",
            },
            at=[("app.py", 4), ("shop/settings.py", 1)],
        ),
        Example(
            "CORS for all",
            {
                "api.py": "from fastapi import FastAPI\nfrom fastapi.middleware.cors import CORSMiddleware\n\napp = FastAPI()\napp.add_middleware(CORSMiddleware, allow_origins=['*'], allow_credentials=True)\n",
                "app.py": "from flask import Flask, request\nfrom flask_cors import CORS\n\napp = Flask(__name__)\nCORS(app)\n\n\n@app.after_request\ndef allow(response):\n    response.headers['Access-Control-Allow-Origin'] = request.headers['Origin']\n    return response\n",
            },
            at=[("api.py", 5), ("app.py", 5), ("app.py", 10)],
        ),
        Example(
            "changes on GET",
            {
                "app.py": "from flask import Flask\n\napp = Flask(__name__)\n\n\n@app.route('/orders/<int:number>/delete')\ndef delete_order(number):\n    db.session.delete(load(number))\n    return 'gone'\n"
            },
            at=[("app.py", 7)],
        ),
    ]
    good = [
        Example(
            "webhook, token",
            {
                "views.py": "from django.http import HttpResponse\nfrom django.views.decorators.csrf import csrf_exempt\n\n\n@csrf_exempt\ndef paid(request):\n    check_signature(request.headers['X-Signature'], request.body)\n    return HttpResponse()\n"
            },
        ),
        Example(
            "named and configured origins",
            {
                "api.py": "from fastapi import FastAPI\nfrom fastapi.middleware.cors import CORSMiddleware\n\napp = FastAPI()\napp.add_middleware(CORSMiddleware, allow_origins=['https://shop.com'], allow_credentials=True)\napp.add_middleware(CORSMiddleware, allow_origins=settings.origins, allow_credentials=True)\n",
                "views.py": "from flask_cors import CORS, cross_origin\n\ncors = CORS()\n\n\n@cross_origin()\ndef show():\n    return 'x'\n\n\n@cross_origin(origins='*')\ndef keyed():\n    check_api_key()\n    return 'x'\n",
                "shop/settings.py": "CORS_ALLOW_ALL_ORIGINS = False\nCORS_ALLOWED_ORIGINS = ['https://shop.com']\n",
            },
        ),
        Example(
            "tests, and changes on POST",
            {
                "shop/settings/test.py": "WTF_CSRF_ENABLED = False\n",
                "app.py": "from flask import Flask\n\napp = Flask(__name__)\n\n\n@app.post('/orders/<int:number>/delete')\ndef delete_order(number):\n    db.session.delete(load(number))\n    return 'gone'\n",
            },
        ),
    ]
    calls = (*crosssite.LAYERS, *crosssite.ADDS)
    kinds = frozenset({"http-api"})

    binds = staticmethod(crosssite.SETTINGS.__contains__)

    def visit_function_def(self, place: Place[Any], ctx: Context) -> None:
        if not place.node.decorator_list or not crosssite.exempts(ctx) or crosssite.exempted(place) is None:
            return
        ctx.site(place)
        if not crosssite.proves_itself(place.node, ctx):
            ctx.report(place, f"`{place.node.name}` takes requests that other sites start: its CSRF check is left out.")

    visit_class_def = visit_function_def

    def visit_binding(self, bound: Bound, ctx: Context) -> None:
        if ctx.role in ("settings-dev", "settings-test") or is_for_tests(bound):
            return
        value = ctx.constant(bound.value, bound)
        if bound.key == crosssite.ORIGIN:
            self._header(bound, value, ctx)
        elif bound.key not in crosssite.WIDE or isinstance(bound.stmt, ast.Assign):
            ctx.site(bound)
            if told := crosssite.unchecked(bound.key, value, ctx):
                ctx.report(bound, told)
            elif bound.key in crosssite.WIDE and value is True:
                self._open(bound, crosssite.with_credentials(ctx), ctx)

    def _header(self, bound: Bound, value: Any, ctx: Context) -> None:
        if not serving(ctx):
            return
        ctx.site(bound)
        if value == "*":
            self._open(bound, False, ctx)
        elif taint(bound.value, bound, ctx) is not None:
            ctx.report(bound, "The origin of the request is sent back as allowed, whichever it is.")

    def visit_call(self, call: Call, ctx: Context) -> None:
        first = call.argument(0)
        if call.dotted not in crosssite.LAYERS and (first is None or call.name(first) not in crosssite.LAYERS):
            return
        ctx.site(call)
        wide, with_cookies = crosssite.origins(call, ctx)
        if crosssite.configured_elsewhere(call, ctx):
            ctx.unresolved(call, "CORS_ORIGINS of the application decides which origins are allowed.")
        elif wide and not crosssite.guards_itself(call, with_cookies, ctx):
            self._open(call, with_cookies, ctx)

    def _open(self, place: Place[Any], with_cookies: bool, ctx: Context) -> None:
        if with_cookies:
            text = "Pages of any site can read answers in the user's name: all origins are allowed, with cookies."
            ctx.report(place, text, severity=Severity.CRITICAL)
        else:
            ctx.report(place, _PUBLIC, severity=Severity.LOW, confidence=Confidence.LOW)

    def visit_module(self, ctx: Context) -> None:
        for node, written in crosssite.writing_gets(ctx) if serving(ctx) else ():
            place = Place(node, Block("module", node, None, ctx.module), node)
            ctx.report(
                place,
                f"`{node.name}` answers GET and calls `{written}`: a link on any page makes that change.",
                severity=Severity.MEDIUM,
            )
