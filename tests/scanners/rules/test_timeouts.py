"""Shapes of outgoing calls that do not belong on the page of a rule: where a line is reported, and where none is."""

import pytest

from scanners.finding import Confidence, Severity
from scanners.scan import scan_files

REQUEST, CONNECTION, STATUS = "request-without-timeout", "connection-without-timeout", "response-status-unchecked"


def lines(rule: str, source: str, **others: str) -> list[int]:
    """The lines of shop/code.py that the rule reports, however sure it is."""
    files = {"shop/code.py": source.encode()} | {
        path.replace("__", "."): text.encode() for path, text in others.items()
    }
    report = scan_files(files)
    assert [file.problem for file in report.files if file.problem] == []
    return [finding.line for finding in report.findings if finding.rule == rule and finding.path == "shop/code.py"]


def unresolved(rule: str, source: str) -> int:
    return scan_files({"shop/code.py": source.encode()}).counts[rule].unresolved


REPORTED = [
    (
        REQUEST,
        "a session of the module",
        "import requests\ns = requests.session()\ndef f(u):\n    return s.request('GET', u)\n",
        4,
    ),
    (
        REQUEST,
        "a session of the class",
        "import requests\nclass A:\n    s = requests.Session()\n    def f(self, u):\n        self.s.put(u)\n",
        5,
    ),
    (REQUEST, "a session in a with", "import requests\nwith requests.Session() as s:\n    s.get('http://a')\n", 3),
    (
        REQUEST,
        "an adapter that only retries",
        (
            "import requests\nfrom requests.adapters import HTTPAdapter\ns = requests.Session()\n"
            "s.mount('https://', HTTPAdapter(max_retries=3))\ns.get('http://a')\n"
        ),
        5,
    ),
    (REQUEST, "an alias of a module", "import urllib.request as r\nr.urlopen('http://a')\n", 2),
    (REQUEST, "an opener", "import urllib.request\no = urllib.request.build_opener()\no.open('http://a')\n", 3),
    (REQUEST, "reading without a limit", "import requests\nrequests.get('http://a', timeout=(3, None))\n", 2),
    (REQUEST, "a constant None", "import requests\nT = None\nrequests.get('http://a', timeout=T)\n", 3),
    (REQUEST, "a limit made of None", "import httpx\nhttpx.get('http://a', timeout=httpx.Timeout(None))\n", 2),
    (REQUEST, "an executor", "import requests\ndef f(pool, u):\n    pool.submit(requests.get, u)\n", 3),
    (
        REQUEST,
        "a partial that is run at once",
        (
            "import functools, requests\ndef f(loop, u):\n"
            "    loop.run_in_executor(None, functools.partial(requests.get, u))\n"
        ),
        3,
    ),
    (CONNECTION, "asynchronous Redis", "from redis.asyncio import Redis\nr = Redis(host='cache')\n", 2),
    (CONNECTION, "a Redis URL", "import redis\nr = redis.from_url('redis://cache/0')\n", 2),
    (CONNECTION, "a Redis pool", "import redis\np = redis.ConnectionPool(host='cache')\n", 2),
    (
        CONNECTION,
        "an engine of an f-string",
        (
            "from sqlalchemy import create_engine\ndef f(pw):\n"
            "    return create_engine(f'postgresql://shop:{pw}@db/shop')\n"
        ),
        3,
    ),
    (
        CONNECTION,
        "a gRPC stub",
        (
            "import shop_pb2_grpc\ndef f(channel, order):\n    stub = shop_pb2_grpc.ShopStub(channel)\n"
            "    return stub.Buy(order)\n"
        ),
        4,
    ),
    (CONNECTION, "FTP that connects later", "import ftplib\nf = ftplib.FTP()\nf.connect('files')\n", 3),
    (CONNECTION, "a mail server told None", "import smtplib\ns = smtplib.SMTP('mail', timeout=None)\n", 2),
    (
        STATUS,
        "a for over the body",
        (
            "import requests\ndef f(u):\n    r = requests.get(u, timeout=1, stream=True)\n"
            "    return [part for part in r.iter_content(9)]\n"
        ),
        3,
    ),
    (
        STATUS,
        "inside a with",
        "import httpx\ndef f(u):\n    with httpx.Client() as c:\n        r = c.get(u)\n        return r.text\n",
        4,
    ),
]


