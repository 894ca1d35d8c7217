import ast
import re
from typing import Final

from scanners.context import Context
from scanners.finding import Confidence, Severity
from scanners.place import Call
from scanners.regex import regex
from scanners.rule import Example, Rule
from scanners.semantics.containers import spelled
from scanners.semantics.hot import is_hot
from scanners.semantics.routes import route_of
from scanners.syntax import unparse

_UPLOADS: Final = (
    "fastapi.UploadFile.read",
    "starlette.datastructures.UploadFile.read",
    "fastapi.UploadFile.file.read",
)
_CAPPED: Final = regex(r"MAX_CONTENT_LENGTH|client_max_size|max_(upload|body|request)_size|max_body", re.IGNORECASE)
_MEASURED: Final = regex(
    r"content[_-]?length|\bsize\b|max_?(size|bytes|length)|too_?large|413|\b(check|validate|ensure|limit)\w*\(",
    re.IGNORECASE,
)
_FILES: Final = regex(r"\b(request|req|self\.request)\.(files|FILES)\b")
_STREAMS: Final = ("request.stream", "request.environ", "self.rfile", "request.file")


class UnboundedRead(Rule):
    """
    A read without a size takes as much memory as the sender likes. A few large uploads at the same time end the process, and
    with it the requests of everybody else.

    Looks at `read()` and `readlines()` without a size on uploads and streams of requests, in code that runs per request. A size,
    a look at the length before it in the same def, and a limit of the framework that is set in the file are good; a limit of a
    proxy or in another file cannot be seen, so confidence is low, medium for uploads that a route takes.
    """

    id = "unbounded-read"
    area = "memory"
    item = "M4"
    title = "Upload or stream read whole into memory"
    severity = Severity.LOW
    confidence = Confidence.LOW
    fix = "Read in chunks with a total (`read(65536)`), refuse by length first, and set the limit of the framework or proxy."
    bad = (
        Example(
            "uploads read whole",
            {
                "shop/upload.py": """\
from fastapi import FastAPI, UploadFile
app = FastAPI()
@app.post("/photo")
async def photo(file: UploadFile):
    return len(await file.read())
""",
                "shop/form.py": """\
from flask import Flask, request
app = Flask(__name__)
@app.post("/photo")
def photo():
    data = request.files["photo"].read()
    return str(len(data))
""",
            },
            at=[("shop/form.py", 5), ("shop/upload.py", 5)],
        ),
    )
    good = (
        Example(
            "with a size, after a look at the length, or not of a request",
            {
                "shop/upload.py": """\
from fastapi import FastAPI, UploadFile
app = FastAPI()
@app.post("/photo")
async def photo(file: UploadFile):
    return len(await file.read(65536))
""",
                "shop/form.py": """\
from flask import Flask, request
app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 1_000_000
@app.post("/photo")
def photo():
    return str(len(request.files["photo"].read()))
def settings(path):
    with open(path) as file:
        return file.read()
""",
            },
        ),
    )
    calls = ("*.read", "*.readlines")

    def visit_call(self, call: Call, ctx: Context) -> None:
        what = _source(call, ctx)
        if not what or not (route_of(call.function, ctx) or is_hot(call, ctx)):
            return
        if call.node.args or call.node.keywords or ctx.source.finds(_CAPPED) or _is_measured(call, ctx):
            ctx.site(call)
        else:
            sure = Confidence.MEDIUM if what == "upload" and route_of(call.function, ctx) else None
            ctx.report(call, f"The whole {what} is read into memory, however large it is.", confidence=sure)


def _is_measured(call: Call, ctx: Context) -> bool:
    """Whether the def looks at a length before it reads, itself or by a helper that it hands the request to."""
    function = call.function
    before = ctx.source_lines[function.lineno - 1 : call.line]
    return any(map(_MEASURED.search, before))


def _source(call: Call, ctx: Context) -> str:
    """Whether what is read came with the request: "upload", "stream", or empty."""
    if call.dotted in _UPLOADS:
        return "upload"
    receiver = call.receiver
    if isinstance(receiver, ast.Attribute) and receiver.attr in ("stream", "file"):
        receiver = receiver.value  # What werkzeug and Starlette keep the bytes of an upload in.
    if isinstance(receiver, ast.Name) and spelled(call.receiver or receiver) != "request.stream":
        receiver = _made_of(receiver, call)
    if receiver is None:
        return ""
    if spelled(call.receiver or receiver).startswith(_STREAMS):
        return "stream"
    return "upload" if isinstance(receiver, (ast.Subscript, ast.Call)) and _FILES.search(unparse(receiver)) else ""


def _made_of(name: ast.Name, call: Call) -> ast.expr | None:
    """What a local name was given, once."""
    bound = call.scope.names.get(name.id, [])
    alone = len(bound) == 1 and bound[0].kind == "assign" and isinstance(bound[0].value, (ast.Subscript, ast.Call))
    return bound[0].value if alone else name
