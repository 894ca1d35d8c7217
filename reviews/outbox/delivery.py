"""Who delivers which mail of the outbox.

At least once: a process that is killed after the server took a mail and before the row says so leaves it to be sent
again, under the same Message-ID.
"""

import time
from collections.abc import Iterable
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from reviews.models import OutboxMessage
from reviews.outbox import holding
from reviews.outbox.mail import Mailer, NotSentError
from reviews.outbox.notify import URGENT

log = structlog.get_logger(__name__)

MOST_ATTEMPTS = 8
_FIRST_RETRY_SECONDS = 600  # Doubling from here, the eighth attempt comes after a day.
_REST = timedelta(seconds=60)
_BATCH, _BATCH_SECONDS = 50, 30
_MOST_TOGETHER = 50
_RACES = 5
State = OutboxMessage.State
_KEPT = {
    State.SENT: timedelta(days=30),
    State.NO_SERVER: timedelta(days=30),
    State.SUPERSEDED: timedelta(days=30),
    State.FAILED: timedelta(days=90),
}


def due() -> QuerySet[OutboxMessage]:
    """Mails to send now, the longest due first."""
    return holding.due(_mails())


def claim() -> list[OutboxMessage]:
    """Take what the next mail is made of: one urgent message, or all others of a recipient. Empty: nothing is due.

    Of several who want the same message, one gets it.
    """
    for _ in range(_RACES):
        first = due().first()
        if first is None:
            return []
        with transaction.atomic():
            held = [message for message in _together(first) if holding.take(message, due())]
        if held:
            return held
    return []


def deliver(most: int = _BATCH) -> bool:
    """Send up to `most` mails over one connection. Returns whether more may be due.

    A mail that the server refuses for good has failed; any other trouble is tried again, over about a day.
    """
    holding.give_up(_mails(), MOST_ATTEMPTS)
    if not settings.EMAIL_HOST:
        due().update(**holding.END, state=State.NO_SERVER, problem="")
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
    """Seconds until the next attempt."""
    return holding.doubling(_FIRST_RETRY_SECONDS, attempt)


def drop_old() -> int:
    """Drop what was sent or is not to be sent 30 days after that, and failed 90 days ago, in whichever channel.

    Returns how many.
    """
    old = (OutboxMessage.objects.filter(state=state, finished_at__lt=Now() - age) for state, age in _KEPT.items())
    return sum(messages.delete()[0] for messages in old)


def _mails() -> QuerySet[OutboxMessage]:
    return OutboxMessage.objects.filter(channel=OutboxMessage.Channel.EMAIL)


def _together(first: OutboxMessage) -> Iterable[OutboxMessage]:
    if first.kind in URGENT:
        return [first]
    others = due().filter(recipient=first.recipient).exclude(kind__in=URGENT)
    return others.order_by("pk")[:_MOST_TOGETHER]  # In one order for all, so that two cannot wait for each other.


def _send(mailer: Mailer, messages: list[OutboxMessage]) -> bool:
    """Send one mail and write down what became of it. Returns whether the server would take another one."""
    known = {"messages": [message.pk for message in messages], "kind": messages[0].kind}
    try:
        mailer.send(messages)
    except NotSentError as error:
        _return(messages, error)
        log.warning("mail-not-sent", **known, reason=str(error), again=error.retry, attempt=messages[0].attempts)
        return not error.stop
    holding.change((message, {**holding.END, "state": State.SENT, "problem": ""}) for message in messages)
    log.info("mail-sent", **known)
    return True


def _return(messages: list[OutboxMessage], error: NotSentError) -> None:
    """Back into the outbox for another attempt, or failed for good."""
    wait = retry_delay(max(message.attempts for message in messages))
    later = holding.later(str(error), wait)
    failed = {"problem": str(error), **holding.END, "state": State.FAILED}
    with transaction.atomic():
        again = [error.retry and message.attempts < MOST_ATTEMPTS for message in messages]
        holding.change((message, later if retry else failed) for message, retry in zip(messages, again, strict=True))
        if error.stop:  # A server that hangs must not hold a worker again and again.
            soon = _mails().filter(state=State.WAITING, available_at__lt=Now() + _REST)
            soon.update(available_at=Now() + _REST)
