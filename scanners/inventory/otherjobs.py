"""Jobs that are no decorated def: what runs after an answer, what a scheduler or a crontab starts, DAGs."""

from collections.abc import Iterator
from typing import Any

from scanners.inventory.joblimits import acknowledged_of, limit_of, retries_of
from scanners.inventory.jobnames import Jobs
from scanners.inventory.jobrow import job_row
from scanners.inventory.table import BAD, Place, Row
from scanners.tree import Fact


def rows(jobs: Jobs) -> Iterator[Row]:
    """The rows of all such jobs of a commit."""
    yield from _handed_over(jobs)
    for kind, row in (("cron", _cron), ("dag", _dag), ("job-worker", _worked)):
        yield from map(row, jobs.tree.facts(kind))
    yield from map(_planned, jobs.elsewhere)
    for fact in jobs.tree.facts("enqueue"):
        if fact["via"] == "add_job" and jobs.meant(fact) is None:
            yield _scheduled(fact)


def _handed_over(jobs: Jobs) -> Iterator[Row]:
    """The plain functions that run after an answer in the same process, or that a queue is given."""
    found: dict[tuple[str, str], list[Fact]] = {}
    for fact in jobs.tree.facts("enqueue"):
        if fact["kind"] and fact["to"] and jobs.meant(fact) is None:
            found.setdefault((fact["kind"], named(fact)), []).append(fact)
    for (kind, name), calls in found.items():
        options = {key: value for call in calls for key, value in call["options"].items()}
        limit, mark = limit_of(kind, options, jobs.settings, for_all=False)
        retries, _ = retries_of(kind, options, None)
        acknowledged, late = acknowledged_of(kind, options, jobs.settings)
        yield job_row(
            kind,
            name,
            [Place(call.path, call.line, f"in {call['inside'] or 'the module'}") for call in calls],
            marks={"acknowledged": late, "limit": mark if kind != "background task" else ""},
            queue=", ".join(sorted({call["queue"].strip("`") for call in calls if call["queue"]})),
            limit=limit,
            retries=retries,
            acknowledged=acknowledged,
            payload=None,
            enqueued_from=len(calls),
        )


def named(fact: Fact) -> str:
    """The last part of what a call is given as its job."""
    return str(fact["task"] or fact["to"]).rpartition(".")[2].lstrip(":")


def _cron(fact: Fact) -> Row:
    options, kind = fact["options"], fact["kind"]
    places = [Place(fact.path, fact.line, fact.get("command", "") or "is planned")]
    if kind == "cron":
        return job_row(kind, fact["name"], places, schedule=fact["schedule"])
    bound, at_once = options.get("activeDeadlineSeconds", ""), options.get("concurrencyPolicy", "Allow")
    return job_row(
        kind,
        fact["name"],
        places,
        marks={"limit": "" if bound else BAD, "overlap": BAD if at_once == "Allow" else ""},
        schedule=fact["schedule"],
        limit=f"{bound} s" if bound else "none",
        retries=f"{options.get('backoffLimit', '6')} tries",
        overlap=at_once.lower(),
    )


def _dag(fact: Fact) -> Row:
    limit, mark = limit_of("airflow dag", fact["options"], {}, for_all=False)
    when = "" if fact["schedule"] is None else str(fact["schedule"]).strip("`")
    places = [Place(fact.path, fact.line, "is defined")]
    name = str(fact["name"]).strip("`")
    return job_row("airflow dag", name, places, marks={"limit": mark}, schedule=when, limit=limit)


def _worked(fact: Fact) -> Row:
    """A function that a worker of arq is given."""
    options = fact["options"]
    limit, mark = limit_of("arq job", options, {}, for_all=False)
    retries, _ = retries_of("arq job", options, None)
    return job_row(
        "arq job",
        named(fact),
        [Place(fact.path, fact.line, "is given to the worker")],
        marks={"limit": mark},
        limit=limit,
        retries=retries,
        acknowledged="late",
        queue=str(options.get("queue_name") or "arq:queue"),
        payload=None,
    )


def _planned(fact: Fact) -> Row:
    """An entry of a schedule whose job the repository does not define."""
    return job_row(
        fact["kind"],
        named(fact) or fact["name"],
        [Place(fact.path, fact.line, "is planned")],
        schedule=fact["schedule"],
        limit=None,
        retries=None,
        payload=None,
        unresolved="The job is defined where this scan does not look, or its name is computed.",
    )


_MANNERS = ("max_instances", "coalesce", "misfire_grace_time")


def _scheduled(fact: Fact) -> Row:
    """A function that a scheduler of this process is given."""
    told = fact["options"].items()
    when = " ".join(f"{key}={str(value).strip('`')}" for key, value in told if key not in _MANNERS)
    places = [Place(fact.path, fact.line, f"is planned in {fact['inside'] or 'the module'}")]
    cells: dict[str, Any] = {"limit": "none", "retries": "none", "payload": None, "enqueued_from": 1}
    return job_row("scheduled job", named(fact), places, marks={"limit": BAD}, schedule=when, **cells)
