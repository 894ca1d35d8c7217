"""
Reads PLIMSOLL_ADVISORIES again and again, so that nobody has to think of it.

    if is_due():
        read_again()      # whether it was this one's turn; a failure is written down and tried again

As with looks at branches, the database knows who reads and since when, by its own clock; nothing is locked while a
server is waited for.
"""

from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from types import TracebackType

import structlog
from django.conf import settings
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from reviews.advisories.errors import LoadError
from reviews.advisories.loading import load
from reviews.models import AdvisoryReading
from scanners.git.errors import SourceError

log = structlog.get_logger(__name__)

_HOLD = timedelta(minutes=20)  # Longer than a task may run: whoever is silent for so long was killed.
_FIRST_RETRY = timedelta(minutes=5)
_DOUBLINGS = 8


def is_due() -> bool:
    """Whether it is time to read, and nobody does."""
    if not settings.ADVISORIES:
        return False
    AdvisoryReading.objects.get_or_create(pk=1)
    return _due().exists()


def read_again() -> bool:
    """Load the source if it is due. Returns whether it was. An unexpected error is written down and raised."""
    held = is_due() and _due().update(attempted_at=Now(), until=Now() + _HOLD)
    if not held:
        return False
    mine = AdvisoryReading.objects.get(pk=1)
    try:
        with ExitStack() as stack:
            stack.push(partial(_name_the_unexpected, mine))
            load(settings.ADVISORIES)
            _mine(mine).update(until=None, failures=0, code="", problem="", next_step="")
    except (LoadError, SourceError) as error:
        _fail(mine, error.code, error.message, error.next_step)
    except OSError as error:
        said = f"{settings.ADVISORIES} cannot be read: {error.strerror or error}."
        _fail(mine, "source_unreadable", said, "Let the user that runs the workers read it.")
    return True


def _due() -> QuerySet[AdvisoryReading]:
    """The only row, if it is time. What failed is tried again soon, then less and less often."""
    every = timedelta(seconds=settings.ADVISORIES_SECONDS)
    times = Q(attempted_at=None) | Q(attempted_at__gt=Now()) | Q(attempted_at__lte=Now() - every)
    for failures in range(1, _DOUBLINGS):
        wait = min(_FIRST_RETRY * 2 ** (failures - 1), every)
        times |= Q(failures=failures, attempted_at__lte=Now() - wait)
    free = Q(until=None) | Q(until__lte=Now()) | Q(until__gt=Now() + _HOLD)
    return AdvisoryReading.objects.filter(times, free, pk=1)


def _mine(held: AdvisoryReading) -> QuerySet[AdvisoryReading]:
    """The row, unless somebody else took over since."""
    return AdvisoryReading.objects.filter(pk=held.pk, until=held.until)


def _fail(held: AdvisoryReading, code: str, problem: str, next_step: str) -> None:
    failures = min(held.failures + 1, 1000)
    said = {"code": code, "problem": problem, "next_step": next_step}
    _mine(held).update(until=None, failures=failures, **said)
    log.warning("advisories-not-read", code=code, failures=failures)


def _name_the_unexpected(
    held: AdvisoryReading, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
) -> None:
    """Name what has no name of its own. The error itself goes on, to the worker's log."""
    if isinstance(error, Exception) and not isinstance(error, (LoadError, SourceError, OSError)):
        _fail(held, "internal_error", f"Plimsoll failed: {type(error).__name__}.", "Look into the worker's log.")
