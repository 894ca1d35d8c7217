"""The table of jobs: what runs apart from requests, what bounds it, and what hands work to it."""

from collections.abc import Iterator
from typing import Any, Final

from scanners.inventory import otherjobs
from scanners.inventory.joblimits import acknowledged_of, limit_of, retries_of
from scanners.inventory.jobnames import Jobs
from scanners.inventory.jobrow import COLUMNS, job_row
from scanners.inventory.table import BAD, Cell, Place, Row, Table
from scanners.semantics.concurrency.reach import Key
from scanners.tree import Fact, Tree

_DEFAULT_QUEUE: Final = {
    "celery task": "celery",
    "rq job": "default",
    "dramatiq actor": "default",
    "arq job": "arq:queue",
}
_QUEUED: Final = frozenset(
    {"celery task", "rq job", "dramatiq actor", "arq job", "huey task", "taskiq task", "procrastinate task"}
)
_MOST: Final = 200


def _rows(tree: Tree) -> Iterator[Row]:
    jobs = Jobs(tree)
    bounded = bool(tree.facts("job-limit"))
    models = {str(fact["name"]).rpartition(".")[2] for fact in tree.facts("model")}
    for key, fact in jobs.tasks.items():
        if fact["sure"] or _likely(fact, tree):
            yield _task(key, fact, jobs, bounded, models)
    yield from otherjobs.rows(jobs)


def _likely(fact: Fact, tree: Tree) -> bool:
    """Whether a def that is decorated by some imported `app.task` is a job: an application is made somewhere."""
    return bool(tree.facts("celery-app"))


def _task(key: Key, fact: Fact, jobs: Jobs, bounded: bool, models: set[str]) -> Row:
    kind, options = fact["kind"], jobs.options(fact)
    name = _name(fact, kind)
    calls = jobs.enqueued.get(key, [])
    plans = jobs.planned.get(key, [])
    limit, limit_mark = limit_of(kind, options, jobs.settings, bounded)
    retries, retries_mark = retries_of(kind, options, fact["retry"])
    acknowledged, acknowledged_mark = acknowledged_of(kind, options, jobs.settings)
    payload, payload_mark = _payload(fact, kind, models, jobs)
    marks = {"limit": limit_mark, "retries": retries_mark, "acknowledged": acknowledged_mark, "payload": payload_mark}
    return job_row(
        kind,
        name,
        [Place(fact.path, fact.line, f"{fact['name']} is defined"), *_called(calls), *_planning(plans)],
        marks=marks,
        queue=_queue(key, kind, name, options, calls, fact, jobs),
        schedule=_schedule(plans, options),
        limit=limit,
        retries=retries,
        acknowledged=acknowledged,
        payload=payload,
        enqueued_from=len(calls),
        unresolved=""
        if fact["sure"] or jobs.is_app(fact)
        else "The decorator is an imported object that only sounds like an application.",
    )


def _name(fact: Fact, kind: str) -> str:
    if kind == "management command":
        return fact.path.rpartition("/")[2].removesuffix(".py")
    stated = fact["options"].get("name") or fact["options"].get("actor_name") or fact["options"].get("task_name")
    return str(stated) if stated and not str(stated).startswith("`") else str(fact["name"])


def _queue(key: Key, kind: str, name: str, options: dict[str, Any], calls: list[Fact], fact: Fact, jobs: Jobs) -> Cell:
    stated = options.get("queue") or options.get("queue_name") or (fact["given"][:1] or [""])[0] * (kind == "rq job")
    if stated:
        return str(stated).strip("`")
    routed = jobs.routed(key, name) if kind == "celery task" else ""
    said = sorted({call["queue"].strip("`") for call in calls if call["queue"]})
    if routed or said:
        return ", ".join([*([routed] if routed else []), *said])
    general = jobs.settings.get("default_queue")
    if general is not None and kind == "celery task":
        return str(general["value"]).strip("`")
    return _DEFAULT_QUEUE.get(kind, "")


def _schedule(plans: list[Fact], options: dict[str, Any]) -> str:
    stated = options.get("schedule") or options.get("run_every") or options.get("cron")
    told = [str(plan["schedule"]) for plan in plans] + ([str(stated).strip("`")] if stated else [])
    return "; ".join(dict.fromkeys(told))


def _payload(fact: Fact, kind: str, models: set[str], jobs: Jobs) -> tuple[Cell, str]:
    """The parameters with their types, and whether one is an object that should be passed as its key."""
    if kind in ("management command", "airflow dag"):
        return "", ""
    params = [param for param in fact["params"] if param[0] not in ("self", "cls")]
    if kind in ("arq job",) or (fact["options"].get("bind") is True and fact["params"][:1] == params[:1]):
        params = params[1:]
    shown = [f"{name}: {kind}" if kind else name for name, kind in params]
    pickled = str(jobs.settings["serializer"]["value"]) if "serializer" in jobs.settings else ""
    objects = any(kind.strip("\"'").rpartition(".")[2] in models for _, kind in params)
    return shown, BAD if objects or "pickle" in pickled else ""


def _called(calls: list[Fact]) -> list[Place]:
    return [
        Place(call.path, call.line, f".{call['via']} in {call['inside'] or 'the module'}") for call in calls[:_MOST]
    ]


def _planning(plans: list[Fact]) -> list[Place]:
    return [Place(plan.path, plan.line, f"planned {plan['schedule']}".strip()) for plan in plans]


TABLE = Table("jobs", "Jobs", COLUMNS, _rows)
