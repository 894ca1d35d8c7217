"""Who delivers which message of the outbox. As with scans, the database is the queue of record and its time counts.

At least once: a process that is killed after the server took a mail and before the row says so leaves it to be sent
again, under the same Message-ID. A message is never held by two, because each claim is a compare-and-set on its fence.
"""

import random
import time
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from reviews.models import OutboxMessage
from reviews.outbox.mail import Mailer, NotSentError
from reviews.outbox.notify import URGENT

log = structlog.get_logger(__name__)

MOST_ATTEMPTS = 8
_FIRST_RETRY_SECONDS = 600  # Doubling from here, the eighth attempt comes after a day.
_LEASE = timedelta(seconds=120)  # Longer than the task that delivers may take.
_REST = timedelta(seconds=60)
_BATCH, _BATCH_SECONDS = 50, 30
_MOST_TOGETHER = 50
_RACES = 5
_KEPT = {
    OutboxMessage.State.SENT: timedelta(days=30),
    OutboxMessage.State.NO_SERVER: timedelta(days=30),
    OutboxMessage.State.FAILED: timedelta(days=90),
}
State = OutboxMessage.State


def due() -> QuerySet[OutboxMessage]:
    """Mails to send now, the longest due first: those that wait, and those whose sender fell silent."""
    waiting = Q(state=State.WAITING, available_at__lte=Now())
    return _mails().filter(waiting | _silent()).order_by("available_at", "pk")


def claim() -> list[OutboxMessage]:
    """Take what the next mail is made of: one urgent message, or all others of a recipient. Empty: nothing is due.

    Of several who want the same message, one gets it.
    """
    for _ in range(_RACES):
        first = due().first()
        if first is None:
            return []
        with transaction.atomic():
            held = [message for message in _together(first) if _take(message)]
        if held:
            return held
    return []


def deliver(most: int = _BATCH) -> bool:
    """Send up to `most` mails over one connection. Returns whether more may be due.

    A mail that the server refuses for good has failed; any other trouble is tried again, over about a day.
    """
    _give_up()
    if not settings.EMAIL_HOST:
        due().update(**_END, state=State.NO_SERVER, problem="")
        return False
    end = time.monotonic() + _BATCH_SECONDS
    with Mailer() as mailer:
        for _ in range(most):
            messages = claim()
            if not messages or not _send(mailer, messages):
                return False
            if time.monotonic() > end:
                break
    return True


def retry_delay(attempt: int) -> float:
    """Seconds until the next attempt: doubling, with up to half as much again at random."""
    return _FIRST_RETRY_SECONDS * 2 ** (attempt - 1) * random.uniform(1, 1.5)  # noqa: S311 - spreads load, guards nothing


def drop_old() -> int:
    """Drop what was sent, or not sent for want of a server, 30 days ago, and failed 90 days ago. Returns how many."""
    old = (OutboxMessage.objects.filter(state=state, finished_at__lt=Now() - age) for state, age in _KEPT.items())
    return sum(messages.delete()[0] for messages in old)


_END: dict[str, Any] = {"finished_at": Now(), "leased_until": None}


def _mails() -> QuerySet[OutboxMessage]:
    return OutboxMessage.objects.filter(channel=OutboxMessage.Channel.EMAIL)


def _silent() -> Q:
    return Q(state=State.SENDING, leased_until__lt=Now())


def _give_up() -> None:
    """A message that ended every process which was to send it has failed, or it would go on for ever."""
    gone = _mails().filter(_silent(), attempts__gte=MOST_ATTEMPTS)
    gone.update(**_END, state=State.FAILED, problem=f"The process that sent it died, {MOST_ATTEMPTS} times.")


def _together(first: OutboxMessage) -> Iterable[OutboxMessage]:
    if first.kind in URGENT:
        return [first]
    others = due().filter(recipient=first.recipient).exclude(kind__in=URGENT)
    return others.order_by("pk")[:_MOST_TOGETHER]  # In one order for all, so that two cannot wait for each other.


def _take(message: OutboxMessage) -> bool:
    free = due().filter(pk=message.pk, fence=message.fence)
    message.fence += 1
    message.attempts += 1
    taken = {"fence": message.fence, "attempts": message.attempts, "leased_until": Now() + _LEASE}
    return bool(free.update(state=State.SENDING, **taken))


def _send(mailer: Mailer, messages: list[OutboxMessage]) -> bool:
    """Send one mail and write down what became of it. Returns whether the server would take another one."""
    known = {"messages": [message.pk for message in messages], "kind": messages[0].kind}
    try:
        mailer.send(messages)
    except NotSentError as error:
        _return(messages, error)
        log.warning("mail-not-sent", **known, reason=str(error), again=error.retry, attempt=messages[0].attempts)
        return not error.stop
    _change((message, {**_END, "state": State.SENT, "problem": ""}) for message in messages)
    log.info("mail-sent", **known)
    return True


def _return(messages: list[OutboxMessage], error: NotSentError) -> None:
    """Back into the outbox for another attempt, or failed for good."""
    problem = {"problem": str(error)}
    wait = timedelta(seconds=retry_delay(max(message.attempts for message in messages)))
    later = {**problem, "state": State.WAITING, "leased_until": None, "available_at": Now() + wait}
    failed = {**problem, **_END, "state": State.FAILED}
    with transaction.atomic():
        again = [error.retry and message.attempts < MOST_ATTEMPTS for message in messages]
        _change((message, later if retry else failed) for message, retry in zip(messages, again, strict=True))
        if error.stop:  # A server that hangs must not hold a worker again and again.
            soon = _mails().filter(state=State.WAITING, available_at__lt=Now() + _REST)
            soon.update(available_at=Now() + _REST)


def _change(changes: Iterable[tuple[OutboxMessage, dict[str, Any]]]) -> None:
    """Write what became of held messages, all or none. One whose lease somebody else has by now stays as it is."""
    with transaction.atomic():
        for message, fields in changes:
            held = OutboxMessage.objects.filter(pk=message.pk, fence=message.fence, state=State.SENDING)
            if not held.update(**fields):
                log.warning("message-lost", message=message.pk, fence=message.fence)
