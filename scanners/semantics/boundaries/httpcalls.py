"""What an HTTP call says of itself, and what stands around any call that leaves the process."""

import ast
import re
from typing import Any, Final

from scanners.constants import fold
from scanners.context import Context
from scanners.place import Call
from scanners.regex import regex
from scanners.scopes import Scope
from scanners.semantics.boundaries.again import around
from scanners.semantics.boundaries.failing import RAISES, becomes
from scanners.semantics.boundaries.libraries import Library
from scanners.semantics.boundaries.limits import shown
from scanners.semantics.boundaries.surroundings import def_of, place_in
from scanners.semantics.outbound import PROCESSES
from scanners.syntax import unparse

SESSIONS: Final = {
    "requests.Session": "requests",
    "requests.session": "requests",
    "requests_cache.CachedSession": "requests",
    "requests_oauthlib.OAuth1Session": "requests",
    "requests_oauthlib.OAuth2Session": "requests",
    "requests_toolbelt.sessions.BaseUrlSession": "requests",
    "niquests.Session": "niquests",
    "httpx.Client": "httpx",
    "httpx.AsyncClient": "httpx",
    "aiohttp.ClientSession": "aiohttp",
    "urllib3.PoolManager": "urllib3",
    "urllib3.ProxyManager": "urllib3",
    "urllib3.HTTPConnectionPool": "urllib3",
    "urllib3.HTTPSConnectionPool": "urllib3",
}
"""What makes an HTTP session, with its library."""
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})
_KEYED: Final = regex(r"idempot", re.IGNORECASE)


def session_library(dotted: str) -> Library:
    """The library of a session by what makes it, with where it takes an address."""
    return Library("http", SESSIONS[dotted], 0 if "BaseUrl" in dotted or dotted.startswith("aiohttp") else -1)


def surroundings(node: ast.Call, scope: Scope, ctx: Context, method: str) -> dict[str, Any]:
    """What surrounds a call in its def, as the fields of a fact: `fallback`, `again`, `method`, `keyed`."""
    found = def_of(scope)
    fallback = becomes(node, found[0], found[1], ctx) if found is not None else RAISES
    again = around(node, found[0], found[1], ctx, fallback) if found is not None else None
    keyed = method not in _SAFE and again is not None and bool(_KEYED.search(unparse(node)))
    return {
        "fallback": fallback,
        "again": again,
        "method": method,
        "keyed": keyed,
    }


def limit_of_wait(call: Call) -> str:
    bound = PROCESSES[call.dotted]
    given = call.argument(bound.position, *bound.words) if bound.position >= 0 else call.keyword(*bound.words)
    return shown(given, call) if given is not None else ""


def limit_of_stub(node: ast.Call, scope: Scope, ctx: Context) -> str:
    """The limit of a call of a gRPC stub, "" for none."""
    given = next((word.value for word in node.keywords if word.arg == "timeout"), None)
    return shown(given, place_in(node, scope, ctx)) if given is not None else ""


def method_of(call: Call) -> str:
    if call.last in ("get", "head", "options", "post", "put", "patch", "delete"):
        return call.last.upper()
    if call.last in ("request", "stream"):
        first = call.argument(0, "method")
        value = fold(first, call.scope) if first is not None else None
        return value.upper() if isinstance(value, str) else ""
    if call.dotted.startswith("urllib.request.url"):
        return "POST" if call.keyword("data") is not None or len(call.node.args) > 1 else "GET"
    return ""


def url_position(call: Call) -> int:
    if call.last == "send":
        return -1
    return 1 if call.last in ("request", "stream") or (call.last == "urlopen" and "urllib3" in call.dotted) else 0
