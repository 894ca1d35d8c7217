import ast
from typing import Any

from scanners.constants import fold
from scanners.context import Context
from scanners.facts.budgets import limits, request_limit, unread
from scanners.finding import Confidence, Severity
from scanners.place import Call, Place
from scanners.rule import Example, Rule
from scanners.semantics.outbound import HTTP
from scanners.semantics.timeouts.budgets import deadline, seconds
from scanners.tree import Fact, Tree, TreeContext

_SOFT, _HARD = "soft_time_limit", "time_limit"
_APP = "from flask import Flask\nimport requests\n\napp = Flask(__name__)\n\n\n@app.route('/rates')\ndef rates():\n    return requests.get(URL, timeout={}).json()\n"


class TimeoutsDisagree(Rule):
    """
    When the inner wait is longer than the outer one, the caller gives up first: the work goes on for nobody, and the
    handler of the inner timeout never runs.

    Looks at fixed limits of HTTP calls under a shorter deadline, of calls in route handlers and waits for pools against
    the limit of the server or proxy in images, compose files, manifests and gunicorn's settings, at server limits of 0,
    at soft limits of tasks that are not below the hard one, and at settings about time, retries or pools that
    nothing reads. Limits of tasks are not held against those of web servers, nor values from outside.
    """

    id = "timeouts-disagree"
    area = "timeouts"
    item = "T5"
    title = "Time limits that contradict each other"
    severity = Severity.MEDIUM
    confidence = Confidence.MEDIUM
    fix = "Give each inner step less time than what waits for it: call < request < server < proxy, soft limit < hard limit."
    bad = (
        Example(
            "calls longer than the server's limit, and a limit that is off",
            {
                "app.py": _APP.format(60),
                "Dockerfile": 'FROM python:3.12\nCMD ["gunicorn", "--timeout", "30", "app:app"]\n',
                "docker-compose.yml": "services:\n  other:\n    command: gunicorn --timeout 0 other:app\n",
            },
            at=[("app.py", 9), ("docker-compose.yml", 3)],
        ),
        Example(
            "a deadline that comes first, a soft limit that comes too late, a setting that nothing reads",
            {
                "shop/rates.py": "import asyncio\nimport httpx\n\n\nasync def rates(client: httpx.AsyncClient):\n    async with asyncio.timeout(5):\n        return await client.get(URL, timeout=30)\n\n\nasync def names(client: httpx.AsyncClient):\n"
                "    return await asyncio.wait_for(client.get(URL, timeout=30), timeout=10)\n",
                "shop/tasks.py": "from celery import shared_task\n\n\n@shared_task(soft_time_limit=60, time_limit=60)\ndef send(order):\n    return order\n",
                "shop/settings.py": "from pydantic_settings import BaseSettings\n\n\nclass Settings(BaseSettings):\n    rates_timeout: int = 5\n",
                "shop/limits.py": "CELERY_TASK_TIME_LIMIT = 60\nCELERY_TASK_SOFT_TIME_LIMIT = 90\n",
            },
            at=[
                ("shop/limits.py", 2),
                ("shop/rates.py", 7),
                ("shop/rates.py", 11),
                ("shop/settings.py", 5),
                ("shop/tasks.py", 4),
            ],
        ),
        Example(
            "a wait for the pool that outlives the request",
            {
                "shop/db.py": "from sqlalchemy import create_engine\n\nengine = create_engine(URL, pool_timeout=90)\n",
                "gunicorn.conf.py": "timeout = 60\n",
            },
            at=[("shop/db.py", 3)],
        ),
    )
    good = (
        Example(
            "each inner limit is the shorter one",
            {
                "app.py": _APP.format(10),
                "Dockerfile": 'FROM python:3.12\nCMD ["gunicorn", "--timeout", "30", "app:app"]\n',
                "shop/tasks.py": "import requests\nfrom celery import shared_task\n\n\n@shared_task(soft_time_limit=50, time_limit=60)\ndef send(order):\n    requests.get(URL, timeout=45)\n",
                "shop/rates.py": "import asyncio\nimport httpx\n\n\nasync def rates(client: httpx.AsyncClient):\n    async with asyncio.timeout(30):\n        return await client.get(URL, timeout=5)\n",
                "shop/settings.py": "from pydantic_settings import BaseSettings\n\n\nclass Settings(BaseSettings):\n    rates_timeout: int = 5\n",
                "shop/client.py": "from shop.settings import settings\n\nLIMIT = settings.rates_timeout\n",
            },
        ),
        Example(
            "workers whose limit is not one of requests, and a value from outside",
            {
                "app.py": _APP.format(60),
                "Dockerfile": 'FROM python:3.12\nCMD ["gunicorn", "-k", "uvicorn.workers.UvicornWorker", "--timeout", "30", "app:app"]\n',
                "gunicorn.conf.py": "bind = ':8000'\nthreads = 8\ntimeout = 30\n",
                "docker-compose.yml": "services:\n  web:\n    command: gunicorn --timeout ${TIMEOUT} app:app\n",
            },
        ),
    )
    calls = (*HTTP, "*.update")

    def visit_call(self, call: Call, ctx: Context) -> None:
        if call.last == "update" and call.dotted not in HTTP:
            if getattr(call.receiver, "attr", getattr(call.receiver, "id", "")) == "conf":
                words = {
                    (word.arg or "").removeprefix("task_"): seconds(word.value, call) for word in call.node.keywords
                }
                _judge(words.get(_SOFT), words.get(_HARD), call, ctx)
            return
        inner, outer = seconds(call.keyword("timeout"), call), deadline(call)
        if inner is not None and outer is not None:
            ctx.site(call)
            if inner > outer[0]:
                message = f"The call may take {inner:g} s, but `{outer[1]}` around it ends after {outer[0]:g} s: its own limit never acts."
                ctx.report(call, message)

    def visit_function_def(self, place: Place[Any], ctx: Context) -> None:
        for decorator in place.node.decorator_list:
            if isinstance(decorator, ast.Call) and len(decorator.keywords) > 1:
                found = {word.arg or "": seconds(word.value, place) for word in decorator.keywords}
                _judge(found.get(_SOFT), found.get(_HARD), Place(decorator, place.block, None), ctx)

    def visit_module(self, ctx: Context) -> None:
        for pair in (f"CELERY_TASK_{_SOFT.upper()} CELERY_TASK_{_HARD.upper()}", f"task_{_SOFT} task_{_HARD}"):
            soft, hard = map(ctx.module.names.get, pair.split())
            if soft and hard and soft[-1].kind == hard[-1].kind == "assign":
                _judge(fold(soft[-1].value, ctx.module), fold(hard[-1].value, ctx.module), soft[-1].line, ctx)

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        for fact in limits(tree):
            ctx.site(fact.path, fact.line)
            if fact["seconds"] == 0 and fact["kind"] == "server":
                _tell(fact, f"{fact['name']} is 0: a request that hangs keeps its worker for good.", ctx)
        outer = request_limit(limits(tree))
        for fact in tree.facts("spent") if outer else ():
            ctx.site(fact.path, fact.line)
            if fact["seconds"] > outer:
                told = f"{fact['what']} may take {fact['seconds']:g} s; the server ends it after {outer:g} s."
                _tell(fact, told, ctx)
        ignored = unread(tree)
        for fact in tree.facts("budget-setting"):
            ctx.site(fact.path, fact.line)
            if fact in ignored:
                _tell(fact, f"Nothing reads `{fact['name']}`: what it should limit has another limit, or none.", ctx)


def _tell(fact: Fact, message: str, ctx: TreeContext) -> None:
    ctx.report(fact.path, fact.line, message, text=fact["text"])


def _judge(soft: Any, hard: Any, at: Place[Any] | int, ctx: Context) -> None:
    if isinstance(soft, (int, float)) and isinstance(hard, (int, float)) and soft < hard:
        ctx.site(at)
    elif isinstance(soft, (int, float)) and isinstance(hard, (int, float)):
        message = f"The soft limit ({soft:g} s) is not below the hard one ({hard:g} s): the task is killed before it can tidy up."
        ctx.report(at, message, confidence=Confidence.HIGH)
