import ast
import re
from typing import Any

from scanners.constants import fold
from scanners.context import Context
from scanners.facts.jobs import is_task
from scanners.finding import Confidence, Severity
from scanners.place import Call, Place
from scanners.regex import regex
from scanners.rule import Example, Rule
from scanners.semantics.timeouts.retries import (
    BACKOFF,
    FIXED,
    GOOD,
    NONE,
    PLAIN,
    TENACITY,
    URLLIB3,
    bare_decorator,
    loop,
    of_call,
    of_task,
    wait_of,
)
from scanners.syntax import unparse

_UNTIL = regex(r"deadline|monotonic\(|time\(|\bremaining|\bexpir", re.IGNORECASE)
"""A loop that waits until something has come up, and gives up after a time."""
_HERE = regex(r"://(127\.0\.0\.1|localhost|\[::1\])|['\"](127\.0\.0\.1|localhost|::1)['\"]")
_TEXTS = {
    NONE: "Tries again at once: a peer in trouble gets all its load again, and more.",
    FIXED: "Tries again after a fixed time: all clients come back together, as often as before.",
    PLAIN: "The wait grows, but without jitter: clients that failed together come back together.",
}
_FEW = 2


class RetryWithoutBackoff(Rule):
    """
    Retries at once, or in step, turn a short hiccup of a peer into an outage: all clients come back at the same time.

    Looks at tenacity, backoff, urllib3's Retry, Celery's automatic retries, and loops with several attempts of a call
    that leaves the process. A wait that grows and has jitter is good; one that only grows is a minor finding. Two
    attempts at most need no backoff.
    """

    id = "retry-without-backoff"
    area = "timeouts"
    item = "T3"
    title = "Retry without a growing wait"
    severity = Severity.MEDIUM
    fix = "Wait longer after each failure, with jitter: `wait_random_exponential(max=60)`, `backoff.expo`, `retry_backoff=True`."
    bad = (
        Example(
            "no wait, a fixed one, and growth in step",
            {
                "client.py": "import backoff, requests, tenacity, time\nfrom celery import shared_task\n"
                "from urllib3.util.retry import Retry\n@tenacity.retry(stop=tenacity.stop_after_attempt(5))\n"
                "def first(): ...\n"
                "@tenacity.retry(stop=tenacity.stop_after_attempt(5), wait=tenacity.wait_fixed(2))\n"
                "def second(): ...\n"
                "@tenacity.retry(stop=tenacity.stop_after_attempt(5), wait=tenacity.wait_exponential(max=60))\n"
                "def third(): ...\n@backoff.on_exception(backoff.constant, OSError, max_tries=5)\n"
                "def fourth(): ...\n@shared_task(autoretry_for=(OSError,), max_retries=5)\ndef fifth(): ...\n"
                "policy = Retry(total=5)\ndef fetch(url):\n    for attempt in range(5):\n        try:\n"
                "            return requests.get(url, timeout=5)\n        except requests.RequestException:\n"
                "            time.sleep(2)\n"
            },
            at=[("client.py", line) for line in (4, 6, 8, 10, 12, 14, 16)],
        ),
    )
    good = (
        Example(
            "growth with jitter",
            {
                "client.py": "import backoff, random, requests, tenacity, time\nfrom celery import shared_task\n"
                "from urllib3.util.retry import Retry\n"
                "@tenacity.retry(stop=tenacity.stop_after_attempt(5), wait=tenacity.wait_random_exponential(max=60))\n"
                "def first(): ...\n"
                "@tenacity.retry(wait=tenacity.wait_fixed(2) + tenacity.wait_random(0, 2), stop=tenacity.stop_after_delay(60))\n"
                "def second(): ...\n@backoff.on_exception(backoff.expo, OSError, max_tries=5)\ndef third(): ...\n"
                "@shared_task(autoretry_for=(OSError,), retry_backoff=True)\ndef fourth(): ...\n"
                "policy = Retry(total=5, backoff_factor=0.5)\ndef fetch(url):\n    for attempt in range(5):\n"
                "        try:\n            return requests.get(url, timeout=5)\n"
                "        except requests.RequestException:\n"
                "            time.sleep(random.uniform(0, 2**attempt))\n"
            },
        ),
        Example(
            "two attempts, a local resource",
            {
                "lock.py": "import os, tenacity, time\n@tenacity.retry(stop=tenacity.stop_after_attempt(2))\n"
                "def first(): ...\ndef take(path):\n    for attempt in range(10):\n        try:\n"
                "            return os.open(path, os.O_CREAT | os.O_EXCL)\n        except FileExistsError:\n"
                "            time.sleep(0.1)\n"
            },
        ),
    )
    calls = (*TENACITY, *BACKOFF, *URLLIB3, "*.retry")

    def visit_call(self, call: Call, ctx: Context) -> None:
        if call.dotted not in (*TENACITY, *BACKOFF, *URLLIB3):
            wait = of_task(call)
            if wait:
                self._tell(call, wait, ctx)
            return
        retry = of_call(call)
        self._tell(call, GOOD if 0 < retry.attempts <= _FEW else retry.wait, ctx)

    def visit_function_def(self, place: Place[Any], ctx: Context) -> None:
        if not place.node.decorator_list:
            return
        bare = bare_decorator(place)
        if bare is not None:
            self._tell(Place(bare, place.block, None), NONE, ctx)
        for decorator in place.node.decorator_list:
            words = {word.arg: word.value for word in getattr(decorator, "keywords", [])}
            if "autoretry_for" in words and None not in words and is_task(decorator.func, place):
                self._tell(Place(decorator, place.block, None), _celery(words, place), ctx)

    def visit_for(self, place: Place[Any], ctx: Context) -> None:
        source = place.node.iter
        if not isinstance(source, ast.Call) or place.name(source.func) != "range":
            return
        tries = fold(source.args[-1], place.scope) if source.args else 0
        found = loop(place)
        if found is not None and found.outbound and not (isinstance(tries, int) and 0 < tries <= _FEW):
            self._tell(place, wait_of(found.sleeps, place), ctx)

    def visit_while(self, place: Place[Any], ctx: Context) -> None:
        found = loop(place)
        if found is not None and found.outbound:
            waits = bool(_UNTIL.search(unparse(place.node.test))) or bool(_HERE.search(unparse(place.node)))
            self._tell(place, wait_of(found.sleeps, place), ctx, Confidence.LOW if waits else None)

    def _tell(self, place: Place[Any], wait: str, ctx: Context, sure: Confidence | None = None) -> None:
        if wait == GOOD:
            ctx.site(place)
        else:
            ctx.report(place, _TEXTS[wait], severity=Severity.LOW if wait == PLAIN else None, confidence=sure)


def _celery(words: dict[Any, ast.expr], place: Place[Any]) -> str:
    """How Celery waits: 180 seconds each time unless `retry_backoff` is on, which has jitter unless that is off."""
    backoff = words.get("retry_backoff")
    if backoff is None or fold(backoff, place.scope) in (False, 0, None):
        return FIXED
    jitter = words.get("retry_jitter")
    return PLAIN if jitter is not None and fold(jitter, place.scope) is False else GOOD
