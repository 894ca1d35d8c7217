import ast
from typing import Any

from scanners.context import Context
from scanners.finding import Confidence, Severity
from scanners.place import Block, Place
from scanners.rule import Example, Rule
from scanners.scopes import Scope
from scanners.semantics.concurrency.globalstate import Change, changes, is_guarded, is_meant, may_change
from scanners.semantics.hot import hot_defs, served
from scanners.semantics.memory.caches import CACHE_LIKE


class GlobalStateMutated(Rule):
    """
    A module's variables are shared by all requests and threads of a process and by none of its sisters: unguarded changes get
    lost or mixed up under load, and each process counts for itself.

    Looks at module-level names rebound (`global`) and at module-level dicts, lists and sets changed in route handlers, tasks,
    consumer callbacks and coroutines, and in what they call in the same file. A lock held around the change, lazy
    initialisation, filling a missing key once, sets of background tasks and metrics are good; resets to None and switches are of
    low confidence.
    """

    id = "global-state-mutated"
    area = "concurrency"
    item = "K4"
    title = "Module state changed while serving"
    severity = Severity.MEDIUM
    confidence = Confidence.MEDIUM
    fix = "Keep it in the store, the request or a context variable; or hold one lock around every read and change."
    classes = frozenset({"service"})
    bad = (
        Example(
            "a counter, a rebound name and containers",
            {
                "shop/api.py": (
                    "from flask import Flask, request\napp = Flask(__name__)\nseen = 0\ncurrent = None\n"
                    'orders = []\ntotals = {}\n@app.post("/orders")\ndef create():\n    global seen, current\n'
                    "    seen += 1\n    current = request.json\n    orders.append(current)\n"
                    '    totals["all"] = totals.get("all", 0) + 1\n    note(current)\n    return "ok"\n'
                    'def note(order):\n    totals[order["shop"]] += order["price"]\n'
                ),
                "shop/jobs.py": (
                    "from celery import shared_task\ndone = set()\n@shared_task\ndef bill(order):\n"
                    "    done.add(order)\n"
                ),
            },
            at=[("shop/api.py", line) for line in (10, 11, 12, 13, 17)] + [("shop/jobs.py", 5)],
        ),
    )
    good = (
        Example(
            "a lock, lazy initialisation, a task set, import time",
            {
                "shop/api.py": (
                    "import asyncio, threading\nfrom contextvars import ContextVar\nfrom fastapi import FastAPI\n"
                    "app = FastAPI()\ngate = threading.Lock()\nseen = 0\nclient = None\nrates = {}\nHANDLERS = {}\n"
                    'background_tasks = set()\nuser = ContextVar("user")\ndef register(name):\n'
                    "    def keep(function):\n        HANDLERS[name] = function\n        return function\n"
                    '    return keep\n@app.get("/")\nasync def show(name):\n    global client, seen\n'
                    "    if client is None:\n        client = connect()\n    with gate:\n        seen += 1\n"
                    "    if name not in rates:\n        rates[name] = await client.rate(name)\n    user.set(name)\n"
                    "    task = asyncio.create_task(log(name))\n    background_tasks.add(task)\n"
                    "    task.add_done_callback(background_tasks.discard)\n    local = {}\n    local[name] = 1\n"
                    "    return rates[name]\nasync def startup():\n    global client\n    client = connect()\n"
                )
            },
        ),
    )

    def visit_module(self, ctx: Context) -> None:
        if not ctx.module.functions or not may_change(ctx):
            return
        busy = hot_defs(ctx)
        for function, scope in ctx.module.functions.items():
            if function in busy and isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
                self._look(function, scope, ctx)

    def _look(self, function: Any, scope: Scope, ctx: Context) -> None:
        for change in changes(function, scope, ctx):
            place = Place(change.node, Block("function", function, None, scope), None)
            if is_meant(change, ctx) or is_guarded(change, function):
                ctx.site(place)
            elif change.how == "takes":
                ctx.site(place)  # What was put in is reported where it is put in.
            else:
                ctx.report(place, _message(change), confidence=_sure(change, function, ctx))


def _sure(change: Change, function: Any, ctx: Context) -> Confidence | None:
    """A coroutine is not interrupted between two awaits: adding to a container there mixes nothing up."""
    if change.how == "rebinds" and isinstance(getattr(change.node.value, "value", ...), bool | None):
        return Confidence.LOW  # A reset, or a switch.
    if isinstance(function, ast.FunctionDef) and not any(isinstance(node, ast.FunctionDef) for node in served(ctx)):
        return Confidence.LOW  # Only coroutines of one thread come here, as far as the file shows.
    if change.how == "adds" and isinstance(change.node, ast.Assign) and CACHE_LIKE.search(change.name):
        return Confidence.LOW  # One key is set at once, and whoever sets it again sets the same.
    if change.how == "counts" and isinstance(function, ast.AsyncFunctionDef) and function not in served(ctx):
        return Confidence.LOW
    plain = change.how in ("adds", "rebinds") and isinstance(function, ast.AsyncFunctionDef)
    return Confidence.LOW if plain and function not in served(ctx) else None


def _message(change: Change) -> str:
    if change.how == "counts":
        return f"`{change.name}` is read and written again without a lock: updates get lost between threads."
    if change.how == "rebinds":
        return f"`{change.name}` belongs to the module: one request overwrites what another one reads."
    return f"`{change.name}` belongs to the module and is changed here without a lock, for all requests at once."
