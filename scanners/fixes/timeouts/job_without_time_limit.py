import libcst as cst

from scanners.facts.jobs import is_task
from scanners.fixes.arguments import refuse_unpacked, with_keyword
from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.spot import Spot
from scanners.place import Call

_HARD = "660"
_SOFT = "600"


class AddTimeLimitToJob(Fix):
    """
    Gives the Celery task `soft_time_limit=600` and `time_limit=660` seconds; a limit of RQ or dramatiq that is switched
    off becomes 600 seconds. How long the job may take, a person knows better; so may one setting for all tasks be.

    Not offered for decorators with unpacked options.
    """

    rule = "job-without-time-limit"
    fact = "job"
    bulk = False
    says = "Give the job a time limit."
    examples = (
        Change(
            "with options, without, on several lines",
            "from celery import shared_task\nfrom shop.celery import app\n@shared_task\ndef send(order):\n"
            "    return order\n@shared_task(bind=True)  # again\ndef retry(self):\n    return 1\n@shared_task()\n"
            "def export():\n    return 2\n",
            "from celery import shared_task\nfrom shop.celery import app\n"
            "@shared_task(soft_time_limit=600, time_limit=660)\ndef send(order):\n    return order\n"
            "@shared_task(bind=True, soft_time_limit=600, time_limit=660)  # again\ndef retry(self):\n    return 1\n"
            "@shared_task(soft_time_limit=600, time_limit=660)\ndef export():\n    return 2\n",
        ),
        Change(
            "switched off",
            'import dramatiq\nfrom rq import Queue\nqueue = Queue("reports", default_timeout=-1)\n',
            'import dramatiq\nfrom rq import Queue\nqueue = Queue("reports", default_timeout=600)\n',
        ),
    )
    declined = (
        Declined(
            "dramatiq counts in milliseconds",
            "import dramatiq\n@dramatiq.actor(time_limit=None)\ndef render(month):\n    return month\n",
            "milliseconds",
        ),
    )

    def mend(self, spot: Spot) -> None:
        """Add the limits to the decorator, or give the one that is off a value."""
        if isinstance(spot.place, Call):
            self._switch_on(spot)
            return
        for decorator in spot.place.node.decorator_list:
            made = getattr(decorator, "func", decorator)
            if is_task(made, spot.place) or spot.place.name(made).endswith(".app.task"):
                self._limit(spot, spot.node(cst.BaseExpression, decorator))  # type: ignore[type-abstract] # Any will do.
                return
        raise NotOfferedError("The decorator that makes the task cannot be told apart.")

    def _limit(self, spot: Spot, mark: cst.BaseExpression) -> None:
        if isinstance(mark, cst.Call):
            refuse_unpacked(mark)
        else:
            spot.change(mark, cst.Call)
        for word, value in (("soft_time_limit", _SOFT), ("time_limit", _HARD)):
            spot.change(mark, with_keyword(word, spot.expression(value)))

    def _switch_on(self, spot: Spot) -> None:
        if spot.call.dotted.startswith("dramatiq."):
            raise NotOfferedError("dramatiq counts in milliseconds, and has a limit of 10 minutes if it is not told.")
        node = spot.node(cst.Call)
        word = next((word for word in spot.call.node.keywords if word.arg and "timeout" in word.arg), None)
        if word is None or word.arg is None:
            raise NotOfferedError("Which argument switches the limit off cannot be told.")
        spot.change(node, with_keyword(word.arg, spot.expression(_SOFT)))
