"""What a program must give back: files, sockets, connections, executors; and whether a def does so on every way out.

All of these hold a descriptor, a thread or a place in a pool until they are closed, or until the collector finds them.
"""

import ast
from bisect import bisect_left
from collections import Counter
from functools import lru_cache
from typing import Any, Final, NamedTuple

from scanners.context import Context
from scanners.place import Call
from scanners.semantics.containers import spelled
from scanners.syntax import children, descendants


class Resource(NamedTuple):
    """What is opened, in words, and what gives it back."""

    what: str
    closers: frozenset[str] = frozenset({"close"})


_FILE, _SOCKET = Resource("file"), Resource("socket", frozenset({"close", "detach"}))
_DATABASE: Final = Resource("database connection")
_MAIL: Final = Resource("mail connection", frozenset({"quit", "close", "logout"}))
_POOL: Final = Resource("executor", frozenset({"shutdown"}))
_PROCESSES: Final = Resource("process pool", frozenset({"close", "terminate"}))
_SESSION: Final = Resource("client session", frozenset({"close", "aclose"}))
_KEPT_ALIVE: Final = Resource("HTTP session")
_ORM: Final = Resource("database session", frozenset({"close", "close_all", "remove"}))

RESOURCES: Final[dict[str, Resource]] = (
    dict.fromkeys(
        ["open", "io.open", "codecs.open", "gzip.open", "bz2.open", "lzma.open", "os.fdopen", "tarfile.open"], _FILE
    )
    | dict.fromkeys(["zipfile.ZipFile", "tarfile.TarFile", "gzip.GzipFile", "pathlib.Path.open", "mmap.mmap"], _FILE)
    | dict.fromkeys(["tempfile.NamedTemporaryFile"], _FILE)
    | dict.fromkeys(["socket.socket", "socket.create_connection", "socket.create_server"], _SOCKET)
    | dict.fromkeys(["sqlite3.connect", "psycopg2.connect", "psycopg.connect", "pymysql.connect"], _DATABASE)
    | dict.fromkeys(["MySQLdb.connect", "pyodbc.connect", "cx_Oracle.connect", "oracledb.connect"], _DATABASE)
    | dict.fromkeys(["smtplib.SMTP", "smtplib.SMTP_SSL", "imaplib.IMAP4", "imaplib.IMAP4_SSL"], _MAIL)
    | dict.fromkeys(["ftplib.FTP", "ftplib.FTP_TLS", "poplib.POP3", "poplib.POP3_SSL", "telnetlib.Telnet"], _MAIL)
    | dict.fromkeys(["paramiko.SSHClient", "paramiko.Transport"], Resource("SSH connection"))
    | dict.fromkeys(["concurrent.futures.ThreadPoolExecutor", "concurrent.futures.ProcessPoolExecutor"], _POOL)
    | dict.fromkeys(["multiprocessing.Pool", "multiprocessing.pool.ThreadPool"], _PROCESSES)
    | dict.fromkeys(["aiohttp.ClientSession", "httpx.AsyncClient", "httpx.Client"], _SESSION)
    | dict.fromkeys(["requests.Session", "requests.session"], _KEPT_ALIVE)
    | dict.fromkeys(["sqlalchemy.orm.Session", "sqlalchemy.orm.sessionmaker()", "sqlmodel.Session"], _ORM)
    | {"sqlalchemy.Engine.connect": _DATABASE}
)  # fmt: skip
"""Calls that open something, by dotted name."""

BRIEF: Final = frozenset({"file", "socket", "HTTP session"})
"""What the collector of CPython closes at once when nobody has it: a leak only where it is kept, or on PyPy."""

_READERS: Final = frozenset(
    "json.load pickle.load marshal.load plistlib.load tomllib.load tomli.load toml.load yaml.load yaml.safe_load "
    "yaml.load_all yaml.safe_load_all csv.reader csv.DictReader csv.writer csv.DictWriter json.dump pickle.dump "
    "yaml.dump yaml.safe_dump sum list sorted len tuple set frozenset dict next any all min max enumerate map filter "
    "zip".split()
)
"""What reads or writes a file that it is given, and leaves it open."""

_LOOKS: Final = (
    ast.Attribute, ast.For, ast.comprehension, ast.Compare, ast.If, ast.While, ast.UnaryOp, ast.BoolOp
)  # fmt: skip
"""What looks at an object, or at its parts, and does not take it away."""

