"""What bounds clients whose limits stand in a URL, in options or in Django's settings."""

import ast
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from scanners.constants import fold
from scanners.finding import Severity
from scanners.place import Block, Call, Place
from scanners.scopes import Scope
from scanners.semantics.outbound import NETWORK, REDIS, Bound, Verdict, argument, hides, is_endless, weigh
from scanners.syntax import descendants, unparse

_GOOD: Final = Verdict("good")
_ADDRESS: Final = Verdict("unresolved", "The address comes from elsewhere and may hold the limit.")
_HIDDEN: Final = Verdict("unresolved", "The limit may be among unpacked arguments.")
_COMPUTED: Final = Verdict("unresolved", "The options are computed elsewhere.")
_PLACES: Final = ("dsn", "conninfo", "url", "uri", "host")


class Limits(NamedTuple):
    """Words that bound reading and connecting, whether passed by name, in options or in an address."""

    read: tuple[str, ...]
    connect: tuple[str, ...] = ()


_POSTGRES: Final = Limits(("statement_timeout",), ("connect_timeout",))
_MONGO: Final = Limits(("timeoutMS", "socketTimeoutMS"))
_REDIS: Final = Limits(("socket_timeout",), ("socket_connect_timeout",))
_ENGINE: Final = Limits(("statement_timeout", "command_timeout", "read_timeout"), ("connect_timeout", "timeout"))
ADDRESSED: Final[Mapping[str, Limits]] = {
    "psycopg2.connect": _POSTGRES,
    "psycopg.connect": _POSTGRES,
    "psycopg.Connection.connect": _POSTGRES,
    "psycopg.AsyncConnection.connect": _POSTGRES,
    "asyncpg.connect": Limits(("command_timeout",)),  # asyncpg 0.32: connecting alone has a limit, of 60 s.
    "asyncpg.create_pool": Limits(("command_timeout",)),
    "pymongo.MongoClient": _MONGO,  # pymongo 4.20: connecting 20 s, reading none.
    "pymongo.AsyncMongoClient": _MONGO,
    "motor.motor_asyncio.AsyncIOMotorClient": _MONGO,
    "sqlalchemy.create_engine": _ENGINE,
    "sqlalchemy.create_async_engine": _ENGINE,
} | dict.fromkeys(REDIS, _REDIS)
"""Clients that take an address first."""

_SENT: Final[Mapping[str, Bound]] = {
    "kafka.KafkaProducer.flush": Bound(("timeout",), 0),
    "kafka.KafkaProducer.send().get": Bound(("timeout",), 0),
}
"""Waits for what a client was given to send."""

_SERVERS: Final = ("postgres", "mysql", "mariadb", "mssql", "oracle")
_SOCKET_CALLS: Final = ("socket.socket.connect", "socket.socket.accept", "socket.socket.recvfrom")
_WAITING: Final = ("sock_connect", "sock_accept", "select", "poll", "register")
CALLS: Final = tuple(dict.fromkeys((*NETWORK, *ADDRESSED, *_SENT, *_SOCKET_CALLS)))


class Opinion(NamedTuple):
    """A verdict with the severity of this case, if it is not the rule's."""

    verdict: Verdict
    severity: Severity | None = None


def opinion(call: Call, tree: ast.Module) -> Opinion | None:
    """What bounds a call of CALLS, None when it is no client of a network."""
    if call.dotted in _SOCKET_CALLS:
        return Opinion(_plain_socket(call, tree))
    limits = ADDRESSED.get(call.dotted)
    if limits is None:
        return _plain(call)
    if call.keyword("connection_pool", "creator") is not None:
        return None
    return _addressed(call, limits)


def _plain(call: Call) -> Opinion | None:
    """What bounds a client by its arguments. FTP without a host connects later, with the limits of either call."""
    maker = NETWORK.get(call.dotted.removesuffix(".connect"))
    if call.dotted.startswith("ftplib.") and call.last != "connect" and not call.node.args and not call.keyword("host"):
        return None
    if maker is not None and call.last == "connect" and call.origin is not None and argument(call.origin, maker):
        return Opinion(_GOOD)
    return Opinion(weigh(call, NETWORK.get(call.dotted) or _SENT[call.dotted]))


def _addressed(call: Call, limits: Limits) -> Opinion:
    told = call.keyword(*limits.read)
    if told is not None:
        endless = is_endless(told, call)
        return Opinion(Verdict("bad", f"{call.dotted} is told to wait for ever.") if endless else _GOOD)
    said = " ".join(_said(word.value, call.scope) for word in call.node.keywords if word.arg)
    address = call.argument(0, *_PLACES)
    text = "" if address is None else _said(address, call.scope)
    if text.startswith("sqlite") or any(word in said + text for word in limits.read):
        return Opinion(_GOOD)
    if hides(call.node):
        return Opinion(_HIDDEN)
    if not text and address is not None and (call.last in ("connect", "from_url") or "sqlalchemy" in call.dotted):
        return Opinion(_ADDRESS)
    if not text and address is not None and "redis" not in call.dotted:
        return Opinion(_ADDRESS)
    if "sqlalchemy" in call.dotted and not text.startswith(_SERVERS):
        return Opinion(_ADDRESS)
    state = "redis" if call.dotted in REDIS else "bad"
    if call.keyword(*limits.connect) is not None or any(word in said + text for word in limits.connect):
        return Opinion(Verdict(state, f"{call.dotted} bounds connecting only: an answer may never come."), Severity.LOW)
    return Opinion(
        Verdict(state, f"{call.dotted} has no limit on reading, such as {limits.read[0]}: it may wait for ever.")
    )


