import ast

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Call
from scanners.rule import Example, Rule
from scanners.semantics.data.percall import CLIENTS, differs_by_call, is_factory, is_kept, is_reused
from scanners.semantics.hot import is_hot
from scanners.semantics.routes import routes_of
from scanners.semantics.terminals import is_started_by_hand


class ClientCreatedPerCall(Rule):
    """
    A client made for each request pays for a new connection and a TLS handshake every time, and under load runs the
    machine, or its peer, out of sockets.

    Looks at engines, pools, Mongo, Redis, HTTP and cloud clients, channels and producers that are made in handlers, tasks,
    consumers and coroutines, or at most three calls of the same file below. What is kept (a global, an attribute, a
    cached or named factory, a lifespan), scripts and clients that one call uses many times are good; one made with
    addresses or credentials of this call is unresolved.
    """

    id = "client-created-per-call"
    area = "data"
    item = "B2"
    title = "Client or pool made anew for each call"
    severity = Severity.MEDIUM
    confidence = Confidence.MEDIUM
    effort = Effort.HOUR
    fix = "Make it once, at start or in a cached factory, and inject it; close it at shutdown."
    classes = frozenset({"service"})
    bad = [
        Example(
            "in handlers",
            {
                "app.py": "import httpx\nimport redis\nfrom fastapi import FastAPI\nfrom sqlalchemy import create_engine, text\n\napp = FastAPI()\n\n\n"
                "@app.get('/price')\nasync def price():\n    async with httpx.AsyncClient() as http:\n        return (await http.get('https://shop.io')).json()\n\n\n"
                "@app.get('/stock')\ndef stock():\n    engine = create_engine('postgresql://db/shop')\n    with engine.connect() as db:\n"
                "        db.execute(text('SELECT 1'))\n    return redis.Redis('cache').get('stock')\n"
            },
            at=[("app.py", 11), ("app.py", 17), ("app.py", 20)],
        ),
        Example(
            "in a task, and one call below it",
            {
                "tasks.py": "import boto3\nfrom celery import shared_task\nfrom kafka import KafkaProducer\n\n\n@shared_task\ndef export(month):\n"
                "    boto3.client('s3').put_object(Bucket='b', Key=month)\n    tell(month)\n\n\n"
                "def tell(month):\n    producer = KafkaProducer(bootstrap_servers='queue')\n    producer.send('months', month)\n"
            },
            at=[("tasks.py", 8), ("tasks.py", 13)],
        ),
    ]
    good = [
        Example(
            "made once, or by a cached factory",
            {
                "app.py": "import functools\n\nimport httpx\nimport redis\nfrom fastapi import FastAPI\n\napp = FastAPI()\ncache = redis.Redis('cache')\n\n\n"
                "@functools.lru_cache\ndef prices():\n    return httpx.Client(base_url='https://shop.io')\n\n\n"
                "@app.get('/price')\ndef price():\n    return prices().get('/price').json() or cache.get('price')\n"
            },
        ),
        Example(
            "a lifespan, an __init__, a global that is filled once",
            {
                "app.py": "from contextlib import asynccontextmanager\n\nimport httpx\nfrom fastapi import FastAPI\n\n_client = None\n\n\n"
                "@asynccontextmanager\nasync def lifespan(app):\n    async with httpx.AsyncClient() as http:\n        app.state.http = http\n        yield\n\n\n"
                "async def client():\n    global _client\n    if _client is None:\n        _client = httpx.AsyncClient()\n    return _client\n\n\n"
                "class Prices:\n    def __init__(self):\n        self.http = httpx.AsyncClient()\n"
            },
        ),
        Example(
            "one client for many requests, and a program",
            {
                "crawl.py": "import asyncio\n\nimport aiohttp\n\n\nasync def crawl():\n    async with aiohttp.ClientSession() as http:\n"
                "        for page in range(100):\n            await http.get(f'https://shop.io/{page}')\n\n\n"
                "async def main():\n    async with aiohttp.ClientSession() as http:\n        await http.get('https://shop.io')\n\n\n"
                "if __name__ == '__main__':\n    asyncio.run(main())\n"
            },
        ),
    ]  # fmt: skip
    calls = tuple(CLIENTS)

    def visit_call(self, call: Call, ctx: Context) -> None:
        if call.ref is None or call.ref.via == "base":
            return
        if not _is_made_each_time(call, ctx):
            ctx.site(call)
        elif differs_by_call(call) or call.unpacks:
            ctx.unresolved(call, "It may be made for the address or the credentials of this call.")
        else:
            what, sure = CLIENTS[call.dotted], Confidence.LOW if is_started_by_hand(call, ctx) else None
            message = f"A new {what} ({call.dotted}) with its own connections is made each time this runs."
            ctx.report(call, message, confidence=sure)


def _is_made_each_time(call: Call, ctx: Context) -> bool:
    if call.function is None or isinstance(call.function, ast.Lambda) or call.under_main:
        return False
    if not is_hot(call, ctx) and call.function not in routes_of(ctx):
        return False
    if any(block.kind == "function" and is_factory(block.node) for block in call.blocks()) or is_kept(call):
        return False
    return call.keyword("transport", "connection_pool") is None and not is_reused(call, ctx)
