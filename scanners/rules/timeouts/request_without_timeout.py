import ast

from scanners.context import Context
from scanners.facts.clients import judge, tell
from scanners.finding import Severity
from scanners.place import Call
from scanners.rule import Example, Rule
from scanners.semantics.outbound import (
    CLIENTS,
    DEFAULT,
    HANDED,
    HTTP,
    SESSION_CALLS,
    Verdict,
    bounded_outside,
    handed,
    in_process,
    made_endless,
    weigh,
)
from scanners.semantics.timeouts.sessions import MOUNTS, Sessions
from scanners.tree import Tree, TreeContext


class RequestWithoutTimeout(Rule):
    """
    Most HTTP clients wait for ever unless told otherwise, so one slow peer can hold every worker of a service.

    Looks at calls of requests, urllib, http.client, urllib3, httpx and aiohttp, through import aliases, sessions and
    clients made in the same file, partials and functions handed to threads. httpx (5 s) and aiohttp (300 s) have limits:
    only an explicit None is reported. A session adapter or subclass that sets a timeout, `socket.setdefaulttimeout` for
    urllib and an enclosing `asyncio.timeout` count. A session from elsewhere and `**kwargs` are left unresolved.
    """

    id = "request-without-timeout"
    area = "timeouts"
    item = "T1"
    title = "Outgoing HTTP request without a timeout"
    severity = Severity.HIGH
    fix = "Pass `timeout=(connect, read)` in seconds to the call, or mount a session adapter that sets one."
    bad = (
        Example(
            "an alias, a session held by an object, a subclass of it, and None",
            {
                "catalog.py": "from requests import Session, get as fetch\nclass Catalog:\n    def __init__(self):\n"
                "        self.http = Session()\n    def item(self, url):\n"
                "        return self.http.get(url).json()\nclass Signed(Session):\n    def item(self, url):\n"
                '        return self.get(url, headers={"x-sign": "1"})\n'
                'page = fetch("https://catalog.internal/", timeout=None)\n'
            },
            at=[("catalog.py", 6), ("catalog.py", 9), ("catalog.py", 10)],
        ),
        Example(
            "urllib, http.client, urllib3, and a call handed to a thread",
            {
                "feeds.py": "import asyncio, http.client, requests, urllib3\nfrom urllib.request import urlopen\n"
                "pool = urllib3.PoolManager()\nasync def read(url, host):\n    urlopen(url)\n"
                '    http.client.HTTPSConnection(host)\n    pool.request("GET", url)\n'
                "    await asyncio.to_thread(requests.get, url)\n"
            },
            at=[("feeds.py", 5), ("feeds.py", 6), ("feeds.py", 7), ("feeds.py", 8)],
        ),
        Example(
            "clients told to wait for ever",
            {
                "search.py": "import aiohttp, httpx\nclient = httpx.AsyncClient(timeout=None)\n"
                "limit = aiohttp.ClientTimeout(total=None)\nasync def crawl(url):\n"
                "    async with aiohttp.ClientSession() as session:\n"
                "        await session.get(url, timeout=None)\n"
            },
            at=[("search.py", 2), ("search.py", 3), ("search.py", 6)],
        ),
    )
    good = (
        Example(
            "bounded at the call, the adapter, the subclass or a partial",
            {
                "billing.py": "import functools, requests\nfrom requests.adapters import HTTPAdapter\n"
                "class Bounded(HTTPAdapter):\n    def send(self, request, **options):\n"
                '        return super().send(request, **{**options, "timeout": options.get("timeout") or 5})\n'
                "class Patient(requests.Session):\n    def request(self, method, url, **options):\n"
                '        return super().request(method, url, **{"timeout": 10, **options})\n'
                'session = requests.Session()\nsession.mount("https://", Bounded())\n'
                "fetch = functools.partial(requests.get, timeout=3)\ndef rates(url):\n"
                "    session.get(url), Patient().get(url), fetch(url)\n"
                "    return requests.get(url, timeout=(3, 10))\n"
            },
        ),
        Example(
            "clients with limits of their own, and a deadline around",
            {
                "search.py": "import asyncio, aiohttp, httpx\nasync def crawl(url):\n"
                "    async with aiohttp.ClientSession() as session, httpx.AsyncClient() as client:\n"
                "        await session.get(url)\n        async with asyncio.timeout(20):\n"
                "            await client.get(url, timeout=None)\n"
            },
        ),
        Example(
            "all sockets bounded in another file",
            {
                "feeds/__init__.py": "import socket\nsocket.setdefaulttimeout(15)\n",
                "feeds/read.py": "from urllib.request import urlopen\nurlopen('https://feeds.internal/')\n",
            },
        ),
        Example(
            "a session from elsewhere, unpacked options, a test client",
            {
                "send.py": "import requests\nfrom fastapi.testclient import TestClient\n"
                "def send(session: requests.Session, app, url, **options):\n    session.post(url)\n"
                '    requests.post(url, **options)\n    TestClient(app).get("/health")\n'
            },
        ),
    )
    calls = (*HTTP, *CLIENTS, *HANDED, *MOUNTS)
    _file: Sessions | None = None

    def visit_call(self, call: Call, ctx: Context) -> None:
        inner = handed(call)
        if call.dotted in MOUNTS:
            self._sessions(ctx).mounted(call)
        elif inner is not None and inner.dotted in HTTP:
            self._decide(inner, ctx, call)
        elif call.dotted in CLIENTS and CLIENTS[call.dotted].silent == DEFAULT and made_endless(call):
            ctx.report(call, f"{call.dotted} is told to wait for ever.")
        elif call.dotted in HTTP and not in_process(call):
            self._decide(call, ctx, call)

    def visit_module(self, ctx: Context) -> None:
        sessions = self._sessions(ctx)
        for call, verdict in sessions.calls:
            tell(ctx, call, sessions.bound(call) or verdict)

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        judge(self, tree, ctx)

    def _sessions(self, ctx: Context) -> Sessions:
        if self._file is None or self._file.ctx is not ctx:
            self._file = Sessions(ctx)
        return self._file

    def _decide(self, call: Call, ctx: Context, outer: Call) -> None:
        loose = outer.dotted == "functools.partial" and not isinstance(outer.parent(), ast.Call)
        verdict = Verdict("good") if bounded_outside(outer, call) else weigh(call, HTTP[call.dotted])
        if verdict.state == "bad" and loose:
            verdict = Verdict("unresolved", "The calls of the partial may pass a timeout.")
        if verdict.state == "bad" and call.dotted in SESSION_CALLS:
            self._sessions(ctx).calls.append((call, verdict))
        else:
            tell(ctx, call, verdict)