def _said(expr: ast.expr, scope: Scope) -> str:
    """The fixed texts in an expression, put together: those of an f-string or a dict too; "" when there are none."""
    value = fold(expr, scope)
    if isinstance(value, str):
        return value
    if isinstance(expr, (ast.JoinedStr, ast.Dict, ast.BinOp)):
        return " ".join(
            node.value for node in descendants(expr) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        )
    return ""


def _sends_datagrams(made: str, call: Call) -> bool:
    """Whether a socket connects to nobody: made for datagrams, or of an address that was asked for with them."""
    if "DGRAM" in made:
        return True
    around = unparse(call.function) if call.function is not None and "SOCK_" not in made else ""
    return "SOCK_DGRAM" in around and "SOCK_STREAM" not in around


def _imports_waits(tree: ast.Module) -> bool:
    """Whether the file may wait for several sockets at once."""
    named = {alias.name.partition(".")[0] for node in descendants(tree, ast.Import) for alias in node.names}
    named |= {(node.module or "").partition(".")[0] for node in descendants(tree, ast.ImportFrom)}
    return not named.isdisjoint(("select", "selectors", "eventlet", "gevent", "trio", "zmq"))


def _plain_socket(call: Call, tree: ast.Module) -> Verdict:
    made = unparse(call.origin) if call.origin is not None else ""
    if "AF_UNIX" in made or (call.last == "connect" and _sends_datagrams(made, call)):
        return _GOOD
    held = unparse(call.receiver) if call.receiver is not None else ""
    waits = _WAITING if _imports_waits(tree) else _WAITING[:2]
    for node in descendants(tree, ast.Attribute):
        if node.attr in waits or (node.attr in ("settimeout", "setblocking") and unparse(node.value) == held):
            return _GOOD
    return Verdict("socket", f"{call.dotted} has no limit: nothing calls settimeout() on the socket.")


def grpc_calls(tree: ast.Module, module: Scope) -> Iterator[tuple[Place[Any], Verdict]]:
    """The calls of generated gRPC stubs that the file makes, each with what bounds it."""
    if not any("_pb2_grpc" in str(found.value) for bound in module.names.values() for found in bound):
        return
    block = Block("module", tree, None, module)
    nodes = list(descendants(tree))
    stubs = {
        unparse(target)
        for node in nodes
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        for target in node.targets
        if unparse(node.value.func).endswith("Stub")
    }
    streams = {node.iter for node in nodes if isinstance(node, (ast.For, ast.AsyncFor))}
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and unparse(node.func.value) in stubs:
            yield Place(node, block, None), _stub_call(node, node in streams)


def _stub_call(node: ast.Call, stream: bool) -> Verdict:
    if argument(node, Bound(("timeout",), 1)) is not None:
        return _GOOD
    if stream or hides(node):
        return Verdict("unresolved", "A stream may last, or the limit is among unpacked arguments.")
    return Verdict("bad", "The gRPC call has no timeout: it may wait for ever.")


def django_entries(module: Scope, tree: ast.Module) -> Iterator[tuple[Place[Any], Opinion]]:
    """The entries of Django's DATABASES and CACHES, each with what bounds it."""
    block = Block("module", tree, None, module)
    for name, judge in (("DATABASES", _database), ("CACHES", _cache)):
        for binding in module.names.get(name, ()):
            if binding.kind == "assign" and isinstance(binding.value, ast.Dict):
                for entry in binding.value.values:
                    yield Place(entry, block, None), judge(entry, module)


def _database(entry: ast.expr, scope: Scope) -> Opinion:
    fields = _fields(entry)
    told = fields.get("ENGINE")
    engine = _said(told, scope) if told is not None else ""
    if told is None or not (_names_server(engine) or isinstance(fold(told, scope), str)):
        return Opinion(_COMPUTED)
    if not _names_server(engine):
        return Opinion(_GOOD)
    return _options(
        fields.get("OPTIONS"), _ENGINE, scope, f"The database connection ({engine.rpartition('.')[2]})", "bad"
    )


def _names_server(engine: str) -> bool:
    return any(word in engine for word in ("postg", "mysql"))


def _cache(entry: ast.expr, scope: Scope) -> Opinion:
    fields = _fields(entry)
    backend = _said(fields.get("BACKEND", entry), scope) if fields else ""
    if not backend:
        return Opinion(_COMPUTED)
    if "redis" not in backend.lower():
        return Opinion(_GOOD)
    location = fields.get("LOCATION")
    if location is not None and not _said(location, scope):
        return Opinion(_ADDRESS)
    if location is not None and "socket_timeout" in _said(location, scope):
        return Opinion(_GOOD)
    limits = Limits(("SOCKET_TIMEOUT", "socket_timeout"), ("SOCKET_CONNECT_TIMEOUT", "socket_connect_timeout"))
    return _options(fields.get("OPTIONS"), limits, scope, "The cache connection", "redis")


def _options(given: ast.expr | None, limits: Limits, scope: Scope, what: str, state: str) -> Opinion:
    said = _said(given, scope) if given is not None else ""
    if any(word in said for word in limits.read):
        return Opinion(_GOOD)
    if given is not None and not isinstance(given, ast.Dict):
        return Opinion(_COMPUTED)
    if any(word in said for word in limits.connect):
        return Opinion(Verdict(state, f"{what} bounds connecting only: an answer may never come."), Severity.LOW)
    return Opinion(Verdict(state, f"{what} has no timeout in its OPTIONS."))


def _fields(entry: ast.expr) -> dict[str, ast.expr]:
    """The values of a dict literal by its constant keys."""
    if not isinstance(entry, ast.Dict):
        return {}
    pairs = zip(entry.keys, entry.values, strict=True)
    return {str(key.value): value for key, value in pairs if isinstance(key, ast.Constant)}
