from typing import Any, Final

from scanners.context import Context
from scanners.finding import Confidence, Severity
from scanners.place import Call
from scanners.rule import Example, Rule
from scanners.semantics.timeouts.triedagain import is_tried_again

_METHODS: Final = ("get", "head")


class CallWithoutRetry(Rule):
    """
    One lost packet ends the whole run of a job that nobody watches; asking a second time would have been enough.

    Looks at reads over HTTP (GET and HEAD of requests, httpx, aiohttp and urlopen) in workers and cron jobs. Something
    must try again: the def around the call or one that calls it in this file, the making of its client, a task that the
    queue delivers again, a loop that comes back. Clients that retry by themselves (boto3, urllib3) and clients from other modules are
    not looked at, so this is a guess and never more than a hint.
    """

    id = "call-without-retry"
    area = "timeouts"
    item = "T3"
    title = "Read that is tried only once"
    severity = Severity.LOW
    confidence = Confidence.LOW
    fix = "Mount HTTPAdapter(max_retries=Retry(3, backoff_factor=1)) on the session, or decorate the read with tenacity.retry."
    kinds = frozenset({"worker", "cron"})
    bad = (
        Example(
            "a nightly read",
            {
                "nightly.py": "import httpx\nimport requests\n\n\ndef rates():\n    return requests.get(URL, timeout=5).json()\n\n\n"
                "def names():\n    with httpx.Client() as client:\n        return client.get(URL).json()\n"
            },
            at=[("nightly.py", 6), ("nightly.py", 11)],
            kind="cron",
        ),
    )
    good = (
        Example(
            "a session that retries",
            {
                "nightly.py": "import requests\nfrom requests.adapters import HTTPAdapter, Retry\n\nsession = requests.Session()\n"
                "session.mount('https://', HTTPAdapter(max_retries=Retry(3, backoff_factor=1)))\n\n\n"
                "def rates():\n    return session.get(URL, timeout=5).json()\n"
            },
            kind="cron",
        ),
        Example(
            "a loop that comes back, and a write",
            {
                "worker.py": "import time\nimport requests\n\n\ndef run():\n    while True:\n        show(requests.get(URL, timeout=5))\n"
                "        time.sleep(60)\n\n\ndef send(order):\n    return requests.post(URL, json=order, timeout=5)\n"
            },
            kind="worker",
        ),
        Example(
            "an application answers the caller at once",
            {"app.py": "import requests\n\n\ndef rates():\n    return requests.get(URL, timeout=5).json()\n"},
        ),
    )
    calls = (
        *(
            f"{holder}.{method}"
            for holder in (
                "requests",
                "requests.Session",
                "httpx",
                "httpx.Client",
                "httpx.AsyncClient",
                "aiohttp.ClientSession",
            )
            for method in _METHODS
        ),
        "urllib.request.urlopen",
    )

    def visit_call(self, call: Call, ctx: Context) -> None:
        if call.dotted == "urllib.request.urlopen" and (call.keyword("data") or len(call.node.args) > 1):
            return
        ctx.site(call)
        if any(True for _ in call.within("while")) or is_tried_again(call, ctx):
            return
        if _comes_from_elsewhere(call):
            ctx.unresolved(call, "The client comes from elsewhere and may retry.")
        else:
            ctx.report(call, f"`{call.dotted}` is tried once: a short failure of the peer ends the run.")


def _comes_from_elsewhere(call: Call) -> bool:
    ref: Any = call.ref
    return ref is not None and ref.via == "param"
