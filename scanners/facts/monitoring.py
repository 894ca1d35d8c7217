"""What watches the program: libraries for metrics and for error reports, and agents that bring both."""

import ast
from typing import Any, Final

from scanners.context import Context
from scanners.place import Place
from scanners.regex import regex
from scanners.rule import Collector
from scanners.text import TextFile

_METRICS: Final = regex(
    r"^(prometheus\w*|django_prometheus|aioprometheus|starlette_exporter|starlette_prometheus|statsd|aiostatsd|datadog|ddtrace"
    r"|opentelemetry\.(metrics|sdk\.metrics|instrumentation|exporter)|opentelemetry\.sdk$|newrelic|elasticapm|scout_apm|appoptics\w*|influxdb\w*"
    r"|graphyte|telegraf|pystatsd|markus|sentry_sdk\.metrics|google\.cloud\.monitoring\w*|applicationinsights|azure\.monitor|logfire"
    r"|aws_embedded_metrics|aws_lambda_powertools|aws_xray_sdk|blinker_metrics|flask_monitoringdashboard|honeycomb|beeline|instana)(\.|$)"
)
_ERRORS: Final = regex(
    r"^(sentry_sdk|raven|rollbar|bugsnag|airbrake|pybrake|honeybadger|opentelemetry|elasticapm|newrelic|ddtrace|logfire|appsignal"
    r"|google\.cloud\.error_reporting|applicationinsights|azure\.monitor|scout_apm|aws_xray_sdk|instana|beeline|django_sentry\w*"
    r"|glitchtip\w*|posthog|highlight_io|exceptional|opbeat|stackimpact)(\.|$)"
)
_AGENT: Final = regex(
    r"\b(ddtrace-run|opentelemetry-instrument|newrelic-admin|elasticapm-run|scout-apm|DD_AGENT_HOST|DD_TRACE_AGENT_URL|OTEL_EXPORTER_OTLP\w*"
    r"|NEW_RELIC_LICENSE_KEY|ELASTIC_APM_SERVER_URL|APPLICATIONINSIGHTS_CONNECTION_STRING|instrumentation\.opentelemetry\.io/inject-python)\b"
)
_SCRAPED: Final = regex(r"prometheus\.io/scrape|kind:\s*(ServiceMonitor|PodMonitor)|statsd[-_]exporter|STATSD_HOST")
_TRACKED: Final = regex(r"\b(SENTRY_DSN|ROLLBAR_\w*TOKEN|BUGSNAG_API_KEY|HONEYBADGER_API_KEY)\b")


class Monitoring(Collector):
    """Fact `monitoring`: something that records metrics or reports errors (`what`)."""

    files = ("dockerfile", "compose", "manifest", "procfile", "shell")

    def visit_import(self, place: Place[ast.Import], ctx: Context) -> None:
        for alias in place.node.names:
            _note(alias.name, place, ctx)

    def visit_import_from(self, place: Place[ast.ImportFrom], ctx: Context) -> None:
        for alias in place.node.names if place.node.level == 0 else ():
            _note(f"{place.node.module}.{alias.name}", place, ctx)

    def visit_module(self, ctx: Context) -> None:
        if "django_prometheus" in ctx.source or "statsd" in ctx.lowered or "/metrics" in ctx.source:
            ctx.fact("monitoring", 1, what="metrics")

    def visit_text(self, text: TextFile, ctx: Context) -> None:
        for pattern, found in ((_AGENT, ("metrics", "errors")), (_SCRAPED, ("metrics",)), (_TRACKED, ("errors",))):
            for what in found if pattern.search(text.text) else ():
                ctx.fact("monitoring", 1, what=what)


def _note(name: str, place: Place[Any], ctx: Context) -> None:
    for pattern, what in ((_METRICS, "metrics"), (_ERRORS, "errors")):
        if pattern.match(name):
            ctx.fact("monitoring", place, what=what)
