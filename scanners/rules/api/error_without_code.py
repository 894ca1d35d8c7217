import ast
import re
from typing import Any, Final

from scanners.constants import fold
from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Place
from scanners.regex import regex
from scanners.rule import Example, Rule
from scanners.semantics.api.responses import Reply, is_web, keys_of, reply_of
from scanners.semantics.routes import route_of
from scanners.syntax import unparse

_MACHINE: Final = regex(
    r"^(code|type|slug|kind|key|reason|title|error_?(code|type|id|name|key)|err_?code|errors|field_errors|violations|issues)$|[a-z](Code|Type)$|_code$",
    re.IGNORECASE,
)
_TOLD: Final = regex(r"code|type|errors$|name(__)?$|slug")
_FAILED: Final = frozenset({"error", "err", "errors", "error_message", "exception"})
_TELLS: Final = frozenset({"error", "message", "detail", "msg", "description", "error_message", "err", "errmsg"})
_SLUG: Final = regex(r"^[A-Za-z0-9]+([_.:-][A-Za-z0-9]+)+$|^[A-Z_]{4,}$|^[a-z]+$|^[A-Z][a-z]+([A-Z][a-z]+)+$")
_ANSWERS: Final = frozenset({ast.Call, ast.Tuple, ast.Dict})
_PLAIN: Final = frozenset({401, 403, 404, 405})
_HEAD: Final = "from flask import Flask, jsonify\napp = Flask(__name__)\n\n\n@app.post('/orders')\ndef order():\n"


class ErrorWithoutCode(Rule):
    """
    A program cannot act on a sentence: without a code that stays the same, clients compare texts, and break when
    somebody mends a spelling. An error that answers 200 is counted as success by every client and every monitor.

    Looks at JSON answers of 400 and over that are built by hand, at error bodies that go out with 200, and at a 500 that a
    handler of any exception makes itself. Other errors of the framework (HTTPException, abort, serializer errors) have
    their own shape. A body that is not a literal is left. 401, 403, 404 and 405 nearly always say enough by themselves, so an
    answer with one of them has low confidence.
    """

    id = "error-without-code"
    area = "api"
    item = "A3"
    title = "Error answer without a code for programs"
    severity = Severity.MEDIUM
    confidence = Confidence.MEDIUM
    effort = Effort.HOUR
    fix = "Give every error a stable code beside its text, best in one handler of errors, and a status of 400 or over."
    kinds = frozenset({"http-api"})
    bad = [
        Example("Flask", {"app.py": f"{_HEAD}    if full():\n        return jsonify({{'message': 'No room left'}}), 409\n    return jsonify(error='Something broke, sorry'), 500\n"}, at=[("app.py", 8), ("app.py", 9)]),
        Example("a dict and a status", {"app.py": f"{_HEAD}    return {{'error': 'No such order'}}, 404\n"}, at=[("app.py", 7)]),
        Example("Django and DRF", {"views.py": "from django.http import JsonResponse\nfrom rest_framework import status\nfrom rest_framework.response import Response\nfrom rest_framework.views import APIView\n\n\ndef order(request):\n    return JsonResponse({'error': 'No such order'}, status=404)\n\n\nclass Orders(APIView):\n    def post(self, request):\n        return Response({'message': 'No room left'}, status=status.HTTP_409_CONFLICT)\n"}, at=[("views.py", 8), ("views.py", 13)]),
        Example("FastAPI and aiohttp", {"a.py": "from fastapi import APIRouter\nfrom fastapi.responses import JSONResponse\nrouter = APIRouter()\n\n\n@router.get('/x')\ndef x():\n    return JSONResponse(status_code=404, content={'message': 'not here'})\n", "b.py": "from aiohttp import web\n\n\nasync def x(request):\n    return web.json_response({'error': 'not here'}, status=404)\n"}, at=[("a.py", 8), ("b.py", 5)]),
        Example("an error that says 200", {"app.py": f"{_HEAD}    try:\n        pay()\n    except Exception:\n        return jsonify(error='payment failed')\n    return jsonify(ok=True)\n"}, at=[("app.py", 10)]),
        Example("a 500 for whatever went wrong", {"app.py": "from fastapi import APIRouter, HTTPException\nrouter = APIRouter()\n\n\n@router.post('/orders')\nasync def order():\n    try:\n        await pay()\n    except Exception as error:\n        raise HTTPException(500, 'Something went wrong') from error\n"}, at=[("app.py", 10)]),
        Example("no success, and 200", {"views.py": "from django.http import JsonResponse\n\n\ndef order(request):\n    return JsonResponse({'success': False, 'message': 'No room left'})\n"}, at=[("views.py", 5)]),
    ]  # fmt: skip
    good = [
        Example("errors by field, as a serializer gives them", {"views.py": "from rest_framework.response import Response\nfrom rest_framework.views import APIView\n\n\nclass Orders(APIView):\n    def post(self, request):\n        return Response({'ids': ['You cannot delete your own.']}, status=400)\n"}),
        Example("a code", {"app.py": f"{_HEAD}    if full():\n        return jsonify(code='no-room', message='No room left'), 409\n    return {{'error': {{'type': 'gone', 'message': 'Gone'}}}}, 404\n"}),
        Example("the error is the code", {"app.py": f"{_HEAD}    return jsonify(error='no_room'), 409\n"}),
        Example("the name of the error's class, a list of faults", {"a.py": "from fastapi import FastAPI\nfrom fastapi.encoders import jsonable_encoder\nfrom fastapi.responses import JSONResponse\napp = FastAPI()\n\n\n@app.exception_handler(NodeError)\nasync def node(request, exc):\n    return JSONResponse(status_code=409, content={'message': str(exc), 'exception': exc.__class__.__name__})\n\n\n@app.exception_handler(Wrong)\nasync def wrong(request, exc):\n    return JSONResponse(status_code=422, content={'detail': jsonable_encoder(exc.errors())})\n"}),
        Example("errors of the framework and of forms", {"views.py": "from fastapi import HTTPException\nfrom rest_framework.response import Response\n\n\ndef order(request):\n    if bad:\n        return Response(form.errors, status=400)\n    raise HTTPException(404, 'No such order')\n"}),
        Example("an HTML page", {"app.py": f"{_HEAD}    return 'Not found', 404\n"}),
        Example("a handler puts the code in", {"app.py": f"{_HEAD}    return problem('no-room', 409)\n"}),
        Example("a body that is made elsewhere, and an answer with no body", {"app.py": f"{_HEAD}    if a:\n        return jsonify(describe(a)), 409\n    return '', 404\n"}),
        Example("a dict of a helper", {"views.py": "from django.http import JsonResponse\n\n\ndef version():\n    try:\n        return {'error': None, 'at': ask()}\n    except OSError:\n        return {'error': 'gone', 'ok': False}\n"}),
        Example("a result that tells of past errors", {"app.py": f"{_HEAD}    return jsonify(done=3, error=None)\n"}),
    ]  # fmt: skip

    def visit_return(self, place: Place[ast.Return], ctx: Context) -> None:
        if type(place.node.value) not in _ANSWERS or not is_web(ctx) or place.function is None:
            return
        reply = reply_of(place) or (_plain(place) if route_of(place.function, ctx) else None)
        if reply is None or reply.kind != "json" or reply.status is None:
            return
        keys = keys_of(reply.parts)
        if reply.status >= 400:
            self._error(place, ctx, reply, keys)
        elif reply.status == 200 and keys is not None and _says_failure(keys, place):
            ctx.site(place)
            ctx.report(
                place,
                "The body tells of an error but the status is 200: clients and monitors count a success.",
                severity=Severity.HIGH,
            )

    def visit_raise(self, place: Place[ast.Raise], ctx: Context) -> None:
        """A 500 of one's own, out of a handler that caught anything: it tells less than the framework's."""
        if place.handler is None or place.node.exc is None or not is_web(ctx) or not _is_broad(place.handler):
            return
        reply = reply_of(place)
        if reply is None or reply.kind != "raised" or reply.status != 500 or len(reply.parts) != 1:
            return
        ctx.site(place)
        if isinstance(fold(reply.parts[0], place.scope), str):
            ctx.report(
                place, "Whatever went wrong becomes a 500 with a sentence, and no code that a program could act upon."
            )

    def _error(self, place: Place[Any], ctx: Context, reply: Reply, keys: dict[str, ast.expr] | None) -> None:
        ctx.site(place)
        if keys is None or not _TELLS & keys.keys() or _coded(keys, place):
            return
        texts = ", ".join(f"`{key}`" for key in list(keys)[:3])
        sure = Confidence.LOW if reply.status in _PLAIN else None
        message = f"The {reply.status} answer holds {texts} and no code that a program could act upon."
        ctx.report(place, message, confidence=sure)


