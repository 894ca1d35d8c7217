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


ROUTERS = {
    "app/main.py": """\
from fastapi import FastAPI, Depends
from app import orders
from app.auth import verify_token
app = FastAPI()
app.include_router(orders.router, prefix='/api', dependencies=[Depends(verify_token)])
""",
    "app/orders.py": """\
from fastapi import APIRouter, HTTPException
from app.schemas import OrderIn, OrderOut
router = APIRouter(prefix='/orders')


@router.post('/{shop_id}', response_model=OrderOut, status_code=201)
async def create(shop_id: int, order: OrderIn, dry: bool = False):
    if dry:
        raise HTTPException(status_code=409)
    return order
""",
}


def test_fastapi_routers_are_joined_over_files_with_what_they_ask() -> None:
    found = endpoints(ROUTERS)
    row = found["POST /api/orders/{shop_id}"]
    assert cells(row, "handler", "framework", "output", "errors", "is_async") == [
        "create",
        "fastapi",
        "OrderOut",
        ["409"],
        True,
    ]
    assert row["cells"]["input"] == "OrderIn; path shop_id: int; query dry: bool"
    assert (row["cells"]["authentication"], row["marks"]["authentication"]) == ("verify_token", "good")
    assert [place[:2] for place in row["places"]] == [["app/orders.py", 6], ["app/orders.py", 7]]


def test_a_router_that_nothing_includes_is_no_known_path() -> None:
    found = endpoints(
        {
            "orders.py": """\
from fastapi import APIRouter
router = APIRouter()


@router.get('/x')
def x():
    return 1
"""
        }
    )
    assert "included nowhere" in found["GET /x"]["unresolved"]


FACTORIES = {
    "app/main.py": """\
from fastapi import FastAPI
from app.api import make_api


def create_app():
    app = FastAPI()
    api = make_api()
    app.mount('/v1', api)
    return app
""",
    "app/api.py": """\
from fastapi import FastAPI
from app import a, b


def make_api():
    api = FastAPI()
    for router in (a.router, b.router):
        api.include_router(router)
    return api
""",
    "app/a.py": """\
from fastapi import APIRouter
router = APIRouter()


@router.get('/a')
def a():
    return 1
""",
    "app/b.py": """\
from fastapi import APIRouter
router = APIRouter(prefix='/b')


@router.get('')
def b():
    return 1
""",
}


def test_routers_hang_below_applications_that_a_function_makes_in_a_loop() -> None:
    found = endpoints(FACTORIES)
    assert {"GET /v1/a", "GET /v1/b"} <= found.keys()


def test_a_computed_prefix_is_shown_as_such() -> None:
    found = endpoints(
        {
            "app.py": """\
from fastapi import APIRouter, FastAPI
import settings
router = APIRouter(prefix=settings.PREFIX)
app = FastAPI()
app.include_router(router)


@router.get('/a')
def a():
    return 1
"""
        }
    )
    assert found["GET …/a a"]["unresolved"] == "A part of the path is computed."


BLUEPRINTS = {
    "web/__init__.py": """\
from flask import Flask
from web.orders import bp


def create_app():
    app = Flask(__name__)
    app.register_blueprint(bp, url_prefix='/new')
    return app
""",
    "web/orders.py": """\
from flask import Blueprint, abort, jsonify, render_template
from flask_login import login_required
bp = Blueprint('orders', __name__, url_prefix='/old')


@bp.route('/', methods=['GET', 'POST'])
@bp.route('/all')
@login_required
def orders():
    return render_template('orders.html')


@bp.delete('/<int:order_id>')
def drop(order_id):
    if order_id < 0:
        abort(404)
    return jsonify({})
""",
}


def test_blueprints_of_flask_are_joined_and_a_prefix_given_on_registration_replaces_their_own() -> None:
    found = endpoints(BLUEPRINTS)
    assert set(found) == {"GET,POST /new/", "GET /new/all", "DELETE /new/<int:order_id>"}
    assert cells(found["GET /new/all"], "authentication", "output") == ["login_required", "html orders.html"]
    drop = found["DELETE /new/<int:order_id>"]
    assert cells(drop, "authentication", "input", "errors", "output") == [
        "none",
        "path order_id: int",
        ["404"],
        "json",
    ]
    assert drop["marks"]["authentication"] == "bad"


