from typing import Final

from scanners.finding import Confidence, Effort, Severity
from scanners.rule import Example, Rule
from scanners.tree import Tree, TreeContext

_FLASK = "from flask import Flask\n\napp = Flask(__name__)\n"
_WHAT: Final = {
    "metrics": "No metrics are recorded (prometheus, statsd, OpenTelemetry, Datadog): nobody sees load, latency or failures rise.",
    "errors": "No error tracker is set up (Sentry, Rollbar, OpenTelemetry): an exception is known only to who reads the log.",
}


class MonitoringMissing(Rule):
    """
    Without metrics and without error reports the first to notice a failure are the customers.

    Looks at the whole repository, twice: for metrics and for error reports, where an application for requests or tasks
    is made. A library that is imported, an agent that starts the program in an image, compose file, manifest or
    Procfile, settings of an agent there, and annotations for scraping count. Log lines alone do not.
    """

    id = "monitoring-missing"
    area = "logging"
    item = "L5"
    title = "Nobody is told when it fails"
    severity = Severity.MEDIUM
    confidence = Confidence.MEDIUM
    effort = Effort.HOURS
    fix = "Call sentry_sdk.init() or the like at start, and export metrics with prometheus_client, statsd or OpenTelemetry."
    kinds = frozenset({"http-api", "worker", "cron"})
    bad = (
        Example("neither metrics nor an error tracker", {"app.py": _FLASK}, at=[("app.py", 3), ("app.py", 3)]),
        Example(
            "errors only",
            {"app.py": "import sentry_sdk\n" + _FLASK + "\nsentry_sdk.init('https://key@sentry.example/1')\n"},
            at=[("app.py", 4)],
        ),
    )
    good = (
        Example(
            "both by libraries",
            {
                "app.py": _FLASK + "from shop import watch\n",
                "shop/watch.py": "import sentry_sdk\nfrom prometheus_client import Counter\n\nsentry_sdk.init()\norders = Counter('orders', 'made')\n",
            },
        ),
        Example(
            "an agent in the image",
            {"app.py": _FLASK, "Dockerfile": 'FROM python:3.12\nCMD ["ddtrace-run", "gunicorn", "app:app"]\n'},
        ),
        Example(
            "tracing of everything",
            {
                "tasks.py": "from celery import Celery\nfrom opentelemetry import metrics, trace\n\nqueue = Celery()\n"
                "trace.get_tracer(__name__)\nmetrics.get_meter(__name__)\n"
            },
            kind="worker",
        ),
        Example("no application", {"nightly.py": "import logging\n\nlogging.getLogger(__name__)\n"}, kind="cron"),
    )

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        entries = tree.facts("log-entry")
        if not entries:
            ctx.not_applicable("No application for requests or tasks is made here.")
            return
        seen = {fact["what"] for fact in tree.facts("monitoring")}
        entry = entries[0]
        for what, message in _WHAT.items():
            if what not in seen:
                ctx.report(entry.path, entry.line, message, anchor=f"monitoring-{what}")
        if seen:
            ctx.site(entry.path, entry.line)