def _is_broad(handler: ast.ExceptHandler) -> bool:
    """Whether a handler catches anything."""
    return handler.type is None or (
        isinstance(handler.type, ast.Name) and handler.type.id in ("Exception", "BaseException")
    )


def _plain(place: Place[ast.Return]) -> Reply | None:
    """A dict that a handler of Flask returns as it is."""
    value = place.node.value
    return Reply("json", 200, (value,), "dict") if isinstance(value, ast.Dict) and place.handler is not None else None


def _coded(keys: dict[str, ast.expr], place: Place[Any]) -> bool:
    for key, value in keys.items():
        if _MACHINE.search(key):
            return True
        text = fold(value, place.scope)
        if key == "error" and isinstance(text, str) and _SLUG.match(text):
            return True
        if isinstance(value, ast.Attribute) and _TOLD.search(value.attr):
            return True
        if isinstance(value, ast.Call) and ".errors(" in unparse(value):  # A list of them, each with its type.
            return True
    return False


def _says_failure(keys: dict[str, ast.expr], place: Place[Any]) -> bool:
    """Whether a body says that the call failed: success is False, status is error, or an error in an except clause."""
    for key, value in keys.items():
        fixed = fold(value, place.scope)
        if key in ("success", "ok") and fixed is False:
            return True
        if (
            key in ("status", "result")
            and isinstance(fixed, str)
            and fixed.lower() in ("error", "failed", "failure", "fail")
        ):
            return True
    return place.handler is not None and bool(_FAILED & keys.keys()) and not {"ok", "success", "status"} & keys.keys()
