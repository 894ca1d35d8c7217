"""
The gate's answer as a commit status at the forge, told again whenever it changes.

    tell_due(timezone.now())      # after scans and by a tick; of any number of callers one writes

Level-triggered: what was told last stands with the forge, so nothing is lost with a message, and a change that ends in
the same answer is told nobody. Only the newest scanned commit of the branch has a status that follows its answer.
"""

from datetime import datetime
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import BigIntegerField, CharField, Max, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.urls import reverse
from django.utils.dateparse import parse_datetime

from reviews.forges import messages
from reviews.forges.messages import State, Status
from reviews.gate import gating
from reviews.gate.answering import Answer
from reviews.gate.verdicts import Verdict
from reviews.models import AuditEvent, Forge, Repository

log = structlog.get_logger(__name__)

STATES = {
    Verdict.PASS: State.SUCCESS,
    Verdict.CONDITIONS: State.SUCCESS,
    Verdict.PENDING: State.PENDING,
    Verdict.FAIL: State.FAILURE,
    Verdict.STALE: State.FAILURE,
    Verdict.UNKNOWN: State.ERROR,
}


def tell_due(now: datetime) -> int:
    """Put a status into the outbox for each repository whose gate answers something else now. Returns how many.

    Looked at are those with a new scan, those whose team did something since, and those whose answer has expired.
    """
    rows = _rested().values_list("pk", "told", "told_through", "rests", "repository__team")
    newest = dict(AuditEvent.objects.order_by().values_list("team_id").annotate(Max("seq"))) if rows else {}
    due = [
        pk
        for pk, told, through, rests, team in rows
        if told.get("rests") != rests or newest.get(team, 0) > through or _expired(told, now)
    ]
    return sum(_tell(pk, now) for pk in due)


def status(repository: Repository, answer: Answer) -> Status:
    """The status that tells a forge of an answer: its deciding reason, and where all of them stand."""
    place = reverse("repository-gate", args=[repository.team.slug, repository.slug])
    url = f"{settings.BASE_URL}{place}?commit={answer.commit}"
    return Status(answer.commit, STATES[answer.verdict], answer.reasons[0].text, url)


def _tell(pk: int, now: datetime) -> bool:
    """Whether the answer is another one than was told; what it rests on is noted either way."""
    with transaction.atomic():
        if not Forge.objects.select_for_update(of=("self",)).filter(pk=pk).exists():
            return False
        forge = _rested().filter(pk=pk).first()
        if forge is None:
            return False
        repository = Repository.objects.select_related("team", "latest_scan").get(pk=forge.repository_id)
        # Read before the answer: what comes meanwhile is looked at the next time.
        seen = AuditEvent.objects.filter(team=repository.team_id).aggregate(newest=Max("seq"))["newest"] or 0
        answer = gating.answer(repository, repository.latest_scan.commit if repository.latest_scan else "", now)
        wanted = status(repository, answer)
        said = {"commit": wanted.commit, "state": wanted.state.value, "text": wanted.text}
        is_new = said != {name: forge.told.get(name) for name in said}
        if is_new:
            messages.status(repository, wanted)
            log.info("status-told", repository=repository.pk, commit=wanted.commit, state=said["state"])
        expires = answer.expires.isoformat() if answer.expires else ""
        Forge.objects.filter(pk=pk).update(told=said | {"rests": forge.rests, "expires": expires}, told_through=seen)
    return is_new


def _rested() -> QuerySet[Any, Any]:
    """The forges that are told statuses. `rests`: the newest scan, and the newest comparison with an approved review.

    Both are made without an event in the audit log.
    """
    told = Forge.objects.filter(posts_statuses=True, repository__latest_scan__isnull=False)
    compared = Max("repository__reviews__commits", default=0, output_field=BigIntegerField())
    rests = Concat(Cast("repository__latest_scan", CharField()), Value("-"), Cast(compared, CharField()))
    return told.exclude(repository__provider="").annotate(rests=rests)


def _expired(told: dict[str, str], now: datetime) -> bool:
    expires = parse_datetime(told.get("expires") or "")
    return expires is not None and expires <= now
