"""Calls that leave the process, and what bounds them: shared knowledge as tables, with the few questions asked of them.

Defaults were read in the releases named beside them. A call that nothing bounds waits for as long as its peer likes.
"""

import ast
from typing import Any, Final, NamedTuple

from scanners.constants import fold
from scanners.names import find
from scanners.place import Call, Place
from scanners.scopes import Scope

ENDLESS, SOCKET, DEFAULT = "endless", "socket", "default"


class Bound(NamedTuple):
    """How a call is bounded: by which keywords or at which position, and what holds when nothing is passed.

    `silent` is ENDLESS, SOCKET (as `socket.setdefaulttimeout` says, else endless) or DEFAULT (the library has a limit).
    """

    words: tuple[str, ...] = ("timeout",)
    position: int = -1
    silent: str = ENDLESS


_VERBS: Final = ("get", "options", "head", "post", "put", "patch", "delete")
_SESSIONS: Final = (  # requests 2.34: Session.request has timeout=None, at position 8.
    "requests.Session",
    "requests_cache.CachedSession",
    "requests_oauthlib.OAuth1Session",
    "requests_oauthlib.OAuth2Session",
    "requests_toolbelt.sessions.BaseUrlSession",
)
_CLIENTS: Final = ("httpx.Client", "httpx.AsyncClient", "aiohttp.ClientSession")
_POOLS: Final = (
    "urllib3.PoolManager",
    "urllib3.ProxyManager",
    "urllib3.HTTPConnectionPool",
    "urllib3.HTTPSConnectionPool",
)
_DEFAULTED: Final = Bound(silent=DEFAULT)  # httpx 0.28: 5 s. aiohttp 3.14: 300 s.

SESSION_CALLS: Final[dict[str, Bound]] = (
    {f"{session}.{verb}": Bound() for session in _SESSIONS for verb in (*_VERBS, "send")}
    | {f"{session}.request": Bound(position=8) for session in _SESSIONS}
)  # fmt: skip
"""Calls of HTTP sessions that hold no timeout of their own; an adapter or a subclass may set one."""

CLIENT_CALLS: Final[dict[str, Bound]] = {
    f"{client}.{verb}": _DEFAULTED for client in _CLIENTS for verb in (*_VERBS, "request", "send", "stream")
}
"""Calls of HTTP clients that bound themselves unless told otherwise."""

CLIENTS: Final[dict[str, Bound]] = {
    "httpx.Client": _DEFAULTED,
    "httpx.AsyncClient": _DEFAULTED,
    "aiohttp.ClientTimeout": Bound(("total",), 0, DEFAULT),
} | {pool: Bound(("timeout",), 2 if "Connection" in pool else -1, SOCKET) for pool in _POOLS}
"""Constructors whose timeout bounds the calls of what they make."""

HTTP: Final[dict[str, Bound]] = (
    {f"requests.{verb}": Bound() for verb in (*_VERBS, "request")}
    | {f"httpx.{verb}": _DEFAULTED for verb in (*_VERBS, "request", "stream")}
    | {"aiohttp.request": _DEFAULTED}
    | {f"{pool}.{verb}": Bound(silent=SOCKET) for pool in _POOLS for verb in ("request", "urlopen")}
    | {
        "urllib3.request": Bound(silent=SOCKET),
        "urllib.request.urlopen": Bound(("timeout",), 2, SOCKET),
        "urllib.request.urlretrieve": Bound((), -1, SOCKET),
        "urllib.request.OpenerDirector.open": Bound(("timeout",), 2, SOCKET),
        "http.client.HTTPConnection": Bound(("timeout",), 2, SOCKET),
        "http.client.HTTPSConnection": Bound(silent=SOCKET),
    }
    | SESSION_CALLS
    | CLIENT_CALLS
)
"""HTTP calls by dotted name."""

PROCESSES: Final[dict[str, Bound]] = {
    "subprocess.run": Bound(),
    "subprocess.call": Bound(),
    "subprocess.check_call": Bound(),
    "subprocess.check_output": Bound(),
    "subprocess.Popen.wait": Bound(("timeout",), 0),
    "subprocess.Popen.communicate": Bound(("timeout",), 1),
}
"""Waits for a process of `subprocess`."""

