from scanners.finding import Confidence, Effort, Severity
from scanners.rule import Example, Rule
from scanners.tree import Tree, TreeContext

_FLASK = "from flask import Flask\n\napp = Flask(__name__)\n"


class CorrelationIdMissing(Rule):
    """
    Without an id that all lines of one request share, the lines of two customers cannot be told apart, let alone those
    of two services.

    Looks at the whole repository, once for HTTP and once for tasks: where an application is made, something must carry
    an id: middleware or a filter that knows a request, correlation or trace id, structlog's context variables, a
    tracing library or agent, or Celery's task logger. Whether a queue hands the id on is not looked at.
    """

    id = "correlation-id-missing"
    area = "logging"
    item = "L2"
    title = "No id joins the log lines of one request"
    severity = Severity.MEDIUM
    confidence = Confidence.MEDIUM
    effort = Effort.HOUR
    fix = "Bind an id at the entry: structlog.contextvars.bind_contextvars(request_id=...) or a middleware such as asgi-correlation-id."
    kinds = frozenset({"http-api", "worker", "cron"})
    bad = (
        Example("an application that binds nothing", {"app.py": _FLASK}, at=[("app.py", 3)]),
        Example(
            "tasks whose lines cannot be joined",
            {"tasks.py": 'from celery import Celery\n\nqueue = Celery("shop")\n'},
            at=[("tasks.py", 3)],
            kind="worker",
        ),
    )
    good = (
        Example(
            "bound by structlog",
            {
                "app.py": _FLASK + "\n\n@app.before_request\ndef bind():\n    bind_contextvars(request_id=new_id())\n",
            },
        ),
        Example(
            "a filter with a context variable",
            {
                "app.py": _FLASK,
                "logs.py": "from contextvars import ContextVar\n\n"
                'current = ContextVar("correlation_id", default="-")\n',
            },
        ),
        Example(
            "an agent in the image",
            {"app.py": _FLASK, "Dockerfile": 'FROM python:3.12\nCMD ["ddtrace-run", "gunicorn", "app:app"]\n'},
        ),
        Example(
            "the logger of tasks",
            {
                "tasks.py": "from celery import Celery\nfrom celery.utils.log import get_task_logger\n\n"
                "queue = Celery()\nlogger = get_task_logger(__name__)\n"
            },
            kind="worker",
        ),
        Example(
            "one step and no entry", {"nightly.py": "import logging\n\nlogging.getLogger(__name__)\n"}, kind="cron"
        ),
    )

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        known = tree.facts("log-correlation")
        entries = tree.facts("log-entry")
        for kind, what in (("http", "request"), ("task", "task")):
            found = next((fact for fact in entries if fact["kind"] == kind), None)
            if found is None:
                continue
            if known:
                ctx.site(found.path, found.line)
            else:
                message = (
                    f"Nothing binds an id to the log lines of a {what} of this application, so they cannot be joined."
                )
                ctx.report(found.path, found.line, message, anchor=f"correlation-{kind}")
        if not entries:
            ctx.not_applicable("No application for requests or tasks is made here.")
