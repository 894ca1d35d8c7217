"""2: who works on which scan. The database is the queue of record; a Celery message is only a hint to look here.

Every time is the database's, so workers' clocks may differ. Every change names the fence it was leased with, in the
WHERE clause of one UPDATE: whoever lost the lease changes nothing.
"""

import random
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count, F, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Now

from reviews.models import PullRequest, Repository, Scan

log = structlog.get_logger(__name__)

_RACES = 5
_LATELY = timedelta(minutes=15)
_FIRST_RETRY_SECONDS = 15
_LONGEST_RETRY_SECONDS = 3600
_RUN_AGAIN = "Start the scan again; if it ends like this again, look for the scan's number in the worker's log."


class LeaseLostError(Exception):
    """The scan is no longer ours: the lease ran out and somebody else has it. Stop, and write nothing."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on one scan until it runs out. `attempt` counts from 1."""

    scan: int
    repository: int
    fence: int
    attempt: int
    worker: str


def due() -> QuerySet[Scan]:
    """Scans that a worker could start now, in no order.

    A repository with a running scan has to wait, because findings are matched from one scan to the next. For the same
    reason its history is done in the order in which it was asked for.
    """
    history = Scan.objects.filter(state=Scan.State.REQUESTED, trigger=Scan.Trigger.HISTORY).order_by()
    first = history.values("repository").annotate(first=Min("pk")).values("first")
    return _free().filter(~Q(trigger=Scan.Trigger.HISTORY) | Q(pk__in=first))


def lease(worker: str) -> Lease | None:
    """Take the next due scan for `worker`, or None. Of several workers that want the same one, one gets it.

    The earlier turn of `Scan.TURNS` goes first. Within it the team goes first that has the fewest scans running, and of
    those the one that started the fewest in the last quarter of an hour. Of a team's own: what had its turn and lost
    its worker; then the repository that waited longest since its last scan; then the oldest request.

    So a later turn waits as long as an earlier one has anything due: people and forges can hold history up for ever,
    and nothing can hold people up but people. Within a turn no team waits for the length of another's queue, however
    long it is, and no repository of a team for another that is pushed to all the time. What failed waits for its own
    retry, and everything for the running scan of its own repository.
    """
    for _ in range(_RACES):
        scan = _next()
        if scan is None:
            return None
        held = Lease(scan.pk, scan.repository_id, scan.fence + 1, scan.attempts + 1, worker)
        if _take(held):
            log.info("scan-leased", scan=held.scan, repository=held.repository, worker=worker, attempt=held.attempt)
            return held
    return None


def heartbeat(lease: Lease, step: str, progress: dict[str, Any]) -> None:
    """Prolong the lease and show how far the scan has come. Raises LeaseLostError."""
    _change(lease, leased_until=_in(settings.LEASE_SECONDS), step=step, progress=progress)


def finish(lease: Lease, store: Callable[[], dict[str, Any]]) -> None:
    """End the scan as done. `store` writes the results and returns the scan's own fields, all in one transaction.

    Raises LeaseLostError.
    """
    with transaction.atomic():
        _change(
            lease, leased_until=_in(settings.LEASE_SECONDS)
        )  # From here on the row is locked: nobody takes it back.
        result = store()
        _change(lease, **_END, state=Scan.State.DONE, error_code="", error_message="", error_next="", **result)
    log.info("scan-done", scan=lease.scan, repository=lease.repository, worker=lease.worker)


def supersede(lease: Lease, by: Scan, **result: Any) -> None:
    """End the scan because `by` answers it already. Raises LeaseLostError."""
    _change(lease, **_END, state=Scan.State.SUPERSEDED, superseded_by=by, **result)
    log.info("scan-superseded", scan=lease.scan, repository=lease.repository, worker=lease.worker, by=by.pk)


def fail(
    lease: Lease, code: str, message: str, next_step: str, *, transient: bool, retry_in: float | None = None
) -> None:
    """End this attempt. A transient failure is tried again, MAX_ATTEMPTS times in all; then the scan has failed.

    `retry_in` is what the other side asked for, in seconds; our own wait is the least. Raises LeaseLostError.
    """
    error = {"error_code": code, "error_message": message, "error_next": next_step}
    again = transient and lease.attempt < settings.MAX_ATTEMPTS
    if again:
        wait = retry_delay(lease.attempt, retry_in)
        _return(lease.repository, lease.scan, lambda **to: _change(lease, **error, **to), wait)
    else:
        _change(lease, **_END, **error, state=Scan.State.FAILED)
    known = {"scan": lease.scan, "repository": lease.repository, "worker": lease.worker}
    log.warning("scan-attempt-failed", **known, code=code, attempt=lease.attempt, again=again)


def retry_delay(attempt: int, asked: float | None = None) -> float:
    """Seconds until the next attempt: doubling, with up to half as much again at random, an hour at most."""
    own = _FIRST_RETRY_SECONDS * 2 ** (attempt - 1) * random.uniform(1, 1.5)  # noqa: S311 - spreads load, guards nothing
    return min(max(own, asked or 0), _LONGEST_RETRY_SECONDS)


