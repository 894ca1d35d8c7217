import ast
from typing import Any

from scanners.context import Context
from scanners.finding import Effort, Severity
from scanners.place import Place
from scanners.rule import Example, Rule
from scanners.semantics.data.held import Hold, hold, is_advisory, waiting
from scanners.syntax import unparse

_ATOMIC = "from django.db import transaction\nimport requests\n\nfrom shop.models import Order\nfrom shop.tasks import ship\n\n\n"
_ALCHEMY = "import time\n\nimport httpx\nfrom sqlalchemy import create_engine, text\nfrom sqlalchemy.orm import Session\n\nengine = create_engine('postgresql://db/shop')\n\n\n"


class ConnectionHeldAcrossIo(Rule):
    """
    A transaction that waits for another service keeps its connection and its row locks for as long as that service likes:
    a slow peer empties the pool, and then everything stands.

    Looks at `transaction.atomic`, begin(), connections of engines and pools, and sessions from their first statement to the
    commit, for HTTP calls, mail, queues and sleeps in them, one call deep in the same file. What on_commit runs and
    what holds an advisory lock is good.
    """

    id = "connection-held-across-io"
    area = "data"
    item = "B2"
    title = "Database connection held while waiting for something else"
    severity = Severity.HIGH
    effort = Effort.HOUR
    fix = "Do the waiting before the transaction or after it (transaction.on_commit, an outbox); keep transactions to statements."
    bad = [
        Example(
            "Django: HTTP, a job and mail inside atomic",
            {
                "shop/pay.py": f"{_ATOMIC}def pay(order):\n    with transaction.atomic():\n        order.save()\n        requests.post('https://pay.shop.io', timeout=5)\n"
                "        ship.delay(order.pk)\n\n\n@transaction.atomic\ndef refund(order):\n    order.delete()\n    _tell(order)\n\n\n"
                "def _tell(order):\n    requests.get('https://pay.shop.io', timeout=5)\n"
            },
            at=[("shop/pay.py", 11), ("shop/pay.py", 12), ("shop/pay.py", 18)],
        ),
        Example(
            "SQLAlchemy: a transaction, a connection, a session after its first statement",
            {
                "pay.py": f"{_ALCHEMY}def pay(order):\n    with engine.begin() as db:\n        db.execute(text('SELECT 1'))\n        httpx.post('https://pay.shop.io')\n"
                "    with engine.connect() as db:\n        time.sleep(3)\n    with Session(engine) as session:\n        session.add(order)\n"
                "        session.flush()\n        httpx.get('https://pay.shop.io')\n        session.commit()\n"
            },
            at=[("pay.py", 13), ("pay.py", 15), ("pay.py", 19)],
        ),
        Example(
            "a pool of connections",
            {
                "pay.py": "import aiohttp\nimport asyncpg\n\n\nasync def pay(pool: asyncpg.Pool, http: aiohttp.ClientSession):\n    async with pool.acquire() as db:\n"
                "        await db.execute('SELECT 1')\n        await http.post('https://pay.shop.io')\n"
            },
            at=[("pay.py", 8)],
        ),
    ]
    good = [
        Example(
            "Django: before, after, on commit",
            {
                "shop/pay.py": f"{_ATOMIC}def pay(order):\n    answer = requests.post('https://pay.shop.io', timeout=5)\n    with transaction.atomic():\n        order.save()\n"
                "        transaction.on_commit(lambda: ship.delay(order.pk))\n        Order.objects.filter(pk=order.pk).update(paid=True)\n    return answer\n"
            },
        ),
        Example(
            "SQLAlchemy: committed, or not used yet",
            {
                "pay.py": f"{_ALCHEMY}def pay(order):\n    with Session(engine) as session:\n        httpx.get('https://pay.shop.io')\n        session.add(order)\n"
                "        session.commit()\n        httpx.post('https://pay.shop.io')\n"
            },
        ),
        Example(
            "an advisory lock, a session of HTTP, no database",
            {
                "pay.py": f"{_ALCHEMY}def alone():\n    with engine.connect() as db:\n        db.execute(text('SELECT pg_advisory_lock(1)'))\n        time.sleep(3)\n",
                "web.py": "import requests\n\n\ndef get():\n    with requests.Session() as session:\n        session.get('https://shop.io', timeout=3)\n        session.get('https://shop.io', timeout=3)\n",
            },
        ),
    ]  # fmt: skip

    def visit_with(self, place: Place[Any], ctx: Context) -> None:
        for item in place.node.items:
            held = hold(item, place.scope, ctx)
            if held is not None:
                self._look(place, held, place.node.body, ctx)
                return

    def visit_function_def(self, place: Place[Any], ctx: Context) -> None:
        for decorator in place.node.decorator_list:
            if "atomic" in ctx.source and ctx.imports("django") and unparse(decorator).split("(")[0].endswith("atomic"):
                inner = ast.withitem(decorator, None)
                held = hold(inner, place.scope, ctx)
                if held is not None:
                    self._look(place, held, place.node.body, ctx)

    def _look(self, place: Place[Any], held: Hold, body: list[ast.stmt], ctx: Context) -> None:
        if is_advisory(place, ctx):
            ctx.site(place)
            return
        scope = ctx.module.functions.get(place.node, place.scope)
        found = list(waiting(body, held, scope, ctx))
        if not found:
            ctx.site(place)
        for node, what, sure in found:
            message = f"The {held.kind} keeps its connection while it {what}."
            ctx.report(Place(node, place.block, place.stmt), message, confidence=sure)
