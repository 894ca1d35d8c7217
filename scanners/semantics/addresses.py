"""Addresses in code: where clients and settings take them, and what sort of place they name."""

import ast
import ipaddress
import re
from collections.abc import Iterator
from enum import Enum
from typing import Any, Final

from scanners.constants import fold
from scanners.context import Context
from scanners.place import Block, Call, Place
from scanners.regex import regex
from scanners.scopes import Scope
from scanners.semantics.connections import ADDRESSED
from scanners.semantics.outbound import HTTP
from scanners.syntax import descendants, unparse

_HOSTS: Final = {
    "smtplib.SMTP": 0,
    "smtplib.SMTP_SSL": 0,
    "ftplib.FTP": 0,
    "imaplib.IMAP4": 0,
    "imaplib.IMAP4_SSL": 0,
    "http.client.HTTPConnection": 0,
    "http.client.HTTPSConnection": 0,
    "pymysql.connect": 0,
    "MySQLdb.connect": 0,
    "pika.ConnectionParameters": 0,
    "ldap3.Server": 0,
    "paramiko.SSHClient.connect": 0,
    "socket.create_connection": 0,
    "socket.socket.connect": 0,
    "elasticsearch.Elasticsearch": 0,
    "httpx.Client": -1,
    "httpx.AsyncClient": -1,
    "aiohttp.ClientSession": 0,
    "grpc.insecure_channel": 0,
    "boto3.client": -1,
    "boto3.resource": -1,
    "celery.Celery": -1,
    "kafka.KafkaProducer": -1,
    "kafka.KafkaConsumer": -1,
    "grpc.aio.insecure_channel": 0,
}
TARGETS: Final[dict[str, int]] = (
    {
        name: 1 if name.endswith((".request", ".stream", ".urlopen")) and "urllib.request" not in name else 0
        for name in HTTP
    }
    | dict.fromkeys(ADDRESSED, 0)
    | _HOSTS
)
"""Clients, with the position of the address that they take."""

_NAMES: Final = ("url", "host", "hostname", "dsn", "conninfo", "base_url", "server", "address", "hosts", "target")
_WORDS: Final = (*_NAMES, "endpoint_url", "broker", "backend", "bootstrap_servers")
_SETTING: Final = regex(r"(^|_)(HOST|URL|URI|DSN|ENDPOINT|SERVER|BROKER|ADDRESS|LOCATION)$")
_RESERVED: Final = regex(r"(^|\.)(example(\.(com|net|org))?|test|invalid|localdomain|w3\.org|xmlsoap\.org)$")
_PRIVATE: Final = regex(r"(^|\.)(internal|local|lan|corp|intra|intranet|private|home|cluster\.local|svc)$")
_SCHEME: Final = regex(r"^[a-z][a-z0-9+.-]*://(?:[^/@\s]*@)?(\[[^\]]+\]|[^/:?#,\s]*)", re.IGNORECASE)
_KEYED: Final = regex(r"(?:^|\s)host=(\S+)")
_HOST: Final = regex(r"^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)*[A-Za-z0-9][A-Za-z0-9-]*$")


_LOOKS: Final = regex(r"^(localhost|[a-z0-9-]+(\.[a-z0-9-]+)+)(:\d+)?$")


class Kind(Enum):
    """What an address names: nothing that can be told, this machine, a public name, or a place of one's own network."""

    NONE = "none"
    LOCAL = "local"
    PUBLIC = "public"
    OWN = "own"


def kind_of(target: str) -> Kind:
    """The sort of a host, a URL or a connection string."""
    host = host_of(target)
    if not host or _RESERVED.search(host.lower()):
        return Kind.NONE
    try:
        number = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return _kind_of_name(host.lower())
    if number.is_loopback:
        return Kind.LOCAL
    documented = number.version == 4 and str(number).startswith(("192.0.2.", "198.51.100.", "203.0.113."))
    return Kind.NONE if documented or number.is_unspecified or number.is_multicast else Kind.OWN