_DATA: Final = ("name", "mode", "encoding", "closed", "newlines")
"""What is told of a file without handing it on."""

_TAKES_OVER: Final = frozenset({"enter_context", "enter_async_context", "callback", "push", "push_async_callback"})


def fate(call: Call, found: Resource, ctx: Context) -> str:
    """What becomes of what a call opens.

    "with", "handed" (returned, yielded, kept by an object or a closer), "closed" (on every way), "leaks" (on none),
    "skipped" (closed, but a return stands before that), "risky" (closed, but not when something between raises),
    "dropped" (used in the expression and gone), or "unknown".
    """
    node: ast.AST = call.node
    above = call.parent(node)
    while isinstance(above, (ast.Await, ast.IfExp, ast.BoolOp)):
        node, above = above, call.parent(above)
    if isinstance(above, ast.withitem):
        return "with"
    if isinstance(above, ast.NamedExpr) and isinstance(above.target, ast.Name):
        return "unknown"
    if isinstance(above, (ast.Assign, ast.AnnAssign)):
        targets = above.targets if isinstance(above, ast.Assign) else [above.target]
        if len(targets) == 1 and isinstance(targets[0], ast.Name):
            return _of_name(targets[0].id, call, found)
        return "handed"
    if isinstance(above, ast.Expr) or (isinstance(above, ast.Attribute) and above.value is node):
        return _in_passing(above, call, found)
    if _only_reads(above, call) or isinstance(above, (ast.For, ast.comprehension)):
        return "dropped"
    return "handed" if isinstance(above, (ast.Return, ast.Yield, ast.Lambda, ast.keyword, ast.Call)) else "unknown"


def _only_reads(above: ast.AST | None, call: Call) -> bool:
    """Whether something that is given a file leaves it open."""
    ref = call.resolve(above.func) if isinstance(above, ast.Call) else None
    return ref is not None and ref.dotted in _READERS


def _in_passing(above: ast.AST, call: Call, found: Resource) -> str:
    """`open(p).read()` closes nothing; `open(p, "w").close()` does."""
    if isinstance(above, ast.Attribute):
        if above.attr in found.closers:
            return "closed"
        used = call.parent(above)
        return "dropped" if isinstance(used, ast.Call) and used.func is above else "unknown"
    return "dropped"


