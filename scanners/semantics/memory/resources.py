"""What a program must give back: files, sockets, connections, executors; and whether a def does so on every way out.

All of these hold a descriptor, a thread or a place in a pool until they are closed, or until the collector finds them.
"""

import ast
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


def _of_name(name: str, call: Call, found: Resource) -> str:
    function = call.function
    if function is None or isinstance(function, ast.Lambda) or _is_outer(name, function):
        return "unknown"
    whole = list(descendants(function))
    if (
        sum(1 for node in whole if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store))
        > 1
    ):
        return "unknown"
    escaped = _escape(name, call, whole, found)
    if escaped:
        return escaped
    closing = [node for node in whole if _closes(node, name, found)]
    if not closing:
        return "leaks"
    return _surely(closing, name, call, function)


def _is_outer(name: str, function: Any) -> bool:
    return any(isinstance(node, (ast.Global, ast.Nonlocal)) and name in node.names for node in descendants(function))


def _closes(node: ast.AST, name: str, found: Resource) -> bool:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    return node.func.attr in found.closers and spelled(node.func.value) == name


def _escape(name: str, call: Call, whole: list[Any], found: Resource) -> str:
    """Whether the object goes to somebody else, who closes it: "handed", "with", or empty."""
    for above in whole:
        for node in children(above):
            if not isinstance(node, ast.Name) or node.id != name or not isinstance(node.ctx, ast.Load):
                continue
            if isinstance(above, ast.withitem):
                return "with"
            if not isinstance(above, _LOOKS) and not _only_reads(above, call):
                return "with" if _is_closing(above) else "handed"
            if isinstance(above, ast.Attribute) and _bound_method(above, whole, found):
                return "handed"
    if any(isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "dup2" for node in whole):
        return "handed"  # The descriptor stands in for another one from then on.
    nested = [node for node in whole if node is not call.function and _is_scope(node)]
    inside = (part for node in nested for part in descendants(node))
    return "handed" if any(isinstance(part, ast.Name) and part.id == name for part in inside) else ""


def _is_scope(node: ast.AST) -> bool:
    return isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))


def _is_closing(above: ast.AST) -> bool:
    last = getattr(above.func, "attr", getattr(above.func, "id", "")) if isinstance(above, ast.Call) else ""
    return last in _TAKES_OVER or last in ("closing", "aclosing")


def _bound_method(used: ast.Attribute, whole: list[Any], found: Resource) -> bool:
    """Whether a method is handed on (`callback(f.close)`, `iter(f.read, b"")`), or makes what keeps the object."""
    for above in whole:
        if used in children(above):
            if isinstance(above, ast.Call) and above.func is used:
                return used.attr in ("makefile", "detach", "__enter__", "set_result")
            looked = isinstance(above, (ast.Attribute, ast.Subscript)) and above.value is used
            return used.attr in found.closers or not looked
    return False


def _surely(closing: list[Any], name: str, call: Call, function: Any) -> str:
    """Whether a close is reached on every way: in a finally around or after the opening, or with nothing between."""
    for node in descendants(function):
        if isinstance(node, ast.Try):
            last = [part for stmt in node.finalbody for part in descendants(stmt)]
            if any(part in closing for part in last):
                return "closed"
            handled = [part for each in node.handlers for part in descendants(each)]
            if any(part in closing for part in handled):
                return "unknown"
    stmts = _suite_of(call.stmt, function)
    at = stmts.index(call.stmt) if call.stmt in stmts else -1
    for index in range(at + 1, len(stmts)) if at >= 0 else ():
        if any(part in closing for part in descendants(stmts[index])):
            between = stmts[at + 1 : index]
            simple = isinstance(stmts[index], (ast.Expr, ast.Assign))
            if not simple:
                return "unknown"
            if any(isinstance(node, ast.Return) for part in between for node in descendants(part)):
                return "skipped"
            return "risky" if any(map(_may_fail, between)) else "closed"
    return "unknown"


def _may_fail(stmt: ast.stmt) -> bool:
    return any(isinstance(node, (ast.Call, ast.Raise, ast.Await, ast.For)) for node in descendants(stmt))


def _suite_of(stmt: ast.AST | None, function: Any) -> list[Any]:
    """The suite that holds a statement."""
    for node in descendants(function):
        for field in ("body", "orelse", "finalbody"):
            suite = getattr(node, field, None)
            if isinstance(suite, list) and stmt in suite:
                return suite
    return []


def is_forever(call: Call, found: Resource) -> bool:
    """Whether it is meant to live as long as the program: a socket or pool of `main`, or under an endless loop."""
    function = call.function
    name = getattr(function, "name", "")
    loops = any(
        isinstance(node, ast.While) and isinstance(node.test, ast.Constant) and node.test.value
        for node in getattr(function, "body", ())
    )
    return loops or (name in ("main", "__main__") and found.what != "file")
