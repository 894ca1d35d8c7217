from typing import Any

from scanners.scan import scan_files

SHOP_URLS = """\
from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.urls import include, path, re_path
from django.views.generic import TemplateView
from shop import views
urlpatterns = [
    path('', TemplateView.as_view(template_name='index.html')),
    path('admin/', admin.site.urls),
    path('orders/', include('shop.orders.urls')),
    re_path(r'^legacy/(?P<year>[0-9]{4})/$', login_required(views.legacy)),
    path('accounts/', include('allauth.urls')),
]
"""


def endpoints(files: dict[str, str]) -> dict[str, dict[str, Any]]:
    """The rows by method and path."""
    report = scan_files({path: text.encode() for path, text in files.items()})
    return {row["key"]: row for row in report.inventory["endpoints"]}


def cells(row: dict[str, Any], *names: str) -> list[Any]:
    return [row["cells"][name] for name in names]


def test_fastapi_routers_are_joined_over_files_with_what_they_ask() -> None:
    found = endpoints({
        "app/main.py": "from fastapi import FastAPI, Depends\nfrom app import orders\nfrom app.auth import verify_token\napp = FastAPI()\napp.include_router(orders.router, prefix='/api', dependencies=[Depends(verify_token)])\n",
        "app/orders.py": "from fastapi import APIRouter, HTTPException\nfrom app.schemas import OrderIn, OrderOut\nrouter = APIRouter(prefix='/orders')\n\n\n@router.post('/{shop_id}', response_model=OrderOut, status_code=201)\nasync def create(shop_id: int, order: OrderIn, dry: bool = False):\n    if dry:\n        raise HTTPException(status_code=409)\n    return order\n",
    })  # fmt: skip
    row = found["POST /api/orders/{shop_id}"]
    assert cells(row, "handler", "framework", "output", "errors", "is_async") == [
        "create", "fastapi", "OrderOut", ["409"], True,
    ]  # fmt: skip
    assert row["cells"]["input"] == "OrderIn; path shop_id: int; query dry: bool"
    assert (row["cells"]["authentication"], row["marks"]["authentication"]) == ("verify_token", "good")
    assert [place[:2] for place in row["places"]] == [["app/orders.py", 6], ["app/orders.py", 7]]


def test_a_router_that_nothing_includes_is_no_known_path() -> None:
    found = endpoints({"orders.py": "from fastapi import APIRouter\nrouter = APIRouter()\n\n\n@router.get('/x')\ndef x():\n    return 1\n"})  # fmt: skip
    assert "included nowhere" in found["GET /x"]["unresolved"]


def test_routers_hang_below_applications_that_a_function_makes_in_a_loop() -> None:
    found = endpoints({
        "app/main.py": "from fastapi import FastAPI\nfrom app.api import make_api\n\n\ndef create_app():\n    app = FastAPI()\n    api = make_api()\n    app.mount('/v1', api)\n    return app\n",
        "app/api.py": "from fastapi import FastAPI\nfrom app import a, b\n\n\ndef make_api():\n    api = FastAPI()\n    for router in (a.router, b.router):\n        api.include_router(router)\n    return api\n",
        "app/a.py": "from fastapi import APIRouter\nrouter = APIRouter()\n\n\n@router.get('/a')\ndef a():\n    return 1\n",
        "app/b.py": "from fastapi import APIRouter\nrouter = APIRouter(prefix='/b')\n\n\n@router.get('')\ndef b():\n    return 1\n",
    })  # fmt: skip
    assert {"GET /v1/a", "GET /v1/b"} <= found.keys()


def test_a_computed_prefix_is_shown_as_such() -> None:
    found = endpoints({"app.py": "from fastapi import APIRouter, FastAPI\nimport settings\nrouter = APIRouter(prefix=settings.PREFIX)\napp = FastAPI()\napp.include_router(router)\n\n\n@router.get('/a')\ndef a():\n    return 1\n"})  # fmt: skip
    assert found["GET …/a a"]["unresolved"] == "A part of the path is computed."


