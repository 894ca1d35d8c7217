"""
Which worker works out which patch. Rows are held as scans are: times are the database's, every change names its fence.

    held = take()                        # the next patch that somebody waits for; one of a repository at a time
    beat(held, done, total)
    finish(held, state, …); fail(held, code, …)
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from reviews.models import Patch
from reviews.queue import retry_delay

log = structlog.get_logger(__name__)
_RACES = 5
State = Patch.State


class LostError(Exception):
    """The patch is no longer ours: it was asked for anew, removed, or the lease ran out. Write nothing."""


@dataclass(frozen=True, slots=True)
class Held:
    """The right to work on one patch. `attempt` counts from 1."""

    patch: int
    repository: int
    fence: int
    attempt: int


def due() -> QuerySet[Patch]:
    """Those that a worker could begin now: first what somebody waits for, then what is made ahead."""
    busy = Patch.objects.filter(state=State.WORKING).values("repository")
    free = Patch.objects.filter(state=State.WANTED, available_at__lte=Now()).exclude(repository__in=busy)
    return free.order_by("ahead", "available_at", "pk")


def take(repository: int | None = None) -> Held | None:
    """The next patch, held from now on; None when there is none. With `repository`, of that one alone."""
    for _ in range(_RACES):
        free = due() if repository is None else due().filter(repository=repository)
        row = free.only("repository_id", "fence", "attempts").first()
        if row is None:
            return None
        held = Held(row.pk, row.repository_id, row.fence + 1, row.attempts + 1)
        if _taken(held):
            return held
    return None


def beat(held: Held, done: int = 0, total: int = 0) -> None:
    """Keep it, and show how far it has come. Raises LostError."""
    progress = {"done": done, "total": total} if total else {}
    _change(held, leased_until=_in(settings.LEASE_SECONDS), progress=progress)


def finish(held: Held, state: State, **answer: Any) -> None:
    """End the work with an answer. Raises LostError."""
    _change(held, state=state, finished_at=Now(), leased_until=None, **answer, **_no_error())
    log.info("patch-done", patch=held.patch, repository=held.repository, state=str(state))


def fail(
    held: Held, code: str, message: str, next_step: str, *, retry: bool = False, retry_in: float | None = None
) -> None:
    """End this attempt; what may go better later is tried again, MAX_ATTEMPTS times in all. Raises LostError."""
    error = {"error_code": code, "error_message": message, "error_next": next_step, "leased_until": None}
    again = retry and held.attempt < settings.MAX_ATTEMPTS
    if again:
        _change(held, state=State.WANTED, available_at=_in(retry_delay(held.attempt, retry_in)), **error)
    else:
        _change(held, state=State.FAILED, finished_at=Now(), **error)
    log.warning("patch-attempt-failed", patch=held.patch, repository=held.repository, code=code, again=again)


def share(held: Held) -> None:
    """What ended or put off one patch does so to all others of the repository that wait: it is the same server."""
    fields = ("state", "available_at", "attempts", "finished_at", "error_code", "error_message", "error_next")
    ended = Patch.objects.filter(pk=held.patch).values(*fields).first()
    if ended is not None:
        waiting = Patch.objects.filter(repository=held.repository, state=State.WANTED, available_at__lte=Now())
        waiting.exclude(pk=held.patch).update(**ended)


def requeue_expired() -> None:
    """Take back what dead workers left behind; after MAX_ATTEMPTS it has failed."""
    for row in Patch.objects.filter(state=State.WORKING, leased_until__lt=Now()).defer("body"):
        held = Held(row.pk, row.repository_id, row.fence, row.attempts)
        message = f"The worker died in attempt {row.attempts} of {settings.MAX_ATTEMPTS}."
        try:
            fail(held, "crashed", message, "Ask again; if it ends so again, look into the worker's log.", retry=True)
        except LostError:
            continue


def drop_old(age: timedelta) -> int:
    """Remove patches that were finished `age` ago: they hold source code. Returns how many."""
    return Patch.objects.filter(finished_at__lt=Now() - age).exclude(state=State.WORKING).delete()[0]


def _taken(held: Held) -> bool:
    free = Patch.objects.filter(pk=held.patch, state=State.WANTED, fence=held.fence - 1)
    lease = {"fence": held.fence, "attempts": held.attempt, "leased_until": _in(settings.LEASE_SECONDS)}
    try:
        with transaction.atomic():
            return bool(free.update(state=State.WORKING, progress={}, **lease))
    except IntegrityError:  # Another patch of the repository was taken at the same moment.
        return False


def _change(held: Held, **fields: Any) -> None:
    mine = Patch.objects.filter(pk=held.patch, fence=held.fence, state=State.WORKING)
    if not mine.update(**fields):
        raise LostError(f"Patch {held.patch} is no longer held under fence {held.fence}.")


def _no_error() -> dict[str, str]:
    return {"error_code": "", "error_message": "", "error_next": ""}


def _in(seconds: float) -> Any:
    return Now() + timedelta(seconds=seconds)
