import ast
from typing import Any, Final

from scanners.constants import fold
from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Block, Bound, Call, Place
from scanners.rule import Example, Rule
from scanners.semantics.crosssite import configured_elsewhere, exempted, origins, proves_itself, writing_gets
from scanners.semantics.requestdata import taint
from scanners.semantics.requestsources import serving

_LAYERS: Final = (
    "flask_cors.CORS",
    "flask_cors.cross_origin",
    "fastapi.middleware.cors.CORSMiddleware",
    "starlette.middleware.cors.CORSMiddleware",
)
_ADDS: Final = ("*.add_middleware", "starlette.middleware.Middleware", "fastapi.middleware.Middleware")
_WIDE: Final = frozenset({"CORS_ALLOW_ALL_ORIGINS", "CORS_ORIGIN_ALLOW_ALL"})
_OFF: Final = frozenset({"WTF_CSRF_ENABLED", "WTF_CSRF_CHECK_DEFAULT"})
_ORIGIN: Final = "Access-Control-Allow-Origin"


class CrossSiteOpen(Rule):
    """
    A page of another site can make a logged-in browser send requests; without a CSRF check they change things in the
    user's name, and with CORS open to all and cookies allowed the page can read every answer.

    Looks at views that leave the CSRF check out, at CSRF settings, at CORS layers and headers, and at handlers that change
    things on GET. A view that asks for a signature or a token, and origins that are named or configured are good. CORS
    for all without cookies is a minor finding: it is what a public API wants.
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
                "views.py": "from django.http import HttpResponse\n"
                "from django.utils.decorators import method_decorator\n"
                "from django.views import View\nfrom django.views.decorators.csrf import csrf_exempt\n\n\n"
                "@csrf_exempt\n"
                "def rename(request):\n    request.user.name = request.POST['name']\n    return HttpResponse()\n\n\n"
                "@method_decorator(csrf_exempt, name='dispatch')\nclass Rename(View):\n    pass\n"
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
                "api.py": "from fastapi import FastAPI\nfrom fastapi.middleware.cors import CORSMiddleware\n\n"
                "app = FastAPI()\n"
                "app.add_middleware(CORSMiddleware, allow_origins=['*'], allow_credentials=True)\n",
                "app.py": "from flask import Flask, request\nfrom flask_cors import CORS\n\napp = Flask(__name__)\n"
                "CORS(app)\n\n\n"
                "@app.after_request\ndef allow(response):\n"
                "    response.headers['Access-Control-Allow-Origin'] = request.headers['Origin']\n"
                "    return response\n",
            },
            at=[("api.py", 5), ("app.py", 5), ("app.py", 10)],
        ),
        Example(
            "changes on GET",
            {
                "app.py": "from flask import Flask\n\napp = Flask(__name__)\n\n\n"
                "@app.route('/orders/<int:number>/delete')\n"
                "def delete_order(number):\n    db.session.delete(load(number))\n    return 'gone'\n"
            },
            at=[("app.py", 7)],
        ),
    ]
    good = [
        Example(
            "webhook, token",
            {
                "views.py": "from django.http import HttpResponse\n"
                "from django.views.decorators.csrf import csrf_exempt\n\n\n@csrf_exempt\n"
                "def paid(request):\n    check_signature(request.headers['X-Signature'], request.body)\n"
                "    return HttpResponse()\n"
            },
        ),
        Example(
            "named and configured origins",
            {
                "api.py": "from fastapi import FastAPI\nfrom fastapi.middleware.cors import CORSMiddleware\n\n"
                "app = FastAPI()\n"
                "app.add_middleware(CORSMiddleware, allow_origins=['https://shop.com'], allow_credentials=True)\n"
                "app.add_middleware(CORSMiddleware, allow_origins=settings.origins, allow_credentials=True)\n",
                "views.py": "from flask_cors import CORS, cross_origin\n\ncors = CORS()\n\n\n@cross_origin()\n"
                "def show():\n    return 'x'\n",
                "shop/settings.py": "CORS_ALLOW_ALL_ORIGINS = False\nCORS_ALLOWED_ORIGINS = ['https://shop.com']\n",
            },
        ),
        Example(
            "tests, and changes on POST",
            {
                "shop/settings/test.py": "WTF_CSRF_ENABLED = False\n",
                "app.py": "from flask import Flask\n\napp = Flask(__name__)\n\n\n"
                "@app.post('/orders/<int:number>/delete')\n"
                "def delete_order(number):\n    db.session.delete(load(number))\n    return 'gone'\n",
            },
        ),
    ]
    calls = (*_LAYERS, *_ADDS)
    kinds = frozenset({"http-api"})

    @staticmethod
    def binds(name: str) -> bool:
        return name in _WIDE or name in _OFF or name == _ORIGIN

    def visit_function_def(self, place: Place[Any], ctx: Context) -> None:
        if place.node.decorator_list and "exempt" in ctx.source:
            self._exempt(place, ctx)

    visit_class_def = visit_function_def

    def _exempt(self, place: Place[Any], ctx: Context) -> None:
        if exempted(place) is None:
            return
        ctx.site(place)
        if not proves_itself(place.node, ctx):
            ctx.report(place, f"`{place.node.name}` takes requests that other sites start: its CSRF check is left out.")

    def visit_binding(self, bound: Bound, ctx: Context) -> None:
        if ctx.role in ("settings-dev", "settings-test"):
            return
        value = ctx.constant(bound.value, bound)
        if bound.key == _ORIGIN:
            self._header(bound, value, ctx)
        elif bound.key in _OFF:
            ctx.site(bound)
            if value is False and "csrf.protect(" not in ctx.source:
                ctx.report(bound, f"{bound.key} is off: no form is checked.")
        elif isinstance(bound.stmt, ast.Assign):
            ctx.site(bound)
            with_cookies = any(
                isinstance(each.value, ast.AST) and fold(each.value, ctx.module) is True
                for each in ctx.module.names.get("CORS_ALLOW_CREDENTIALS", ())
            )
            if value is True:
                self._open(bound, with_cookies, ctx)

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
        if call.dotted not in _LAYERS and (first is None or call.name(first) not in _LAYERS):
            return
        ctx.site(call)
        wide, with_cookies = origins(call, ctx)
        if configured_elsewhere(call, ctx):
            ctx.unresolved(call, "CORS_ORIGINS of the application decides which origins are allowed.")
        elif wide:
            self._open(call, with_cookies, ctx)

    def _open(self, place: Place[Any], with_cookies: bool, ctx: Context) -> None:
        if with_cookies:
            text = "Pages of any site can read answers in the user's name: all origins are allowed, with cookies."
            ctx.report(place, text, severity=Severity.CRITICAL)
        else:
            ctx.report(place, "Pages of any site can read the answers: all origins are allowed.", severity=Severity.LOW)

    def visit_module(self, ctx: Context) -> None:
        for node, written in writing_gets(ctx) if serving(ctx) else ():
            place = Place(node, Block("module", node, None, ctx.module), node)
            ctx.report(
                place,
                f"`{node.name}` answers GET and calls `{written}`: a link on any page makes that change.",
                severity=Severity.MEDIUM,
            )
