"""Calls and redirects that go to an address, and the part of it that decides the host."""

import ast
import re
from typing import Any, Final

from scanners.context import Context
from scanners.place import Call, Place
from scanners.regex import regex
from scanners.semantics.addresses import TARGETS
from scanners.semantics.outbound import HTTP
from scanners.semantics.pieces import pieces
from scanners.semantics.requestdata import Taint, taint

REDIRECTS: Final = (
    "flask.redirect quart.redirect werkzeug.utils.redirect django.shortcuts.redirect django.http.HttpResponseRedirect "
    "django.http.HttpResponsePermanentRedirect starlette.responses.RedirectResponse fastapi.responses.RedirectResponse "
    "aiohttp.web.HTTPFound aiohttp.web.HTTPSeeOther aiohttp.web.HTTPMovedPermanently aiohttp.web.HTTPTemporaryRedirect "
    "aiohttp.web.HTTPPermanentRedirect bottle.redirect sanic.response.redirect tornado.web.RequestHandler.redirect"
).split()
CALLS: Final = (*(name for name in HTTP if name in TARGETS), "socket.create_connection", "urllib.request.Request")
CLEANERS: Final = frozenset(
    "url_has_allowed_host_and_scheme is_safe_url url_for reverse resolve_url startswith quote quote_plus urlencode "
    "path query get_next_page is_safe_redirect get_redirect_target is_global getaddrinfo gethostbyname ip_address "
    "safe_url host_is_allowed iri_to_uri_path".split()
)
_WHOLE: Final = regex(r"^[a-z][a-z0-9+.-]*://[^/?#]+[/?#]|^/[^/\\]|^[?#]", re.IGNORECASE)
REFERER: Final = regex(r"referr?er", re.IGNORECASE)


def address_of(call: Call) -> ast.expr | None:
    """What a call or a redirect is given as its target."""
    position = 0 if call.dotted in REDIRECTS else TARGETS.get(call.dotted, 0)
    given = call.argument(position, "url", "location", "redirect_to", "to", "host", "address")
    return given.elts[0] if isinstance(given, ast.Tuple) and given.elts else given


def deciding(address: ast.expr, call: Place[Any], ctx: Context) -> Taint | None:
    """The request data that stands where the host of the address is decided."""
    fixed = ""
    for part in pieces(address, call.scope, call.line, call.stmt.col_offset if call.stmt else 0).parts:
        if isinstance(part, str):
            fixed += part
            if _WHOLE.match(fixed):
                return None
            continue
        held = taint(part, call, ctx, CLEANERS)
        if held is not None or not fixed:
            return held
        fixed += "x"
    return None
