import ast

import libcst as cst

from scanners.fixes.arguments import refuse_unpacked, with_keyword
from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.retries import beside, called
from scanners.fixes.spot import Spot
from scanners.semantics.timeouts.retries import BACKOFF, TENACITY


class LimitRetries(Fix):
    """
    Gives up after five attempts: `stop=stop_after_attempt(5)` of tenacity, `max_tries=5` of backoff, `total=5` of
    urllib3, `max_retries=5` of Celery.

    Not offered for loops that are written by hand, and where the options are unpacked from elsewhere.
    """

    rule = "retry-without-limit"
    bulk = False
    says = "Give up after five attempts."
    examples = (
        Change(
            "tenacity, however it is imported",
            "import tenacity\nfrom tenacity import retry\n"
            "@tenacity.retry(wait=tenacity.wait_random_exponential(max=60))\n"
            "def first(): ...\n@tenacity.retry  # always\ndef second(): ...\n"
            "@retry(\n    reraise=True,\n)\ndef third(): ...\n",
            "import tenacity\nfrom tenacity import retry, stop_after_attempt\n"
            "@tenacity.retry(\n"
            "    wait=tenacity.wait_random_exponential(max=60), stop=tenacity.stop_after_attempt(5)\n)\n"
            "def first(): ...\n@tenacity.retry(stop=tenacity.stop_after_attempt(5))  # always\ndef second(): ...\n"
            "@retry(\n    reraise=True,\n    stop=stop_after_attempt(5),\n)\ndef third(): ...\n",
        ),
        Change(
            "backoff, urllib3, Celery",
            "import backoff\nfrom celery import shared_task\nfrom urllib3.util.retry import Retry\n"
            "@backoff.on_exception(backoff.expo, OSError)\ndef third(): ...\n"
            "@shared_task(bind=True, max_retries=None)\ndef fourth(self): ...\n"
            "policy = Retry(total=None, backoff_factor=0.5)\n",
            "import backoff\nfrom celery import shared_task\nfrom urllib3.util.retry import Retry\n"
            "@backoff.on_exception(backoff.expo, OSError, max_tries=5)\ndef third(): ...\n"
            "@shared_task(bind=True, max_retries=5)\ndef fourth(self): ...\n"
            "policy = Retry(total=5, backoff_factor=0.5)\n",
        ),
    )
    declined = (
        Declined(
            "a loop",
            "import time\ndef wait(job):\n    while not job.is_finished():\n        time.sleep(1)\n",
            "written by hand",
        ),
    )

    def mend(self, spot: Spot) -> None:
        """Pass the limit to what retries."""
        at = spot.place.node
        if not isinstance(at, ast.expr):
            raise NotOfferedError("The loop is written by hand, and when it is to give up a person has to say.")
        made = at.func if isinstance(at, ast.Call) else at
        name, node = spot.place.name(made), called(spot, at)
        if isinstance(node, cst.Call):
            refuse_unpacked(node)
        else:
            spot.change(node, cst.Call)
        if name in TENACITY:
            word, value = "stop", f"{beside(spot, made, 'stop_after_attempt')}(5)"
        elif name in BACKOFF:
            word, value = "max_tries", "5"
        else:
            word, value = "max_retries" if "max_retries=" in spot.code(node) else "total", "5"
        spot.change(node, with_keyword(word, spot.expression(value)))
