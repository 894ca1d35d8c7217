import ast
from typing import Any, Final

from scanners.context import Context
from scanners.finding import Effort, Severity
from scanners.place import Call, Place
from scanners.regex import regex
from scanners.rule import Example, Rule
from scanners.semantics.api.responses import Reply, is_web, reply_of, status_in
from scanners.semantics.api.throttles import SETTERS, STATUSES, held, is_for_good, is_told, of_class, set_later, texts
from scanners.tree import Tree, TreeContext

_HANDLED: Final = frozenset(
    {"HTTPException", "TooManyRequests", "HTTPError", "ServiceUnavailable", "APIException", "drf"}
)
_PROBE: Final = regex(
    r"(?i)health|ready|readiness|alive|live(ness|z)?(_|$)|ping|status|heartbeat|probe|maintenance|good_to_go"
)


class ThrottleWithoutRetryAfter(Rule):
    """
    A client that is told to go away but not for how long comes back at once, and so do all the others: the overload
    that was to be shed comes back in step.

    Looks at answers 429 and 503 that handlers make themselves. Health checks, and limiters that add the header, are
    not looked at.
    """

    id = "throttle-without-retry-after"
    area = "api"
    item = "A3"
    title = "Answer 429 or 503 without Retry-After"
    severity = Severity.LOW
    effort = Effort.MINUTES
    fix = "Send a Retry-After header (seconds) with the answer, or a retry_after field in its body."
    kinds = frozenset({"http-api"})
    bad = [
        Example("Flask", {"app.py": "from flask import Flask, abort, jsonify\napp = Flask(__name__)\n\n\n@app.post('/orders')\ndef order():\n    if busy():\n        return jsonify(code='busy'), 429\n    if down():\n        abort(503)\n    return jsonify(ok=True)\n"}, at=[("app.py", 8), ("app.py", 10)]),
        Example("FastAPI", {"app.py": "from fastapi import APIRouter, HTTPException, status\nrouter = APIRouter()\n\n\n@router.post('/orders')\nasync def order():\n    if busy():\n        raise HTTPException(status_code=status.HTTP_429_TOO_MANY_REQUESTS, detail='busy')\n"}, at=[("app.py", 8)]),
        Example("Django", {"views.py": "from django.http import HttpResponse, JsonResponse\n\n\ndef order(request):\n    if busy():\n        return HttpResponse(status=503)\n    return JsonResponse({'code': 'slow-down'}, status=429)\n"}, at=[("views.py", 6), ("views.py", 7)]),
        Example("another answer of the handler has it", {"app.py": "from fastapi import APIRouter, HTTPException\nrouter = APIRouter()\n\n\n@router.post('/orders')\nasync def order():\n    if busy():\n        raise HTTPException(429, 'busy')\n    raise HTTPException(503, 'down', headers={'Retry-After': '60'})\n"}, at=[("app.py", 8)]),
        Example("given a name, set later, a class of its own", {"app.py": "from fastapi import APIRouter, HTTPException, Response\nfrom fastapi.responses import JSONResponse\nrouter = APIRouter()\n\n\nclass Busy(HTTPException):\n    def __init__(self):\n        super().__init__(status_code=429, detail='busy')\n\n\n@router.post('/a')\ndef a():\n    answer = JSONResponse({}, status_code=503)\n    return answer\n\n\n@router.post('/b')\ndef b(response: Response):\n    response.status_code = 429\n    return {}\n"}, at=[("app.py", 8), ("app.py", 13), ("app.py", 19)]),
        Example("Tornado, and an error of DRF", {"a.py": "from tornado.web import RequestHandler\n\n\nclass Orders(RequestHandler):\n    def post(self):\n        self.set_status(429)\n", "b.py": "from rest_framework.exceptions import APIException\n\n\nclass Busy(APIException):\n    status_code = 503\n"}, at=[("a.py", 6), ("b.py", 5)]),
        Example("aiohttp", {"app.py": "from aiohttp import web\nroutes = web.RouteTableDef()\n\n\n@routes.post('/orders')\nasync def order(request):\n    raise web.HTTPTooManyRequests()\n"}, at=[("app.py", 7)]),
    ]  # fmt: skip
    good = [
        Example("a header says when", {"app.py": "from fastapi import APIRouter, HTTPException\nrouter = APIRouter()\n\n\n@router.post('/orders')\nasync def order():\n    raise HTTPException(429, 'busy', headers={'Retry-After': '30'})\n"}),
        Example("the response gets it later", {"views.py": "from django.http import JsonResponse\n\n\ndef order(request):\n    response = JsonResponse({}, status=429)\n    response['Retry-After'] = '30'\n    return response\n"}),
        Example("a name that is given the header", {"app.py": "from fastapi import APIRouter, Response\nfrom fastapi.responses import JSONResponse\nrouter = APIRouter()\n\n\n@router.post('/a')\ndef a():\n    answer = JSONResponse({}, status_code=503)\n    answer.headers['Retry-After'] = '5'\n    return answer\n\n\n@router.post('/b')\ndef b(response: Response):\n    response.status_code = 429\n    response.headers['Retry-After'] = '5'\n    return {}\n"}),
        Example("a field of the body", {"app.py": "from flask import Flask, jsonify\napp = Flask(__name__)\n\n\n@app.post('/orders')\ndef order():\n    return jsonify(code='busy', retry_after=30), 429\n"}),
        Example("a handler adds the header", {"app.py": "from flask import Flask, abort, jsonify\napp = Flask(__name__)\n\n\n@app.errorhandler(429)\ndef busy(error):\n    return jsonify(code='busy'), 429, {'Retry-After': '60'}\n\n\n@app.post('/orders')\ndef order():\n    abort(429)\n"}),
        Example("a feature that is off", {"app.py": "from fastapi import APIRouter, HTTPException\nrouter = APIRouter()\n\n\n@router.post('/x')\nasync def x():\n    if not settings.enabled:\n        raise HTTPException(503, 'Search is disabled.')\n"}),
        Example("no room for one more", {"app.py": "from flask import Flask\napp = Flask(__name__)\n\n\n@app.post('/watches')\ndef add():\n    if store.is_full():\n        return f'{store.limit} watches. Cannot add more.', 429\n    return 'ok'\n"}),
        Example("no time makes it smaller", {"app.py": "from fastapi import APIRouter, HTTPException\nrouter = APIRouter()\n\n\n@router.post('/x')\nasync def x():\n    if total_size_mb > max_entries_size:\n        raise HTTPException(429, 'Those images are too large.')\n"}),
        Example("a health check and other errors", {"app.py": "from flask import Flask, jsonify\napp = Flask(__name__)\n\n\n@app.get('/health')\ndef health():\n    return jsonify(ok=False), 503\n\n\n@app.get('/x')\ndef x():\n    return jsonify(code='gone'), 404\n"}),
    ]  # fmt: skip
    calls = ("flask.abort", "quart.abort", "werkzeug.exceptions.abort", *(f"*.{name}" for name in SETTERS))

    def visit_return(self, place: Place[ast.Return], ctx: Context) -> None:
        if place.node.value is not None and is_web(ctx):
            self._look(place, ctx)

    def visit_raise(self, place: Place[ast.Raise], ctx: Context) -> None:
        if place.node.exc is not None and is_web(ctx):
            self._look(place, ctx)

    def visit_assign(self, place: Place[ast.Assign], ctx: Context) -> None:
        if type(place.node.targets[0]) is ast.Attribute and is_web(ctx) and place.function is not None:
            status = set_later(place)
            if status is not None and not _PROBE.search(place.qualname):
                self._note(place, Reply("json", status, (), ""), is_told(place, place.function), ctx)

    def visit_class_def(self, place: Place[ast.ClassDef], ctx: Context) -> None:
        if place.node.bases and is_web(ctx):
            for found, status in of_class(place):
                told = any("retry" in text.lower() for text in texts(place.node))
                self._note(found, Reply("raised", status, (), ""), told, ctx)

    def visit_call(self, call: Call, ctx: Context) -> None:
        if call.last not in SETTERS:
            self._look(call, ctx)
        elif ctx.imports("tornado") and call.function is not None and call.node.args:
            status = status_in(call.node.args[0], call.scope)
            if status in STATUSES and not _PROBE.search(call.qualname):
                told = any("retry" in text.lower() for text in texts(call.function))
                self._note(call, Reply("text", status, (), ""), told, ctx)

    def _look(self, place: Place[Any], ctx: Context) -> None:
        made = held(place) if not isinstance(place, Call) else None
        at = made or place
        reply = reply_of(at)
        if reply is None or reply.status not in STATUSES or place.function is None:
            return
        if _PROBE.search(place.qualname) or is_for_good(reply, place):
            return
        self._note(at, reply, is_told(at, place.function), ctx)

    def _note(self, place: Place[Any], reply: Reply, told: bool, ctx: Context) -> None:
        if told:
            ctx.site(place)
        elif reply.kind == "raised":
            text = ctx.source_lines[place.line - 1].strip()[:160]
            ctx.fact("throttle-raised", place, status=reply.status, text=text)
        else:
            ctx.report(place, _message(reply.status))

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        """Report what is raised, unless a handler of the repository adds the header."""
        told = {fact["of"] for fact in tree.facts("error-handler") if fact.get("retry")}
        for fact in tree.facts("throttle-raised"):
            ctx.site(fact.path, fact.line)
            if not told & {str(fact["status"]), *_HANDLED}:
                ctx.report(fact.path, fact.line, _message(fact["status"]), text=fact["text"])


def _message(status: int | None) -> str:
    return f"The answer {status} does not say when to come back: clients retry at once."
