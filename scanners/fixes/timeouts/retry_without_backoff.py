import ast

import libcst as cst

from scanners.fixes.arguments import last_part, refuse_unpacked, with_keyword, without_keyword
from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.retries import beside, called
from scanners.fixes.spot import Spot
from scanners.semantics.timeouts.retries import BACKOFF, TENACITY, URLLIB3

_GROWING = "wait_exponential"


class WaitLongerEachTime(Fix):
    """
    Lets the wait grow, with jitter: `wait_random_exponential(max=60)` of tenacity, `expo` with the jitter that backoff
    has, `backoff_factor=0.5` of urllib3, `retry_backoff=True` of Celery.

    Not offered for loops that are written by hand, for `self.retry`, for waits put together of several, and where
    options are unpacked from elsewhere.
    """

    rule = "retry-without-backoff"
    bulk = False
    says = "Wait longer after each failure, with jitter."
    examples = (
        Change(
            "tenacity: none, fixed, growing in step",
            "import tenacity\nfrom tenacity import retry, stop_after_attempt, wait_exponential\n"
            "@tenacity.retry(stop=tenacity.stop_after_attempt(5))\ndef first(): ...\n"
            "@tenacity.retry(stop=tenacity.stop_after_attempt(5), wait=tenacity.wait_fixed(2))\n"
            "def second(): ...\n@retry(\n    stop=stop_after_attempt(5),\n"
            "    wait=wait_exponential(min=1, max=60),  # s\n)\n"
            "def third(): ...\n",
            "import tenacity\n"
            "from tenacity import retry, stop_after_attempt, wait_random_exponential\n"
            "@tenacity.retry(\n"
            "    stop=tenacity.stop_after_attempt(5), wait=tenacity.wait_random_exponential(max=60)\n)\n"
            "def first(): ...\n"
            "@tenacity.retry(\n"
            "    stop=tenacity.stop_after_attempt(5), wait=tenacity.wait_random_exponential(max=60)\n)\n"
            "def second(): ...\n@retry(\n    stop=stop_after_attempt(5),\n"
            "    wait=wait_random_exponential(min=1, max=60),  # s\n)\ndef third(): ...\n",
        ),
        Change(
            "backoff, urllib3, Celery",
            "import backoff\nfrom celery import shared_task\nfrom urllib3.util.retry import Retry\n"
            "@backoff.on_exception(backoff.constant, OSError, interval=2, max_tries=5)\ndef third(): ...\n"
            "@backoff.on_exception(backoff.expo, OSError, max_tries=5, jitter=None)\ndef fourth(): ...\n"
            "@shared_task(autoretry_for=(OSError,), max_retries=5)\ndef fifth(): ...\n"
            "policy = Retry(total=5)\n",
            "import backoff\nfrom celery import shared_task\nfrom urllib3.util.retry import Retry\n"
            "@backoff.on_exception(backoff.expo, OSError, max_tries=5)\ndef third(): ...\n"
            "@backoff.on_exception(backoff.expo, OSError, max_tries=5)\ndef fourth(): ...\n"
            "@shared_task(autoretry_for=(OSError,), max_retries=5, retry_backoff=True)\ndef fifth(): ...\n"
            "policy = Retry(total=5, backoff_factor=0.5)\n",
        ),
    )
    declined = (
        Declined(
            "a loop",
            "import requests, time\ndef fetch(url):\n    for attempt in range(5):\n        try:\n"
            "            return requests.get(url, timeout=5)\n        except requests.RequestException:\n"
            "            time.sleep(2)\n",
            "written by hand",
        ),
    )

    def mend(self, spot: Spot) -> None:
        """Let what retries wait longer each time."""
        at = spot.place.node
        made = at.func if isinstance(at, ast.Call) else at
        if not isinstance(at, ast.expr):
            raise NotOfferedError("The loop is written by hand, and how it is to wait a person has to say.")
        name, node = spot.place.name(made), called(spot, at)
        if isinstance(node, cst.Call):
            refuse_unpacked(node)
        if name in TENACITY:
            self._tenacity(spot, node, made)
        elif name in BACKOFF:
            self._backoff(spot, node)
        elif name in URLLIB3:
            spot.change(node, with_keyword("backoff_factor", spot.expression("0.5")))
        elif isinstance(node, cst.Call) and "autoretry_for" in spot.code(node):
            spot.change(node, without_keyword("retry_jitter"))
            spot.change(node, with_keyword("retry_backoff", spot.expression("True")))
        else:
            raise NotOfferedError("The wait is given to each retry by hand.")

    def _tenacity(self, spot: Spot, node: cst.Call | cst.Name | cst.Attribute, made: ast.expr) -> None:
        name = beside(spot, made, "wait_random_exponential")
        if not isinstance(node, cst.Call):
            spot.change(node, cst.Call)
        given = node.args if isinstance(node, cst.Call) else ()
        waits = [arg.value for arg in given if arg.keyword and arg.keyword.value == "wait"]
        if waits and not isinstance(waits[0], cst.Call):
            raise NotOfferedError("The wait is put together of several, or kept in a variable.")
        if waits and isinstance(waits[0], cst.Call) and last_part(waits[0].func) == _GROWING:
            spot.change(waits[0].func, lambda now: spot.expression(name))
            self._forget(spot, waits[0])
        else:
            if waits and isinstance(waits[0], cst.Call):
                self._forget(spot, waits[0])
            spot.change(node, with_keyword("wait", spot.expression(f"{name}(max=60)")))

    def _forget(self, spot: Spot, wait: cst.Call) -> None:
        """Drop the import of what waited in another way, unless it is used elsewhere."""
        if isinstance(wait.func, cst.Name):
            spot.unneeded("tenacity", wait.func.value)

    def _backoff(self, spot: Spot, node: cst.Call) -> None:
        kind = node.args[0].value if node.args and node.args[0].keyword is None else None
        if kind is not None and last_part(kind) == "constant":
            if not isinstance(kind, cst.Attribute):
                raise NotOfferedError("The generator of waits is imported by name.")
            spot.change(kind, lambda now: now.with_changes(attr=cst.Name("expo")))
            spot.change(node, without_keyword("interval"))
        spot.change(node, without_keyword("jitter"))
