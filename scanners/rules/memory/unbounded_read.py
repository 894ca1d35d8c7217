import ast
import re
from typing import Final

from scanners.context import Context
from scanners.finding import Confidence, Severity
from scanners.place import Call
from scanners.rule import Example, Rule
from scanners.semantics.containers import spelled
from scanners.semantics.hot import is_hot
from scanners.semantics.routes import route_of

_UPLOADS: Final = (
    "fastapi.UploadFile.read",
    "starlette.datastructures.UploadFile.read",
    "fastapi.UploadFile.file.read",
)
_CAPPED: Final = re.compile(
    r"content[_-]?length|max_(content|upload|size|bytes|body)|client_max_size|too_?large", re.IGNORECASE
)
_FILES: Final = re.compile(r"\b(request|req|self\.request)\.(files|FILES)\b")
_STREAMS: Final = ("request.stream", "request.environ", "self.rfile", "request.file")


class UnboundedRead(Rule):
    """
    A read without a size takes as much memory as the sender likes. A few large uploads at the same time end the process, and
    with it the requests of everybody else.

    Looks at `read()` and `readlines()` without a size on uploads and streams of requests, in code that runs per request. A size,
    a look at the length in the same file, and a limit of the framework that is set in it are good; a limit of a proxy or in
    another file cannot be seen, so confidence is low, medium for uploads that a route takes.
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
        what = _source(call)
        if not what or not (route_of(call.function, ctx) or is_hot(call, ctx)):
            return
        if call.node.args or call.node.keywords or _CAPPED.search(ctx.source) or ".size" in ctx.source:
            ctx.site(call)
        else:
            sure = Confidence.MEDIUM if what == "upload" and route_of(call.function, ctx) else None
            ctx.report(call, f"The whole {what} is read into memory, however large it is.", confidence=sure)


def _source(call: Call) -> str:
    """Whether what is read came with the request: "upload", "stream", or empty."""
    if call.dotted in _UPLOADS:
        return "upload"
    receiver = call.receiver
    if receiver is None:
        return ""
    if spelled(receiver).startswith(_STREAMS):
        return "stream"
    return "upload" if isinstance(receiver, ast.Subscript | ast.Call) and _FILES.search(ast.unparse(receiver)) else ""