NETWORK: Final[dict[str, Bound]] = {
    "socket.create_connection": Bound(("timeout",), 1, SOCKET),
    "smtplib.SMTP": Bound(("timeout",), 3, SOCKET),
    "smtplib.SMTP_SSL": Bound(silent=SOCKET),
    "smtplib.LMTP": Bound(silent=SOCKET),
    "ftplib.FTP": Bound(("timeout",), 4, SOCKET),
    "ftplib.FTP_TLS": Bound(silent=SOCKET),
    "ftplib.FTP.connect": Bound(("timeout",), 2, SOCKET),
    "ftplib.FTP_TLS.connect": Bound(("timeout",), 2, SOCKET),
    "imaplib.IMAP4": Bound(("timeout",), 2, SOCKET),
    "imaplib.IMAP4_SSL": Bound(silent=SOCKET),
    "poplib.POP3": Bound(("timeout",), 2, SOCKET),
    "poplib.POP3_SSL": Bound(silent=SOCKET),
    "telnetlib.Telnet": Bound(("timeout",), 2, SOCKET),
    "xmlrpc.client.ServerProxy": Bound(("transport",), 1, SOCKET),
    "paramiko.SSHClient.exec_command": Bound(("timeout",), 2),  # paramiko 5.1: the connection alone has limits.
    "ldap3.Connection": Bound(("receive_timeout",)),  # ldap3 2.9
    "pika.ConnectionParameters": Bound(("blocked_connection_timeout",)),  # pika 1.4: None
    "confluent_kafka.Consumer.poll": Bound(("timeout",), 0),
    "confluent_kafka.Consumer.consume": Bound(("timeout",), 1),
    "confluent_kafka.Producer.flush": Bound(("timeout",), 0),
    "pymysql.connect": Bound(("read_timeout",)),  # pymysql 1.2: only connecting has a limit, of 10 s.
    "MySQLdb.connect": Bound(("read_timeout",)),
    "elasticsearch.Elasticsearch": Bound(("request_timeout", "timeout"), -1, DEFAULT),  # elastic-transport 9.4: 10 s.
    "elasticsearch.AsyncElasticsearch": Bound(("request_timeout", "timeout"), -1, DEFAULT),
    "paramiko.SSHClient.connect": Bound(("timeout",), 6),
    "botocore.client.Config": Bound(("read_timeout",), -1, DEFAULT),
    "botocore.config.Config": Bound(("read_timeout",), -1, DEFAULT),  # botocore 1.44: 60 s.
}  # fmt: skip
"""Other network clients, with what bounds their reads."""

_REDIS_CLIENTS: Final = ("Redis", "StrictRedis", "RedisCluster", "ConnectionPool", "BlockingConnectionPool")
REDIS: Final = frozenset(
    f"{module}.{name}"
    for module in ("redis", "redis.asyncio")
    for name in (
        "from_url",
        "sentinel.Sentinel",
        "cluster.RedisCluster",
        "cluster.RedisCluster.from_url",
        *_REDIS_CLIENTS,
        *(f"{client}.from_url" for client in _REDIS_CLIENTS),
    )
)
"""Clients and pools of redis-py: endless before release 8.0, which waits 5 s (4.6, 5.2, 6.4, 7.1, 7.4 and 8.0 read)."""

_SCOPES: Final = frozenset(
    [
        "asyncio.timeout",
        "asyncio.timeout_at",
        "anyio.fail_after",
        "anyio.move_on_after",
        "trio.fail_after",
        "trio.move_on_after",
        "async_timeout.timeout",
        "eventlet.Timeout",
        "eventlet.timeout.Timeout",
        "gevent.Timeout",
    ]
)
_WAITERS: Final = frozenset({"asyncio.wait_for", "asyncio.wait", "tornado.gen.with_timeout"})


def argument(call: ast.Call, bound: Bound) -> ast.expr | None:
    """What is passed as the limit, or None when nothing is."""
    for word in call.keywords:
        if word.arg in bound.words:
            return word.value
    starred = any(isinstance(arg, ast.Starred) for arg in call.args)
    return call.args[bound.position] if 0 <= bound.position < len(call.args) and not starred else None


def hides(call: ast.Call) -> bool:
    """Whether `*args` or `**kwargs` may hold the limit."""
    return any(word.arg is None for word in call.keywords) or any(isinstance(arg, ast.Starred) for arg in call.args)


def state(call: ast.Call, bound: Bound, place: Place[Any]) -> str:
    """How a call is bounded: "set", "none" (for ever, as told), "absent", "hidden" or "optional" (up to the caller)."""
    value = argument(call, bound)
    if value is None:
        return "hidden" if hides(call) else "absent"
    if is_endless(value, place):
        return "none"
    return "optional" if isinstance(value, ast.Name) and may_be_none(value.id, place.scope) else "set"


def is_endless(value: ast.expr, place: Place[Any]) -> bool:
    """Whether a timeout says "for ever": None, a pair that ends in None, or a timeout object made of None alone."""
    if isinstance(value, ast.Tuple):
        return len(value.elts) == 2 and is_endless(value.elts[1], place)
    if isinstance(value, ast.Call):
        made = place.resolve(value.func)
        parts = [*value.args, *(word.value for word in value.keywords if word.arg)]
        known = made is not None and made.dotted.rpartition(".")[2] in ("Timeout", "ClientTimeout")
        return known and bool(parts) and not hides(value) and all(fold(part, place.scope) is None for part in parts)
    return fold(value, place.scope) is None


