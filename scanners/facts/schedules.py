"""What runs jobs at set times and what holds for all jobs: settings of Celery and others, crontabs, CronJobs."""

import ast
import re
from collections.abc import Iterator
from typing import Any, Final

from scanners.constants import fold
from scanners.context import Context, per_file
from scanners.place import Bound, Call
from scanners.regex import regex
from scanners.rule import Collector
from scanners.scopes import Scope
from scanners.semantics.jobs.plain import options, plain, schedule
from scanners.semantics.pointers import pointer
from scanners.syntax import last_name, unparse
from scanners.text import TextFile

_SETTING: Final = regex(r"^(CELERYD?_)?(TASK_)?", re.IGNORECASE)
_NAMES: Final = {
    name: setting
    for setting, names in {
        "time_limit": "CELERY_TASK_TIME_LIMIT CELERYD_TASK_TIME_LIMIT task_time_limit",
        "soft_time_limit": "CELERY_TASK_SOFT_TIME_LIMIT CELERYD_TASK_SOFT_TIME_LIMIT task_soft_time_limit",
        "acks_late": "CELERY_TASK_ACKS_LATE CELERY_ACKS_LATE task_acks_late",
        "default_queue": "CELERY_TASK_DEFAULT_QUEUE CELERY_DEFAULT_QUEUE task_default_queue",
        "routes": "CELERY_TASK_ROUTES CELERY_ROUTES task_routes",
        "beat": "CELERY_BEAT_SCHEDULE CELERYBEAT_SCHEDULE beat_schedule",
        "serializer": "CELERY_TASK_SERIALIZER task_serializer",
        "rq": "RQ_QUEUES",
        "django-q": "Q_CLUSTER",
    }.items()
    for name in names.split()
}
_CRON_LINE: Final = regex(
    r"^\s*((?:@(?:reboot|yearly|annually|monthly|weekly|daily|midnight|hourly))|(?:[\d*/,\-A-Za-z]+\s+){4}[\d*/,\-A-Za-z]+)\s+(\S.*)$"
)


class JobSettings(Collector):
    """Fact `job-setting`: a setting for all jobs (`name`, `value`). Fact `beat`: one entry of a schedule of Celery.
    Fact `job-route`: which tasks go into which queue."""

    binds = staticmethod(_NAMES.__contains__)

    def visit_binding(self, bound: Bound, ctx: Context) -> None:
        """Record a setting, entry by entry where it holds several."""
        name = _NAMES[bound.key]
        if name == "beat":
            for key, entry in _entries(bound.value):
                _beat(key, entry, bound.scope, ctx)
        elif name == "routes":
            for key, entry in _entries(bound.value):
                queue = entry if not isinstance(entry, ast.Dict) else dict(_entries(entry)).get("queue")
                if queue is not None:
                    ctx.fact("job-route", entry, tasks=key, queue=plain(queue, bound.scope))
        elif name in ("rq", "django-q"):
            for key, value in [
                (key, part) for _, entry in [("", bound.value), *_entries(bound.value)] for key, part in _entries(entry)
            ]:
                if key in ("DEFAULT_TIMEOUT", "timeout", "retry", "max_attempts"):
                    ctx.fact("job-setting", value, name=f"{name}.{key}", value=plain(value, bound.scope))
        else:
            ctx.fact("job-setting", bound.node, name=name, value=plain(bound.value, bound.scope))


class Schedules(Collector):
    """Facts `beat` of calls that plan a job: `add_periodic_task`, arq's `cron`, `schedule.every().do`, Airflow's DAG.
    Fact `job-worker`: what a settings class of arq says of its functions."""

    calls = (
        "*.add_periodic_task",
        "arq.cron",
        "arq.cron.cron",
        "*.do",
        "airflow.DAG",
        "airflow.models.DAG",
        "airflow.sdk.DAG",
    )

    def visit_call(self, call: Call, ctx: Context) -> None:
        """Record what runs when."""
        if call.last == "add_periodic_task":
            _periodic(call, ctx)
        elif call.dotted.startswith("arq."):
            stated = options(call.node, call.scope)
            when = " ".join(f"{key}={value}" for key, value in stated.items() if key in _CRON_WORDS)
            _note(ctx, call.line, pointer(call.argument(0, "coroutine"), call.scope), f"cron {when}".strip(), "arq job")
        elif call.last == "do" and "every(" in unparse(call.node.func):
            when = unparse(call.node.func).removesuffix(".do").partition("every(")[2]
            _note(
                ctx, call.line, pointer(call.argument(0, "job_func"), call.scope), f"every({when}"[:80], "scheduled job"
            )
        elif call.last == "DAG":
            stated = options(call.node, call.scope)
            name, planned = call.argument(0, "dag_id"), stated.get("schedule", stated.get("schedule_interval"))
            kept = {key: stated[key] for key in ("dagrun_timeout", "max_active_runs", "catchup") if key in stated}
            named = plain(name, call.scope) if name is not None else ""
            ctx.fact("dag", call, name=named, schedule=planned, options=kept)

    def visit_class_def(self, place: Any, ctx: Context) -> None:
        """Record the functions of a worker of arq."""
        if not place.node.name.endswith("WorkerSettings") and not _speaks_of_functions(ctx):
            return
        given = {
            stmt.targets[0].id: stmt.value
            for stmt in place.node.body
            if isinstance(stmt, ast.Assign) and isinstance(stmt.targets[0], ast.Name)
        }
        if "functions" not in given or (not ctx.imports("arq") and not place.node.name.endswith("WorkerSettings")):
            return
        scope = ctx.module
        stated = {
            key: plain(given[key], scope)
            for key in ("job_timeout", "max_tries", "queue_name", "retry_jobs")
            if key in given
        }
        for item in getattr(given["functions"], "elts", ()):
            own = options(item, scope) if isinstance(item, ast.Call) else {}
            first = item.args[0] if isinstance(item, ast.Call) and item.args else item
            ctx.fact(
                "job-worker", item, to=pointer(first, scope), task=str(fold(first, scope) or ""), options=stated | own
            )


