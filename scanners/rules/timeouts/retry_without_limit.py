import ast
import re
from typing import Any, Final

from scanners.constants import fold
from scanners.context import Context
from scanners.facts.jobs import is_task
from scanners.finding import Confidence, Severity
from scanners.place import Call, Place
from scanners.regex import regex
from scanners.rule import Example, Rule
from scanners.semantics.outbound import under_deadline
from scanners.semantics.timeouts.retries import (
    BACKOFF,
    ENDLESS,
    TENACITY,
    UNKNOWN,
    URLLIB3,
    bare_decorator,
    gives_up,
    loop,
    of_call,
    polling,
)

_LEAVING: Final = regex(
    r"(^|[._])(connect|request|fetch|send|download|upload|publish|query|execute|login|call)", re.IGNORECASE
)


class RetryWithoutLimit(Rule):
    """
    Retries that never end hide an outage, keep workers busy with it and hammer a peer that tries to recover.

    Looks at tenacity, backoff, urllib3's Retry, Celery tasks, `while True` around a call that leaves the process, and
    loops that sleep until something changes. A counter, a deadline, an error that is passed on, or an event that ends
    the loop is a limit. What is tried in a loop under a name alone, as `self.connect()`, is only suspected.
    """

    id = "retry-without-limit"
    area = "timeouts"
    item = "T3"
    title = "Retry without a limit"
    severity = Severity.HIGH
    fix = "Give up after a number of attempts or a time: `stop=stop_after_attempt(5)`, `max_tries=5`, a deadline in the loop."
    bad = (
        Example(
            "decorators and clients",
            {
                "client.py": "import backoff, tenacity\nfrom celery import shared_task\nfrom urllib3.util.retry import Retry\n"
                "@tenacity.retry\ndef first(): ...\n"
                "@tenacity.retry(wait=tenacity.wait_random_exponential(max=60))\ndef second(): ...\n"
                "@backoff.on_exception(backoff.expo, OSError)\ndef third(): ...\n"
                "@shared_task(bind=True, max_retries=None)\ndef fourth(self): ...\n"
                "policy = Retry(total=None, backoff_factor=0.5)\n"
            },
            at=[("client.py", line) for line in (4, 6, 8, 10, 12)],
        ),
        Example(
            "loops",
            {
                "poll.py": "import time, requests\ndef fetch(url):\n    while True:\n        try:\n"
                "            return requests.get(url, timeout=5)\n        except requests.RequestException:\n"
                "            time.sleep(5)\ndef wait(job):\n    while not job.is_finished():\n"
                "        time.sleep(1)\n"
            },
            at=[("poll.py", 3), ("poll.py", 9)],
        ),
    )
    good = (
        Example(
            "decorators and clients that give up",
            {
                "client.py": "import backoff, tenacity\nfrom celery import shared_task\nfrom urllib3.util.retry import Retry\n"
                "@tenacity.retry(stop=tenacity.stop_after_attempt(5), wait=tenacity.wait_random_exponential())\n"
                "def first(): ...\n@backoff.on_exception(backoff.expo, OSError, max_time=60)\ndef third(): ...\n"
                "@shared_task(bind=True, max_retries=5)\ndef fourth(self): ...\n"
                "policy = Retry(total=5, backoff_factor=0.5)\n"
            },
        ),
        Example(
            "loops with a counter, a deadline or an event, and one that watches over another",
            {
                "poll.py": "import time, requests\ndef fetch(url, failures=0):\n    while True:\n        try:\n"
                "            return requests.get(url, timeout=5)\n        except requests.RequestException:\n"
                "            failures += 1\n            if failures > 5:\n                raise\n"
                "            time.sleep(2**failures)\ndef wait(job, deadline):\n"
                "    while not job.is_finished() and time.monotonic() < deadline:\n        time.sleep(1)\n"
                "def serve(stop, queue):\n    while not stop.is_set():\n        queue.work()\n"
                "        time.sleep(1)\ndef others(r, key):\n    r.set(key, 1, ex=10)\n"
                "    while r.get(key) is not None:\n        time.sleep(1)\n"
                "def renew_lease(job, lease):\n    while not job.is_finished():\n        time.sleep(1)\n"
                "        lease.renew()\n"
            },
        ),
    )
    calls = (*TENACITY, *BACKOFF, *URLLIB3)

    def visit_call(self, call: Call, ctx: Context) -> None:
        retry = of_call(call)
        if retry.stop == UNKNOWN:
            ctx.unresolved(call, "The limit may be among unpacked options.")
        elif retry.stop == ENDLESS:
            ctx.report(call, f"{call.dotted} tries again for ever.")
        else:
            ctx.site(call)

    def visit_function_def(self, place: Place[Any], ctx: Context) -> None:
        if not place.node.decorator_list:
            return
        bare = bare_decorator(place)
        if bare is not None:
            ctx.report(Place(bare, place.block, None), "@retry without arguments tries again for ever.")
        for decorator in place.node.decorator_list:
            if isinstance(decorator, ast.Call) and is_task(decorator.func, place):
                for word in decorator.keywords:
                    if word.arg == "max_retries":
                        self._task(Place(decorator, place.block, None), word.value, ctx)

    def visit_while(self, place: Place[Any], ctx: Context) -> None:
        waits = polling(place)
        if waits is not None:
            ctx.site(place)
            if not waits.bounded and not under_deadline(place):
                sure = Confidence.MEDIUM if waits.sure else Confidence.LOW
                ctx.report(place, "Waits for a change for ever: nothing else ends the loop.", confidence=sure)
        elif isinstance(place.node.test, ast.Constant) and (found := loop(place)) is not None:
            likely = any(_LEAVING.search(name) for name in found.tried)
            if not found.outbound and not likely:
                return
            ctx.site(place)
            if not gives_up(place.node, found) and not under_deadline(place):
                ctx.report(place, "Tries again for ever.", confidence=None if found.outbound else Confidence.LOW)

    def _task(self, at: Place[Any], value: ast.expr, ctx: Context) -> None:
        ctx.site(at)
        if fold(value, at.scope) is None:
            ctx.report(at, "max_retries=None retries the task for ever.")
