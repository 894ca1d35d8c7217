"""Route handlers: which def answers what, and what of it comes from outside."""

import pytest

from scanners.context import Context
from scanners.engine import Engine
from scanners.paths import PathClass
from scanners.rule import Collector
from scanners.scan import scan_files
from scanners.semantics.routes import routes_of


class Seen(Collector):
    """Records the routes of a file."""

    def visit_module(self, ctx: Context) -> None:
        for node, route in routes_of(ctx).items():
            ctx.fact(
                "seen",
                node,
                name=node.name,  # type: ignore[attr-defined]  # only defs are handlers
                route=f"{route.framework} {','.join(route.methods)} {route.path}".strip(),
                request=route.request,
                raw=list(route.raw_params),
                body=list(route.body_params),
            )


def seen(source: str) -> list[dict[str, object]]:
    """The routes of a file."""
    answer = Engine((Seen(),)).answer(source.encode(), PathClass("python", "service"))
    assert answer["problem"] is None
    return list(answer["facts"].get("seen", []))


ROUTES = {
    "flask": (
        "from flask import Flask\nx = Flask('x')\n@x.route('/a/<int:id>', methods=['POST'])\ndef go(id): ...\n",
        "flask POST /a/<int:id>",
    ),
    "blueprint of another file": (
        "from flask import request\nfrom . import bp\n@bp.get('/a')\ndef go(): ...\n",
        "flask GET /a",
    ),
    "blueprint by a name of its own": (
        "import flask\nshop = flask.Blueprint('s', __name__)\n@shop.route('/')\n@check\ndef go(): ...\n",
        "flask GET /",
    ),
    "add_url_rule": (
        "from flask import Flask\napp = Flask(__name__)\ndef go(): ...\napp.add_url_rule('/a', 'a', view_func=go)\n",
        "flask GET /a",
    ),
    "method view": ("from flask.views import MethodView\nclass A(MethodView):\n    def get(self): ...\n", "flask GET"),
    "fastapi": (
        "import fastapi\nr = fastapi.APIRouter()\n@r.put('/a')\nasync def go(x): ...\n",
        "fastapi PUT /a",
    ),
    "router of its own class": (
        "from fastapi import APIRouter\nclass R(APIRouter): ...\nr = R()\n@r.get('/a')\ndef go(): ...\n",
        "fastapi GET /a",
    ),
    "router of another file": (
        "from fastapi import Depends\nfrom shop.routing import things\n@things.get('/a')\ndef go(): ...\n",
        "",
    ),
    "router of another file that is called one": (
        "from fastapi import Depends\nfrom shop.routing import router\n@router.get('/a')\ndef go(): ...\n",
        "fastapi GET /a",
    ),
    "starlette": (
        "from starlette.routing import Route\nasync def go(request): ...\nr = [Route('/a', go, methods=['POST'])]\n",
        "starlette POST /a",
    ),
    "aiohttp table": (
        "from aiohttp import web\nroutes = web.RouteTableDef()\n@routes.post('/a')\nasync def go(request): ...\n",
        "aiohttp POST /a",
    ),
    "aiohttp router": (
        "from aiohttp import web\nasync def go(request): ...\ndef make(app):\n    app.router.add_get('/a', go)\n",
        "aiohttp GET /a",
    ),
    "aiohttp list": (
        "from aiohttp import web\nasync def go(request): ...\nR = [web.get('/a', go)]\n",
        "aiohttp GET /a",
    ),
    "aiohttp route with a method": (
        "from aiohttp import web\nasync def go(r): ...\ndef make(app):\n app.router.add_route('POST', '/a', go)\n",
        "aiohttp POST /a",
    ),
    "django by its answer": (
        "from django.http import JsonResponse\ndef go(request):\n    return JsonResponse({})\n",
        "django",
    ),
    "django by its decorator": (
        "from django.views.decorators.http import require_POST\n@require_POST\ndef go(request, id): ...\n",
        "django POST",
    ),
    "django class": (
        "from django.views.generic import View\nclass A(View):\n    def post(self, request): ...\n",
        "django POST",
    ),
    "drf function": (
        "from rest_framework.decorators import api_view\n@api_view(['POST'])\ndef go(request): ...\n",
        "drf POST",
    ),
    "drf class of another file": (
        "from rest_framework import status\nfrom .x import OwnAPIView\nclass A(OwnAPIView):\n def get(self): ...\n",
        "drf GET",
    ),
    "drf action": (
        (
            "from rest_framework import viewsets as v\nfrom rest_framework.decorators import action\n"
            "class A(v.ModelViewSet):\n    @action(methods=['post'])\n    def pay(self, request): ...\n"
        ),
        "drf POST",
    ),
    "drf serializer": (
        "from rest_framework import serializers\nclass A(serializers.Serializer):\n def create(self, data): ...\n",
        "",
    ),
    "tornado": (
        "import tornado.web\nclass A(tornado.web.RequestHandler):\n    async def get(self): ...\n",
        "tornado GET",
    ),
    "ninja": ("from ninja import Router\nrouter = Router()\n@router.get('/a')\ndef go(request): ...\n", "ninja GET /a"),
    "a method of another class": ("class A:\n    def get(self, request): ...\n", ""),
    "a helper that takes the request": ("from django.http import HttpRequest\ndef go(request):\n    return 1\n", ""),
    "a client": ("import requests\nfrom flask import g\ndef go():\n    return requests.get('/a')\n", ""),
    "a mock": ("import flask\nfrom unittest import mock\n@mock.patch('shop.go')\ndef go(m): ...\n", ""),
    "a cache": ("import flask\nfrom x import memo\n@memo.get('key')\ndef go(m): ...\n", ""),
}


