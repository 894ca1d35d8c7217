"""What runs again and again: entries of a service and what they call in the same file."""

import pytest

from scanners.context import Context
from scanners.engine import Engine
from scanners.paths import PathClass
from scanners.place import Call
from scanners.rule import Collector
from scanners.semantics.hot import is_hot


class Heat(Collector):
    """Records for every call of `go` whether it is hot."""

    calls = ("box.go",)

    def visit_call(self, call: Call, ctx: Context) -> None:
        ctx.fact("hot", call, hot=is_hot(call, ctx))


def is_warm(source: str) -> bool:
    """Whether the only call of `go` in the source is hot."""
    answer = Engine((Heat(),)).answer(source.encode(), PathClass("python", "service"))
    assert answer["problem"] is None
    (fact,) = answer["facts"]["hot"]
    return bool(fact["hot"])


HEAD = "from box import go\n"
HOT = {
    "a coroutine": "async def answer():\n    go()\n",
    "a coroutine's method": "class Shop:\n    async def answer(self):\n        go()\n",
    "a task": "from celery import shared_task\n@shared_task(bind=True)\ndef cleanup(self):\n    go()\n",
    "a task of an application": "from shop.celery import app\n@app.task\ndef bill():\n    go()\n",
    "an actor": "import dramatiq\n@dramatiq.actor\ndef bill():\n    go()\n",
    "a route": "from flask import Flask\napp = Flask('x')\n@app.get('/')\ndef main():\n    go()\n",
    "one call away": "def load():\n    go()\nasync def answer():\n    return load()\n",
    "three calls away": ("def a():\n    go()\ndef b():\n    a()\ndef c():\n    b()\nasync def answer():\n    c()\n"),
    "a method called through self": (
        "class Shop:\n    def load(self):\n        go()\n    async def answer(self):\n        return self.load()\n"
    ),
    "handed to a thread": (
        "import asyncio\ndef load():\n    go()\nasync def answer():\n    return await asyncio.to_thread(load)\n"
    ),
    "a nested def": "async def answer():\n    def inner():\n        go()\n    return inner()\n",
    "a dependency": "from fastapi import Depends\ndef current():\n    go()\ndef page(user=Depends(current)): ...\n",
    "a consumer's callback": (
        "def handle(channel, method, properties, body):\n    go()\n"
        "def main(channel):\n    channel.basic_consume('q', on_message_callback=handle)\n"
    ),
}
COLD = {
    "the module body": "go()\n",
    "a plain def": "def load():\n    go()\n",
    "a def that no entry calls": "def load():\n    go()\nasync def answer():\n    return 1\n",
    "four calls away": (
        "def a():\n    go()\ndef b():\n    a()\ndef c():\n    b()\ndef d():\n    c()\nasync def answer():\n    d()\n"
    ),
    "main": "async def main():\n    go()\n",
    "what the program runs": "import asyncio\nasync def work():\n    go()\nasyncio.run(work())\n",
    "a lifespan": "async def lifespan(app):\n    go()\n    yield\n",
    "a start hook": "from shop import app\n@app.on_event('startup')\nasync def prepare():\n    go()\n",
    "a cached factory": (
        "from functools import lru_cache\n@lru_cache\ndef client():\n    go()\nasync def answer():\n    client()\n"
    ),
    "another method of that name": (
        "class A:\n    def load(self):\n        go()\nclass B:\n    def load(self): ...\n"
        "    async def answer(self):\n        self.load()\n"
    ),
}


@pytest.mark.parametrize("source", HOT.values(), ids=HOT)
def test_what_entries_reach_is_hot(source: str) -> None:
    assert is_warm(HEAD + source)


@pytest.mark.parametrize("source", COLD.values(), ids=COLD)
def test_what_runs_once_or_nowhere_is_not(source: str) -> None:
    assert not is_warm(HEAD + source)
