from typing import Final

from scanners.finding import Confidence, Effort, Severity
from scanners.rule import Example, Rule
from scanners.semantics.api.guardpoints import PUBLIC, beside, judged, unrouted, writes
from scanners.tree import Tree, TreeContext

_MANY: Final = 3
"""So many guarded routes beside one that is not, and for each that is not, say that it was forgotten."""
_FLASK = "from flask import Flask, jsonify\nfrom flask_login import login_required\napp = Flask(__name__)\n\n\n@app.get('/orders')\n@login_required\ndef orders():\n    return jsonify([])\n\n\n"
_FASTAPI = "from fastapi import APIRouter, Depends\nfrom shop.auth import current_user\nrouter = APIRouter()\n\n\n@router.get('/me')\ndef me(user=Depends(current_user)):\n    return user\n\n\n"


class EndpointWithoutAuth(Rule):
    """
    The one route that was forgotten is the one that a scanner on the internet finds: it reads or changes what all the
    others protect.

    Looks at every route for a decorator, a dependency, a permission class, a mixin, a check in the handler, a middleware
    or a default policy. Health checks, logins, static pages, webhooks and what is declared public may be open. Where
    nothing in the repository asks who is calling, only routes that write are sure enough to count; a view that only reads
    counts where others of its router are guarded. The more of them are, the surer it is. Handlers whose calls raise
    refusals are left to a reader.
    """

    id = "endpoint-without-auth"
    area = "api"
    item = "A2"
    title = "Endpoint that anybody may call"
    severity = Severity.HIGH
    confidence = Confidence.MEDIUM
    effort = Effort.MINUTES
    fix = "Ask who is calling on the route or for all routes (dependency, permission class, middleware), or declare it public."
    kinds = frozenset({"http-api"})
    bad = [
        Example("Flask: the forgotten one", {"app.py": f"{_FLASK}@app.delete('/orders/<int:id>')\ndef drop(id):\n    return '', 204\n"}, at=[("app.py", 13)]),
        Example("FastAPI", {"app.py": f"{_FASTAPI}@router.post('/orders')\ndef order(item: str):\n    return item\n"}, at=[("app.py", 12)]),
        Example("DRF without permission classes", {"views.py": "from rest_framework.permissions import IsAuthenticated\nfrom rest_framework.views import APIView\n\n\nclass Mine(APIView):\n    permission_classes = [IsAuthenticated]\n\n    def get(self, request):\n        return 1\n\n\nclass Orders(APIView):\n    def post(self, request):\n        return 1\n"}, at=[("views.py", 13)]),
        Example("nobody is asked anywhere, and it writes", {"app.py": "from aiohttp import web\nroutes = web.RouteTableDef()\n\n\n@routes.post('/orders')\nasync def order(request):\n    return web.Response()\n"}, at=[("app.py", 6)]),
        Example("a view that its base answers", {"views.py": "from rest_framework.permissions import IsAuthenticated\nfrom rest_framework.viewsets import ModelViewSet\nfrom shop.models import Order\n\n\nclass Mine(ModelViewSet):\n    queryset = Order.objects.all()\n    permission_classes = [IsAuthenticated]\n\n\nclass Orders(ModelViewSet):\n    queryset = Order.objects.all()\n"}, at=[("views.py", 11)]),
        Example("a file that the system refuses", {"app.py": f"{_FLASK}@app.post('/orders')\ndef order():\n    try:\n        store()\n    except PermissionError:\n        return 'no', 401\n    return 'ok'\n"}, at=[("app.py", 13)]),
        Example("a role is written, nobody's is asked for", {"app.py": f"{_FLASK}@app.post('/roles')\ndef role():\n    role = Role()\n    db.add(role)\n    return '', 201\n"}, at=[("app.py", 13)]),
        Example("Django", {"views.py": "from django.contrib.auth.decorators import login_required\nfrom django.http import HttpResponse, JsonResponse\nfrom django.views.decorators.http import require_POST\n\n\n@login_required\ndef mine(request):\n    return HttpResponse()\n\n\n@require_POST\ndef drop(request, pk):\n    return JsonResponse({})\n"}, at=[("views.py", 12)]),
    ]  # fmt: skip
    good = [
        Example("health, login, static and webhooks", {"app.py": f"{_FLASK}@app.get('/health')\ndef health():\n    return 'ok'\n\n\n@app.get('/offline.html')\ndef offline():\n    return 'later'\n\n\n@app.post('/login')\ndef login():\n    return 'ok'\n\n\n@app.post('/webhooks/pay')\ndef paid():\n    return 'ok'\n"}),
        Example("a dependency of the router, or of its inclusion", {"app/a.py": f"{_FASTAPI.replace('APIRouter()', 'APIRouter(dependencies=[Depends(current_user)])')}@router.post('/orders')\ndef order(item: str):\n    return item\n", "app/b.py": "from fastapi import APIRouter\nrouter = APIRouter()\n\n\n@router.post('/b')\ndef b():\n    return 1\n", "app/main.py": "from fastapi import Depends, FastAPI\nfrom app import b\nfrom app.auth import verify_token\napp = FastAPI()\napp.include_router(b.router, dependencies=[Depends(verify_token)])\n"}),
        Example("the active user, at the inclusion", {"app/__init__.py": "from fastapi import APIRouter, Depends\nfrom . import b\nfrom .deps import get_current_active_user\nrouter = APIRouter()\nrouter.include_router(b.router, dependencies=[Depends(get_current_active_user)])\n", "app/b.py": "from fastapi import APIRouter\nrouter = APIRouter()\n\n\n@router.post('/b')\ndef b():\n    return 1\n"}),
        Example("a default policy", {"settings.py": "REST_FRAMEWORK = {'DEFAULT_PERMISSION_CLASSES': ['rest_framework.permissions.IsAuthenticated']}\n", "views.py": "from rest_framework.views import APIView\n\n\nclass Orders(APIView):\n    def post(self, request):\n        return 1\n"}),
        Example("a middleware, a hook", {"a/settings.py": "MIDDLEWARE = ['django.contrib.auth.middleware.LoginRequiredMiddleware']\n", "a/views.py": "from django.views.generic import View\n\n\nclass Orders(View):\n    def post(self, request):\n        return 1\n"}),
        Example("a hook before every request", {"app.py": "from flask import Flask, abort, request\napp = Flask(__name__)\n\n\n@app.before_request\ndef check():\n    if request.headers.get('Authorization') != key():\n        abort(401)\n\n\n@app.post('/orders')\ndef order():\n    return 'ok'\n"}),
        Example("declared public", {"views.py": "from rest_framework.permissions import AllowAny\nfrom rest_framework.views import APIView\n\n\nclass Orders(APIView):\n    permission_classes = [AllowAny]\n\n    def post(self, request):\n        return 1\n"}),
        Example("an unknown middleware or decorator", {"app.py": "from aiohttp import web\nfrom shop.web import shield\n\n\n@shield\nasync def order(request):\n    return web.Response()\n\n\ndef make():\n    app = web.Application(middlewares=[shield])\n    app.router.add_post('/orders', order)\n    return app\n"}),
        Example("a server that asks for a certificate", {"app.py": "import ssl\nfrom flask import Flask\napp = Flask(__name__)\noptions = {'bind': '0.0.0.0:9443', 'ca_certs': 'ca.pem', 'cert_reqs': ssl.CERT_REQUIRED}\n\n\n@app.post('/orders')\ndef order():\n    return 'ok'\n"}),
        Example("asked in the handler, or in urls.py", {"views.py": "from django.http import HttpResponse, JsonResponse\n\n\ndef close(request):\n    if not request.user.is_authenticated:\n        return HttpResponse(status=401)\n    return HttpResponse()\n\n\ndef drop(request):\n    return JsonResponse({})\n", "urls.py": "from django.contrib.auth.decorators import login_required\nfrom django.urls import path\nfrom shop import views\nurlpatterns = [path('drop', login_required(views.drop)), path('close', views.close)]\n"}),
    ]  # fmt: skip

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        routes = [(route, state) for route, state in judged(tree) if set(route["methods"]) != {"OPTIONS"}]
        asked = any(state == "guarded" for _, state in routes)
        settled = any(path.endswith("settings.py") or "/settings/" in path for path in tree.files)
        elsewhere, near = unrouted(tree), beside(routes)
        for route, state in routes:
            ctx.site(route.path, route.line)
            if state in ("guarded", "open") or route["role"] in PUBLIC:
                continue
            if state == "unknown":
                ctx.unresolved(
                    route.path,
                    route.line,
                    "What a decorator, a base class or a middleware of its own asks is not known.",
                )
                continue
            if route["handler"] in ("form_valid", "dispatch", "perform_create", "perform_update", "options", "head"):
                continue
            guarded, of = near(route)
            forgotten = guarded >= _MANY and (of - guarded) * _MANY <= guarded
            if not route["sure"] or elsewhere(route) or (route["framework"] == "drf" and not settled):
                sure = Confidence.LOW
            elif writes(route) or (asked and (not _is_page(route.fields) or (route["data"] and guarded))):
                form = _is_page(route.fields) and "GET" in route["methods"] and not route["data"]
                sure = Confidence.HIGH if forgotten and not form else Confidence.MEDIUM
            else:
                sure = Confidence.MEDIUM if guarded >= 2 * _MANY and of - guarded == 1 else Confidence.LOW
            where = f" ({' '.join((*route['methods'][:2], route['path'])).strip()})" if route["path"] else ""
            others = "other routes of the service do" if asked else "nothing in the repository does"
            others = f"{guarded} of the {of - 1} routes beside it do" if guarded else others
            ctx.report(
                route.path,
                route.line,
                f"`{route['name']}`{where} does not ask who is calling; {others}.",
                anchor=route["name"],
                text=route["text"],
                confidence=sure,
            )


def _is_page(route: object) -> bool:
    """Whether a route may well be for everybody: a view of Django or Flask that only reads."""
    return route["framework"] in ("django", "drf", "flask", "quart", "bottle", "tornado", "web")  # type: ignore[index]  # facts are mappings