PATTERNS = {
    "shop/__init__.py": "",
    "shop/urls.py": SHOP_URLS,
    "shop/views.py": """\
from django.http import HttpResponse


def legacy(request, year):
    return HttpResponse()
""",
    "shop/orders/__init__.py": "",
    "shop/orders/urls.py": """\
from django.urls import path
from . import views
urlpatterns = [path('<int:pk>/', views.OrderEdit.as_view())]
""",
    "shop/orders/views.py": """\
from django.contrib.auth.mixins import LoginRequiredMixin
from django.views.generic import UpdateView
from shop.orders.forms import OrderForm


class OrderEdit(LoginRequiredMixin, UpdateView):
    form_class = OrderForm
    template_name = 'order.html'
""",
}


def test_patterns_of_django_are_joined_over_files_to_views_and_classes() -> None:
    found = endpoints(PATTERNS)
    edit = found["GET,POST /orders/<int:pk>/"]
    assert cells(edit, "handler", "framework", "authentication", "input", "output") == [
        "OrderEdit",
        "django",
        "LoginRequiredMixin",
        "OrderForm; path pk: int",
        "html order.html",
    ]
    assert found["ANY /legacy/<year>/"]["cells"]["authentication"] == "login_required"
    assert found["GET /"]["cells"]["output"] == "html index.html"
    assert found["ANY /admin/… django.contrib.admin"]["cells"]["authentication"] == "admin site"
    assert "not in this repository" in found["ANY /accounts/… allauth.urls"]["unresolved"]


VIEW_SETS = {
    "shop/settings.py": """\
REST_FRAMEWORK = {'DEFAULT_PERMISSION_CLASSES': ['rest_framework.permissions.IsAuthenticated'],
    'DEFAULT_PAGINATION_CLASS': 'rest_framework.pagination.PageNumberPagination'}
""",
    "shop/urls.py": """\
from django.urls import include, path
from rest_framework.routers import DefaultRouter
from shop.api import OrderViewSet
router = DefaultRouter()
router.register(r'orders', OrderViewSet)
urlpatterns = [path('api/', include(router.urls))]
""",
    "shop/base.py": """\
from rest_framework import mixins, viewsets


class Readable(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    lookup_field = 'slug'
""",
    "shop/api.py": """\
from rest_framework.decorators import action
from rest_framework.permissions import IsAdminUser
from rest_framework.response import Response
from shop.base import Readable
from shop.serializers import OrderSerializer


class OrderViewSet(Readable):
    serializer_class = OrderSerializer
    throttle_scope = 'orders'

    @action(detail=True, methods=['post'], permission_classes=[IsAdminUser])
    def pay(self, request, slug):
        return Response({})
""",
}


def test_view_sets_of_drf_answer_their_actions_below_their_router() -> None:
    found = endpoints(VIEW_SETS)
    assert set(found) == {"GET /api/orders/", "GET /api/orders/<slug>/", "POST /api/orders/<slug>/pay/"}
    listed = found["GET /api/orders/"]
    assert cells(listed, "handler", "framework", "output", "paginated", "throttle") == [
        "OrderViewSet.list",
        "drf",
        "OrderSerializer",
        True,
        "orders",
    ]
    assert listed["cells"]["authentication"] == "IsAuthenticated (default of REST_FRAMEWORK)"
    assert cells(found["POST /api/orders/<slug>/pay/"], "authentication", "permission") == [
        "IsAdminUser",
        "IsAdminUser",
    ]


AIOHTTP = {
    "app/main.py": """\
from aiohttp import web
from app import views
app = web.Application()
admin = web.Application()
app.router.add_post('/orders', views.create)
admin.add_routes([web.get('/users', views.users)])
app.add_subapp('/admin/', admin)
""",
    "app/views.py": """\
from aiohttp import web


async def create(request):
    body = await request.json()
    return web.json_response(body)


async def users(request):
    raise web.HTTPForbidden()
""",
}


def test_handlers_of_aiohttp_are_found_in_other_files() -> None:
    found = endpoints(AIOHTTP)
    create = found["POST /orders"]
    assert cells(create, "handler", "input", "output", "is_async") == [
        "create",
        "body by hand (request.json)",
        "json",
        True,
    ]
    assert create["marks"]["input"] == "bad"