def may_be_none(name: str, scope: Scope) -> bool:
    """Whether a name is a parameter that is None unless the caller says otherwise."""
    found = find(name, scope)
    if found is None or found[1].kind != "function" or len(found[0]) != 1 or found[0][0].kind != "param":
        return False
    function: Any = found[1].node
    args: ast.arguments = function.args
    plain = [*args.posonlyargs, *args.args]
    defaults = dict(zip([arg.arg for arg in plain[len(plain) - len(args.defaults) :]], args.defaults, strict=True))
    defaults |= {arg.arg: default for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True) if default}
    default = defaults.get(name)
    return isinstance(default, ast.Constant) and default.value is None


def under_deadline(place: Place[Any]) -> bool:
    """Whether an enclosing `asyncio.timeout`, `anyio.fail_after`, `asyncio.wait_for` or the like bounds it."""
    for block in place.within("with"):
        for item in block.node.items:
            if isinstance(item.context_expr, ast.Call) and place.name(item.context_expr.func) in _SCOPES:
                return True
    above = place.parent()
    while above is not None:
        if isinstance(above, ast.Call) and place.name(above.func) in _WAITERS:
            return True
        above = place.parent(above)
    return False


HANDED: Final = {
    "asyncio.to_thread": 0,
    "anyio.to_thread.run_sync": 0,
    "functools.partial": 0,
    "*.run_in_executor": 1,
    "*.submit": 0,
}
"""Calls that run a function handed to them, and where it stands."""


def bounded_outside(outer: Call, inner: Call) -> bool:
    """Whether a deadline around the hand-over ends the wait for it, whatever the thread goes on to do."""
    return outer is not inner and outer.in_async and under_deadline(outer)


def handed(call: Call) -> Call | None:
    """The call that `asyncio.to_thread(f, x)` and the like make in the end, at the place of the outer one."""
    position = HANDED.get(call.dotted, HANDED.get(f"*.{call.last}", -1))
    if not 0 <= position < len(call.node.args):
        return None
    func = call.node.args[position]
    ref = call.resolve(func) if isinstance(func, (ast.Name, ast.Attribute)) else None
    if ref is None:
        return None
    node = ast.copy_location(ast.Call(func, call.node.args[position + 1 :], call.node.keywords), call.node)
    return Call(node, call.block, call.stmt, ref)


_DOUBTS: Final = {
    "hidden": "The limit may be among unpacked arguments.",
    "optional": "The caller may pass None, which waits for ever.",
}
_BLOCKING: Final = ("requests", "urllib", "http.", "socket", "subprocess", "smtplib", "redis.", "psycopg2", "pymysql")


class Verdict(NamedTuple):
    """What is known of one call: `state` is good, bad, socket (bad unless all sockets are bounded) or unresolved."""

    state: str
    text: str = ""


def weigh(call: Call, bound: Bound) -> Verdict:
    """Whether a call, or the client that it is made on, is bounded as `bound` asks."""
    found = state(call.node, bound, call)
    if found == "set" or (call.in_async and not call.dotted.startswith(_BLOCKING) and under_deadline(call)):
        return Verdict("good")
    if found in _DOUBTS:
        return Verdict("unresolved", _DOUBTS[found])
    if found == "none":
        return Verdict("bad", f"{call.dotted} is told to wait for ever.")
    maker = CLIENTS.get(call.dotted.rpartition(".")[0])
    if maker is not None and call.ref is not None and call.ref.via == "param":
        return Verdict("unresolved", "The client comes from elsewhere, with the limits it has there.")
    if maker is not None and call.origin is not None and state(call.origin, maker, call) != "absent":
        return Verdict("good")
    if bound.silent == DEFAULT:
        return Verdict("good")
    waits = f"{call.dotted} has no limit: it may wait for ever."
    return Verdict("socket" if bound.silent == SOCKET else "bad", waits)


def made_endless(call: Call) -> bool:
    """Whether a client, or a timeout object, is made so that it never gives up."""
    if call.dotted == "aiohttp.ClientTimeout":
        above = call.parent()
        holder = call.parent(above) if isinstance(above, ast.keyword) else None
        reported_there = isinstance(holder, ast.Call) and call.name(holder.func) in HTTP
        return is_endless(call.node, call) and not reported_there
    return state(call.node, CLIENTS[call.dotted], call) == "none"


def in_process(call: Call) -> bool:
    """Whether the client talks to an application in the same process: no network, nothing to wait for."""
    if call.origin is None:
        return False
    transport = call.keyword("transport", of=call.origin)
    made = transport.func if isinstance(transport, ast.Call) else None
    name = call.name(made).rpartition(".")[2] if made is not None else ""
    return (
        name in ("ASGITransport", "WSGITransport", "MockTransport") or call.keyword("app", of=call.origin) is not None
    )
