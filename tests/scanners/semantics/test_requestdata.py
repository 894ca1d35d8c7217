"""Where a value comes from: what the request says, followed back, and what ends the way."""

import pytest

from scanners.context import Context
from scanners.engine import Engine
from scanners.paths import PathClass
from scanners.place import Call
from scanners.rule import Collector
from scanners.semantics.requestdata import taint


class Sink(Collector):
    """Records for each call of `sink` whether its argument comes from the request."""

    calls = ("box.sink",)

    def visit_call(self, call: Call, ctx: Context) -> None:
        found = taint(call.node.args[0], call, ctx, frozenset({"clean"}))
        ctx.fact("sink", call, what=found.what if found else "", sure=str(found.confidence) if found else "")


def told(source: str) -> str:
    """What the only sink of the source is told to hold, empty for nothing of the request."""
    answer = Engine((Sink(),)).answer(
        ("from box import clean, sink\n" + source).encode(), PathClass("python", "service")
    )
    assert answer["problem"] is None, answer["problem"]
    (fact,) = answer["facts"]["sink"]
    return str(fact["what"])


def flask(body: str, head: str = "") -> str:
    """A Flask handler with this body."""
    inside = "".join(f"    {line}\n" for line in body.split("\n"))
    imports = "import re, os, uuid, json, base64\nfrom enum import Enum\nfrom flask import Flask, request, abort\n"
    return f"{imports}app = Flask('a')\n{head}\n@app.post('/x')\ndef answer():\n{inside}"


