from scanners.context import Context
from scanners.finding import Confidence, Severity
from scanners.place import Call
from scanners.rule import Example, Rule
from scanners.semantics.memory.resources import BRIEF, RESOURCES, Resource, fate, is_forever


class ResourceNotClosed(Rule):
    """
    What is opened and not closed stays open until the collector happens to find it: descriptors, connections and threads run out
    under load, and written data is missing from a file that nobody flushed.

    Looks at calls that open a file, an archive, a socket, a connection or session of a database, a mail or SSH server, a client
    session or an executor, and follows the local name: `with`, `closing`, an exit stack, `finally`, handed to a caller, an object
    or another call are good; `json.load`, `csv.reader` and builtins read and leave it open. Never closed is a fault, so is a close
    that a return or an exception before it skips. A name that is bound several times, or closed in a branch only, is unresolved.
    """

    id = "resource-not-closed"
    area = "memory"
    item = "M2"
    title = "Resource is not closed"
    severity = Severity.MEDIUM
    fix = "Open it in a `with` statement (`contextlib.closing` for what has none), or close it in `finally`."
    bad = (
        Example(
            "opened and forgotten",
            {
                "shop/export.py": """\
import sqlite3
import smtplib
import socket
import tarfile
from concurrent.futures import ThreadPoolExecutor
import aiohttp
import json
def load(path):
    return json.loads(open(path).read())
def save(path, rows):
    out = open(path, "w")
    out.writelines(rows)
def count(path):
    db = sqlite3.connect(path)
    return db.execute("SELECT count(*) FROM orders").fetchone()
def mail(message):
    server = smtplib.SMTP("mail.shop.io", timeout=5)
    server.send_message(message)
def ping(host):
    peer = socket.create_connection((host, 80), timeout=3)
    return peer.recv(4)
def all_of(urls, fetch):
    pool = ThreadPoolExecutor(4)
    return list(pool.map(fetch, urls))
async def fetch(url):
    session = aiohttp.ClientSession()
    return await (await session.get(url)).text()
def names(path):
    return tarfile.open(path).getnames()
def copy(path, rows):
    out = open(path, "w")
    out.writelines(rows)
    out.close()
"""
            },
            at=[("shop/export.py", line) for line in (9, 11, 14, 17, 20, 23, 26, 29, 31)],
        ),
    )
    good = (
        Example(
            "with, finally, stacks, closing",
            {
                "shop/export.py": """\
import contextlib
import sqlite3
import aiohttp
def load(path):
    with open(path) as file, contextlib.closing(sqlite3.connect(path)) as db:
        return file.read(), db
def save(path, rows):
    out = open(path, "w")
    try:
        out.writelines(rows)
    finally:
        out.close()
def several(paths, stack):
    with stack:
        db = sqlite3.connect("x")
        stack.callback(db.close)
        return [stack.enter_context(open(path)) for path in paths]
def touch(path):
    open(path, "w").close()
async def fetch(url):
    async with aiohttp.ClientSession() as session:
        return await session.get(url)
"""
            },
        ),
        Example(
            "handed to somebody who closes it",
            {
                "shop/store.py": """\
import sqlite3
from django.http import FileResponse
class Store:
    def __init__(self, path):
        self.db = sqlite3.connect(path)
def opened(path):
    file = open(path)
    return file
def lines(path):
    db = sqlite3.connect(path)
    yield db
    db.close()
def download(path):
    return FileResponse(open(path, "rb"))
def connected(path):
    db = sqlite3.connect(path)
    prepare(db)
    return db
"""
            },
        ),
    )
    calls = tuple(RESOURCES)

    def visit_call(self, call: Call, ctx: Context) -> None:
        found = RESOURCES[call.dotted]
        if call.keyword("fileobj") is not None:
            return  # It wraps what somebody else has opened.
        became = fate(call, found, ctx)
        if became == "unknown":
            ctx.unresolved(call, "It may be closed elsewhere, or on some ways only.")
        elif became in ("leaks", "dropped") and not is_forever(call, found):
            self._say(call, found, became, ctx)
        elif became == "skipped":
            message = f"The {found.what} is closed at the end, but a return before that leaves it open."
            ctx.report(call, message, confidence=Confidence.MEDIUM)
        elif became == "risky":
            message = f"The {found.what} is closed, but not when something before that raises."
            ctx.report(call, message, severity=Severity.LOW, confidence=Confidence.MEDIUM)
        else:
            ctx.site(call)

    def _say(self, call: Call, found: Resource, became: str, ctx: Context) -> None:
        how = "Nothing closes the" if became == "leaks" else "Nobody keeps, so nobody closes, the"
        sure = Confidence.HIGH if found.what not in BRIEF or became == "leaks" else Confidence.MEDIUM
        light = found.what == "HTTP session" or (became == "dropped" and found.what in BRIEF) or call.under_main
        message = f"{how} {found.what} that `{call.dotted.removesuffix('()')}` opens."
        level = Severity.LOW if light or ctx.path_class == "script" else None
        ctx.report(call, message, severity=level, confidence=sure)
