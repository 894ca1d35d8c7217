import ast
import re
from collections.abc import Iterator
from typing import Any, Final

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Call, Place
from scanners.rule import Example, Rule
from scanners.semantics.responses import Reply, is_web, reply_of
from scanners.semantics.routes import route_of
from scanners.syntax import descendants

_BROAD: Final = frozenset({"Exception", "BaseException", "OSError", "IOError", "EnvironmentError", "RuntimeError"})
_INNER: Final = re.compile(
    r"^(sqlalchemy|psycopg2?|asyncpg|sqlite3|pymysql|MySQLdb|mysql|pymongo|redis|requests|httpx|aiohttp|urllib3?|subprocess|socket"
    r"|boto3|botocore|ssl|paramiko|docker|kubernetes|cx_Oracle|elasticsearch|peewee|django\.db)\b"
)  # fmt: skip
_TRACES: Final = frozenset({"traceback.format_exc", "traceback.format_exception", "traceback.format_tb", "traceback.format_stack", "sys.exc_info"})  # fmt: skip
_HANDLERS: Final = frozenset({"errorhandler", "app_errorhandler", "exception_handler", "exception", "error_handler"})
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
        if isinstance(place.node.value, ast.Call | ast.Tuple | ast.Dict) and is_web(ctx):
            self._look(place, ctx)

    def visit_raise(self, place: Place[ast.Raise], ctx: Context) -> None:
        if isinstance(place.node.exc, ast.Call) and is_web(ctx):
            self._look(place, ctx)

    def visit_call(self, call: Call, ctx: Context) -> None:
        self._look(call, ctx)

    def _look(self, place: Place[Any], ctx: Context) -> None:
        told, broad = _exception(place)
        if place.function is None or (not told and place.handler is None):
            return
        reply = reply_of(place) or (_plain(place) if route_of(place.function, ctx) else None)
        if reply is None:
            return
        ctx.site(place)
        if any("debug" in ast.unparse(test).lower() for test in place.conditions()):
            return
        found = _leak(reply, told if broad else "", place)
        if found:
            ctx.report(place, f"The answer holds {found}: it tells callers about the inside of the service.", confidence=_sure(reply, place))


def _sure(reply: Reply, place: Place[Any]) -> Confidence | None:
    """A 400 of a try that only reads the input most likely quotes what was wrong with it."""
    blocks = [block.parent for block in place.within("except")]
    body = next((getattr(stmt, "body", []) for stmt in ast.walk(place.function) if isinstance(stmt, ast.Try) and place.handler in stmt.handlers), [])
    reads = len(body) == 1 and re.search(r"json\(|loads\(|Payload|Form|Request|Schema|valid|parse", ast.unparse(body[0]))
    return Confidence.LOW if blocks and reads and reply.status in (400, 422) else None


def _plain(place: Place[Any]) -> Reply | None:
    value = getattr(place.node, "value", None)
    return Reply("json", 200, (value,), "dict") if isinstance(value, ast.Dict) else None


def _exception(place: Place[Any]) -> tuple[str, bool]:
    """The name of the exception that is handled here, and whether its text was written for somebody else."""
    handler = place.handler
    if handler is not None:
        types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type] if handler.type else []
        return handler.name or "", any(_is_inner(place.name(each)) for each in types)
    for decorator in getattr(place.function, "decorator_list", ()):
        if isinstance(decorator, ast.Call) and getattr(decorator.func, "attr", "") in _HANDLERS and decorator.args:
            caught = place.name(decorator.args[0])
            args = [arg.arg for arg in place.function.args.args if arg.arg not in ("self", "request", "req")]
            return (args[-1] if args else ""), _is_inner(caught)
    return "", False


def _is_inner(name: str) -> bool:
    if name.endswith(("DoesNotExist", "ValidationError", "ValidationException")):
        return False
    return name.removeprefix("builtins.") in _BROAD or bool(_INNER.match(name))


def _leak(reply: Reply, name: str, place: Place[Any]) -> str:
    """What of an exception an answer holds, for a message; empty when nothing."""
    names = {name, *_derived(name, place)} - {""}
    for part in reply.parts:
        for node in _shown(part):
            if isinstance(node, ast.Call) and place.name(node.func) in _TRACES:
                return "a traceback"
            if isinstance(node, ast.Name) and node.id in names:
                return f"the text of `{name}`"
    return ""


def _shown(part: ast.AST) -> Iterator[ast.AST]:
    """The nodes whose text gets into a body: `e`, `str(e)`, f-strings; attributes of `e` other than args and message not."""
    stack = [part]
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, ast.Attribute):
            if node.attr in ("args", "message", "msg", "orig", "stderr", "stdout", "__traceback__"):
                stack.append(node.value)
            continue
        if isinstance(node, ast.Call):
            func = node.func
            last = getattr(func, "attr", getattr(func, "id", ""))
            if last in ("str", "repr", "format", "join", "unicode", "text_type", "escape", "dumps", "jsonify", "dict", "strip", "format_exc", "smart_str", "force_str", "replace"):
                stack += [*node.args, *(word.value for word in node.keywords)]
                if isinstance(func, ast.Attribute):
                    stack.append(func.value)
            elif place_free(func):
                stack += node.args
            continue
        if isinstance(node, ast.Dict | ast.JoinedStr | ast.FormattedValue | ast.BinOp | ast.Tuple | ast.List | ast.BoolOp | ast.IfExp | ast.Starred | ast.Subscript):
            stack += [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]


def place_free(func: ast.expr) -> bool:
    """Whether a call makes a body or an error of its arguments."""
    last = getattr(func, "attr", getattr(func, "id", ""))
    return bool(re.search(r"Response|Error|Exception|Detail|Message|Result$", last))


def _derived(name: str, place: Place[Any]) -> Iterator[str]:
    """The names that the handler gives to the exception's text or to a traceback."""
    holder = place.handler or place.function
    for node in descendants(holder) if name and holder is not None else ():
        given = node.targets[0] if isinstance(node, ast.Assign) else None
        if isinstance(given, ast.Name) and any(getattr(inside, "id", "") == name for inside in _shown(node.value)):
            yield given.id
