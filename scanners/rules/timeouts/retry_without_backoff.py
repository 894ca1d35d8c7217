import ast
from typing import Any

from scanners.constants import fold
from scanners.context import Context
from scanners.facts.jobs import is_task
from scanners.finding import Confidence, Severity
from scanners.place import Call, Place
from scanners.rule import Example, Rule
from scanners.semantics.timeouts.pauses import looks_out, of_decorator, of_task, wait_of
from scanners.semantics.timeouts.retries import (
    FIXED,
    GOOD,
    LIBRARIES,
    NONE,
    PLAIN,
    asks_again,
    bare_decorator,
    loop,
    of_call,
)

_TEXTS = {
    NONE: "Tries again at once: a peer in trouble gets all its load again, and more.",
    FIXED: "Tries again after a fixed time: all clients come back together, as often as before.",
    PLAIN: "The wait grows, but without jitter: clients that failed together come back together.",
}
_FEW = 2


class RetryWithoutBackoff(Rule):
    """
    Retries at once, or in step, turn a short hiccup of a peer into an outage: all clients come back at the same time.

    Looks at tenacity, backoff, urllib3's Retry, the number that requests' adapter takes, Celery's automatic retries, and
    loops with several attempts of a call that leaves the process. A wait that grows and has jitter is good; one that only
    grows is a minor finding. Two attempts at most need no backoff, nor does who looks for what is not there yet.
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
                "client.py": "import backoff, requests, tenacity as t, time\nfrom celery import shared_task\n"
                "from urllib3.util.retry import Retry\n@t.retry(stop=t.stop_after_attempt(5))\ndef first(): ...\n"
                "@t.retry(stop=t.stop_after_attempt(5), wait=t.wait_fixed(2))\ndef second(): ...\n"
                "@t.retry(stop=t.stop_after_attempt(5), wait=t.wait_exponential(max=60))\ndef third(): ...\n"
                "@backoff.on_exception(backoff.constant, OSError, max_tries=5)\ndef fourth(): ...\n"
                "@shared_task(autoretry_for=(OSError,), max_retries=5)\ndef fifth(): ...\npolicy = Retry(total=5)\n"
                "def fetch(url):\n    for _ in range(5):\n        try:\n            return requests.get(url)\n"
                "        except requests.Timeout:\n            time.sleep(2)\n"
            },
            at=[("client.py", line) for line in (4, 6, 8, 10, 12, 14, 16)],
        ),
        Example(
            "a wait that a name holds, one that doubles, an adapter's number, a status asked for again",
            {
                "peer.py": "import time, requests\nfrom requests.adapters import HTTPAdapter\nkept = HTTPAdapter(max_retries=5)\n"
                "def fetch(url, pause, delay=1):\n    for _ in range(5):\n        try:\n            return requests.get(url)\n"
                "        except requests.Timeout:\n            time.sleep(pause)\n    for _ in range(5):\n        try:\n"
                "            return requests.get(url)\n        except requests.Timeout:\n            time.sleep(delay)\n"
                "            delay *= 2\n    for _ in range(5):\n        answer = requests.get(url)\n"
                "        if answer.status_code < 500:\n            return answer\n        time.sleep(1)\n"
            },
            at=[("peer.py", line) for line in (3, 5, 10, 16)],
        ),
    )
    good = (
        Example(
            "growth with jitter",
            {
                "client.py": "import backoff, random, requests, tenacity as t, time\nfrom celery import shared_task\n"
                "from urllib3.util.retry import Retry\n"
                "@t.retry(stop=t.stop_after_attempt(5), wait=t.wait_random_exponential(max=60))\ndef first(): ...\n"
                "@t.retry(wait=t.wait_fixed(2) + t.wait_random(0, 2), stop=t.stop_after_delay(60))\n"
                "def second(): ...\n@backoff.on_exception(backoff.expo, OSError, max_tries=5)\ndef third(): ...\n"
                "@shared_task(autoretry_for=(OSError,), retry_backoff=True)\ndef fourth(): ...\n"
                "policy = Retry(total=5, backoff_factor=0.5)\ndef fetch(url):\n    for attempt in range(5):\n"
                "        try:\n            return requests.get(url)\n        except requests.RequestException:\n"
                "            time.sleep(random.uniform(0, 2**attempt))\n"
            },
        ),
        Example(
            "what is not there yet, a choice of waits, jitter in one of two pauses",
            {
                "rows.py": "import random, time, requests, tenacity as t\n"
                "@t.retry(retry=t.retry_if_exception_type(NoResultFound), wait=t.wait_fixed(1))\ndef row(): ...\n"
                "def made(grows):\n    wait_for_it = t.wait_random(1, 9) if grows else t.wait_none()\n"
                "    return t.Retrying(wait=wait_for_it, stop=t.stop_after_attempt(5))\ndef fetch(url):\n"
                "    for _ in range(5):\n        try:\n            return requests.get(url)\n"
                "        except requests.Timeout:\n            pause = random.uniform(10, 30)\n            time.sleep(pause)\n"
                "        except requests.ConnectionError:\n            time.sleep(60)\n"
            },
        ),
        Example(
            "two attempts, a local resource",
            {
                "lock.py": "import os, time, tenacity as t\n@t.retry(stop=t.stop_after_attempt(2))\n"
                "def first(): ...\ndef take(path):\n    for attempt in range(10):\n        try:\n"
                "            return os.open(path, os.O_CREAT | os.O_EXCL)\n        except FileExistsError:\n"
                "            time.sleep(0.1)\n"
            },
        ),
    )
    calls = (*LIBRARIES, "*.retry")

    def visit_call(self, call: Call, ctx: Context) -> None:
        if call.dotted in LIBRARIES:
            retry = of_call(call)
            self._tell(call, GOOD if 0 < retry.attempts <= _FEW else retry.wait, ctx)
        elif wait := of_task(call):
            self._tell(call, wait, ctx)

    def visit_function_def(self, place: Place[Any], ctx: Context) -> None:
        bare = bare_decorator(place)
        if bare is not None:
            self._tell(Place(bare, place.block, None), NONE, ctx)
        for decorator in place.node.decorator_list:
            words = {word.arg: word.value for word in getattr(decorator, "keywords", [])}
            if "autoretry_for" in words and None not in words and is_task(decorator.func, place):
                self._tell(Place(decorator, place.block, None), of_decorator(words, place), ctx)

    def visit_for(self, place: Place[Any], ctx: Context) -> None:
        source = place.node.iter
        if not isinstance(source, ast.Call) or place.name(source.func) != "range":
            return
        tries = fold(source.args[-1], place.scope) if source.args else 0
        if isinstance(tries, int) and 0 < tries <= _FEW:
            return
        found = loop(place)
        sleeps = found.sleeps if found is not None and found.outbound else asks_again(place)
        if sleeps is not None:
            self._tell(place, wait_of(sleeps, place), ctx)

    def visit_while(self, place: Place[Any], ctx: Context) -> None:
        found = loop(place)
        if found is not None and found.outbound:
            self._tell(place, wait_of(found.sleeps, place), ctx, Confidence.LOW if looks_out(place.node) else None)

    def _tell(self, place: Place[Any], wait: str, ctx: Context, sure: Confidence | None = None) -> None:
        if wait == GOOD:
            ctx.site(place)
        else:
            ctx.report(place, _TEXTS[wait], severity=Severity.LOW if wait == PLAIN else None, confidence=sure)