class _Body:
    """What a def does with names: read once, however much it opens."""

    def __init__(self, function: Any) -> None:
        self.stored: Counter[str] = Counter()
        self.read: dict[str, list[ast.AST]] = {}
        self.holders: dict[ast.AST, ast.AST] = {}
        self.called: dict[str, list[ast.Call]] = {}
        self.suites: dict[ast.AST, list[Any]] = {}
        scopes = descendants(function, ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
        self.outer = {name for node in descendants(function, ast.Global, ast.Nonlocal) for name in node.names}
        self.nested = {part.id for node in scopes if node is not function for part in descendants(node, ast.Name)}
        self.returns = [(node.lineno, node.col_offset) for node in descendants(function, ast.Return)]
        self.renamed = False
        for above in descendants(function):
            self._note(above)

    def _note(self, above: Any) -> None:
        kind = type(above)
        if kind is ast.Name and type(above.ctx) is ast.Store:
            self.stored[above.id] += 1
        elif kind is ast.Call and type(above.func) is ast.Attribute:
            self.called.setdefault(spelled(above.func.value), []).append(above)
            self.renamed = self.renamed or above.func.attr == "dup2"
        for node in children(above):
            if type(node) is ast.Name and type(node.ctx) is ast.Load:
                self.read.setdefault(node.id, []).append(above)
            elif type(node) is ast.Attribute:
                self.holders[node] = above
        for field in ("body", "orelse", "finalbody"):
            suite = getattr(above, field, None)
            if isinstance(suite, list):
                self.suites.update(dict.fromkeys(suite, suite))


_body: Final = lru_cache(maxsize=2)(_Body)  # Asked for one resource of a def after the other.


def _of_name(name: str, call: Call, found: Resource) -> str:
    function = call.function
    if function is None or isinstance(function, ast.Lambda):
        return "unknown"
    body = _body(function)
    if name in body.outer or body.stored[name] > 1:
        return "unknown"
    escaped = _escape(name, call, body, found)
    if escaped:
        return escaped
    closing = [node for node in body.called.get(name, ()) if getattr(node.func, "attr", "") in found.closers]
    if not closing:
        return "leaks"
    return _surely(closing, call, function)


def _escape(name: str, call: Call, body: _Body, found: Resource) -> str:
    """Whether the object goes to somebody else, who closes it: "handed", "with", or empty."""
    for above in body.read.get(name, ()):
        if isinstance(above, ast.withitem):
            return "with"
        if not isinstance(above, _LOOKS) and not _only_reads(above, call):
            return "with" if _is_closing(above) else "handed"
        if isinstance(above, ast.Attribute) and _bound_method(above, body, found):
            return "handed"
    # With `dup2` the descriptor stands in for another one from then on.
    return "handed" if body.renamed or name in body.nested else ""


def _is_closing(above: ast.AST) -> bool:
    last = getattr(above.func, "attr", getattr(above.func, "id", "")) if isinstance(above, ast.Call) else ""
    return last in _TAKES_OVER or last in ("closing", "aclosing")


def _bound_method(used: ast.Attribute, body: _Body, found: Resource) -> bool:
    """Whether a method is handed on (`callback(f.close)`, `iter(f.read, b"")`), or makes what keeps the object."""
    above = body.holders.get(used)
    if above is None or (used.attr in _DATA and found is _FILE):
        return False
    if isinstance(above, ast.Call) and above.func is used:
        return used.attr in ("makefile", "detach", "__enter__", "set_result")
    looked = isinstance(above, (ast.Attribute, ast.Subscript)) and above.value is used
    return used.attr in found.closers or not looked


def _surely(closing: list[ast.Call], call: Call, function: Any) -> str:
    """Whether a close is reached on every way: in a finally around or after the opening, or with nothing between."""
    lines = [node.lineno for node in closing]
    for node in descendants(function, ast.Try):
        if any(_holds(stmt, closing, lines) for stmt in node.finalbody):
            return "closed"
        if any(_holds(each, closing, lines) for each in node.handlers):
            return "unknown"
    stmts = _body(function).suites.get(call.stmt, []) if call.stmt is not None else []
    at = stmts.index(call.stmt) if stmts else -1
    for index in range(at + 1, len(stmts)) if at >= 0 else ():
        if _holds(stmts[index], closing, lines):
            between = stmts[at + 1 : index]
            if not isinstance(stmts[index], (ast.Expr, ast.Assign)):
                return "unknown"
            if between and _returns(between, _body(function)):
                return "skipped"
            return "risky" if any(map(_may_fail, between)) else "closed"
    return "unknown"


def _holds(stmt: Any, nodes: list[ast.Call], lines: list[int]) -> bool:
    """Whether one of these nodes, which stand on these lines, is a part of a statement or a clause."""
    if not any(stmt.lineno <= line <= stmt.end_lineno for line in lines):
        return False
    return any(part in nodes for part in descendants(stmt, ast.Call))


def _returns(stmts: list[Any], body: _Body) -> bool:
    """Whether a return stands in statements that follow one another."""
    start, end = (stmts[0].lineno, stmts[0].col_offset), (stmts[-1].end_lineno, stmts[-1].end_col_offset)
    return bisect_left(body.returns, start) < bisect_left(body.returns, end)


def _may_fail(stmt: ast.stmt) -> bool:
    return any(isinstance(node, (ast.Call, ast.Raise, ast.Await, ast.For)) for node in descendants(stmt))


def outlives(call: Call) -> bool:
    """Whether a temporary file is to stay when the object that made it is gone."""
    told = call.keyword("delete")
    return isinstance(told, ast.Constant) and told.value is False


def is_forever(call: Call, found: Resource) -> bool:
    """Whether it is meant to live as long as the program: a socket or pool of `main`, or under an endless loop."""
    function = call.function
    name = getattr(function, "name", "")
    return _loops_forever(function) or (name in ("main", "__main__") and found.what != "file")


@lru_cache(maxsize=2)
def _loops_forever(function: Any) -> bool:
    return any(
        isinstance(node, ast.While) and isinstance(node.test, ast.Constant) and node.test.value
        for node in getattr(function, "body", ())
    )
