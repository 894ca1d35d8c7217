import ast
from typing import Any, Final

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Call, Place
from scanners.regex import regex
from scanners.rule import Example, Rule
from scanners.semantics.api.inputchecks import (
    ABOVE,
    answers_400,
    checked,
    has_key,
    is_body,
    is_converted,
    looked_before,
    may_be_infinite,
    path_part,
    protected,
    protected_by_callers,
)
from scanners.semantics.api.responses import is_web
from scanners.semantics.requestdata import Taint, taint
from scanners.syntax import unparse
from scanners.tree import Tree, TreeContext

_ERRORS: Final = {
    "int": "ValueError", "float": "ValueError", "decimal.Decimal": "InvalidOperation", "uuid.UUID": "ValueError",
    "datetime.datetime.strptime": "ValueError", "datetime.datetime.fromisoformat": "ValueError", "datetime.date.fromisoformat": "ValueError",
    "datetime.time.fromisoformat": "ValueError", "json.loads": "ValueError", "orjson.loads": "ValueError", "ujson.loads": "ValueError",
}  # fmt: skip
_HEAD: Final = "from flask import Flask, request\napp = Flask(__name__)\n\n\n@app.route('/orders')\ndef orders():\n"
_ELSEWHERE: Final = regex(r"session|cookie|header|META|environ|path_params|match_info|view_args|kwargs|FILES|files")


