import ast
from typing import Any

from scanners.context import Context
from scanners.finding import Confidence, Severity
from scanners.place import Call, Place
from scanners.rule import Example, Rule
from scanners.semantics.concurrency.blocking import DOES, KNOWN, Blocking, asks_its_user, blocking, is_awaited, shown
from scanners.semantics.concurrency.djangocalls import django_query, own_calls
from scanners.semantics.coroutines import place_in
from scanners.semantics.handlers import inner
from scanners.semantics.orm import is_django


class BlockingCallInAsync(Rule):
    """
    A coroutine that waits without `await` stops the whole event loop: every other request, heartbeat and timer of the
    process stands still until the call returns.

    Looks in `async def` at calls known to block: synchronous HTTP, mail, database, Redis, AWS and model clients, processes,
    `time.sleep`, `input`, waits for threads, password hashes, Django's ORM, MongoDB, and (low) files. What is handed to
    `asyncio.to_thread`, `run_in_executor` or `sync_to_async` is good, as are awaited calls, zero waits and files that are only
    opened, for a process or a glance. A nested plain def is not looked at here; see blocking-call-behind-async.
    """

    id = "blocking-call-in-async"
    area = "concurrency"
    item = "K1"
    title = "Blocking call in a coroutine"
    severity = Severity.HIGH
    fix = "Await an asynchronous counterpart, or hand the call to a thread: `await asyncio.to_thread(f, x)`."
    bad = (
        Example(
            "sleep, HTTP, a process and a future",
            {
                "shop/pay.py": "import subprocess, time\nfrom concurrent.futures import ThreadPoolExecutor\n"
                "import requests as http\n\npool = ThreadPoolExecutor(4)\nsession = http.Session()\n\n\n"
                "async def pay(order):\n    time.sleep(1)\n"
                '    http.post("https://pay.shop.io", json=order, timeout=5)\n'
                '    session.get("https://pay.shop.io")\n    subprocess.run(["receipt", order.id], check=True)\n'
                "    return pool.submit(sign, order).result()\n",
                "shop/pay_2.py": "import asyncio\nimport requests\n\n\nasync def pay(url):\n"
                "    return await asyncio.to_thread(requests.get(url, timeout=5))\n",
            },
            at=[("shop/pay.py", line) for line in (10, 11, 12, 13, 14)] + [("shop/pay_2.py", 6)],
        ),
        Example(
            "clients of stores kept by the class, a session from the caller, a password",
            {
                "shop/users.py": "import bcrypt, redis\nimport boto3\nfrom sqlalchemy.orm import Session\n\n\nclass Users:\n"
                "    def __init__(self):\n        self.cache = redis.Redis()\n"
                "        self.s3 = boto3.client('s3')\n\n    async def find(self, key, db: Session):\n"
                "        hit = self.cache.get(key)\n        row = db.query(User).filter_by(id=key).first()\n"
                "        body = self.s3.get_object(Bucket='b', Key=key)\n"
                "        return hit, row, body, bcrypt.checkpw(key, row.password)\n"
            },
            at=[("shop/users.py", line) for line in (12, 13, 14, 15)],
        ),
        Example(
            "collections of MongoDB, a table of AWS",
            {
                "shop/rows.py": "import boto3\nfrom pymongo import MongoClient\n\nshop = MongoClient()['shop']\n"
                "kept = boto3.resource('dynamodb').Table('orders')\n\n\nclass Rows:\n    def __init__(self):\n"
                "        self.rows = shop.orders\n\n    async def find(self, key):\n"
                "        self.rows.update_one({'_id': key}, {'$inc': {'seen': 1}})\n"
                "        return shop['users'].find_one(key), kept.get_item(Key=key)\n"
            },
            at=[("shop/rows.py", 13), ("shop/rows.py", 14), ("shop/rows.py", 14)],
        ),
        Example(
            "Django's ORM, a lock and a file",
            {
                "shop/views.py": "import threading\nfrom shop.models import Order\n\ngate = threading.Lock()\n\n\n"
                "async def show(request, key):\n    order = Order.objects.filter(owner=request.user).get(pk=key)\n"
                '    gate.acquire()\n    with open("terms.txt") as terms:\n        return order, terms.read()\n'
            },
            at=[("shop/views.py", 8), ("shop/views.py", 9), ("shop/views.py", 10)],
        ),
    )
    good = (
        Example(
            "handed to a thread, or asynchronous",
            {
                "shop/pay.py": "import asyncio, time\nfrom functools import partial\nimport httpx, requests\n"
                "import redis.asyncio as redis\nfrom asgiref.sync import sync_to_async\n"
                "from shop.models import Order\n\ncache = redis.Redis()\n\n\nasync def pay(url, loop):\n"
                "    await asyncio.sleep(1)\n    await asyncio.to_thread(requests.get, url, timeout=5)\n"
                "    await loop.run_in_executor(None, partial(requests.get, url, timeout=5))\n"
                "    await loop.run_in_executor(None, lambda: time.sleep(1))\n"
                "    await sync_to_async(Order.objects.get)(pk=1)\n    await Order.objects.aget(pk=1)\n"
                "    await cache.get(url)\n    await asyncio.wait_for(cache.get(url), 2)\n"
                "    async with httpx.AsyncClient() as client:\n        return await client.get(url)\n",
                "shop/rows.py": "import asyncio\nfrom sqlalchemy.ext.asyncio import create_async_engine\n\n"
                "engine = create_async_engine(url)\n\n\nasync def rows(query):\n"
                "    async with engine.connect() as connection:\n"
                "        found = (await connection.execute(query)).all()\n"
                "    task = asyncio.create_task(rows(query))\n    await asyncio.wait([task])\n"
                "    return found, task.result()\n",
            },
        ),
        Example(
            "a file that is only opened, or looked at",
            {
                "shop/run.py": "import asyncio\n\n\nasync def run(command, path):\n    with open(path, 'w') as log:\n"
                "        await asyncio.create_subprocess_exec(command, stdout=log)\n"
                "    with open(path, 'rb') as start:\n        return start.read(8)\n"
            },
        ),
        Example(
            "nested defs, plain defs, a done future, waits of nothing",
            {
                "shop/pay.py": "import asyncio, queue, threading, time\nfrom concurrent.futures import ThreadPoolExecutor\n\n"
                "pool = ThreadPoolExecutor(2)\ntodo = queue.Queue()\ngate = threading.Lock()\n\n\ndef wait():\n"
                "    time.sleep(1)\n\n\nasync def pay(order):\n    def work():\n        time.sleep(1)\n\n"
                "    future = pool.submit(work)\n    await asyncio.wrap_future(future)\n"
                "    todo.get(block=False)\n    gate.acquire(blocking=False)\n    return future.result()\n"
            },
        ),
    )
    calls = tuple(KNOWN)

    def visit_call(self, call: Call, ctx: Context) -> None:
        if not call.in_async:
            return
        found = blocking(call, ctx)
        if found is not None:
            self._say(call, found, shown(call), ctx, call.ref is not None and call.ref.via == "param")
        elif call.dotted in KNOWN:
            ctx.site(call)

    def visit_function_def(self, place: Place[Any], ctx: Context) -> None:
        if not isinstance(place.node, ast.AsyncFunctionDef) or ".objects." not in ctx.source or not is_django(ctx):
            return
        scope = ctx.module.functions[place.node]
        for stmt in inner(place.node.body):
            for node in own_calls(stmt) if isinstance(stmt, ast.stmt) else ():
                query, where = django_query(node), place_in(node, stmt, scope)
                if query and not is_awaited(where):
                    what = Blocking("database", "Use the `a...` method of the same name, or `sync_to_async`.")
                    self._say(where, what, query, ctx, guessed=True)

    def _say(self, place: Place[Any], found: Blocking, name: str, ctx: Context, guessed: bool) -> None:
        ctx.report(
            place,
            f"`{name}` {DOES[found.kind]} while the event loop stands still. {found.instead}",
            severity=Severity.LOW if found.kind == "file" else None,
            confidence=Confidence.MEDIUM if guessed else Confidence.LOW if asks_its_user(found, ctx) else None,
        )
