"""
Waiting deliveries -> scans, reviews and pull requests, in the order of receipt for each hook.

    sort_some()       # a batch of one hook; how many there were
    again(delivery)   # as if it had just arrived

A batch is leased by its deliveries' `available_at`; nobody else takes anything of the hook meanwhile. A worker that
dies leaves the rest to the next one after the lease. What fails for now is tried again later, and alone: newer
deliveries of the hook do not wait for it.
"""

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import takewhile
from types import TracebackType
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from reviews.deliveries import acting
from reviews.deliveries.outcomes import Outcome, failed
from reviews.models import Delivery, Hook, Repository
from reviews.queue import retry_delay
from reviews.webhooks import events
from scanners.git.errors import SourceError

log = structlog.get_logger(__name__)
State = Delivery.State
MOST_ATTEMPTS = 5
BATCH = 500
_LEASE = timedelta(seconds=120)  # Longer than a look at a server, of which a batch has one at most.
_RACES = 5


class LostError(Exception):
    """The lease ran out and somebody else has the deliveries. Write nothing."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Deliveries of one hook, the oldest first, held until `until` of the database's clock."""

    repository: Repository
    rows: list[Delivery]
    until: datetime

    def held(self, rows: Iterable[Delivery]) -> QuerySet[Delivery]:
        """Those of the rows that are neither settled nor taken by somebody else."""
        keys = [row.pk for row in rows]
        return Delivery.objects.filter(pk__in=keys, state=State.WAITING, available_at=self.until)


def due() -> QuerySet[Delivery]:
    """Deliveries that a worker could sort now, the longest due first: those of hooks that no other worker is at."""
    waiting = Delivery.objects.filter(state=State.WAITING)
    held = waiting.filter(available_at__gt=Now(), code="")  # What waits after a failure has its code.
    free = waiting.filter(available_at__lte=Now()).exclude(hook__in=held.values("hook"))
    return free.order_by("available_at", "pk")


def sort_some() -> int:
    """Sort the next batch. Returns how many deliveries it held; 0 when none was due."""
    batch = claim()
    if batch is None:
        return 0
    try:
        with ExitStack() as stack:
            stack.push(partial(_name_the_unexpected, batch))
            for group in _groups(batch):
                _sort(batch, group)
    except LostError:
        log.warning("deliveries-lost", repository=batch.repository.pk, first=batch.rows[0].pk)
    return len(batch.rows)


def is_more(since: datetime) -> bool:
    """Whether something is due that was there before. What came later has a hint of its own, and may gather first."""
    return due().filter(available_at__lt=since).exists()


def claim() -> Batch | None:
    """Take the oldest due deliveries of the hook that waits longest; None when nothing is due."""
    for _ in range(_RACES):
        first = due().only("hook_id").first()
        if first is None:
            return None
        with transaction.atomic():
            batch = _taken(first.hook_id)
        if batch is not None:
            return batch
    return None


def again(delivery: Delivery) -> bool:
    """Sort a settled delivery once more, as if it had just arrived. Returns False when it waits already."""
    settled = Delivery.objects.filter(pk=delivery.pk).exclude(state=State.WAITING)
    fresh = {"state": State.WAITING, "attempts": 0, "available_at": Now(), "settled_at": None}
    return bool(settled.update(**fresh, outcome="", code="", scan=None, review=None))


def _taken(hook: int) -> Batch | None:
    """Lease what is due of a hook. None when somebody else was first, or nothing is left of it."""
    free = Hook.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=hook)
    if not free.values_list("pk"):
        return None
    due_now = list(due().filter(hook=hook).only("hook_id", "attempts", "asks", "outcome", "code")[:BATCH])
    _give_up([row for row in due_now if row.attempts >= MOST_ATTEMPTS])
    rows = _together([row for row in due_now if row.attempts < MOST_ATTEMPTS])
    if not rows:
        return None
    taken = Delivery.objects.filter(pk__in=[row.pk for row in rows])
    taken.update(available_at=Now() + _LEASE, attempts=F("attempts") + 1, code="")
    repository = Repository.objects.select_related("team").get(hook=hook)
    return Batch(repository, rows, taken.values_list("available_at", flat=True)[0])


