"""How logging is set up: formatters, where the program starts, and what ties the lines of one request together."""

import ast
import re
from typing import Any, Final

from scanners.constants import UNKNOWN
from scanners.context import Context
from scanners.place import Call, Place
from scanners.regex import regex
from scanners.rule import Collector
from scanners.semantics.handlers import inner
from scanners.syntax import descendants, outside_in, unparse
from scanners.text import TextFile

STRUCTURED: Final = regex(
    r"^(structlog|pythonjsonlogger|json_log_formatter|json_logging|jsonformatter|logstash_async|logstash_formatter|ecs_logging|graypy"
    r"|logging_loki|eliot|logfmter|logfire|django_structlog|google\.cloud\.logging|aws_lambda_powertools|azure\.monitor|jslog4kube"
    r"|opentelemetry\.(sdk\._logs|instrumentation\.logging)|google\.cloud\.logging_v2|dockerflow|kiwi_json|loggingjson)(\.|$)"
)
"""Modules that write log lines as JSON or as keys and values."""

_CORRELATES: Final = regex(
    r"^(opentelemetry|asgi_correlation_id|django_guid|log_request_id|request_id|flask_log_request_id|django_structlog|ddtrace|elasticapm"
    r"|newrelic|aws_xray_sdk|starlette_context|fastapi_correlation|cid|django_datadog_logger|logfire|structlog\.contextvars)(\.|$)"
)
_AGENT: Final = regex(r"\b(ddtrace-run|opentelemetry-instrument|newrelic-admin|elasticapm-run)\b")
_ID: Final = regex(r"(request|correlation|trace|transaction|req|span)[_-]?id\b|traceparent|%\(task_id\)", re.IGNORECASE)
_ID_WORDS: Final = (
    *("request_id", "request-id", "requestid", "correlation", "trace_id", "trace-id", "traceid", "span_id", "req_id"),
    *("traceparent", "transaction_id", "%(task_id)"),
)
_PAIRS: Final = regex(r"(?<!\w)\w+[=:]\s*\"?(%\(|\{)\w+")
_HTTP: Final = (
    *("flask.Flask", "fastapi.FastAPI", "quart.Quart", "sanic.Sanic", "starlette.applications.Starlette", "falcon.App"),
    *("falcon.asgi.App", "aiohttp.web.Application", "tornado.web.Application", "litestar.Litestar", "bottle.Bottle"),
    *("django.core.wsgi.get_wsgi_application", "django.core.asgi.get_asgi_application", "pyramid.config.Configurator"),
)
_TASKS: Final = ("celery.Celery", "dramatiq.set_broker", "rq.Worker", "huey.RedisHuey", "arq.run_worker")


class LogSetup(Collector):
    """Facts: `log-format` (state structured, plain, unknown or class), `log-formatter` (a class of the repository),
    `log-entry` (kind http or task), `log-use` (one a file) and `log-correlation`.
    """

    files = ("dockerfile", "procfile", "compose")
    calls = (
        *(
            "logging.basicConfig",
            "logging.Formatter",
            "logging.config.dictConfig",
            "logging.config.fileConfig",
            "logging.getLogger",
            "oslo_log.log.setup",
        ),
        *("loguru.logger.add", "celery.utils.log.get_task_logger", "uvicorn.run", *_HTTP, *_TASKS),
    )

    def visit_import(self, place: Place[ast.Import], ctx: Context) -> None:
        for alias in place.node.names:
            _note_module(alias.name, place, ctx)

    def visit_import_from(self, place: Place[ast.ImportFrom], ctx: Context) -> None:
        for alias in place.node.names if place.node.level == 0 else ():
            _note_module(f"{place.node.module}.{alias.name}", place, ctx)

    def visit_call(self, call: Call, ctx: Context) -> None:
        if call.dotted in _HTTP or call.dotted in _TASKS:
            ctx.fact("log-entry", call, kind="http" if call.dotted in _HTTP else "task", name=call.dotted)
        elif call.last in ("getLogger", "get_task_logger"):
            if "log-use" not in ctx.facts:
                ctx.fact("log-use", call)
            if call.last == "get_task_logger":
                ctx.fact("log-correlation", call, name=call.dotted)
        elif call.last in ("basicConfig", "Formatter"):
            _note_format(call.argument(0, "fmt") if call.last == "Formatter" else call.keyword("format"), call, ctx)
        elif call.last == "add":
            serialize = call.keyword("serialize")
            fixed = serialize is None or (isinstance(serialize, ast.Constant) and not serialize.value)
            _note(ctx, call, "plain" if fixed else "structured", "loguru")
        elif call.last == "run":
            if call.keyword("log_config") is not None:
                _note(ctx, call, "unknown", "the log_config of uvicorn")
        elif not (call.node.args and isinstance(call.node.args[0], ast.Dict)):
            _note(ctx, call, "unknown", f"what {call.last} is given")

    def visit_dict(self, place: Place[ast.Dict], ctx: Context) -> None:
        if len(place.node.keys) > 12:
            return  # Data, not settings.
        settings = dict(_entries(place.node))
        formatters, handlers = settings.get("formatters"), settings.get("handlers")
        for _, handler in _entries(handlers) if isinstance(handlers, ast.Dict) else ():
            _note_handler(handler, place, ctx)
        if isinstance(formatters, ast.Dict):
            for _, formatter in _entries(formatters):
                _note_formatter(formatter, place, ctx)

    def visit_class_def(self, place: Place[ast.ClassDef], ctx: Context) -> None:
        names = [place.name(base) or unparse(base) for base in place.node.bases]
        if any(name.endswith("Formatter") for name in names):
            written = [node for node in inner([*place.node.body]) if isinstance(node, ast.FunctionDef)]
            dumps = any("dumps" in ast.dump(node) for node in written) or any("json" in name.lower() for name in names)
            ctx.fact("log-formatter", place, name=place.node.name, structured=dumps)

    def visit_module(self, ctx: Context) -> None:
        for binding in ctx.module.names.get("MIDDLEWARE", ()):
            held = binding.value if binding.kind in ("assign", "augmented") else ast.List([])
            named = [node for node in descendants(held) if _CORRELATES.match(str(_word(node)))]
            if named:
                ctx.fact("log-correlation", named[0], name=_word(named[0])[:60])
        for binding in ctx.module.names.get("LOGGING_CONFIG", ()) if not ctx.imports("logging") else ():
            if ctx.role.startswith("settings") and getattr(binding.value, "value", "") is None:
                _note(ctx, binding.value, "unknown", "the server, which sets up logging here,")
        source = ctx.lowered
        if ctx.tree is not None and any(word in source for word in _ID_WORDS):
            words = {_word(node) for node in descendants(ctx.tree, *_WORDED)}
            told = {word for word in words if _ID.search(word)}
            if told:
                found = next(node for node in outside_in(ctx.tree) if _word(node) in told)
                ctx.fact("log-correlation", found, name=_word(found)[:60])

    def visit_text(self, text: TextFile, ctx: Context) -> None:
        found = _AGENT.search(text.text)
        if found:
            ctx.fact("log-correlation", text.line_of(found[0]), name=found[0])


