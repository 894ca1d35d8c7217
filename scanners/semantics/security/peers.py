"""Where clients, contexts and image lines switch off the check of who answers."""

import ast
import re
from typing import Any, Final

from scanners.context import Context
from scanners.finding import Confidence
from scanners.place import Call, Place
from scanners.regex import regex
from scanners.semantics.remarks import is_explained
from scanners.syntax import unparse

SWITCHES: Final = ("verify", "check_hostname", "verify_mode", "_create_default_https_context")
_METHODS: Final = "get post put patch delete head options request".split()


_VERIFY: Final = (
    [f"requests.{name}" for name in _METHODS]
    + [f"requests.Session.{name}" for name in _METHODS]
    + [
        f"httpx.{name}"
        for name in (*_METHODS, "stream", "Client", "AsyncClient", "HTTPTransport", "AsyncHTTPTransport")
    ]
    + ["boto3.client", "boto3.resource", "hvac.Client"]
)


OPTIONS: Final = {
    **dict.fromkeys(_VERIFY, ("verify",)),
    "aiohttp.TCPConnector": ("ssl", "verify_ssl"),
    **{f"aiohttp.ClientSession.{name}": ("ssl", "verify_ssl") for name in (*_METHODS, "ws_connect")},
    "elasticsearch.Elasticsearch": ("verify_certs",),
    "urllib3.PoolManager": ("cert_reqs", "assert_hostname"),
    "urllib3.HTTPSConnectionPool": ("cert_reqs", "assert_hostname"),
    "redis.Redis": ("ssl_cert_reqs",),
    "redis.from_url": ("ssl_cert_reqs",),
    "pymongo.MongoClient": ("tlsAllowInvalidCertificates", "tlsInsecure"),
    "asyncssh.connect": ("known_hosts",),
    "ldap3.Tls": ("validate",),
    "kubernetes.client.Configuration": ("verify_ssl",),
}


BAD: Final = {
    "tlsAllowInvalidCertificates": (True,),
    "tlsInsecure": (True,),
    "known_hosts": (None,),
    "ssl_cert_reqs": (None, "none"),
}


DATABASES: Final = frozenset(
    "psycopg.connect psycopg2.connect asyncpg.connect asyncpg.create_pool sqlalchemy.create_engine".split()
)


NO_SSL: Final = regex(r"sslmode=disable")


LOCAL: Final = regex(r"localhost|127\.0\.0\.1|\[?::1|0\.0\.0\.0|host=/|unix|\.local\b|\.internal\b")


CHOICE: Final = regex(
    r"verif|insecure|ssl|tls|cert|check|secure|self_?signed|trust|dev|debug|test|policy|host_?key|auto_?add", re.I
)


LINES: Final = (
    (regex(r"\bcurl\b[^|;&]*\s(-[a-zA-Z]*k[a-zA-Z]*|--insecure)(\s|$)"), "curl -k takes any certificate."),
    (regex(r"\bwget\b[^|;&]*--no-check-certificate"), "wget takes any certificate."),
    (regex(r"--trusted-host[ =]"), "pip takes packages from this host without checking who it is."),
    (
        regex(r"\b(PYTHONHTTPSVERIFY|NODE_TLS_REJECT_UNAUTHORIZED)[ =]\"?0"),
        "Certificates are not checked in this image.",
    ),
    (regex(r"\bGIT_SSL_NO_VERIFY[ =]\"?(1|true)|http\.sslVerify[ =]\"?false", re.I), "git takes any certificate."),
)


FETCHES: Final = regex(r"\b(curl|wget|pip3? install|git clone|uv pip install)\b")


def is_local(call: Call, ctx: Context) -> bool:
    """Whether a call names the machine itself."""
    return any(
        LOCAL.search(value) for argument in call.node.args if isinstance(value := ctx.constant(argument, call), str)
    )


def say(place: Place[Any], ctx: Context, message: str, *, known: bool = True) -> None:
    """Report, unless a condition that is named like such a choice decides it: then it comes from configuration."""
    for block in place.blocks():
        if block.kind in ("if", "else") and CHOICE.search(unparse(block.node.test)):
            return
        if block.kind == "function":
            break
    sure = None if known else Confidence.MEDIUM
    explained = is_explained(ctx.source_lines, max(place.line - 3, 1), place.line)
    ctx.report(place, message, confidence=Confidence.LOW if explained else sure)


def switched_off(place: Place[Any]) -> tuple[str, bool] | None:
    """What an assignment says about the check of a peer, None when it is about something else.

    The text is empty for one that leaves the check on; the flag tells whether the object that it sets is known.
    """
    target, value = place.node.targets[0], place.node.value
    if not isinstance(target, ast.Attribute) or target.attr not in SWITCHES:
        return None
    holder = place.resolve(target.value)
    made = holder.dotted if holder else ""
    named = "session" in unparse(target.value).lower() or made.endswith("Session")
    if target.attr == "verify" and not named:
        return None
    if holder and holder.origin and re.search(r"CLIENT_AUTH|TLS_SERVER", unparse(holder.origin)):
        return None
    off = isinstance(value, ast.Constant) and value.value is False
    off = off or unparse(value).endswith(("CERT_NONE", "_create_unverified_context"))
    return (f"{unparse(target)} = {unparse(value)} {taken(target.attr)}" if off else ""), bool(made)


def taken(switch: str) -> str:
    """What a switch that is off lets through; without the check of the name the certificate is still looked at."""
    return "takes the certificate of any other host." if "hostname" in switch else "takes any certificate."
