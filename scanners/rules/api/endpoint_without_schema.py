import ast
import re
from typing import Any, Final

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Block, Place
from scanners.regex import regex
from scanners.rule import Example, Rule
from scanners.semantics.api.bodies import called, fills_schema, is_json, whole_body
from scanners.semantics.handlers import inner
from scanners.semantics.routes import Route, routes_of

_CHECKS: Final = regex(
    r"valid|schema|serializ|(^|_)form(s|set)?$|Form(Set)?$|parse_obj|parse_raw|TypeAdapter|voluptuous|cerberus|msgspec|structure|from_dict|from_json|deserial"
    r"|load(s)?_?(model|schema)|(?<!json_)(^|\.)parser|parse_args|reqparse|clean|sanitiz|use_kwargs|use_args"
    r"|(?-i:[a-z]Payload|^Payload|Request[A-Z]|[a-z]Request$|Input$|[a-z]In$|Dto$|DTO$|Model$|[A-Za-z]Body$)"
    r"|signature|hmac|verify|compare_digest|construct_event|webhook|isinstance|ensure_|(^|_)check(s|ed)?(_|$)"
    r"|require_(fields|keys|json)|expect|convert|decode_",
    re.IGNORECASE,
)
_CHECKED_BEFORE: Final = frozenset({"perform_create", "perform_update", "form_valid"})
_RAW_TYPES: Final = frozenset({"dict", "Dict", "Any", "Mapping", "object", "JSON"})
_HEAD: Final = (
    "from flask import Flask, jsonify, request\napp = Flask(__name__)\n\n\n@app.post('/orders')\ndef order():\n"
)
_FASTAPI: Final = "from typing import Any\nfrom fastapi import FastAPI, Request\nfrom pydantic import BaseModel\nfrom shop.models import save\napp = FastAPI()\n\n\nclass Order(BaseModel):\n    name: str\n\n\n"


