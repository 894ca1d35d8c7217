from typing import Final

from scanners.finding import Confidence, Effort, Severity
from scanners.rule import Example, Rule
from scanners.semantics.concurrency.reach import chains
from scanners.tree import Tree, TreeContext

_LONGEST: Final = 6


class BlockingCallBehindAsync(Rule):
    """
    A plain function that a coroutine calls runs on the event loop too: what it waits for, far away in another file, stops
    everything that the process serves.

    Follows calls from `async def` through plain functions and methods of the repository, six calls deep, to calls known to
    block; imports, re-exports of packages, methods of self, of bases, of instances that another file made or that are handed
    in under a type or by FastAPI, and results with a known type are resolved; `given or Client()` counts as what it makes. A
    generator counts where it is run through. Work handed to a thread or an executor, coroutines that run once at start,
    cached functions and files are not followed.
    """

    id = "blocking-call-behind-async"
    area = "concurrency"
    item = "K1"
    title = "Coroutine that calls what blocks"
    severity = Severity.HIGH
    confidence = Confidence.MEDIUM
    effort = Effort.HOURS
    fix = "Make the functions on the way asynchronous, or call the first of them by `await asyncio.to_thread(f, x)`."
    bad = (
        Example(
            "through two files and a package that re-exports",
            {
                "shop/api.py": "from shop.rates import load\n\n\nasync def show(request):\n    rates = load(request)\n    return rates\n",
                "shop/rates/__init__.py": "from .remote import load\n",
                "shop/rates/remote.py": "from ..net import client\n\n\ndef load(request):\n    return parse(client.fetch(request))\n",
                "shop/net.py": "import requests\n\n\nclass Client:\n    def fetch(self, url):\n        return requests.get(url, timeout=5)\n\n\n"
                "client = Client()\n",
                "shop/__init__.py": "",
            },
            at=[("shop/api.py", 5)],
        ),
        Example(
            "a method of a base class, a constructor, a nested def",
            {
                "src/shop/base.py": "import time\n\n\nclass Base:\n    def pause(self):\n        time.sleep(1)\n\n\nclass Lock:\n"
                "    def __init__(self):\n        self.wait()\n\n    def wait(self):\n        time.sleep(1)\n",
                "src/shop/api.py": "import time\nfrom shop.base import Base, Lock\n\n\nclass Api(Base):\n    async def show(self):\n"
                "        self.pause()\n        Lock()\n\n        def nap():\n            time.sleep(1)\n\n        nap()\n",
                "src/shop/__init__.py": "",
            },
            at=[("src/shop/api.py", 7), ("src/shop/api.py", 8), ("src/shop/api.py", 13)],
        ),
        Example(
            "a client that may be given, one made by its class, what FastAPI injects, a decorator of the same file",
            {
                "shop/api.py": "from fastapi import Depends\nfrom shop.rates import Rates, get_rates, logged\n\n\n"
                "async def show(rates=Depends(get_rates)):\n    return rates.load()\n\n\n"
                "async def fresh():\n    return Rates.made().load(), logged()\n",
                "shop/rates.py": "import requests\nfrom shop.net import Client\n\n\nclass Rates:\n    def __init__(self, client=None):\n"
                "        self.client = client or Client()\n\n    @classmethod\n    def made(cls):\n"
                "        return cls(Client())\n\n    def load(self):\n        return self.client.fetch('rates')\n\n\n"
                "def get_rates():\n    return Rates()\n\n\ndef noted(wrapped):\n    def inner(*args):\n"
                "        return wrapped(*args)\n\n    return inner\n\n\n@noted\ndef logged():\n"
                "    return requests.get('https://log.shop.io', timeout=5)\n",
                "shop/net.py": "import requests\n\n\nclass Client:\n    def fetch(self, url):\n        return requests.get(url, timeout=5)\n",
                "shop/__init__.py": "",
            },
            at=[("shop/api.py", 6), ("shop/api.py", 10), ("shop/api.py", 10)],
        ),
    )
    good = (
        Example(
            "handed to a thread, awaited, never called",
            {
                "shop/api.py": "import asyncio\nfrom functools import partial\nfrom shop.net import fetch, fetch_later\n\n\n"
                "async def show(request, loop):\n    await asyncio.to_thread(fetch, request)\n"
                "    await loop.run_in_executor(None, partial(fetch, request))\n"
                "    await loop.run_in_executor(None, lambda: fetch(request))\n"
                "    return await fetch_later(request)\n\n\nasync def main():\n    fetch('https://shop.io')\n",
                "shop/net.py": "import requests\nimport httpx\n\n\ndef fetch(url):\n    return requests.get(url, timeout=5)\n\n\n"
                "async def fetch_later(url):\n    async with httpx.AsyncClient() as client:\n        return await client.get(url)\n",
            },
        ),
        Example(
            "files, cached settings, a name from elsewhere",
            {
                "shop/api.py": "from stripe.net import fetch\nfrom shop.conf import rates, settings, terms\n\n\n"
                "async def show(request):\n    return fetch(request), settings(), terms(), rates()\n",
                "shop/conf.py": "from functools import lru_cache\nimport requests\n\n\n@lru_cache\ndef settings():\n"
                "    return requests.get('https://conf.shop.io', timeout=5).json()\n\n\ndef terms():\n"
                "    with open('terms.txt') as terms:\n        return terms.read()\n\n\n_rates = None\n\n\n"
                "def rates():\n    global _rates\n    if _rates is None:\n"
                "        _rates = requests.get('https://conf.shop.io/rates', timeout=5).json()\n"
                "    return _rates\n",
                "shop/net.py": "import requests\n\n\ndef fetch(url):\n    return requests.get(url, timeout=5)\n",
            },
        ),
    )

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        for chain in chains(tree, _LONGEST):
            start, *further = chain.steps
            if not chain.blocks:
                ctx.site(start.path, start.line)
                continue
            shown = [start.name, *(f"{step.name} ({step.path}:{step.line})" for step in further), chain.blocks]
            message = f"The event loop stands still while `{chain.blocks}` runs: {' -> '.join(shown)}."
            names = " -> ".join([*(step.name for step in chain.steps), chain.blocks])
            script = self.severity.lowered if chain.fact.path_class.name == "script" else None
            ctx.report(start.path, start.line, message, anchor=f"{start.path} {names}", severity=script)
        if not tree.facts("calls"):
            ctx.not_applicable("Nothing calls anything.")
