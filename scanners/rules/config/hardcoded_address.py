from typing import Any

from scanners.context import Context
from scanners.finding import Confidence, Severity
from scanners.place import Call, Place
from scanners.rule import Example, Rule
from scanners.semantics.addresses import TARGETS, Kind, bound_to_all, kind_of, setting_addresses, target_of
from scanners.semantics.connections import ADDRESSED
from scanners.semantics.outbound import HTTP
from scanners.tree import Tree, TreeContext

_BINDS = ("flask.Flask.run", "uvicorn.run", "socket.socket.bind", "aiohttp.web.run_app", "http.server.HTTPServer")


class HardcodedAddress(Rule):
    """
    An address in the code is the same in every environment: tests talk to production, and a move needs a release.

    Looks at literal hosts, URLs and connection strings that are given to clients of HTTP, databases, caches, brokers and
    mail, at settings that hold one, and at servers that bind to all interfaces where no image ships. The public address
    of a vendor is only mentioned. Reserved example names, defaults of environment reads and settings for development and
    tests are fine.
    """

    id = "hardcoded-address"
    area = "config"
    item = "C1"
    title = "Address fixed in the code"
    severity = Severity.MEDIUM
    confidence = Confidence.MEDIUM
    fix = "Read the address from the settings, with the environment deciding."
    bad = (
        Example(
            "given to clients",
            {
                "shop/clients.py": """\
import psycopg2, redis, requests
cache = redis.Redis(host="10.4.0.12", socket_timeout=2)
db = psycopg2.connect("postgresql://shop@db.shop.internal/shop")
BASE = "http://rates.internal:8080"
def rates(day):
    return requests.get(f"{BASE}/rates/{day}", timeout=5)
"""
            },
            at=[("shop/clients.py", 2), ("shop/clients.py", 3), ("shop/clients.py", 6)],
        ),
        Example(
            "kept in the settings",
            {
                "shop/settings/production.py": """\
CELERY_BROKER_URL = "redis://localhost:6379/0"
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "HOST": "10.4.0.7"}}
"""
            },
            at=[("shop/settings/production.py", 1), ("shop/settings/production.py", 2)],
        ),
        Example(
            "bound to all interfaces of a machine",
            {"shop/serve.py": 'import uvicorn\nuvicorn.run("shop:app", host="0.0.0.0", port=8000)\n'},
            at=[("shop/serve.py", 2)],
        ),
    )
    good = (
        Example(
            "from the environment, or reserved",
            {
                "shop/clients.py": """\
import os, redis, requests
cache = redis.Redis(host=os.environ.get("CACHE_HOST", "localhost"), socket_timeout=2)
def rates(base):
    requests.get(f"{base}/rates", timeout=5)
    return requests.get("https://example.com/", timeout=5)
""",
                "shop/settings/dev.py": 'CELERY_BROKER_URL = "redis://localhost:6379/0"\n',
                "shop/names.py": 'XML_NAMESPACE = "http://www.w3.org/1999/xhtml"\n',
            },
        ),
        Example(
            "bound to all interfaces of a container",
            {
                "Dockerfile": "FROM python:3.12\nCMD python -m shop.serve\n",
                "shop/serve.py": 'import uvicorn\nuvicorn.run("shop:app", host="0.0.0.0", port=8000)\n',
            },
        ),
    )
    calls = (*TARGETS, *_BINDS)

    def visit_call(self, call: Call, ctx: Context) -> None:
        if ctx.role in ("settings-dev", "settings-test"):
            return
        if call.dotted in _BINDS:
            if bound_to_all(call):
                ctx.fact("bind", call, text=ctx.source_lines[call.line - 1].strip())
            else:
                ctx.site(call)
        elif (target := target_of(call)) is not None:
            self._tell(call, kind_of(target), target, ctx)

    def visit_module(self, ctx: Context) -> None:
        if ctx.role in ("settings", "settings-production"):
            for place, target in setting_addresses(ctx):
                kind = kind_of(target)
                local = kind is Kind.LOCAL and ctx.role != "settings-production"
                self._tell(place, Kind.NONE if local else kind, target, ctx)

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        shipped = bool(tree.of_kind("dockerfile"))
        for bind in tree.facts("bind"):
            if shipped:
                ctx.site(bind.path, bind.line)
            else:
                message = "Listens on all interfaces of the machine."
                ctx.report(bind.path, bind.line, message, anchor=bind["text"], text=bind["text"], severity=Severity.LOW)

    def _tell(self, place: Place[Any], kind: Kind, target: str, ctx: Context) -> None:
        if kind is Kind.NONE:
            ctx.site(place)
        elif (kind is Kind.PUBLIC and not _is_store(place)) or (
            kind is Kind.LOCAL and isinstance(place, Call) and place.dotted not in ADDRESSED
        ):
            message = f"{target} is fixed in the code."
            ctx.report(place, message, severity=Severity.LOW, confidence=Confidence.LOW)
        else:
            ctx.report(place, f"{target} is fixed in the code: it is the same in every environment.")


def _is_store(place: Place[Any]) -> bool:
    """Whether a store, a broker or a mail server is addressed: those are one's own, whatever their name; an API may be a vendor's."""
    return isinstance(place, Call) and place.dotted not in HTTP and not place.dotted.startswith(("httpx.", "aiohttp."))
