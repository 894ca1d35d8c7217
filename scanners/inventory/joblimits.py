"""How long a job may run, how it is tried again and when it counts as done, by what each library does unless told."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from scanners.inventory.table import BAD, GOOD, UNKNOWN
from scanners.tree import Fact

Judged = tuple[str | None, str]
"""A cell and its mark, "" for none."""


class Habits(NamedTuple):
    """What a library does unless told: its limit, its retries, when it acknowledges."""

    limit: str
    retries: str
    acknowledged: str


HABITS: Mapping[str, Habits] = {
    "celery task": Habits("none", "none", "early"),
    "dramatiq actor": Habits("library default 600 s", "library default: 20 tries, backoff", "late"),
    "rq job": Habits("library default 180 s", "none", "early"),
    "arq job": Habits("library default 300 s", "library default: 5 tries on request", "late"),
    "huey task": Habits("none", "none", "early"),
    "taskiq task": Habits("none", "none", ""),
    "procrastinate task": Habits("none", "none", "late"),
    "django task": Habits("none", "none", ""),
    "scheduled job": Habits("none", "none", ""),
    "background task": Habits("none", "none", "lost on exit"),
    "airflow dag": Habits("none", "", ""),
    "prefect flow": Habits("none", "none", ""),
}
_NONE = Habits("", "", "")
_LIMITS = ("timeout", "job_timeout", "time_limit", "timeout_seconds", "max_run_time", "dagrun_timeout")


def seconds(value: Any) -> str:
    """A limit as text: a number has its unit, what is computed stands as it is written."""
    return f"{value:g} s" if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value).strip("`")


def limit_of(kind: str, options: Mapping[str, Any], settings: Mapping[str, Fact], for_all: bool) -> Judged:
    """How long the job may run. `for_all` says that a worker is started with a limit that is not known as a number."""
    if kind == "celery task":
        return _celery_limit(options, settings, for_all)
    stated = next((options[name] for name in _LIMITS if name in options), None)
    if stated == -1:
        return "none", BAD
    if stated is not None:
        milliseconds = kind == "dramatiq actor" and isinstance(stated, int)
        return seconds(stated / 1000 if milliseconds else stated), GOOD
    general = settings.get({"rq job": "rq.DEFAULT_TIMEOUT"}.get(kind, ""))
    if general is not None:
        return f"{seconds(general['value'])} for all", GOOD
    if "**" in options:
        return None, UNKNOWN
    told = HABITS.get(kind, _NONE).limit
    return told, BAD if told == "none" else ""


def _is_limit(value: Any) -> bool:
    """Whether a setting may be a limit: a number or something computed, no table of types."""
    return (isinstance(value, (int, float)) and not isinstance(value, bool)) or str(value).startswith("`")


def _celery_limit(options: Mapping[str, Any], settings: Mapping[str, Fact], for_all: bool) -> Judged:
    parts = []
    for name, word in (("soft_time_limit", "soft"), ("time_limit", "hard")):
        general = settings.get(name)
        if options.get(name) is not None:
            parts.append(f"{word} {seconds(options[name])}")
        elif name not in options and general is not None and _is_limit(general["value"]):
            parts.append(f"{word} {seconds(general['value'])} for all")
    if parts:
        return ", ".join(parts), GOOD
    if for_all:
        return "set for all", GOOD
    return (None, UNKNOWN) if "**" in options else ("none", BAD)


def retries_of(kind: str, options: Mapping[str, Any], again: Mapping[str, Any] | None) -> Judged:
    """How it is tried again after a failure."""
    if kind == "celery task":
        return _celery_retries(options, again)
    for name in ("retry", "retries", "max_retries", "max_tries", "retry_on_error"):
        value = options.get(name)
        if name in options and value in (False, 0, None):
            return "none", ""
        if name in options:
            tries = (
                f"{value} tries" if isinstance(value, int) and not isinstance(value, bool) else str(value).strip("`")
            )
            return ", ".join(
                [tries, *(key for key in ("retry_backoff", "max_backoff", "min_backoff") if key in options)]
            ), ""
    if "**" in options:
        return None, UNKNOWN
    return HABITS.get(kind, _NONE).retries, ""


def _celery_retries(options: Mapping[str, Any], again: Mapping[str, Any] | None) -> Judged:
    caught = options.get("autoretry_for")
    if caught is None and again is None:
        return (None, UNKNOWN) if "**" in options else ("none", "")
    told = {**options, **(again or {})}
    most = told.get("max_retries", 3)
    if "max_retries" not in told and "max_retries" in str(told.get("retry_kwargs", "")):
        most = str(told["retry_kwargs"]).strip("`")
    endless = most is None
    parts = ["endless" if endless else f"{str(most).strip('`')} tries"]
    backoff = bool(told.get("retry_backoff")) or "**" in str(told.get("countdown", ""))
    if backoff:
        parts.append("backoff")
    elif "countdown" in told or "default_retry_delay" in told:
        parts.append(f"after {seconds(told.get('countdown', told.get('default_retry_delay')))}")
    if backoff and told.get("retry_jitter", True) and caught is not None:
        parts.append("jitter")
    if caught is not None:
        parts.append(f"on {str(caught).strip('`()[],')}")
    return ", ".join(parts), BAD if endless else GOOD if backoff else ""


def acknowledged_of(kind: str, options: Mapping[str, Any], settings: Mapping[str, Fact]) -> Judged:
    """Whether a message counts as done before the job runs (early: a killed worker loses it) or after (late)."""
    told = HABITS.get(kind, _NONE).acknowledged
    if kind != "celery task":
        return told, BAD if told == "lost on exit" else ""
    stated = options.get("acks_late")
    if stated is None and "acks_late" in settings:
        stated = settings["acks_late"]["value"]
    if isinstance(stated, str):
        return None, UNKNOWN
    return ("late" if stated else told), ""