QUIET = [
    (
        REQUEST,
        "a session whose request is replaced",
        (
            "import functools, requests\ns = requests.Session()\n"
            "s.request = functools.partial(s.request, timeout=5)\ns.get('http://a')\n"
        ),
    ),
    (
        REQUEST,
        "an adapter mounted below its use",
        (
            "import requests\nfrom shop.http import TimeoutAdapter\ns = requests.Session()\n"
            "def f(u):\n    return s.get(u)\ns.mount('https://', TimeoutAdapter(5))\n"
        ),
    ),
    (
        REQUEST,
        "a thread that is waited for with a limit",
        (
            "import asyncio, requests\nasync def f(u):\n"
            "    return await asyncio.wait_for(asyncio.to_thread(requests.get, u), 5)\n"
        ),
    ),
    (REQUEST, "aiohttp keeps its default when told None", "import aiohttp\ns = aiohttp.ClientSession(timeout=None)\n"),
    (REQUEST, "a limit on reading alone", "import aiohttp\nt = aiohttp.ClientTimeout(total=None, sock_read=30)\n"),
    (
        REQUEST,
        "a pool with a limit",
        "import urllib3\np = urllib3.PoolManager(timeout=5)\np.request('GET', 'http://a')\n",
    ),
    (
        REQUEST,
        "an application in the same process",
        ("import httpx\nfrom shop import app\nc = httpx.Client(transport=httpx.ASGITransport(app=app))\nc.get('/')\n"),
    ),
    (REQUEST, "a dictionary", "def f(requests):\n    return requests.get('a')\n"),
    (
        CONNECTION,
        "a Redis client on a pool",
        "import redis\ndef f(pool):\n    return redis.Redis(connection_pool=pool)\n",
    ),
    (CONNECTION, "a limit in the URL", "import redis\nr = redis.from_url('redis://cache/0?socket_timeout=2')\n"),
    (
        CONNECTION,
        "a datagram",
        "import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\ns.connect(('10.1.1.1', 1))\n",
    ),
    (
        CONNECTION,
        "a database of another kind",
        "from sqlalchemy import create_engine\ne = create_engine('duckdb:///a.db')\n",
    ),
    (CONNECTION, "FTP with a limit at its connect", "import ftplib\nf = ftplib.FTP()\nf.connect('files', timeout=5)\n"),
    (
        CONNECTION,
        "a gRPC call with a limit",
        (
            "import shop_pb2_grpc\ndef f(channel, order):\n    stub = shop_pb2_grpc.ShopStub(channel)\n"
            "    return stub.Buy(order, timeout=3)\n"
        ),
    ),
    (
        STATUS,
        "an assert",
        "import requests\ndef f(u):\n    r = requests.get(u, timeout=1)\n    assert r.ok\n    return r.json()\n",
    ),
    (STATUS, "headers alone", "import requests\ndef f(u):\n    return requests.get(u, timeout=1).headers['etag']\n"),
]


@pytest.mark.parametrize(("rule", "source", "line"), [pytest.param(r, s, n, id=f"{r}: {t}") for r, t, s, n in REPORTED])
def test_a_call_without_an_end_is_reported_at_its_line(rule: str, source: str, line: int) -> None:
    assert lines(rule, source) == [line]


@pytest.mark.parametrize(("rule", "source"), [pytest.param(r, s, id=f"{r}: {t}") for r, t, s in QUIET])
def test_what_is_bounded_or_something_else_is_not_reported(rule: str, source: str) -> None:
    assert lines(rule, source) == []


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        (REQUEST, "import requests\ndef f(u, **k):\n    requests.get(u, **k)\n"),
        (REQUEST, "import requests\ndef f(u, timeout=None):\n    requests.get(u, timeout=timeout)\n"),
        (REQUEST, "import requests\ndef f(s: requests.Session, u):\n    s.get(u)\n"),
        (CONNECTION, "import os, redis\nr = redis.from_url(os.environ['REDIS_URL'])\n"),
        (CONNECTION, "import psycopg2\ndef f(**k):\n    return psycopg2.connect(**k)\n"),
        (STATUS, "import requests\ndef f(u):\n    r = requests.get(u, timeout=1)\n    check(r)\n    return r.json()\n"),
    ],
)
def test_what_cannot_be_told_is_counted_as_such(rule: str, source: str) -> None:
    assert (lines(rule, source), unresolved(rule, source)) == ([], 1)


def test_redis_bounds_itself_from_release_8_on() -> None:
    client = "import redis\nr = redis.Redis(host='cache')\n"
    assert lines(CONNECTION, client, requirements__txt="redis==7.4.1\n") == [2]
    assert lines(CONNECTION, client, requirements__txt="redis==8.0.0\n") == []
    assert lines(
        CONNECTION, client, uv__lock='[[package]]\nname = "redis"\nversion = "6.4.0"\n', requirements__txt="redis>=8\n"
    ) == [2]


def test_a_limit_on_connecting_alone_is_a_minor_finding() -> None:
    source = b"import psycopg2\nc = psycopg2.connect(host='db', connect_timeout=3)\n"
    (finding,) = [found for found in scan_files({"shop/code.py": source}).findings if found.rule == CONNECTION]
    assert (finding.severity, finding.confidence) == (Severity.LOW, Confidence.MEDIUM)


def test_a_call_in_a_script_counts_a_step_lower() -> None:
    source = b"import requests\nrequests.get('http://a')\n"
    (finding,) = [found for found in scan_files({"scripts/sync.py": source}).findings if found.rule == REQUEST]
    assert finding.severity is Severity.MEDIUM