def test_blueprints_of_flask_are_joined_and_a_prefix_given_on_registration_replaces_their_own() -> None:
    found = endpoints({
        "web/__init__.py": "from flask import Flask\nfrom web.orders import bp\n\n\ndef create_app():\n    app = Flask(__name__)\n    app.register_blueprint(bp, url_prefix='/new')\n    return app\n",
        "web/orders.py": "from flask import Blueprint, abort, jsonify, render_template\nfrom flask_login import login_required\nbp = Blueprint('orders', __name__, url_prefix='/old')\n\n\n@bp.route('/', methods=['GET', 'POST'])\n@bp.route('/all')\n@login_required\ndef orders():\n    return render_template('orders.html')\n\n\n@bp.delete('/<int:order_id>')\ndef drop(order_id):\n    if order_id < 0:\n        abort(404)\n    return jsonify({})\n",
    })  # fmt: skip
    assert set(found) == {"GET,POST /new/", "GET /new/all", "DELETE /new/<int:order_id>"}
    assert cells(found["GET /new/all"], "authentication", "output") == ["login_required", "html orders.html"]
    drop = found["DELETE /new/<int:order_id>"]
    assert cells(drop, "authentication", "input", "errors", "output") == [
        "none", "path order_id: int", ["404"], "json",
    ]  # fmt: skip
    assert drop["marks"]["authentication"] == "bad"


def test_patterns_of_django_are_joined_over_files_to_views_and_classes() -> None:
    found = endpoints({
        "shop/__init__.py": "",
        "shop/urls.py": SHOP_URLS,
        "shop/views.py": "from django.http import HttpResponse\n\n\ndef legacy(request, year):\n    return HttpResponse()\n",
        "shop/orders/__init__.py": "",
        "shop/orders/urls.py": "from django.urls import path\nfrom . import views\nurlpatterns = [path('<int:pk>/', views.OrderEdit.as_view())]\n",
        "shop/orders/views.py": "from django.contrib.auth.mixins import LoginRequiredMixin\nfrom django.views.generic import UpdateView\nfrom shop.orders.forms import OrderForm\n\n\nclass OrderEdit(LoginRequiredMixin, UpdateView):\n    form_class = OrderForm\n    template_name = 'order.html'\n",
    })  # fmt: skip
    edit = found["GET,POST /orders/<int:pk>/"]
    assert cells(edit, "handler", "framework", "authentication", "input", "output") == [
        "OrderEdit", "django", "LoginRequiredMixin", "OrderForm; path pk: int", "html order.html",
    ]  # fmt: skip
    assert found["ANY /legacy/<year>/"]["cells"]["authentication"] == "login_required"
    assert found["GET /"]["cells"]["output"] == "html index.html"
    assert found["ANY /admin/… django.contrib.admin"]["cells"]["authentication"] == "admin site"
    assert "not in this repository" in found["ANY /accounts/… allauth.urls"]["unresolved"]


def test_view_sets_of_drf_answer_their_actions_below_their_router() -> None:
    found = endpoints({
        "shop/settings.py": "REST_FRAMEWORK = {'DEFAULT_PERMISSION_CLASSES': ['rest_framework.permissions.IsAuthenticated'], 'DEFAULT_PAGINATION_CLASS': 'rest_framework.pagination.PageNumberPagination'}\n",
        "shop/urls.py": "from django.urls import include, path\nfrom rest_framework.routers import DefaultRouter\nfrom shop.api import OrderViewSet\nrouter = DefaultRouter()\nrouter.register(r'orders', OrderViewSet)\nurlpatterns = [path('api/', include(router.urls))]\n",
        "shop/base.py": "from rest_framework import mixins, viewsets\n\n\nclass Readable(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):\n    lookup_field = 'slug'\n",
        "shop/api.py": "from rest_framework.decorators import action\nfrom rest_framework.permissions import IsAdminUser\nfrom rest_framework.response import Response\nfrom shop.base import Readable\nfrom shop.serializers import OrderSerializer\n\n\nclass OrderViewSet(Readable):\n    serializer_class = OrderSerializer\n    throttle_scope = 'orders'\n\n    @action(detail=True, methods=['post'], permission_classes=[IsAdminUser])\n    def pay(self, request, slug):\n        return Response({})\n",
    })  # fmt: skip
    assert set(found) == {"GET /api/orders/", "GET /api/orders/<slug>/", "POST /api/orders/<slug>/pay/"}
    listed = found["GET /api/orders/"]
    assert cells(listed, "handler", "framework", "output", "paginated", "throttle") == [
        "OrderViewSet.list", "drf", "OrderSerializer", True, "orders",
    ]  # fmt: skip
    assert listed["cells"]["authentication"] == "IsAuthenticated (default of REST_FRAMEWORK)"
    assert cells(found["POST /api/orders/<slug>/pay/"], "authentication", "permission") == [
        "IsAdminUser",
        "IsAdminUser",
    ]