RESOURCES = {
    "api/__init__.py": """\
from flask import Blueprint
from flask_restful import Api
from api.resources import Orders
bp = Blueprint('api', __name__, url_prefix='/api')
api = Api(bp)
api.add_resource(Orders, '/orders', '/orders/<int:pk>')
""",
    "api/resources.py": """\
from flask_restful import Resource


class Orders(Resource):
    def get(self, pk=None):
        return []

    def post(self):
        return {}, 201
""",
    "wsgi.py": """\
from flask import Flask
from api import bp
app = Flask(__name__)
app.register_blueprint(bp)
""",
}


def test_resources_of_flask_restful_answer_by_their_verbs() -> None:
    found = endpoints(RESOURCES)
    assert {"GET /api/orders", "POST /api/orders", "GET /api/orders/<int:pk>"} <= found.keys()
    assert found["POST /api/orders"]["cells"]["handler"] == "Orders.post"


def test_handlers_of_tornado_stand_in_lists_of_pairs() -> None:
    found = endpoints(
        {
            "app.py": """\
import tornado.web


class OrderHandler(tornado.web.RequestHandler):
    def get(self, pk):
        self.write({})

    def delete(self, pk):
        raise tornado.web.HTTPError(403)


app = tornado.web.Application([(r'/orders/(\\d+)', OrderHandler)])
"""
        }
    )
    assert cells(found["DELETE /orders/<*>"], "framework", "errors") == ["tornado", ["403"]]


def test_who_is_asked_is_unknown_where_a_base_class_of_others_may_ask() -> None:
    found = endpoints(
        {
            "app/urls.py": """\
from django.urls import path
from app.views import Orders
urlpatterns = [path('orders/', Orders.as_view())]
""",
            "app/views.py": """\
from django.views import View
from corporate.web import Shielded


class Orders(Shielded, View):
    def post(self, request):
        return None
""",
        }
    )
    row = found["POST /orders/"]
    assert (row["cells"]["authentication"], row["marks"]["authentication"]) == (None, "unknown")
    assert row["unresolved"] == "What Shielded asks is not known."


def test_a_hook_that_may_let_health_checks_pass_is_no_guard_of_them() -> None:
    found = endpoints(
        {
            "app.py": """\
from flask import Flask, abort, request
app = Flask(__name__)


@app.before_request
def check_token():
    if not request.headers.get('Authorization'):
        abort(401)


@app.post('/orders')
def order():
    return 'ok'
"""
        }
    )
    assert found["POST /orders"]["cells"]["authentication"] == "check_token (hook)"


def test_keys_stay_where_code_moves_and_is_formatted() -> None:
    source = """\
from flask import Flask
app = Flask(__name__)


@app.get('/orders')
def orders():
    return 'ok'
"""
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
    found = endpoints(
        {
            "app/views.py": """\
from django.views.generic import ListView
from utilities.views import register_model_view


@register_model_view(Site, 'list')
class SiteList(ListView):
    model = Site
"""
        }
    )
    assert "registers it" in found["GET … SiteList"]["unresolved"]


ADDRESSED = {
    "home/http.py": """\
class HomeView:
    requires_auth = True
""",
    "home/api.py": """\
from aiohttp import web
from home.http import HomeView


class StatesView(HomeView):
    url = '/api/states/{entity}'
    requires_auth = False

    async def get(self, request, entity):
        return web.json_response({})
""",
}


def test_views_of_an_own_framework_say_their_path_themselves() -> None:
    row = endpoints(ADDRESSED)["GET /api/states/{entity}"]
    assert cells(row, "handler", "framework", "authentication", "output") == [
        "StatesView.get",
        "aiohttp",
        "declared public",
        "json",
    ]


FLASK = """\
from flask import Flask, abort, redirect, render_template, session
from flask_login import current_user
app = Flask(__name__)


@app.before_request
def load_user():
    session['user'] = current_user.name


@app.route('/basket')
def basket():
    return render_template('basket.html', user=current_user)


@app.route('/orders')
def orders():
    if not current_user.is_authenticated:
        return redirect('/login')
    return render_template('orders.html')


@app.route('/books')
def books():
    if current_user.is_authenticated:
        return redirect('/orders')
    return render_template('books.html')
"""