def _kind_of_name(host: str) -> Kind:
    if host == "localhost" or host.endswith(".localhost"):
        return Kind.LOCAL
    if _PRIVATE.search(host) or "." not in host:
        return Kind.OWN
    return Kind.PUBLIC


def host_of(target: str) -> str:
    """The host in a URL, a connection string or a bare name; "" when there is none, or when it is not fixed."""
    for pattern in (_SCHEME, _KEYED):
        match = pattern.search(target)
        if match:
            return match[1] if _HOST.match(match[1].strip("[]")) or ":" in match[1] else ""
    bare = target.partition("/")[0].partition(":")[0]
    return bare if "://" not in target and "=" not in target and _HOST.match(bare) else ""


def target_of(call: Call) -> str | None:
    """The literal address that a client is given, "" for one that is not fixed, None when it is given none."""
    position = TARGETS[call.dotted]
    given = call.keyword(*_WORDS) or (call.argument(position) if position >= 0 else None)
    if isinstance(given, (ast.Tuple, ast.List)) and given.elts:
        given = given.elts[0]
    if given is None:
        return None
    text = _leading_text(given, call.scope)
    bare = call.dotted in HTTP and not call.dotted.startswith("http.client")
    return text if "://" in text or "host=" in text or not bare else ""


def _leading_text(expr: ast.expr, scope: Scope) -> str:
    """The fixed text at the start of an expression."""
    value = fold(expr, scope)
    if isinstance(value, str):
        return value
    if isinstance(expr, ast.JoinedStr) and expr.values:
        first = expr.values[0]
        start = _leading_text(first.value if isinstance(first, ast.FormattedValue) else first, scope)
        return (
            start
            if len(expr.values) == 1
            or re.match(r"^[a-z+]+://[^/]+/|^[a-z+]+://[^/]+:\d+$", start)
            or _ends(start, expr)
            else ""
        )
    if isinstance(expr, ast.BinOp) and isinstance(expr.op, ast.Add):
        start = _leading_text(expr.left, scope)
        return start if "://" in start else ""
    return ""


def _ends(start: str, expr: ast.JoinedStr) -> bool:
    """Whether the host that an f-string starts with ends before its first unknown piece."""
    after = expr.values[1]
    return "://" in start and isinstance(after, ast.Constant) and str(after.value).startswith(("/", ":", "?"))


def setting_addresses(ctx: Context) -> Iterator[tuple[Place[Any], str]]:
    """The literal addresses among the settings of a module: those named after one, and HOST and LOCATION of Django."""
    block = Block("module", ctx.tree or ast.Module([], []), None, ctx.module)
    for name, bindings in ctx.module.names.items():
        for binding in bindings if name.isupper() else ():
            if binding.kind == "assign" and isinstance(binding.value, ast.expr):
                yield from _in_setting(name, binding.value, block)


def _in_setting(name: str, value: ast.expr, block: Block) -> Iterator[tuple[Place[Any], str]]:
    if isinstance(value, ast.Constant) and isinstance(value.value, str) and _SETTING.search(name):
        if "://" in value.value or (name.endswith(("HOST", "SERVER")) and _LOOKS.match(value.value)):
            yield Place(value, block, None), value.value
    elif isinstance(value, ast.Dict) and name in ("DATABASES", "CACHES", "CHANNEL_LAYERS"):
        for inner in descendants(value):
            for key, held in zip(inner.keys, inner.values, strict=True) if isinstance(inner, ast.Dict) else ():
                field, text = getattr(key, "value", ""), getattr(held, "value", "")
                if isinstance(text, str) and (field == "HOST" or (field == "LOCATION" and "://" in text)):
                    yield Place(held, block, None), text


_ALL: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104  # compared with, never listened on


def bound_to_all(call: Call) -> bool:
    """Whether a server listens on all interfaces."""
    given = call.keyword("host", "interface", "address") or (call.node.args[0] if call.node.args else None)
    if isinstance(given, ast.Tuple) and given.elts:
        given = given.elts[0]
    value = fold(given, call.scope) if given is not None else None
    datagrams = call.origin is not None and "DGRAM" in unparse(call.origin)
    return isinstance(value, str) and value in _ALL and not datagrams