def test_handlers_of_aiohttp_are_found_in_other_files() -> None:
    found = endpoints({
        "app/main.py": "from aiohttp import web\nfrom app import views\napp = web.Application()\nadmin = web.Application()\napp.router.add_post('/orders', views.create)\nadmin.add_routes([web.get('/users', views.users)])\napp.add_subapp('/admin/', admin)\n",
        "app/views.py": "from aiohttp import web\n\n\nasync def create(request):\n    body = await request.json()\n    return web.json_response(body)\n\n\nasync def users(request):\n    raise web.HTTPForbidden()\n",
    })  # fmt: skip
    create = found["POST /orders"]
    assert cells(create, "handler", "input", "output", "is_async") == [
        "create",
        "body by hand (request.json)",
        "json",
        True,
    ]
    assert create["marks"]["input"] == "bad"


def test_resources_of_flask_restful_answer_by_their_verbs() -> None:
    found = endpoints({
        "api/__init__.py": "from flask import Blueprint\nfrom flask_restful import Api\nfrom api.resources import Orders\nbp = Blueprint('api', __name__, url_prefix='/api')\napi = Api(bp)\napi.add_resource(Orders, '/orders', '/orders/<int:pk>')\n",
        "api/resources.py": "from flask_restful import Resource\n\n\nclass Orders(Resource):\n    def get(self, pk=None):\n        return []\n\n    def post(self):\n        return {}, 201\n",
        "wsgi.py": "from flask import Flask\nfrom api import bp\napp = Flask(__name__)\napp.register_blueprint(bp)\n",
    })  # fmt: skip
    assert {"GET /api/orders", "POST /api/orders", "GET /api/orders/<int:pk>"} <= found.keys()
    assert found["POST /api/orders"]["cells"]["handler"] == "Orders.post"


def test_handlers_of_tornado_stand_in_lists_of_pairs() -> None:
    found = endpoints({"app.py": "import tornado.web\n\n\nclass OrderHandler(tornado.web.RequestHandler):\n    def get(self, pk):\n        self.write({})\n\n    def delete(self, pk):\n        raise tornado.web.HTTPError(403)\n\n\napp = tornado.web.Application([(r'/orders/(\\d+)', OrderHandler)])\n"})  # fmt: skip
    assert cells(found["DELETE /orders/<*>"], "framework", "errors") == ["tornado", ["403"]]


def test_who_is_asked_is_unknown_where_a_base_class_of_others_may_ask() -> None:
    found = endpoints({
        "app/urls.py": "from django.urls import path\nfrom app.views import Orders\nurlpatterns = [path('orders/', Orders.as_view())]\n",
        "app/views.py": "from django.views import View\nfrom corporate.web import Shielded\n\n\nclass Orders(Shielded, View):\n    def post(self, request):\n        return None\n",
    })  # fmt: skip
    row = found["POST /orders/"]
    assert (row["cells"]["authentication"], row["marks"]["authentication"]) == (None, "unknown")
    assert row["unresolved"] == "What Shielded asks is not known."


def test_a_hook_that_may_let_health_checks_pass_is_no_guard_of_them() -> None:
    found = endpoints({"app.py": "from flask import Flask, abort, request\napp = Flask(__name__)\n\n\n@app.before_request\ndef check_token():\n    if not request.headers.get('Authorization'):\n        abort(401)\n\n\n@app.post('/orders')\ndef order():\n    return 'ok'\n"})  # fmt: skip
    assert found["POST /orders"]["cells"]["authentication"] == "check_token (hook)"


def test_keys_stay_where_code_moves_and_is_formatted() -> None:
    source = "from flask import Flask\napp = Flask(__name__)\n\n\n@app.get('/orders')\ndef orders():\n    return 'ok'\n"
    moved = source.replace("\n\n\n@app", "\n\n\n# moved\n\n@app").replace("'ok'", '"ok"')
    assert endpoints({"app.py": source}).keys() == endpoints({"web/app.py": moved}).keys()


def test_roles_are_told_by_whole_words() -> None:
    source = "from flask import Flask\napp = Flask(__name__)\n\n\n@app.get('/{}')\ndef view():\n    return 'ok'\n"
    wanted = {
        "groups/create_group": "",
        "healthz": "health",
        "up": "health",
        "authors": "",
        "login": "login",
        "association": "",
    }
    for path, role in wanted.items():
        rows = endpoints({"app.py": source.format(path)})
        assert [row["cells"]["role"] for row in rows.values()] == [role], path


def test_views_that_a_decorator_registers_have_no_known_path() -> None:
    found = endpoints({"app/views.py": "from django.views.generic import ListView\nfrom utilities.views import register_model_view\n\n\n@register_model_view(Site, 'list')\nclass SiteList(ListView):\n    model = Site\n"})  # fmt: skip
    assert "registers it" in found["GET … SiteList"]["unresolved"]