class EndpointWithoutSchema(Rule):
    """
    What is not refused at the door fails deep inside, as a server error or as bad data that stays; and nobody can read
    anywhere what the endpoint takes.

    Looks at handlers that take a body: read raw and used, or typed as dict or Any, with no model, serializer, form or
    schema in the handler; and at FastAPI routes that do not say what they answer. Streamed uploads, webhooks that verify
    a signature first, and bodies that are not used are left.
    """

    id = "endpoint-without-schema"
    area = "api"
    item = "A1"
    title = "Body taken without a schema"
    severity = Severity.MEDIUM
    confidence = Confidence.MEDIUM
    effort = Effort.HOUR
    fix = "Declare what the body holds (a pydantic model, serializer, form or schema) and let it refuse the rest with a 4xx."
    kinds = frozenset({"http-api"})
    bad = [
        Example("Flask", {"app.py": f"{_HEAD}    data = request.get_json()\n    save(data['name'], data.get('count'))\n    return jsonify(ok=True)\n"}, at=[("app.py", 6)]),
        Example("FastAPI: the request itself, a dict, Any", {"app.py": f"{_FASTAPI}@app.post('/a', response_model=Order)\nasync def a(request: Request):\n    data = await request.json()\n    return save(data['name'])\n\n\n@app.post('/b')\ndef b(data: dict) -> Order:\n    return save(data['name'])\n\n\n@app.put('/c')\ndef c(data: Any) -> Order:\n    return save(data['name'])\n"}, at=[("app.py", 13), ("app.py", 19), ("app.py", 24)]),
        Example("Django and DRF", {"views.py": "import json\nfrom django.http import JsonResponse\nfrom rest_framework.views import APIView\n\n\ndef order(request):\n    data = json.loads(request.body)\n    save(data['name'])\n    return JsonResponse({})\n\n\nclass Orders(APIView):\n    def post(self, request):\n        return save(request.data['name'])\n"}, at=[("views.py", 6), ("views.py", 13)]),
        Example("aiohttp", {"app.py": "from aiohttp import web\nroutes = web.RouteTableDef()\n\n\n@routes.post('/orders')\nasync def order(request):\n    data = await request.json()\n    return web.json_response(save(data['name']))\n"}, at=[("app.py", 6)]),
        Example("FastAPI: an answer of any shape", {"app.py": f"{_FASTAPI}@app.get('/a')\ndef a(name: str):\n    return {{'name': name, 'rows': save(name)}}\n"}, at=[("app.py", 13)]),
    ]  # fmt: skip
    good = [
        Example("a model", {"app.py": f"{_FASTAPI}@app.post('/a', response_model=Order)\ndef a(order: Order):\n    return save(order)\n\n\n@app.post('/b')\nasync def b(request: Request) -> Order:\n    return save(Order.model_validate(await request.json()))\n"}),
        Example("marshmallow, jsonschema", {"app.py": f"import jsonschema\n{_HEAD}    data = OrderSchema().load(request.get_json())\n    return jsonify(save(data))\n\n\n@app.post('/b')\ndef b():\n    data = request.json\n    jsonschema.validate(data, SCHEMA)\n    return jsonify(save(data))\n"}),
        Example("a form and a serializer", {"views.py": "from django.http import JsonResponse\nfrom rest_framework.views import APIView\n\n\ndef order(request):\n    form = OrderForm(request.POST)\n    if form.is_valid():\n        form.save()\n    return JsonResponse({})\n\n\nclass Orders(APIView):\n    def post(self, request):\n        serializer = OrderSerializer(data=request.data)\n        serializer.is_valid(raise_exception=True)\n        return save(serializer.validated_data)\n"}),
        Example("a webhook that verifies, an upload, no body", {"app.py": f"{_HEAD}    return jsonify(ok=True)\n\n\n@app.post('/hook')\ndef hook():\n    if not hmac.compare_digest(request.headers['X-Sum'], total(request.data)):\n        return '', 403\n    return jsonify(save(request.get_json()))\n\n\n@app.put('/file')\ndef upload():\n    for chunk in request.stream:\n        keep(chunk)\n    return ''\n"}),
    ]  # fmt: skip

    def visit_module(self, ctx: Context) -> None:
        for node, route in routes_of(ctx).items():
            if node.name in _CHECKED_BEFORE:  # type: ignore[attr-defined]  # handlers are defs
                continue
            self._look(node, route, ctx)

    def _look(self, node: Any, route: Route, ctx: Context) -> None:
        scope = ctx.module.functions[node]
        place = Place(node, Block("module", ctx.tree or node, None, scope.parent or ctx.module), node)
        typed = [param for param in route.params if param.source == "body"]
        raw = [param.name for param in typed if param.kind.rpartition(".")[2] in _RAW_TYPES]
        raw += [
            param.name
            for param in route.params
            if param.source == "unknown" and param.kind.rpartition(".")[2] in _RAW_TYPES
        ]
        body = list(inner(list(node.body)))
        raw += [
            param.name
            for param in route.params
            if route.framework == "fastapi"
            and param.kind in ("typing.Any", "Any")
            and route.writes
            and param.source == "query"
        ]
        read = raw[0] if raw else whole_body(body, route) if route.writes else ""
        if not typed and not read:
            self._answer(place, node, route, body, ctx)
            return
        ctx.site(place)
        if not read:
            self._answer(place, node, route, body, ctx)
            return
        if any(_CHECKS.search(word) for word in called(body, node)) or (not raw and fills_schema(body, scope, ctx)):
            return
        sure = None if route.sure else Confidence.LOW
        if not raw and route.framework in ("django", "flask", "quart", "tornado", "bottle") and not is_json(body):
            sure = Confidence.LOW  # Fields of a page's form are read one by one, and often checked so.
        ctx.report(
            place,
            f"`{node.name}` takes `{read}` as it comes: nothing says or checks what the body holds.",
            confidence=sure,
        )

    def _answer(self, place: Place[Any], node: Any, route: Route, body: list[Any], ctx: Context) -> None:
        """Of a FastAPI route: whether it says what it answers."""
        if (
            route.framework != "fastapi"
            or route.call is None
            or node.returns is not None
            or "WEBSOCKET" in route.methods
        ):
            return
        words = {word.arg for word in route.call.keywords}
        values = [each.value for each in body if isinstance(each, ast.Return) and each.value is not None]
        if not values or words & {"response_model", "response_class", "include_in_schema", "responses", None}:
            return
        ctx.site(place)
        if any(
            (isinstance(value, (ast.Dict, ast.List, ast.ListComp)) and getattr(value, "keys", [1, 2, 3])[2:] != [])
            or _many(value)
            for value in values
        ):
            ctx.report(
                place,
                f"`{node.name}` does not say what it answers: give it a response_model or a return type.",
                severity=Severity.LOW,
            )


def _many(value: ast.expr) -> bool:
    return isinstance(value, ast.Dict) and any(not isinstance(each, ast.Constant) for each in value.values)
