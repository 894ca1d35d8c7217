"""One way out for every log line: structlog renders its own events and those of the standard library alike."""

import re
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

# Control characters, and the marks that reorder or hide text: a log line must read as what was logged.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_TOKEN = re.compile(r"([?&]token=)[^&\s]*")


def visible(text: str) -> str:
    """`text` with each control or direction character written as its escape."""
    return _UNSEEN.sub(lambda match: match.group().encode("unicode_escape").decode("ascii"), text)


def escape_unseen(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Make every text of an event visible. The traceback stays as it is: its lines are ours, but for the last."""
    return {key: visible(value) if isinstance(value, str) else value for key, value in event.items()}


def hide_tokens(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Leave out what an address lets in by, such as the token of a calendar."""
    asked = event.get("request")
    return {**event, "request": _TOKEN.sub(r"\1...", asked)} if isinstance(asked, str) else event


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        hide_tokens,
    ]


def _rendering(log_format: str) -> list[Processor]:
    first: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if log_format == "json":
        return [*first, structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    return [*first, escape_unseen, plain]


def configure(level: str, log_format: str) -> dict[str, Any]:
    """Set structlog up and return Django's LOGGING for `level` and `log_format` (json or console)."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": _shared(),
        "processors": _rendering(log_format),
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter},
        "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["out"], "level": level},
        "loggers": {
            # django_structlog says the same with the request's id.
            "django.server": {"handlers": [], "propagate": False},
            "django.request": {"level": "ERROR"},
            "gunicorn.access": {"handlers": [], "propagate": False, "level": "CRITICAL"},
            "gunicorn.error": {"handlers": ["out"], "propagate": False},
            "axes": {"level": "WARNING"},
            # They say again what our own lines say, with the headers of others, where a token may be.
            "httpx": {"level": "WARNING"},
            "httpcore": {"level": "WARNING"},
            "celery.beat": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.worker.request": {"level": "WARNING"},  # A hint that expired is no news.
            "celery.app.trace": {"level": "WARNING"},
        },
    }
