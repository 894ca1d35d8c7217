"""Servers that ask every caller for a certificate: `cert_reqs` of gunicorn, `ssl_cert_reqs` of uvicorn."""

import ast
from typing import Any, Final

from scanners.context import Context
from scanners.place import Call, Place
from scanners.rule import Collector
from scanners.syntax import unparse

_SERVED: Final = frozenset({"bind", "workers", "worker_class"})


class ClientCertificates(Collector):
    """Fact `web-guard` of a server that lets in only who has a certificate; which routes it serves cannot be told."""

    calls = ("uvicorn.run", "uvicorn.Config", "hypercorn.config.Config")

    def visit_call(self, call: Call, ctx: Context) -> None:
        """Note a server of ASGI that is told to ask."""
        given = call.keyword("ssl_cert_reqs", "verify_mode")
        if given is not None and "CERT_REQUIRED" in unparse(given):
            _note(call, ctx)

    def visit_dict(self, place: Place[ast.Dict], ctx: Context) -> None:
        """Note the options of a server of WSGI."""
        if not ctx.imports("ssl") or "CERT_REQUIRED" not in ctx.source:
            return
        pairs = zip(place.node.keys, place.node.values, strict=True)
        told = {getattr(key, "value", None): value for key, value in pairs}
        if "cert_reqs" in told and _SERVED & told.keys() and "CERT_REQUIRED" in unparse(told["cert_reqs"]):
            _note(place, ctx)


def _note(place: Place[Any], ctx: Context) -> None:
    name = "client certificate"
    ctx.fact("web-guard", place, wide=True, owner="", sure=False, kind="middleware", name=name)
