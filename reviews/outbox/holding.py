"""
How those who send messages of the outbox hold them, and write down what became of them.

As with scans, the database is the queue of record and its time counts. A message is never held by two, because each
claim is a compare-and-set on its fence. One whose sender fell silent is due again.
"""

import random
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from reviews.models import OutboxMessage

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=120)  # Longer than a task that delivers may take.
END: dict[str, Any] = {"finished_at": Now(), "leased_until": None}
State = OutboxMessage.State


def due(messages: QuerySet[OutboxMessage]) -> QuerySet[OutboxMessage]:
    """Those to send now, the longest due first: those that wait, and those whose sender fell silent."""
    waiting = Q(state=State.WAITING, available_at__lte=Now())
    return messages.filter(waiting | silent()).order_by("available_at", "pk")


def silent() -> Q:
    """What somebody held and never gave back."""
    return Q(state=State.SENDING, leased_until__lt=Now())


def take(message: OutboxMessage, free: QuerySet[OutboxMessage]) -> bool:
    """Hold a message, if it is still among those that are `free` and nobody took it since it was read."""
    mine = free.filter(pk=message.pk, fence=message.fence)
    message.fence += 1
    message.attempts += 1
    taken = {"fence": message.fence, "attempts": message.attempts, "leased_until": Now() + LEASE}
    return bool(mine.update(state=State.SENDING, **taken))


def change(changes: Iterable[tuple[OutboxMessage, dict[str, Any]]]) -> None:
    """Write what became of held messages, all or none. One whose lease somebody else has by now stays as it is."""
    with transaction.atomic():
        for message, fields in changes:
            held = OutboxMessage.objects.filter(pk=message.pk, fence=message.fence, state=State.SENDING)
            if not held.update(**fields):
                log.warning("message-lost", message=message.pk, fence=message.fence)


def later(problem: str, seconds: float) -> dict[str, Any]:
    """What a message becomes that is tried again after so many seconds."""
    soon = {"leased_until": None, "available_at": Now() + timedelta(seconds=seconds)}
    return {"state": State.WAITING, "problem": problem, **soon}


def give_up(messages: QuerySet[OutboxMessage], most: int) -> None:
    """A message that ended every process which was to send it has failed, or it would go on for ever."""
    gone = messages.filter(silent(), attempts__gte=most)
    gone.update(**END, state=State.FAILED, problem=f"The process that sent it died, {most} times.")


def doubling(first: float, attempt: int) -> float:
    """Seconds until the next attempt: doubling, with up to half as much again at random."""
    return first * 2 ** (attempt - 1) * random.uniform(1, 1.5)  # noqa: S311 - spreads load, guards nothing


def again(messages: QuerySet[OutboxMessage]) -> int:
    """Let failed messages wait once more, with all their attempts. Returns how many.

    What somebody was told something newer of by now is not told again.
    """
    failed = messages.filter(state=State.FAILED)
    newer = OutboxMessage.objects.filter(
        repository=OuterRef("repository"), topic=OuterRef("topic"), pk__gt=OuterRef("pk")
    )
    fresh = {"attempts": 0, "problem": "", "leased_until": None}
    with transaction.atomic():
        failed.filter(Exists(newer)).exclude(topic="").update(**END, state=State.SUPERSEDED)
        return failed.update(**fresh, state=State.WAITING, finished_at=None, available_at=Now())