def _together(rows: list[Delivery]) -> list[Delivery]:
    """As many from the start as can be sorted at once. Alone goes what needs a look at the server, or failed before."""
    return list(takewhile(lambda row: not _is_alone(row), rows)) or rows[:1]


def _is_alone(row: Delivery) -> bool:
    return row.attempts > 0 or row.asks["kind"] in acting.LOOKED_FOR


def _give_up(rows: list[Delivery]) -> None:
    """The last attempt failed, or the worker died of it and could not say so."""
    died = f"Each of the {MOST_ATTEMPTS} workers that looked into it died. Look for its number in their log."
    for row in rows:
        outcome = failed(row.code, row.outcome) if row.code else failed("worker_died", died)
        _write(Delivery.objects.filter(pk=row.pk), outcome)


def _groups(batch: Batch) -> list[list[Delivery]]:
    """The deliveries by what they are about, in the order of the newest of each."""
    groups: dict[tuple[str, ...], list[Delivery]] = {}
    for row in batch.rows:
        about = acting.same(events.from_json(row.asks))
        groups[about] = [*groups.pop(about, []), row]
    return list(groups.values())


def _sort(batch: Batch, group: list[Delivery]) -> None:
    """Do what the newest asks for, and settle all with it. Raises LostError."""
    event = events.from_json(group[-1].asks)
    try:
        commits = acting.look(batch.repository, event)
        with transaction.atomic():
            _settle(batch, group, acting.act(batch.repository, event, commits))
    except SourceError as error:
        outcome = failed(error.code, f"{error.message} {error.next_step}")
        if error.retry:
            _try_later(batch, group, outcome, error.retry_after)
            _hold_back(batch)
        else:
            _settle(batch, group, outcome)


def _settle(batch: Batch, group: list[Delivery], outcome: Outcome) -> None:
    if _write(batch.held(group), outcome) < len(group):
        raise LostError
    known = {"repository": batch.repository.pk, "first": group[0].pk, "last": group[-1].pk, "count": len(group)}
    log.info("deliveries-sorted", **known, state=str(outcome.state), code=outcome.code)


def _write(rows: QuerySet[Delivery], outcome: Outcome) -> int:
    links = {"scan": outcome.scan, "review": outcome.review}
    return rows.update(state=outcome.state, outcome=outcome.text, code=outcome.code, settled_at=Now(), **links)


def _try_later(batch: Batch, group: list[Delivery], outcome: Outcome, wait: float | None = None) -> None:
    """Back into the line, or failed after the last attempt."""
    attempt = batch.rows[0].attempts + 1
    if attempt >= MOST_ATTEMPTS:
        _settle(batch, group, outcome)
        return
    later: dict[str, Any] = {"available_at": Now() + timedelta(seconds=retry_delay(attempt, wait))}
    batch.held(group).update(**later, outcome=outcome.text, code=outcome.code)
    log.warning("delivery-waits", repository=batch.repository.pk, delivery=group[0].pk, code=outcome.code)


def _hold_back(batch: Batch) -> None:
    """What would be looked for on the same silent server fails with the one that was, or each would block a worker."""
    tried = Delivery.objects.get(pk=batch.rows[0].pk)
    others = Delivery.objects.filter(hook=tried.hook_id, state=State.WAITING, asks__kind__in=acting.LOOKED_FOR)
    failed_too = {"attempts": F("attempts") + 1, "outcome": tried.outcome, "code": tried.code}
    later = Now() + timedelta(seconds=retry_delay(tried.attempts))
    others.filter(available_at__lte=Now()).update(**failed_too, available_at=later)


def _name_the_unexpected(
    batch: Batch, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
) -> None:
    """Give back what is left of the batch instead of when its lease runs out. The error goes on, to the log."""
    if isinstance(error, Exception) and not isinstance(error, LostError):
        text = f"Plimsoll failed: {type(error).__name__}. Look for the delivery's number in the log of the workers."
        left = list(batch.held(batch.rows).only("pk"))
        _try_later(batch, left, failed("internal_error", text)) if left else None
