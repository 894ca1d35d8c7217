import ast
import re
from typing import Any, Final

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Call, Place
from scanners.rule import Example, Rule
from scanners.semantics.api.leaks import exception_at, leak_in
from scanners.semantics.api.responses import Reply, is_web, reply_of
from scanners.semantics.routes import route_of
from scanners.syntax import unparse

_HEAD: Final = "from flask import Flask, jsonify\napp = Flask(__name__)\n\n\n@app.post('/orders')\ndef order():\n    try:\n        pay()\n"


class ErrorDetailLeaked(Rule):
    """
    The text of an exception names tables, hosts, paths and versions: a map of the inside for whoever is looking for a
    way in, and nothing that a caller could act upon.

    Looks at answers that hold the text of a broad exception, of one from a database or a client library, or a traceback.
    Own exceptions and validation errors are written for the caller. What only goes to the log is fine.
    """

    id = "error-detail-leaked"
    area = "api"
    item = "A3"
    title = "Inner details in an error answer"
    severity = Severity.MEDIUM
    confidence = Confidence.MEDIUM
    effort = Effort.MINUTES
    fix = "Log the exception with its traceback, and answer with a fixed text and an id by which the log can be found."
    kinds = frozenset({"http-api"})
    bad = [
        Example("the text of any exception", {"app.py": f"{_HEAD}    except Exception as e:\n        return jsonify(error=str(e)), 500\n    return 'ok'\n"}, at=[("app.py", 10)]),
        Example("a traceback", {"app.py": f"import traceback\n{_HEAD}    except ValueError:\n        return jsonify({{'trace': traceback.format_exc()}}), 500\n    return 'ok'\n"}, at=[("app.py", 11)]),
        Example("the words of the database, in an HTTPException", {"app.py": "from fastapi import APIRouter, HTTPException\nfrom sqlalchemy.exc import SQLAlchemyError\nrouter = APIRouter()\n\n\n@router.post('/orders')\ndef order():\n    try:\n        save()\n    except SQLAlchemyError as error:\n        raise HTTPException(status_code=500, detail=f'Could not save: {error}') from error\n"}, at=[("app.py", 11)]),
        Example("by way of a name", {"views.py": "from django.http import JsonResponse\n\n\ndef order(request):\n    try:\n        pay()\n    except Exception as e:\n        message = str(e)\n        return JsonResponse({'error': 'failed', 'detail': message}, status=500)\n    return JsonResponse({})\n"}, at=[("views.py", 9)]),
        Example("a handler for everything", {"app.py": "from fastapi import FastAPI\nfrom fastapi.responses import JSONResponse\napp = FastAPI()\n\n\n@app.exception_handler(Exception)\nasync def failed(request, exc):\n    return JSONResponse({'detail': str(exc)}, status_code=500)\n"}, at=[("app.py", 8)]),
        Example("abort with the text", {"app.py": f"from flask import abort\n{_HEAD}    except Exception as e:\n        abort(500, description=repr(e))\n    return 'ok'\n"}, at=[("app.py", 11)]),
    ]  # fmt: skip
    good = [
        Example("a fixed text, the rest in the log", {"app.py": f"import logging\n{_HEAD}    except Exception as e:\n        logging.exception('payment failed: %s', e)\n        return jsonify(error='payment_failed'), 500\n    return 'ok'\n"}),
        Example("own and validation errors", {"app.py": f"from shop.errors import NoRoom\nfrom pydantic import ValidationError\n{_HEAD}    except NoRoom as e:\n        return jsonify(error=str(e)), 409\n    except ValidationError as e:\n        return jsonify(e.errors()), 422\n    except ValueError as e:\n        return jsonify(error=str(e)), 400\n    return 'ok'\n"}),
        Example("only where debugging is on", {"app.py": f"{_HEAD}    except Exception as e:\n        if app.debug:\n            return jsonify(error=str(e)), 500\n        return jsonify(error='failed'), 500\n    return 'ok'\n"}),
        Example("a handler for own errors", {"app.py": "from fastapi import FastAPI\nfrom fastapi.responses import JSONResponse\nfrom shop.errors import NoRoom\napp = FastAPI()\n\n\n@app.exception_handler(NoRoom)\nasync def failed(request, exc):\n    return JSONResponse({'detail': str(exc)}, status_code=409)\n"}),
        Example("the status of an exception, not its text", {"app.py": f"import requests\n{_HEAD}    except requests.HTTPError as e:\n        return jsonify(error='upstream', status=e.response.status_code), 502\n    return 'ok'\n"}),
    ]  # fmt: skip
    calls = ("flask.abort", "quart.abort", "werkzeug.exceptions.abort")

    def visit_return(self, place: Place[ast.Return], ctx: Context) -> None:
        if isinstance(place.node.value, (ast.Call, ast.Tuple, ast.Dict)) and is_web(ctx):
            self._look(place, ctx)

    def visit_raise(self, place: Place[ast.Raise], ctx: Context) -> None:
        if isinstance(place.node.exc, ast.Call) and is_web(ctx):
            self._look(place, ctx)

    def visit_call(self, call: Call, ctx: Context) -> None:
        self._look(call, ctx)

    def _look(self, place: Place[Any], ctx: Context) -> None:
        told, broad = exception_at(place)
        if place.function is None or (not told and place.handler is None):
            return
        reply = reply_of(place) or (_plain(place) if route_of(place.function, ctx) else None)
        if reply is None:
            return
        ctx.site(place)
        if any("debug" in unparse(test).lower() for test in place.conditions()):
            return
        found = leak_in(reply, told if broad else "", place)
        if found:
            ctx.report(
                place,
                f"The answer holds {found}: it tells callers about the inside of the service.",
                confidence=_sure(reply, place),
            )


def _sure(reply: Reply, place: Place[Any]) -> Confidence | None:
    """A 400 of a try that only reads the input most likely quotes what was wrong with it."""
    blocks = [block.parent for block in place.within("except")]
    body = next(
        (
            getattr(stmt, "body", [])
            for stmt in ast.walk(place.function)
            if isinstance(stmt, ast.Try) and place.handler in stmt.handlers
        ),
        [],
    )
    reads = len(body) == 1 and re.search(r"json\(|loads\(|Payload|Form|Request|Schema|valid|parse", unparse(body[0]))
    return Confidence.LOW if blocks and reads and reply.status in (400, 422) else None


def _plain(place: Place[Any]) -> Reply | None:
    value = getattr(place.node, "value", None)
    return Reply("json", 200, (value,), "dict") if isinstance(value, ast.Dict) else None