@pytest.mark.parametrize(("source", "route"), ROUTES.values(), ids=ROUTES)
def test_a_handler_is_known_by_how_it_is_registered(source: str, route: str) -> None:
    assert [found["route"] for found in seen(source)] == list(filter(None, [route]))


FASTAPI = (
    "from typing import Annotated\nfrom fastapi import Body, Depends, FastAPI, Request\n"
    "from pydantic import BaseModel as B\n"
    "class M(B): ...\napp = FastAPI()\n"
)


@pytest.mark.parametrize(
    ("params", "raw", "body"),
    [
        ("a: str, b: int, c=None", ["a", "c"], []),
        ("m: M", [], ["m"]),
        ("d: dict", ["d"], ["d"]),
        ("d: Annotated[str, Body()]", ["d"], ["d"]),
        ("db=Depends(go), user: Annotated[str, Depends(x)] = None", [], []),
        ("request: Request, id: str = ''", ["id"], []),
    ],
)
def test_fastapi_fills_parameters_from_the_request(params: str, raw: list[str], body: list[str]) -> None:
    (found,) = seen(f"{FASTAPI}@app.post('/a')\ndef go({params}): ...\n")
    assert (found["raw"], found["body"]) == (raw, body)


def test_the_request_goes_by_the_name_of_its_parameter() -> None:
    (found,) = seen(f"{FASTAPI}@app.post('/a')\ndef go(req: Request): ...\n")
    assert found["request"] == "req"
    (found,) = seen("import tornado.web\nclass A(tornado.web.RequestHandler):\n    def get(self): ...\n")
    assert found["request"] == "self.request"


def test_a_router_that_is_included_under_another_name_is_guarded_there():
    files = {
        "app/jobs.py": (
            "from fastapi import APIRouter\n\nrouter = APIRouter()\nrouter_two = APIRouter()\n\n\n"
            "@router.post('/jobs')\ndef start():\n    return 1\n\n\n"
            "@router_two.post('/open')\ndef opened():\n    return 1\n"
        ),
        "app/main.py": (
            "from fastapi import Depends, FastAPI\nfrom app.auth import verify_token\n\napp = FastAPI()\n\n\n"
            "def configure():\n    from app.jobs import router as api_jobs\n"
            "    app.include_router(api_jobs, dependencies=[Depends(verify_token)])\n"
        ),
    }
    report = scan_files({path: text.encode() for path, text in files.items()})
    found = [finding for finding in report.findings if finding.rule == "endpoint-without-auth"]
    assert ["opened" in finding.message for finding in found] == [True]
