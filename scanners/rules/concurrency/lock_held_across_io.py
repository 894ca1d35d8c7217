import ast
from typing import Any

from scanners.context import Context
from scanners.finding import Confidence, Severity
from scanners.place import Call, Place
from scanners.rule import Example, Rule
from scanners.semantics.concurrency.locks import LOCKS, held_lock, taken_until
from scanners.semantics.concurrency.underlock import happens_once, slow
from scanners.semantics.handlers import inner
from scanners.syntax import unparse


class LockHeldAcrossIo(Rule):
    """
    While a lock is held over a network call or a sleep, every other thread that wants it waits for a peer it has nothing to do
    with: one slow answer makes a pool of threads work like a single one. In a coroutine it stops the whole event loop.

    Looks at `with` of a lock of `threading`, and at `acquire` before a `try` that releases it, around what calls out, waits for
    a process, sleeps or awaits, also in a def of the file that is called there. A lock that guards the very client it calls,
    semaphores, locks of files and of asyncio are good; one that makes sure that something is fetched only once is unresolved.
    """

    id = "lock-held-across-io"
    area = "concurrency"
    item = "K4"
    title = "Lock held while something slow is waited for"
    severity = Severity.MEDIUM
    confidence = Confidence.MEDIUM
    fix = "Do the slow part before taking the lock, and take it only to read or change the shared state."
    bad = (
        Example(
            "a request, a sleep, an await under a lock",
            {
                "shop/stock.py": """\
import subprocess
import threading
import time
import requests
lock = threading.Lock()
class Stock:
    def __init__(self):
        self._lock = threading.RLock()
        self.rows = {}
    def update(self, name):
        with self._lock:
            answer = requests.get(f"https://stock.shop.io/{name}", timeout=5)
            self.rows[name] = answer.json()
    def pause(self):
        with self._lock:
            time.sleep(2)
            self.rows.clear()
def report(rows):
    with lock:
        subprocess.run(["report"], timeout=60)
        rows.clear()
async def change(client, rows):
    with lock:
        rows["a"] = await client.get("a")
"""
            },
            at=[("shop/stock.py", line) for line in (12, 16, 20, 24)],
        ),
    )
    good = (
        Example(
            "locks held for a moment, or for the very client",
            {
                "shop/stock.py": """\
import asyncio
import socket
import threading
import time
import requests
lock = threading.Lock()
gate = threading.Semaphore(4)
aio = asyncio.Lock()
class Stock:
    def __init__(self):
        self._lock = threading.Lock()
        self.peer = socket.create_connection(("stock", 80), timeout=5)
        self.session = requests.Session()
        self.rows = {}
    def update(self, name):
        answer = requests.get(f"https://stock.shop.io/{name}", timeout=5)
        with self._lock:
            self.rows[name] = answer.json()
    def ask(self, text):
        with self._lock:
            return self.session.get(text, timeout=5)
    def token(self):
        with self._lock:
            if self.rows.get("token") is None:
                self.rows["token"] = requests.post("https://id.shop.io", timeout=5).json()
            return self.rows["token"]
    def ensure(self):
        with self._lock:
            if not self.rows:
                threading.Thread(target=fill, args=(self.rows,), daemon=True).start()
                while not self.rows:
                    time.sleep(0.01)
def fetch(url):
    with gate:
        return requests.get(url, timeout=5)
async def change(client, rows):
    async with aio:
        rows["a"] = await client.get("a")
"""
            },
        ),
    )

    calls = tuple(f"{lock}.acquire" for lock in LOCKS[:2])

    def visit_with(self, place: Place[Any], ctx: Context) -> None:
        if isinstance(place.node, ast.AsyncWith):
            return
        lock = next((lock for item in place.node.items if (lock := held_lock(item, place))), "")
        if lock:
            self._look(place, lock, place.node.body, ctx)

    def visit_call(self, call: Call, ctx: Context) -> None:
        body = taken_until(call)
        if body and call.receiver is not None:
            self._look(call, unparse(call.receiver), body, ctx)

    def _look(self, place: Place[Any], lock: str, body: list[ast.stmt], ctx: Context) -> None:
        ctx.site(place)
        awaited = next((node for node in inner(body) if isinstance(node, ast.Await)), None)
        if awaited is not None:
            message = f"`{lock}` blocks the event loop for whoever wants it while this is awaited."
            at = Place(awaited, place.block, place.stmt)
            ctx.report(at, message, severity=Severity.HIGH, confidence=Confidence.HIGH)
            return
        for node in inner(body):
            what = slow(node, body, place, ctx) if isinstance(node, ast.Call) else ""
            if not what:
                continue
            at = Place(node, place.block, place.stmt)
            if happens_once(node, body, f"{place.qualname.rpartition('.')[2]} {lock}", what):
                ctx.unresolved(at, "The lock may be there to make sure that this happens only once.")
            else:
                ctx.report(at, f"`{lock}` is held while `{what}` waits: all other threads that want it wait as well.")
