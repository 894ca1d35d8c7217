import ast
import re
from typing import Any, Final

from scanners.context import Context
from scanners.finding import Confidence, Severity
from scanners.place import Call, Place
from scanners.rule import Example, Rule
from scanners.semantics.blocking import BLOCKING, returns_at_once
from scanners.semantics.containers import spelled
from scanners.semantics.handlers import inner
from scanners.semantics.locks import held_lock

_KINDS: Final = frozenset({"sleep", "network", "process"})
_SINGLE: Final = re.compile(
    r"token|refresh|auth|login|connect|ensure|init|lazy|load|download|install|cache|renew|limit|throttl|rate|instance|once|singleton"
    r"|start|stop|close|setup|_get_|^get_(or|client|session)",
    re.IGNORECASE,
)


class LockHeldAcrossIo(Rule):
    """
    While a lock is held over a network call or a sleep, every other thread that wants it waits for a peer it has nothing to do
    with: one slow answer makes a pool of threads work like a single one. In a coroutine it stops the whole event loop.

    Looks at `with` of a lock of `threading` whose body calls out, waits for a process or sleeps, or awaits. A lock that guards
    the very client it calls, one that makes sure that something is fetched only once, semaphores, locks of files and of asyncio
    are good; calls of defs elsewhere are not followed.
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

    def visit_with(self, place: Place[Any], ctx: Context) -> None:
        if isinstance(place.node, ast.AsyncWith):
            return
        lock = next((lock for item in place.node.items if (lock := held_lock(item, place))), "")
        if not lock:
            return
        ctx.site(place)
        awaited = next((node for node in inner(place.node.body) if isinstance(node, ast.Await)), None)
        if awaited is not None:
            message = f"`{lock}` blocks the event loop for whoever wants it while this is awaited."
            at = Place(awaited, place.block, place.node)
            ctx.report(at, message, severity=Severity.HIGH, confidence=Confidence.HIGH)
            return
        for node in inner(place.node.body):
            what = _slow(node, place, ctx)
            if what:
                self._say(Place(node, place.block, place.node), lock, what, ctx)

    def _say(self, at: Place[Any], lock: str, what: str, ctx: Context) -> None:
        around = f"{at.qualname.rpartition('.')[2]} {lock}"
        if _SINGLE.search(around) or _is_tested_first(at):
            ctx.unresolved(at, "The lock may be there to make sure that this happens only once.")
        else:
            ctx.report(at, f"`{lock}` is held while `{what}` waits: all other threads that want it wait as well.")


def _slow(node: ast.AST, place: Place[Any], ctx: Context) -> str:
    """What a call waits for, when it is not a call on the object that the lock guards."""
    if not isinstance(node, ast.Call):
        return ""
    ref = place.resolve(node.func)
    found = BLOCKING.get(ref.dotted) if ref else None
    if ref is None or found is None or found.kind not in _KINDS:
        return ""
    call = Call(node, place.block, place.node, ref)
    on_object = ref.origin is not None or ref.via in ("param", "self", "base")
    if on_object or returns_at_once(call, ctx):
        return ""
    return ref.dotted


def _is_tested_first(at: Place[Any]) -> bool:
    """Whether an `if` of the same scope asks whether it is there already: `if self.x is None: self.x = fetch()`."""
    tests = [node.test for node in inner(at.stmt.body) if isinstance(node, ast.If)]  # type: ignore[union-attr]
    asked = [test.operand if isinstance(test, ast.UnaryOp) else test for test in tests]
    return any(spelled(test.left if isinstance(test, ast.Compare) else test) for test in asked)
