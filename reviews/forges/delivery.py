"""
Who tells forges what the outbox holds for them.

Never twice: a status takes the place of its former one, and a comment that was made before its sender was killed is
found again by its mark. Of one topic one message is sent at a time, and only the newest. Trouble with one repository's
forge holds up nobody else.
"""

import time
from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from reviews.forges.calls import ALL_SECONDS
from reviews.forges.client import Client
from reviews.forges.clients import client
from reviews.forges.errors import ForgeError
from reviews.forges.messages import Comment, Status, read, tells
from reviews.models import Forge, OutboxMessage, PullRequest, Repository
from reviews.outbox import holding

log = structlog.get_logger(__name__)

MOST_ATTEMPTS = 14
_FIRST_RETRY_SECONDS = 8  # Doubling from here, with its random part, the last attempt comes after about a day.
_REST_SECONDS = 8
_BATCH, _BATCH_SECONDS = 50, 30
_RACES = 20
Channel, State = OutboxMessage.Channel, OutboxMessage.State


def due() -> QuerySet[OutboxMessage]:
    """What to tell now, the longest due first, without forges that rest."""
    rests = Q(repository__forge__rests_until__gt=Now())
    return holding.due(_ours()).exclude(rests)


def claim() -> OutboxMessage | None:
    """Take the next message, once nobody tells anything older of its topic. None: nothing is due.

    Older ones of its topic end here, superseded.
    """
    passed: list[int] = []
    for _ in range(_RACES):
        message = due().exclude(pk__in=passed).first()
        if message is None:
            return None
        with transaction.atomic():
            newest = _newest(message)
            if newest and holding.take(message, holding.due(_ours())):
                return message
        passed.append(message.pk)
    return None


def deliver(most: int = _BATCH, *, seconds: float = ALL_SECONDS) -> bool:
    """Tell forges up to `most` messages, each within so many seconds. Returns whether more may be due.

    What a forge refuses for good has failed; any other trouble is tried again, over about a day.
    """
    holding.give_up(_ours(), MOST_ATTEMPTS)
    end = time.monotonic() + _BATCH_SECONDS
    for _ in range(most):
        message = claim()
        if message is None:
            return False
        _tell(message, seconds)
        if time.monotonic() > end:
            break
    return True


def retry_delay(attempt: int) -> float:
    """Seconds until the next attempt."""
    return holding.doubling(_FIRST_RETRY_SECONDS, attempt)


def _ours() -> QuerySet[OutboxMessage]:
    return OutboxMessage.objects.filter(channel__in=(Channel.STATUS, Channel.COMMENT))


def _newest(message: OutboxMessage) -> bool:
    """Whether a message may be sent: it is the newest of its topic, nobody sends another, and older ones have ended."""
    topic = _ours().filter(repository=message.repository_id, topic=message.topic).exclude(pk=message.pk)
    over = {**holding.END, "state": State.SUPERSEDED}
    if topic.filter(pk__gt=message.pk).exclude(state=State.FAILED).exists():
        _ours().filter(pk=message.pk, fence=message.fence).filter(_free()).update(**over)
        return False
    topic.filter(_free(), pk__lt=message.pk).update(**over)
    return not topic.filter(state=State.SENDING).exists()


def _free() -> Q:
    return Q(state=State.WAITING) | holding.silent()


def _tell(message: OutboxMessage, seconds: float) -> None:
    """Tell one message and write down what became of it."""
    known = {"message": message.pk, "repository": message.repository_id, "kind": message.kind}
    assert message.repository
    if not tells(message.repository, message.channel):
        holding.change([(message, {**holding.END, "state": State.SUPERSEDED})])
        return
    try:
        name = _said(client(message.repository, seconds=seconds), message.repository, read(message))
    except ForgeError as problem:
        again = problem.retry and message.attempts < MOST_ATTEMPTS
        _return(message, problem, again=again)
        log.warning("forge-not-told", **known, code=problem.code, again=again, attempt=message.attempts)
        return
    with transaction.atomic():
        holding.change([(message, {**holding.END, "state": State.SENT, "problem": ""})])
        if name:
            PullRequest.objects.filter(repository=message.repository_id, number=message.data["number"]).update(
                comment=name
            )
    log.info("forge-told", **known)


def _said(teller: Client, repository: Repository, wanted: Status | Comment) -> str:
    """Tell the forge. Returns its name of the comment, empty for a status. Raises ForgeError."""
    if isinstance(wanted, Status):
        teller.set_status(wanted)
        return ""
    known = PullRequest.objects.filter(repository=repository, number=wanted.number)
    return teller.put_comment(wanted, known.values_list("comment", flat=True).first() or "")


def _return(message: OutboxMessage, problem: ForgeError, *, again: bool) -> None:
    """Back into the outbox for another attempt, or failed for good; and the forge rests if it is in trouble."""
    wait = max(retry_delay(message.attempts), problem.retry_after or 0)
    shown = f"{problem.shown} ({problem.code})"
    failed = {"problem": shown, **holding.END, "state": State.FAILED}
    with transaction.atomic():
        if problem.stop:
            rest = timedelta(seconds=problem.retry_after or _REST_SECONDS)
            Forge.objects.filter(repository=message.repository_id).update(rests_until=Now() + rest)
        holding.change([(message, holding.later(shown, wait) if again else failed)])