SOURCES = {
    "flask args": flask("sink(request.args['to'])"),
    "flask module": "import flask\ndef view():\n    sink(flask.request.form.get('to'))\n",
    "flask json": flask("sink(request.get_json()['to'])"),
    "flask file name": flask("upload = request.files['f']\nsink(upload.filename)"),
    "flask url": "from flask import Flask\napp = Flask('a')\n@app.get('/files/<path:name>')\ndef answer(name):\n"
    "    sink(name)\n",
    "quart": "from quart import request\nasync def view():\n    body = await request.get_json()\n    sink(body['x'])\n",
    "django GET": "from django.shortcuts import render\ndef view(request):\n    sink(request.GET.get('to', ''))\n",
    "django class": (
        "from django.views import View\nclass Show(View):\n    def get(self, request):\n"
        "        sink(self.request.POST['to'])\n"
    ),
    "django kwargs": (
        "from django.views import View\nclass Show(View):\n    def get(self, request):\n"
        "        sink(self.kwargs['path'])\n"
    ),
    "drf": (
        "from rest_framework.views import APIView\nclass Show(APIView):\n    def post(self, request):\n"
        "        sink(request.data['to'])\n"
    ),
    "fastapi text": "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/x')\nasync def view(to: str):\n"
    "    sink(to)\n",
    "fastapi optional": (
        "from fastapi import APIRouter, Query\nrouter = APIRouter()\n@router.get('/x')\n"
        "def view(to: str | None = Query(None)):\n    sink(to)\n"
    ),
    "fastapi upload": (
        "from fastapi import FastAPI, UploadFile\napp = FastAPI()\n@app.post('/x')\n"
        "async def view(file: UploadFile):\n    sink(file.filename)\n"
    ),
    "starlette": (
        "from starlette.requests import Request\nasync def view(request: Request):\n    data = await request.json()\n"
        "    sink(data['to'])\n"
    ),
    "aiohttp": "from aiohttp import web\nasync def view(request):\n    sink(request.match_info['name'])\n",
    "tornado": (
        "import tornado.web\nclass Show(tornado.web.RequestHandler):\n    def get(self):\n"
        "        sink(self.get_argument('to'))\n"
    ),
    "fastapi model": (
        "from fastapi import FastAPI\nfrom pydantic import BaseModel\napp = FastAPI()\nclass Body(BaseModel):\n"
        "    to: str\n"
        "@app.post('/x')\ndef view(body: Body):\n    sink(body.to)\n"
    ),
}
FLOWS = {
    "name": flask("to = request.args['to']\nsink(to)"),
    "last assignment": flask("to = 'x'\nto = request.args['to']\nsink(to)"),
    "either branch": flask("to = 'x'\nif request.args:\n    to = request.args['to']\nsink(to)"),
    "unpacking": flask("a, b = request.args['to'].split(',')\nsink(b)"),
    "f-string": flask("sink(f\"/srv/{request.args['to']}\")"),
    "percent": flask("sink('/srv/%s' % request.args['to'])"),
    "plus equals": flask("path = '/srv/'\npath += request.args['to']\nsink(path)"),
    "format": flask("sink('/srv/{}'.format(request.args.get('to')))"),
    "join": flask("sink(os.path.join('/srv', request.args['to']))"),
    "text join": flask("sink('/'.join(['srv', request.args['to']]))"),
    "decoding": flask("sink(base64.b64decode(request.data).decode())"),
    "literal dict": flask("box = {'a': 'x', 'b': request.args['b']}\nsink(box['b'])"),
    "conditional": flask("to = request.args['to'] if request.args else 'x'\nsink(to)"),
    "default": flask("sink(request.args.get('to') or '/')"),
    "loop": flask("for name in request.json['names']:\n    sink(name)"),
    "comprehension": flask("[sink(name) for name in request.json['names']]"),
    "walrus": flask("if (to := request.args.get('to')):\n    sink(to)"),
    "with": flask("with request.files['f'].stream as stream:\n    sink(stream.read())"),
    "empty test is no check": flask("to = request.args.get('to')\nif not to:\n    abort(400)\nsink(to)"),
    "checked too late": flask("to = request.args['to']\nsink(to)\nif to not in ('a', 'b'):\n    abort(400)"),
    "check that goes on": flask("to = request.args['to']\nif to not in ('a', 'b'):\n    print(to)\nsink(to)"),
    "given to a def": flask("load(request.args['to'])", head="def load(path):\n    sink(path)\n"),
    "given back by a def": flask("sink(wanted())", head="def wanted():\n    return request.args['to']\n"),
    "passed through a def": flask(
        "sink(tidy(request.args['to']))", head="def tidy(text):\n    text = text.strip()\n    return text\n"
    ),
    "inner def": flask("to = request.args['to']\ndef late():\n    sink(to)\nlate()"),
}
CLEAN = {
    "no request": "def view(request):\n    sink(request.args['to'])\n",
    "constant": flask("sink('x')"),
    "overwritten": flask("to = request.args['to']\nto = 'x'\nsink(to)"),
    "other branch": flask("if request.args:\n    to = request.args['to']\nelse:\n    to = 'x'\n    sink(to)"),
    "int": flask("sink(int(request.args['to']))"),
    "uuid": flask("sink(str(uuid.UUID(request.args['to'])))"),
    "enum": flask("sink(Kind(request.args['to']).value)", head="class Kind(Enum):\n    A = 'a'\n"),
    "number format": flask("sink('%s' % len(request.args['to']))"),
    "mapping": flask("sink({'a': 'x'}[request.args['to']])"),
    "mapping get": flask("sink(PLACES.get(request.args['to'], '/'))", head="PLACES = {'a': '/a'}\n"),
    "allow-list": flask("to = request.args['to']\nif to not in ('a', 'b'):\n    abort(400)\nsink(to)"),
    "allow-list around": flask("to = request.args['to']\nif to in PLACES:\n    sink(to)", head="PLACES = {'a'}\n"),
    "allow-list in place": flask("to = request.args['to']\nsink(to if to in ('a', 'b') else 'a')"),
    "allow-list resets": flask("to = request.args['to']\nif to not in ('a', 'b'):\n    to = 'a'\nsink(to)"),
    "fullmatch": flask("to = request.args['to']\nif not re.fullmatch('[a-z]+', to):\n    abort(400)\nsink(to)"),
    "own check": flask("to = request.args['to']\nif not is_safe_path(to):\n    raise ValueError\nsink(to)"),
    "check kept in a flag": flask(
        "to = request.args['to']\nfine = to and is_safe_url(to)\nif not fine:\n    to = '/'\nsink(to)"
    ),
    "cleaner": flask("sink(clean(request.args['to']))"),
    "cleaner by name": flask("to = clean(request.args['to'])\nsink(to)"),
    "checked host": flask(
        "to = request.args['to']\nhost = urlparse(to).hostname\nif host not in ('a', 'b'):\n    abort(400)\nsink(to)",
        head="from urllib.parse import urlparse\n",
    ),
    "other key": flask("box = {'a': 'x', 'b': request.args['b']}\nsink(box['a'])"),
    "server's own word": "from django.shortcuts import render\ndef view(request):\n"
    "    sink(request.META['REMOTE_ADDR'])\n",
    "fastapi number": "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/x')\ndef view(to: int):\n"
    "    sink(to)\n",
    "fastapi pattern": (
        "from fastapi import FastAPI, Query\napp = FastAPI()\n@app.get('/x')\n"
        "def view(to: str = Query(pattern='^[a-z]+$')):\n    sink(to)\n"
    ),
    "fastapi model number": (
        "from fastapi import FastAPI\nfrom pydantic import BaseModel\napp = FastAPI()\nclass Body(BaseModel):\n"
        "    to: int\n"
        "@app.post('/x')\ndef view(body: Body):\n    sink(body.to)\n"
    ),
    "fastapi dependency": (
        "from fastapi import Depends, FastAPI\napp = FastAPI()\n@app.get('/x')\ndef view(to: str = Depends(len)):\n"
        "    sink(to)\n"
    ),
    "flask number": (
        "from flask import Flask\napp = Flask('a')\n@app.get('/files/<int:name>')\ndef answer(name):\n    sink(name)\n"
    ),
}


@pytest.mark.parametrize("name", [*SOURCES, *FLOWS])
def test_request_data_reaches(name: str) -> None:
    assert told((SOURCES | FLOWS)[name])


@pytest.mark.parametrize("name", CLEAN)
def test_the_way_ends(name: str) -> None:
    assert told(CLEAN[name]) == ""


def test_what_names_the_whole_read() -> None:
    assert told(flask("to = request.args['to']\nsink(to)")) == "request.args['to']"
