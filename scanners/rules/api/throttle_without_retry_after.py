import ast
from typing import Any, Final

from scanners.context import Context
from scanners.finding import Effort, Severity
from scanners.place import Call, Place
from scanners.regex import regex
from scanners.rule import Example, Rule
from scanners.semantics.api.responses import Reply, is_web, reply_of
from scanners.syntax import descendants, unparse
from scanners.tree import Tree, TreeContext

_HANDLED: Final = frozenset(
    {"HTTPException", "TooManyRequests", "HTTPError", "ServiceUnavailable", "APIException", "drf"}
)
_TOLD: Final = regex(r"(?i)retry[-_ ]?after")
_PROBE: Final = regex(
    r"(?i)health|ready|readiness|alive|live(ness|z)?(_|$)|ping|status|heartbeat|probe|maintenance|good_to_go"
)


_FOR_GOOD: Final = regex(r"(?i)disabled|configur|installed|enabled|not[_ ]supported|unavailable in|USE_\w+|sanitizer")
_FULL: Final = regex(
    r"(?i)(add|create|store|import|keep)(ed|d)? (any )?more\b|would exceed|maximum number of|too many \w+ (exist|already)"
)
_PACED: Final = regex(r"(?i)\brate\b|request|second|minute|hour|\bday|attempt|tries|again|later|throttl|busy|slow")


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
        Example("aiohttp", {"app.py": "from aiohttp import web\nroutes = web.RouteTableDef()\n\n\n@routes.post('/orders')\nasync def order(request):\n    raise web.HTTPTooManyRequests()\n"}, at=[("app.py", 7)]),
    ]  # fmt: skip
    good = [
        Example("a header says when", {"app.py": "from fastapi import APIRouter, HTTPException\nrouter = APIRouter()\n\n\n@router.post('/orders')\nasync def order():\n    raise HTTPException(429, 'busy', headers={'Retry-After': '30'})\n"}),
        Example("the response gets it later", {"views.py": "from django.http import JsonResponse\n\n\ndef order(request):\n    response = JsonResponse({}, status=429)\n    response['Retry-After'] = '30'\n    return response\n"}),
        Example("a field of the body", {"app.py": "from flask import Flask, jsonify\napp = Flask(__name__)\n\n\n@app.post('/orders')\ndef order():\n    return jsonify(code='busy', retry_after=30), 429\n"}),
        Example("a handler adds the header", {"app.py": "from flask import Flask, abort, jsonify\napp = Flask(__name__)\n\n\n@app.errorhandler(429)\ndef busy(error):\n    return jsonify(code='busy'), 429, {'Retry-After': '60'}\n\n\n@app.post('/orders')\ndef order():\n    abort(429)\n"}),
        Example("a feature that is off", {"app.py": "from fastapi import APIRouter, HTTPException\nrouter = APIRouter()\n\n\n@router.post('/x')\nasync def x():\n    if not settings.enabled:\n        raise HTTPException(503, 'Search is disabled.')\n"}),
        Example("no room for one more", {"app.py": "from flask import Flask\napp = Flask(__name__)\n\n\n@app.post('/watches')\ndef add():\n    if store.is_full():\n        return f'{store.limit} watches. Cannot add more.', 429\n    return 'ok'\n"}),
        Example("a health check and other errors", {"app.py": "from flask import Flask, jsonify\napp = Flask(__name__)\n\n\n@app.get('/health')\ndef health():\n    return jsonify(ok=False), 503\n\n\n@app.get('/x')\ndef x():\n    return jsonify(code='gone'), 404\n"}),
    ]  # fmt: skip
    calls = ("flask.abort", "quart.abort", "werkzeug.exceptions.abort")

    def visit_return(self, place: Place[ast.Return], ctx: Context) -> None:
        if place.node.value is not None and is_web(ctx):
            self._look(place, ctx)

    def visit_raise(self, place: Place[ast.Raise], ctx: Context) -> None:
        if place.node.exc is not None and is_web(ctx):
            self._look(place, ctx)

    def visit_call(self, call: Call, ctx: Context) -> None:
        self._look(call, ctx)

    def _look(self, place: Place[Any], ctx: Context) -> None:
        reply = reply_of(place)
        if reply is None or reply.status not in (429, 503) or place.function is None:
            return
        if _PROBE.search(place.qualname) or _is_for_good(reply, place):
            return
        if _is_told(place):
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


def _message(status: int) -> str:
    return f"The answer {status} does not say when to come back: clients retry at once."


def _is_told(place: Place[Any]) -> bool:
    """Whether the answer itself says when to come back, or something that it is made of does."""
    if any(_TOLD.search(text) for text in _texts(place.node)):
        return True
    used = {node.id for node in descendants(place.node) if isinstance(node, ast.Name)}
    for node in descendants(place.function):
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.Expr)) and any(_TOLD.search(text) for text in _texts(node)):
            touched = {each.id for each in descendants(node) if isinstance(each, ast.Name)}
            if used & touched:
                return True
    return False


def _is_for_good(reply: Reply, place: Place[Any]) -> bool:
    """Whether no time helps: a 503 is about what is not set up, or a 429 about how much may be kept."""
    told = " ".join(unparse(part) for part in (*reply.parts, *place.conditions()))
    if reply.status == 503:
        return _FOR_GOOD.search(told) is not None
    return _FULL.search(told) is not None and _PACED.search(told) is None


def _texts(top: ast.AST) -> list[str]:
    found = []
    for node in descendants(top):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(node.value)
        elif isinstance(node, ast.Name):
            found.append(node.id)
        elif isinstance(node, ast.Attribute):
            found.append(node.attr)
        elif isinstance(node, ast.keyword) and node.arg:
            found.append(node.arg)
    return found
