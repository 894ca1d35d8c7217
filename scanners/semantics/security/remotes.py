"""Which addresses are of remote hosts, and which clients are given one."""

import ast
import re
from typing import Final

from scanners.context import Context
from scanners.place import Call
from scanners.regex import regex
from scanners.semantics.pieces import pieces
from scanners.syntax import descendants

_METHODS: Final = "get post put patch delete head options".split()


CLIENTS: Final = {
    **{
        f"{library}.{name}": 0
        for library in ("requests", "requests.Session", "httpx", "httpx.Client", "httpx.AsyncClient")
        for name in _METHODS
    },
    **{f"aiohttp.ClientSession.{name}": 0 for name in _METHODS},
    **dict.fromkeys(("requests.request", "requests.Session.request", "httpx.request", "httpx.stream"), 1),
    **dict.fromkeys(
        "urllib.request.urlopen urllib.request.Request urllib.request.urlretrieve redis.from_url redis.Redis.from_url "
        "redis.asyncio.from_url celery.Celery kombu.Connection pika.URLParameters aio_pika.connect_robust "
        "aio_pika.connect xmlrpc.client.ServerProxy ldap.initialize ldap3.Server".split(),
        0,
    ),
    **dict.fromkeys(("httpx.Client", "httpx.AsyncClient", "aiohttp.ClientSession"), 9),  # By `base_url` alone.
}


HOSTS: Final = dict.fromkeys(
    "ftplib.FTP telnetlib.Telnet grpc.insecure_channel grpc.aio.insecure_channel imaplib.IMAP4 poplib.POP3 "
    "nntplib.NNTP".split(),
    0,
)


KEYWORDS: Final = ("url", "base_url", "broker", "backend", "hostname", "uri", "fullurl")


REMOTE: Final = regex(
    r"^(?:(?P<scheme>http|ftp|telnet|redis|amqp|ws|ldap)://)?(?:[^@/\s]*@)?(?P<host>(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?\.)+[a-z]{2,})(?=[:/?#]|$)",
    re.I,
)


INSIDE: Final = regex(
    r"(^|\.)(localhost|local|internal|lan|intranet|localdomain|home|svc|cluster|consul|test|example|invalid|docker|private|corp)$|"
    r"\.svc\.cluster\.local$|^169\.254\.|metadata\.google",
    re.I,
)


_SCHEMES: Final = frozenset({"http", "ftp", "telnet", "redis", "amqp", "ws", "ldap"})


def starts_tls(call: Call, ctx: Context) -> bool:
    """Whether the function, or the file for code outside of any, turns encryption on."""
    around = call.function or ctx.tree
    return (
        any(isinstance(node, ast.Attribute) and node.attr in ("starttls", "stls") for node in descendants(around))
        if around
        else False
    )


def is_near(made: ast.Call | None, call: Call) -> bool:
    """Whether the server is the machine itself, or is not named in sight."""
    if made is None or not made.args:
        return False
    parts = pieces(made.args[0], call.scope, call.line).parts
    host = parts[0] if parts and isinstance(parts[0], str) else ""
    return host != "" and ("." not in host or host.startswith("127.") or INSIDE.search(host) is not None)