def _note(ctx: Context, at: Any, state: str, name: str) -> None:
    ctx.fact("log-format", at, state=state, name=name)


def _note_module(name: str, place: Place[Any], ctx: Context) -> None:
    if STRUCTURED.match(name):
        _note(ctx, place, "structured", name)
    if _CORRELATES.match(name):
        ctx.fact("log-correlation", place, name=name)


def _note_format(given: ast.expr | None, call: Call, ctx: Context) -> None:
    """A format string; a class of its own may be passed instead, which the collector sees where it is defined."""
    if given is None:
        if call.last == "basicConfig" and call.keyword("handlers") is None:
            _note(ctx, call, "plain", "the default format")
        return
    value = ctx.constant(given, call)
    _note(ctx, call, "unknown" if value is UNKNOWN else _state(str(value)), "a format string")


def _note_formatter(formatter: ast.expr, place: Place[ast.Dict], ctx: Context) -> None:
    found = dict(_entries(formatter)) if isinstance(formatter, ast.Dict) else {}
    made_by = found.get("()") or found.get("class")
    if made_by is not None:
        value = ctx.constant(made_by, place)
        name = value if isinstance(value, str) else place.name(made_by)
        known = STRUCTURED.match(name) or "json" in name.lower()
        plain = name in ("logging.Formatter", "django.utils.log.ServerFormatter") or name.startswith("uvicorn.logging.")
        _note(ctx, formatter, "structured" if known else "plain" if plain else "class", name)
    elif "format" in found or "fmt" in found:
        value = ctx.constant(found.get("format") or found.get("fmt"), place)
        _note(ctx, formatter, "unknown" if value is UNKNOWN else _state(str(value)), "a format string")
    else:
        _note(ctx, formatter, "unknown", "a formatter")


def _note_handler(handler: ast.expr, place: Place[ast.Dict], ctx: Context) -> None:
    """Handlers that write structured lines by themselves, whatever their formatter."""
    found = dict(_entries(handler)) if isinstance(handler, ast.Dict) else {}
    value = ctx.constant(found.get("class"), place)
    if isinstance(value, str) and STRUCTURED.match(value):
        _note(ctx, handler, "structured", value)


def _state(text: str) -> str:
    """Whether a format string writes keys with values (`level=%(levelname)s`, JSON by hand) or a plain line."""
    return "structured" if len(_PAIRS.findall(text)) >= 2 or text.lstrip().startswith('{"') else "plain"


def _entries(node: ast.Dict) -> list[tuple[str, ast.expr]]:
    return [
        (key.value, value)
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant) and isinstance(key.value, str)
    ]


_WORDED: Final = (ast.Constant, ast.Name, ast.Attribute, ast.arg, ast.keyword)


def _word(node: ast.AST) -> str:
    """What a piece of syntax is called: a short text, a name, an attribute, a parameter."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) and len(node.value) < 200 else ""
    return str(getattr(node, "id", "") or getattr(node, "attr", "") or getattr(node, "arg", "") or "")