def requeue_expired() -> int:
    """Take back every scan whose worker fell silent. Returns how many; after MAX_ATTEMPTS a scan fails as crashed."""
    expired = Scan.objects.filter(state=Scan.State.RUNNING, leased_until__lt=Now())
    return sum(map(_take_back, expired.only("id", "repository_id", "fence", "attempts", "step", "leased_by")))


def drop_superseded(age: timedelta) -> int:
    """Drop requests that ended `age` ago without a commit of their own, because a newer one took their place."""
    needless = Scan.objects.filter(state=Scan.State.SUPERSEDED, commit="", finished_at__lt=Now() - age)
    return needless.delete()[0]


_END: dict[str, Any] = {"finished_at": Now(), "leased_until": None}


def _free() -> QuerySet[Scan]:
    busy = Scan.objects.filter(state=Scan.State.RUNNING).values("repository")
    return Scan.objects.filter(state=Scan.State.REQUESTED, available_at__lte=Now()).exclude(repository__in=busy)


def _next() -> Scan | None:
    """The best due scan. Teams are weighed first, so that scans are compared within one team only."""
    found = _free().order_by().values_list("trigger", "repository__team").distinct()
    load = _load() if found else {}
    turns = {(Scan.turn_of(trigger), load.get(team, (0, 0)), team) for trigger, team in found}
    best = (_best_of(team, Scan.TURNS[turn]) for turn, _, team in sorted(turns))
    return next((scan for scan in best if scan), None)


def _load() -> dict[int, tuple[int, int]]:
    """{team: scans that run, scans that run or started lately}."""
    running = Q(state=Scan.State.RUNNING)
    counted = Scan.objects.filter(running | Q(started_at__gte=Now() - _LATELY)).order_by().values("repository__team")
    rows = counted.annotate(running=Count("pk", filter=running), lately=Count("pk"))
    return {row["repository__team"]: (row["running"], row["lately"]) for row in rows}


def _best_of(team: int, triggers: Collection[str]) -> Scan | None:
    last_served = Scan.objects.filter(repository=OuterRef("repository"), started_at__isnull=False)
    served = Subquery(last_served.order_by("-started_at").values("started_at")[:1])
    mine = due().filter(repository__team=team, trigger__in=triggers).annotate(served=served)
    best = mine.order_by("-attempts", F("served").asc(nulls_first=True), "available_at", "id")
    return best.only("id", "repository_id", "fence", "attempts").first()


def _take(held: Lease) -> bool:
    free = Scan.objects.filter(pk=held.scan, state=Scan.State.REQUESTED, fence=held.fence - 1)
    try:
        with transaction.atomic():
            return bool(
                free.update(
                    state=Scan.State.RUNNING,
                    fence=held.fence,
                    attempts=held.attempt,
                    leased_by=held.worker,
                    leased_until=_in(settings.LEASE_SECONDS),
                    started_at=Now(),
                    step="",
                    progress={},
                )
            )
    except IntegrityError:  # another scan of the repository was leased at the same moment
        return False


def _change(lease: Lease, **fields: Any) -> None:
    held = Scan.objects.filter(pk=lease.scan, fence=lease.fence, state=Scan.State.RUNNING)
    if not held.update(**fields):
        raise LeaseLostError(f"Scan {lease.scan} is no longer held under fence {lease.fence}.")


def _return(repository: int, scan: int, change: Callable[..., Any], wait: float = 0) -> None:
    """Back to the queue, unless a newer request waits there that makes this one needless."""
    with transaction.atomic():
        Repository.objects.select_for_update(no_key=True).get(pk=repository)
        tried = Scan.objects.select_related("pull_request").defer("scorecard").get(pk=scan)
        newer = _waiting_instead_of(tried)
        if newer is not None or _is_over(tried.pull_request):
            change(**_END, state=Scan.State.SUPERSEDED, superseded_by=newer)
        else:
            change(state=Scan.State.REQUESTED, leased_until=None, available_at=_in(wait))


def _waiting_instead_of(scan: Scan) -> Scan | None:
    same = Q(wanted_commit=scan.wanted_commit)
    if not scan.is_apart:
        same |= ~Scan.APART
    waiting = Scan.objects.filter(same, repository=scan.repository_id, branch=scan.branch, state=Scan.State.REQUESTED)
    return waiting.exclude(pk=scan.pk).order_by("-id").first()


def _is_over(pull_request: PullRequest | None) -> bool:
    return pull_request is not None and pull_request.state == PullRequest.State.CLOSED


def _take_back(scan: Scan) -> int:
    silent = Scan.objects.filter(pk=scan.pk, fence=scan.fence, state=Scan.State.RUNNING, leased_until__lt=Now())
    crashed = scan.attempts >= settings.MAX_ATTEMPTS
    if crashed:
        step = Scan.Step(scan.step).label if scan.step else "start"
        changed = silent.update(
            **_END,
            state=Scan.State.FAILED,
            error_code="crashed",
            error_message=f"The worker died in attempt {scan.attempts} of {settings.MAX_ATTEMPTS}, in the step {step}.",
            error_next=_RUN_AGAIN,
        )
    else:
        _return(scan.repository_id, scan.pk, silent.update)
        changed = 1
    log.warning(
        "scan-lease-expired", scan=scan.pk, repository=scan.repository_id, worker=scan.leased_by, crashed=crashed
    )
    return changed


def _in(seconds: float) -> Any:
    return Now() + timedelta(seconds=seconds)
