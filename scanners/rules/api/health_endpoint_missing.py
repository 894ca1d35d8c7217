import re
from typing import Final

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Call
from scanners.regex import regex
from scanners.rule import Example, Rule
from scanners.text import TextFile
from scanners.tree import Tree, TreeContext

_HEALTH: Final = regex(
    r"health(?![-_ ]?(records?|care|insurance|plans?|data|profiles?|forms?|scores?|tips?|logs?|history|goals?|issues?)\b)|(^|[/_.-])(livez?|liveness|ready|readyz|readiness|ping|heart_?beat|alive|status|up|monitor(ing)?)(resource|view|handler|api)?([/_.$-]|$)|check_?alive",
    re.IGNORECASE,
)
_OF_ONE: Final = regex(r"[{<][^{<}>]+[}>]/")  # The state of one thing, not of the service.
_PROBED: Final = regex(
    r"livenessProbe|readinessProbe|startupProbe|^\s*HEALTHCHECK\s+(?!NONE)|^\s*healthcheck:|inspect\s+ping|health_check",
    re.IGNORECASE,
)
_BEATS: Final = regex(
    r"(^|_)(health\w*|heart_?beat\w*|liveness|readiness|probe|alive|keep_?alive|ping|start_http_server|write_heartbeat|touch_\w*)(_|$)",
    re.IGNORECASE,
)
_APP = "from flask import Flask\napp = Flask(__name__)\n\n\n@app.get('/orders')\ndef orders():\n    return 'ok'\n"
_WORKER = "from celery import Celery\napp = Celery('shop')\n\n\n@app.task\ndef bill():\n    return 1\n"


class HealthEndpointMissing(Rule):
    """
    A platform can only replace an instance that can say that it is not well; without a check the dead one goes on getting
    its share of requests.

    Looks for a route, a mounted application or a package that answers health checks. A worker needs a heartbeat, a ping
    or a probe's command.
    """

    id = "health-endpoint-missing"
    area = "api"
    item = "A5"
    title = "Nothing answers a health check"
    severity = Severity.MEDIUM
    confidence = Confidence.HIGH
    effort = Effort.HOUR
    fix = "Add a route such as /healthz that checks what the service needs, or for a worker a heartbeat that a probe can read."
    calls = (
        "*.start_consuming",
        "*.blpop",
        "*.brpop",
        "kafka.KafkaConsumer",
        "aiokafka.AIOKafkaConsumer",
        "confluent_kafka.Consumer",
        "rq.Worker",
        "*.receive_message",
    )
    files = ("dockerfile", "compose", "manifest", "procfile")
    kinds = frozenset({"http-api", "worker"})
    bad = [
        Example("routes, none for health", {"app.py": _APP}, at=[("app.py", 6)]),
        Example("a worker that nobody can ask", {"jobs.py": _WORKER}, at=[("jobs.py", 6)], kind="worker"),
    ]  # fmt: skip
    good = [
        Example("a route", {"app.py": _APP.replace("/orders", "/healthz")}),
        Example("in urls.py, by a package", {"views.py": "from django.http import HttpResponse\n\n\ndef orders(request):\n    return HttpResponse()\n", "urls.py": "from django.urls import include, path\nurlpatterns = [path('ht/', include('health_check.urls'))]\n"}),
        Example("a resource", {"app.py": "from flask.views import MethodView\n\n\nclass Orders(MethodView):\n    def get(self):\n        return 1\n\n\nclass PingResource(MethodView):\n    def get(self):\n        return 1\n"}),
        Example("a mounted application", {"app.py": f"{_APP}app.mount('/health', health_app)\n"}),
        Example("a worker with a probe", {"jobs.py": _WORKER, "Dockerfile": "FROM python:3.12\nHEALTHCHECK CMD celery -A shop inspect ping\n"}, kind="worker"),
        Example("a worker with a heartbeat", {"jobs.py": f"{_WORKER}\n\ndef write_heartbeat():\n    open('/tmp/beat', 'w').close()\n"}, kind="worker"),
        Example("a probe of the platform", {"app.py": _APP, "k8s/deploy.yaml": "livenessProbe:\n  httpGet:\n    path: /live\n"}),
    ]  # fmt: skip

    def visit_text(self, text: TextFile, ctx: Context) -> None:
        for number, line in enumerate(text.lines, 1):
            if _PROBED.search(line):
                ctx.fact("health-probe", number)
                return

    def visit_call(self, call: Call, ctx: Context) -> None:
        """Record where a worker takes its jobs from a queue."""
        ctx.fact("consumer", call)

    def visit_module(self, ctx: Context) -> None:
        """Record a def that beats, or a path of health in the routes that are given as texts."""
        if (
            any(_BEATS.search(getattr(node, "name", "")) for node in ctx.module.functions)
            or "start_http_server" in ctx.module.names
        ):
            ctx.fact("heartbeat", 1)

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        routes, jobs = tree.facts("route"), [*tree.facts("job"), *tree.facts("celery-app"), *tree.facts("consumer")]
        if not routes and (tree.kind == "http-api" or not jobs):
            ctx.not_applicable("No routes or jobs were found.")
            return
        first = (routes or jobs)[0]
        ctx.site(first.path, first.line)
        told = [f"{route['path']} {route['name']}" for route in routes if not _OF_ONE.search(route["path"])]
        told += [f"{url['path']} {url['whole']}" for url in tree.facts("url") if not _OF_ONE.search(url["path"])]
        if (
            any(_HEALTH.search(word) for text in told for word in text.split())
            or tree.facts("web-health")
            or tree.facts("health-probe")
        ):
            return
        if tree.kind == "worker" and tree.facts("heartbeat"):
            return
        what = (
            f"None of the {len(routes)} routes answers a health check."
            if routes
            else "Nothing says from outside whether the worker is well."
        )
        ctx.report(
            first.path,
            first.line,
            what,
            anchor="no health check",
            text=first.get("text") or "",
            confidence=Confidence.MEDIUM if len(routes) < 3 else None,
        )
