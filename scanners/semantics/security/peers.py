"""Where clients, contexts and image lines switch off the check of who answers."""

import ast
import re
from typing import Any, Final

from scanners.context import Context
from scanners.finding import Confidence
from scanners.place import Bound, Call, Place
from scanners.regex import regex
from scanners.semantics.remarks import is_explained
from scanners.syntax import unparse

SWITCHES: Final = ("verify", "check_hostname", "verify_mode", "cert_reqs", "_create_default_https_context")
KEYWORDS: Final = ("verify_ssl", "ssl_verify", "verify_certs", "verify_tls", "tls_verify", "validate_certs")
"""Keywords that mean the same whatever takes them."""

_METHODS: Final = "get post put patch delete head options request".split()


_VERIFY: Final = (
    [f"requests.{name}" for name in _METHODS]
    + [f"requests.Session.{name}" for name in (*_METHODS, "send")]
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
    "aiohttp.request": ("ssl", "verify_ssl"),
    "elasticsearch.Elasticsearch": ("verify_certs",),
    "elasticsearch.AsyncElasticsearch": ("verify_certs",),
    "opensearchpy.OpenSearch": ("verify_certs",),
    "opensearchpy.AsyncOpenSearch": ("verify_certs",),
    "urllib3.PoolManager": ("cert_reqs", "assert_hostname"),
    "urllib3.HTTPSConnectionPool": ("cert_reqs", "assert_hostname"),
    "redis.Redis": ("ssl_cert_reqs",),
    **dict.fromkeys(
        "redis.StrictRedis redis.from_url redis.Redis.from_url redis.asyncio.Redis redis.asyncio.from_url".split(),
        ("ssl_cert_reqs",),
    ),
    "ssl.wrap_socket": ("cert_reqs",),
    "pymysql.connect": ("ssl_verify_cert", "ssl_verify_identity"),
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
    given = [*call.node.args, *(word.value for word in call.node.keywords)]
    return any(LOCAL.search(value) for each in given if isinstance(value := ctx.constant(each, call), str))


SETS: Final = {
    "pycurl.Curl.setopt": ({"SSL_VERIFYPEER": 0, "SSL_VERIFYHOST": 0}, ""),
    "ldap.set_option": ({"OPT_X_TLS_REQUIRE_CERT": 0}, "OPT_X_TLS_NEVER OPT_X_TLS_ALLOW"),
    "ldap.ldapobject.LDAPObject.set_option": ({"OPT_X_TLS_REQUIRE_CERT": 0}, "OPT_X_TLS_NEVER OPT_X_TLS_ALLOW"),
}
"""Calls that set an option by its name: those about the check, with the value that ends it, or the names of such."""


def ends_check(call: Call, ctx: Context) -> bool:
    """Whether a call sets an option (`setopt(SSL_VERIFYPEER, 0)`) so that no certificate is checked."""
    options, names = SETS.get(call.dotted) or SETS["pycurl.Curl.setopt"]
    option, value = call.argument(0), call.argument(1)
    if value is None or getattr(option, "attr", getattr(option, "id", "")) not in options:
        return False
    return ctx.constant(value, call) == 0 or getattr(value, "attr", "") in names.split()


def policy_of(call: Call) -> str:
    """The policy for unknown host keys that is set, also through a name."""
    given = call.argument(0, "policy")
    held = call.scope.bindings(given.id) if isinstance(given, ast.Name) else []
    value = held[0].value if len(held) == 1 and held[0].kind in ("assign", "import") else given
    return value if isinstance(value, str) else unparse(value) if value is not None else ""


def unencrypted(call: Call, ctx: Context) -> bool:
    """Whether a connection to a database elsewhere is told to do without TLS."""
    address = ctx.constant(call.argument(0, "dsn", "conninfo", "url"), call)
    if isinstance(address, str) and NO_SSL.search(address) and not LOCAL.search(address):
        return True
    host = ctx.constant(call.keyword("host"), call)
    off = ctx.constant(call.keyword("sslmode"), call) == "disable"
    return off and not (isinstance(host, str) and LOCAL.search(host))


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


def passed_off(bound: Bound) -> bool:
    """Whether a call of something that is not in sight (`self.session.get`) is told by a keyword not to check."""
    call = bound.parent()
    if not isinstance(bound.node, ast.keyword) or not isinstance(call, ast.Call):
        return False
    if not isinstance(bound.value, ast.Constant) or bound.value.value is not False:
        return False
    ref = bound.resolve(call.func)
    if ref is not None and (ref.dotted in OPTIONS or not (ref.local or bound.key in KEYWORDS)):
        return False
    return bound.key in KEYWORDS or (bound.key == "verify" and getattr(call.func, "attr", "") in _METHODS)


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
    off = isinstance(value, ast.Constant) and (value.value is False or value.value == "CERT_NONE")
    off = off or unparse(value).endswith(("CERT_NONE", "_create_unverified_context"))
    return (f"{unparse(target)} = {unparse(value)} {taken(target.attr)}" if off else ""), bool(made)


def taken(switch: str) -> str:
    """What a switch that is off lets through; without the check of the name the certificate is still looked at."""
    return "takes the certificate of any other host." if "hostname" in switch else "takes any certificate."
