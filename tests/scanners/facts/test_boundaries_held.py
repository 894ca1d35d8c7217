import pytest

from scanners.scan import scan_files


def called(text: str) -> list[tuple[str, str, str]]:
    """The calls of a file: kind of fact, library or name of the client, and method."""
    facts = scan_files({"shop/rates.py": text.encode()}).facts
    found = [*facts.get("boundary-use", ()), *facts.get("boundary-call", ())]
    return [(fact.get("library", ""), fact["client"], fact.get("call", "")) for fact in found]


OWN_METHOD = """
import redis.asyncio as aioredis

class Store:
    def __init__(self):
        self._redis = None

    async def _client(self):
        if self._redis is None:
            self._redis = await aioredis.from_url("redis://cache")
        return self._redis

    async def put(self, key):
        client = await self._client()
        await client.set(key, 1)
        pipe = client.pipeline()
        pipe.get(key)
        await pipe.execute()
"""

OWN_PROPERTY = """
import redis

class Store:
    def __init__(self):
        self._redis = None

    @property
    def redis(self):
        if self._redis is None:
            self._redis = redis.Redis("cache")
        return self._redis

    def put(self, key):
        self.redis.set(key, 1)
"""

BRANCHES = """
import httpx

class Shop:
    def __init__(self, fast):
        if fast:
            client = httpx.Client(timeout=1)
        else:
            client = httpx.Client(base_url="https://api.example.net")
        self.http = client

    def __setstate__(self, state):
        self.http = state["http"]

    def rates(self):
        return self.http.get("/rates")
"""

CURSOR = """
import psycopg2

class Store:
    def __init__(self):
        self.conn = psycopg2.connect("host=db")

    def put(self):
        with self.conn.cursor() as cur:
            cur.execute("select 1")
            return cur.fetchall()
"""

ANNOTATED = """
from psycopg2.extensions import cursor
from psycopg2.extras import execute_values

def put(cur: "cursor | None", other, rows):
    cur.execute("select 1")
    execute_values(other, "insert", rows)
"""

CANVAS = """
from celery import chain

def start(first, second):
    both = chain(first.s(), second.s())
    result = both.apply_async()
    return result.get()
"""

SUBCLASS = """
import smtplib

class Mail(smtplib.SMTP):
    def letter(self, text):
        self.note(text)
        self.sendmail("a@example.net", "b@example.net", text)

    def note(self, text):
        print(text)
        self.quit()

def send(text):
    mail = Mail("mx.example.net", timeout=3)
    mail.login("me", "word")
    mail.note(text)
"""

MESSAGE = """
from django.core.mail import EmailMessage, EmailMultiAlternatives

def send(text, html):
    message = EmailMultiAlternatives("Hello", html) if html else EmailMessage("Hello", text)
    message.attach("a.txt", text)
    message.send()
"""

HANDED = """
import ldap3
from functools import partial

def connect():
    return ldap3.Connection("ldap.example.net")

async def ask(loop):
    conn = connect()
    await loop.run_in_executor(None, conn.bind)
    await loop.run_in_executor(None, partial(conn.search, "dc=example"))
"""

THREAD = """
import asyncio, ldap3

class Directory:
    def connect(self):
        return ldap3.Connection("ldap.example.net")

    async def ask(self):
        conn = await asyncio.to_thread(self.connect)
        return await self.more(conn)

    async def more(self, conn):
        return conn.search("dc=example")
"""

OWN_CLASS = """
import httpx

class Context:
    def __init__(self, fast):
        client = httpx.Client(timeout=1) if fast else httpx.Client()
        self.http = client
        self.admin = Admin(self)

class Admin:
    def __init__(self, context):
        self.context = context

    def rates(self):
        return self.context.http.get("https://api.example.net")
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (OWN_METHOD, [("", ":Store._redis", "set"), ("", ":Store._redis", "execute")]),
        (OWN_PROPERTY, [("", ":Store._redis", "set")]),
        (BRANCHES, [("httpx", "local", "get")]),
        (CURSOR, [("", ":Store.conn", "execute")]),
        (ANNOTATED, [("psycopg2", "?", "execute"), ("psycopg2", "?", "execute_values")]),
        (CANVAS, [("celery", "?", "apply_async"), ("celery", "?", "get")]),
        (
            SUBCLASS,
            [
                ("smtplib", "?", "sendmail"),
                ("smtplib", "?", "quit"),
                ("smtplib", "?", "connect"),
                ("smtplib", "?", "login"),
            ],
        ),
        (MESSAGE, [("django.core.mail", "?", "send")]),
        (THREAD, [("", ":Directory.connect()", "search")]),
        (OWN_CLASS, [("httpx", "local", "get")]),
        (HANDED, [("", ":connect()", "bind"), ("", ":connect()", "search")]),
    ],
)
def test_a_client_is_followed_to_its_calls(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert called(text) == expected


def test_a_result_is_waited_for_without_end_unless_it_says_how_long() -> None:
    rows = scan_files({"shop/rates.py": CANVAS.encode()}).inventory["boundaries"]
    assert [row["cells"]["timeout"] for row in rows] == ["library default connect 4 s (1 of 2)"]
    bounded = CANVAS.replace("get()", "get(timeout=5)")
    (row,) = scan_files({"shop/rates.py": bounded.encode()}).inventory["boundaries"]
    assert "5 s" in row["cells"]["timeout"]


def test_what_is_no_client_is_not_called() -> None:
    head = "import redis\n\nkept = redis.Redis('cache')\n\n\n"
    assert called(f"{head}def put(words, key):\n    words.set(key, 1)\n    return dict().get(key)\n") == []


def test_a_subclass_is_bounded_by_what_it_is_made_with() -> None:
    rows = scan_files({"shop/rates.py": SUBCLASS.encode()}).inventory["boundaries"]
    (row,) = [row for row in rows if row["cells"]["target"] == "mx.example.net"]
    assert (row["cells"]["timeout"], row["marks"].get("timeout")) == ("3 s", "good")