def test_a_handler_checks_who_calls_only_where_it_turns_somebody_away() -> None:
    found = endpoints({"app.py": FLASK})
    assert [found[f"GET /{name}"]["cells"]["authentication"] for name in ("basket", "orders", "books")] == [
        None,
        "checked in the handler",
        None,
    ]
    assert found["GET /basket"]["marks"]["authentication"] == "unknown"


GATED = """\
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
app = FastAPI()


@app.middleware('http')
async def check_auth(request: Request, call_next):
    if {test}:
        return JSONResponse({{}}, status_code=401)
    return await call_next(request)


@app.get('/books')
async def books():
    return []
"""


def test_a_middleware_guards_unless_it_looks_at_the_path() -> None:
    sure = endpoints({"app.py": GATED.format(test="not request.headers.get('x-key')")})
    picks = endpoints({"app.py": GATED.format(test="request.url.path.startswith('/admin')")})
    assert sure["GET /books"]["cells"]["authentication"] == "check_auth (middleware)"
    assert picks["GET /books"]["cells"]["authentication"] is None


LOGS = """\
from fastapi import FastAPI
app = FastAPI()


@app.middleware('http')
async def principal_logging(request, call_next):
    response = await call_next(request)
    return response


@app.get('/books')
async def books():
    return []
"""


def test_a_middleware_that_hands_on_whatever_comes_guards_nothing() -> None:
    assert endpoints({"app.py": LOGS})["GET /books"]["cells"]["authentication"] == "none"


DESK = {
    "desk/urls.py": """\
from django.contrib.auth.decorators import login_required
from django.urls import path
from desk import views
from desk.feeds import NewTickets
urlpatterns = [
    path('tickets/', views.tickets),
    path('queues/', views.queues),
    path('news/', login_required(NewTickets())),
]
""",
    "desk/feeds.py": """\
from django.contrib.syndication.views import Feed


class NewTickets(Feed):
    title = 'New'
""",
    "desk/views.py": """\
from django.contrib.auth.decorators import user_passes_test
from django.shortcuts import render
staff_only = user_passes_test(lambda user: user.is_staff)


def tickets(request):
    return render(request, 'tickets.html')


tickets = staff_only(tickets)
members = user_passes_test(lambda user: user.is_active)


@members
def queues(request):
    return render(request, 'queues.html')
""",
}


def test_what_views_are_given_to_afterwards_asks_through_names() -> None:
    found = {row["cells"]["path"]: row["cells"] for row in endpoints(DESK).values()}
    assert found["/tickets/"]["authentication"] == "staff_only"
    assert found["/queues/"]["authentication"] == "user_passes_test"
    assert [found["/news/"][name] for name in ("methods", "authentication")] == [[], "login_required"]


DEPOSIT = {
    "deposit/urls.py": """\
from django.urls import path
from deposit.collection import CollectionAPI
urlpatterns = [path('collection/', CollectionAPI.as_view())]
""",
    "deposit/common.py": """\
from abc import ABCMeta
from deposit.config import APIConfig
from rest_framework.views import APIView


class APIBase(APIConfig, APIView, metaclass=ABCMeta):
    pass


class APIPost(APIBase, metaclass=ABCMeta):
    def post(self, request, name):
        return self.process_post(request, name)
""",
    "deposit/collection.py": """\
from deposit.common import APIPost


class CollectionAPI(APIPost):
    def process_post(self, request, name):
        return None
""",
}


def test_the_methods_of_a_view_come_from_its_abstract_base_in_another_file() -> None:
    (row,) = endpoints(DEPOSIT).values()
    assert cells(row, "methods", "path", "framework") == [["POST"], "/collection/", "drf"]


def test_a_view_above_that_signs_in_guards_nothing() -> None:
    found = endpoints(
        {
            "urls.py": "from django.urls import path\nimport views\nurlpatterns = [path('', views.Enter.as_view())]\n",
            "views.py": "from django.contrib.auth.views import LoginView\n\n\nclass Enter(LoginView):\n    pass\n",
        }
    )
    (row,) = found.values()
    assert row["marks"].get("authentication") != "good"