class Crontabs(Collector):
    """Fact `cron`: a line of a crontab, or a CronJob of Kubernetes with what bounds it."""

    files = ("crontab", "manifest", "yaml")

    def visit_text(self, text: TextFile, ctx: Context) -> None:
        """Record each entry."""
        if text.kind == "crontab":
            for number, line in enumerate(text.lines, 1):
                match = _CRON_LINE.match(line)
                if match and "=" not in match[1]:
                    ctx.fact("cron", number, name=match[2].strip()[:120], schedule=match[1], kind="cron", options={})
        elif "CronJob" in text.text and "schedule" in text.text:
            for document in text.yaml:
                if document.get("kind").text == "CronJob":
                    _cronjob(document, ctx)


_CRON_WORDS: Final = ("month", "day", "weekday", "hour", "minute", "second")


@per_file
def _speaks_of_functions(ctx: Context) -> bool:
    return "functions" in ctx.source


def _cronjob(document: Any, ctx: Context) -> None:
    spec = document.get("spec")
    job = spec.get("jobTemplate", "spec")
    container = next(iter(job.get("template", "spec", "containers").each()), None)
    command = " ".join([*container.get("command").texts(), *container.get("args").texts()]) if container else ""
    stated = {
        key: node.text
        for key, node in (
            ("concurrencyPolicy", spec.get("concurrencyPolicy")),
            ("startingDeadlineSeconds", spec.get("startingDeadlineSeconds")),
            ("activeDeadlineSeconds", job.get("activeDeadlineSeconds")),
            ("backoffLimit", job.get("backoffLimit")),
            ("suspend", spec.get("suspend")),
        )
        if node
    }
    name = document.get("metadata", "name")
    fields = {"schedule": spec.get("schedule").text, "command": command[:120], "options": stated}
    ctx.fact("cron", (name or document).line, name=name.text, kind="kubernetes cronjob", **fields)


def _entries(node: ast.AST | None) -> Iterator[tuple[str, ast.expr]]:
    """The entries of a literal dict by their keys; keys that are no text have the empty one."""
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            yield (str(key.value) if isinstance(key, ast.Constant) else ""), value
    elif isinstance(node, ast.Call) and last_name(node.func) == "dict":
        for word in node.keywords:
            yield word.arg or "", word.value


def _beat(key: str, entry: ast.expr, scope: Scope, ctx: Context) -> None:
    parts = dict(_entries(entry))
    if "task" not in parts:
        return
    target, when, given = parts["task"], parts.get("schedule"), dict(_entries(parts.get("options")))
    named = fold(target, scope)
    held = target.value if isinstance(target, ast.Attribute) and target.attr == "name" else None
    queue = given.get("queue")
    ctx.fact(
        "beat", entry, kind="celery task", name=key, task=named if isinstance(named, str) else "",
        to=pointer(held, scope) if held is not None else "", schedule=schedule(when, scope) if when is not None else "",
        queue=plain(queue, scope) if queue is not None else "",
    )  # fmt: skip


def _periodic(call: Call, ctx: Context) -> None:
    """A task that is added to the schedule when the application is ready."""
    job, when = call.argument(1, "sig"), call.argument(0, "schedule")
    if isinstance(job, ast.Call) and when is not None:
        target = job.func.value if isinstance(job.func, ast.Attribute) else job.func
        _note(ctx, call.line, pointer(target, call.scope), schedule(when, call.scope), "celery task")


def _note(ctx: Context, line: int, to: str, when: str, kind: str) -> None:
    ctx.fact("beat", line, kind=kind, name="", task="", to=to, schedule=when, queue="")