class BadInputBecomes500(Rule):
    """
    A typing error of a caller becomes a server error: it pages somebody, hides real faults among the noise, and tells the
    caller nothing about what to mend.

    Looks at conversions of request data (numbers, dates, UUIDs, JSON), at keys that the body may lack, and at Django's
    `objects.get` by it. A try around it, a typed parameter, a check before, and a handler for the error's type are fine.
    """

    id = "bad-input-becomes-500"
    area = "api"
    item = "A1"
    title = "Bad input becomes a server error"
    severity = Severity.MEDIUM
    confidence = Confidence.MEDIUM
    effort = Effort.MINUTES
    fix = "Check the value where it comes in: a schema or a typed parameter, or catch the error and answer 400 (404 for a row)."
    kinds = frozenset({"http-api"})
    bad = [
        Example("numbers, dates, UUIDs", {"app.py": f"import uuid\nfrom datetime import datetime\nfrom decimal import Decimal\n{_HEAD}    page = int(request.args.get('page', 1))\n    price = Decimal(request.form['price'])\n    day = datetime.strptime(request.args['day'], '%Y-%m-%d')\n    key = uuid.UUID(request.args['key'])\n    return str((page, price, day, key))\n"}, at=[("app.py", line) for line in (10, 11, 12, 13)]),
        Example("JSON and its keys", {"views.py": "import json\nfrom django.http import JsonResponse\n\n\ndef order(request):\n    data = json.loads(request.body)\n    name = data['name']\n    return JsonResponse({'name': name, 'page': request.GET['page']})\n"}, at=[("views.py", 6), ("views.py", 7), ("views.py", 8)]),
        Example("a row that may be gone", {"views.py": "from django.http import JsonResponse\nfrom shop.models import Order\n\n\ndef order(request):\n    row = Order.objects.get(pk=request.GET.get('id'))\n    return JsonResponse({'name': row.name})\n"}, at=[("views.py", 6)]),
        Example("the body's keys in FastAPI and Flask", {"a.py": "from fastapi import APIRouter, Request\nrouter = APIRouter()\n\n\n@router.post('/x')\nasync def x(request: Request):\n    body = await request.json()\n    return body['name']\n", "b.py": f"{_HEAD}    return request.json['name']\n"}, at=[("a.py", 8), ("b.py", 7)]),
        Example("each of a list", {"app.py": f"{_HEAD}    return str(list(map(int, request.args.getlist('ids'))))\n"}, at=[("app.py", 7)]),
        Example("infinity", {"app.py": f"{_HEAD}    try:\n        price = float(request.args['price'])\n    except ValueError:\n        return 'no number', 400\n    return charge(price)\n"}, at=[("app.py", 8)]),
        Example("Django: no such row, and text for a date", {"views.py": "from django.http import JsonResponse\nfrom shop.models import Order\n\n\ndef order(request, pk):\n    return JsonResponse({'id': Order.objects.get(pk=pk).pk})\n", "app.py": "from datetime import date\nfrom fastapi import APIRouter\nrouter = APIRouter()\n\n\n@router.get('/x')\ndef x(day: str):\n    return date.fromisoformat(day)\n"}, at=[("app.py", 8), ("views.py", 6)]),
    ]  # fmt: skip
    good = [
        Example("a try that answers 400", {"app.py": f"import json\n{_HEAD}    try:\n        page = int(request.args.get('page', 1))\n        name = request.json['name']\n    except (ValueError, KeyError):\n        return 'bad', 400\n    return name * page\n"}),
        Example("a try around the call of a helper", {"app.py": f"{_HEAD}    try:\n        first = parsed(request.args['first'])\n    except ValueError:\n        return 'bad', 400\n    return str(first)\n\n\ndef parsed(text):\n    return int(text)\n"}),
        Example("typed parameters", {"a.py": f"{_HEAD}    page = request.args.get('page', 1, type=int)\n    return str(int(page))\n", "b.py": "from fastapi import APIRouter\nrouter = APIRouter()\n\n\n@router.get('/x')\ndef x(page: int = 1):\n    return int(page)\n"}),
        Example("converters of the path", {"app.py": "from flask import Flask\napp = Flask(__name__)\n\n\n@app.get('/orders/<int:number>')\ndef order(number):\n    return str(int(number))\n"}),
        Example("a handler for the type", {"app.py": f"{_HEAD}    return str(int(request.args['page']))\n", "errors.py": "from shop import app\nimport flask\n\n\n@app.errorhandler(ValueError)\ndef bad(error):\n    return 'bad', 400\n"}),
        Example("checked before", {"views.py": "from django.http import JsonResponse\nfrom django.shortcuts import get_object_or_404\nfrom shop.models import Order\n\n\ndef order(request):\n    page = request.GET.get('page', '')\n    if not page.isdigit():\n        return JsonResponse({}, status=400)\n    if 'name' not in request.POST:\n        return JsonResponse({}, status=400)\n    row = get_object_or_404(Order, pk=int(page))\n    return JsonResponse({'name': request.POST['name'], 'row': row.pk})\n"}),
        Example("Flask's own forms answer 400", {"app.py": f"{_HEAD}    return request.form['name'] + request.args['x']\n"}),
        Example("a serializer has seen the body, a row was made before", {"views.py": "from rest_framework.views import APIView\nfrom shop.models import Order\n\n\nclass Orders(APIView):\n    def post(self, request):\n        serializer = OrderSerializer(data=request.data)\n        serializer.is_valid(raise_exception=True)\n        name = request.data['name']\n        Order.objects.create(name=name)\n        return Order.objects.get(name=request.data.get('name'))\n"}),
        Example("a finite number", {"app.py": f"import math\n{_HEAD}    try:\n        price = float(request.args['price'])\n    except ValueError:\n        return 'no number', 400\n    if not math.isfinite(price):\n        return 'no price', 400\n    return charge(price)\n"}),
    ]  # fmt: skip
    calls = (*_ERRORS, "map", "*.get")

    def visit_call(self, call: Call, ctx: Context) -> None:
        if call.last == "get" and call.dotted not in _ERRORS:
            receiver = call.receiver
            if isinstance(receiver, ast.Attribute) and receiver.attr == "objects" and is_web(ctx):
                self._lookup(call, ctx)
        elif is_web(ctx) and call.node.args and call.function is not None:
            mapped = call.name(call.node.args[0]) if call.dotted == "map" and len(call.node.args) == 2 else ""
            if call.dotted == "map" and mapped not in _ERRORS:
                return
            found = taint(call.node.args[-1 if mapped else 0], call, ctx)
            if found is None or is_converted(found, call, ctx):
                return
            if call.dotted == "float" and protected(call, "ValueError"):
                self._infinite(call, ctx, found)
            else:
                made = (mapped or call.dotted).rpartition(".")[2]
                message = f"`{made}` of `{found.what}` raises for a wrong value: the caller gets a 500."
                self._note(call, ctx, found, _ERRORS[mapped or call.dotted], message)

    def _lookup(self, call: Call, ctx: Context) -> None:
        if looked_before(call):
            return  # The first look is the one to guard.
        for word in call.node.keywords:
            found = (taint(word.value, call, ctx) or path_part(word.value, call, ctx)) if word.arg else None
            if found is not None:
                message = f"No row for `{found.what}` raises DoesNotExist: the caller gets a 500 instead of a 404."
                self._note(call, ctx, found, "DoesNotExist", message)
                return

    def visit_subscript(self, place: Place[ast.Subscript], ctx: Context) -> None:
        node, key = place.node, getattr(place.node.slice, "value", None)
        if not isinstance(key, str) or not isinstance(node.ctx, ast.Load) or not is_web(ctx) or place.function is None:
            return
        if isinstance(node.value, ast.Subscript) or not is_body(node.value, place):
            return
        if _ELSEWHERE.search(unparse(node.value)):
            return
        found = taint(node.value, place, ctx)
        if found is None or answers_400(node.value, place, ctx) or is_converted(found, place, ctx):
            return
        if not has_key(key, node, place):
            message = f"A body without `{key}` raises KeyError: the caller gets a 500."
            self._note(place, ctx, found, "KeyError", message)

    def _note(self, place: Place[Any], ctx: Context, found: Taint, error: str, message: str) -> None:
        ctx.site(place)
        sure = found.confidence if found.confidence is Confidence.LOW else Confidence.MEDIUM
        safe = protected(place, error) or checked(place, found) or protected_by_callers(place, error, ctx)
        if not safe:
            ctx.sites[self.id].pop((place.line, place.node.col_offset), None)
            ctx.fact(
                "input-at-risk",
                place,
                col=place.node.col_offset,
                error=error,
                message=message,
                sure=str(sure),
                text=ctx.source_lines[place.line - 1].strip()[:160],
                name=place.qualname,
            )

    def _infinite(self, call: Call, ctx: Context, found: Taint) -> None:
        ctx.site(call)
        if may_be_infinite(call):
            message = f"float() takes `nan` and `inf` from `{found.what}` as numbers: comparisons and JSON break later."
            ctx.report(call, message, severity=Severity.LOW)

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        handled = {fact["of"] for fact in tree.facts("error-handler")}
        for fact in tree.facts("input-at-risk"):
            ctx.site(fact.path, fact.line)
            if not handled & ABOVE[fact["error"]]:
                anchor = f"{fact['name']}:{fact['message']}"
                sure = Confidence(fact["sure"])
                ctx.report(fact.path, fact.line, fact["message"], anchor=anchor, text=fact["text"], confidence=sure)
