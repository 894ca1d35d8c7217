"""What ends by itself: people are warned ahead, and the end is written down. Running it twice does no harm."""

from collections.abc import Iterable
from datetime import date, timedelta

from django.db import transaction
from django.urls import reverse

from reviews import recount, waived
from reviews.models import Condition, Repository, Waiver
from reviews.outbox import notify
from reviews.waivers.decisions import ConflictError, decide, locked, named, told
from reviews.waivers.life import WARN_DAYS, Action, RefusedError, State
from reviews.workflow.states import HELD


def tend(today: date | None = None) -> None:
    """Warn 10 and 2 days ahead, end what is over, and bring the stored scorecards to this day."""
    day = today or waived.today()
    for waiver in _soon(day):
        _warn(waiver, day)
    for condition in _due(day):
        _remind(condition, day)
    for waiver in Waiver.objects.filter(state=State.APPROVED.value, ends_on__lt=day):
        _end(waiver, day)
    for repository in Repository.objects.filter(latest_scan__card_until__lt=day):
        _recount(repository, day)


def _end(waiver: Waiver, day: date) -> None:
    try:
        decide(Action.END, waiver, None, today=day)
    except (ConflictError, RefusedError):  # another run was first
        return


def _recount(repository: Repository, day: date) -> None:
    with transaction.atomic():
        recount.refresh(locked(repository.pk), day)


def _soon(day: date) -> Iterable[Waiver]:
    running = Waiver.objects.filter(state=State.APPROVED.value, ends_on__gte=day)
    soon = running.filter(ends_on__lte=day + timedelta(days=max(WARN_DAYS)))
    return soon.select_related("repository__team", "requested_by", "decided_by")


def _warn(waiver: Waiver, day: date) -> None:
    left = ((waiver.ends_on or day) - day).days
    due = [ahead for ahead in WARN_DAYS if left <= ahead and ahead not in waiver.warned]
    if not due:
        return
    longer = waiver.extensions.filter(state=State.APPROVED.value, ends_on__gt=waiver.ends_on).exists()
    people = {person for person in (waiver.requested_by, waiver.decided_by) if person and not longer}
    with transaction.atomic():
        told(
            waiver,
            "waiver-ends",
            people,
            key=f"waiver-ends-{min(due)}",
            happened=f"{named(waiver)} ends {in_days(left)}.",
            next_step="Mend what it covers, or ask for another one. An extension is a new request.",
        )
        Waiver.objects.filter(pk=waiver.pk).update(warned=sorted({*waiver.warned, *due}, reverse=True))


def _due(day: date) -> Iterable[Condition]:
    running = Condition.objects.filter(state=Condition.State.OPEN, review__state__in=[state.value for state in HELD])
    soon = running.filter(due_on__gte=day, due_on__lte=day + timedelta(days=max(WARN_DAYS)))
    return soon.select_related("review__repository__team", "owner", "verifier")


def _remind(condition: Condition, day: date) -> None:
    left, review = (condition.due_on - day).days, condition.review
    due = [ahead for ahead in WARN_DAYS if left <= ahead and ahead not in condition.warned]
    if not due:
        return
    happened = f"A condition of {review.repository.name} {review.title} is due {in_days(left)}."
    body = notify.body(
        happened,
        path=reverse("waivers"),
        said=condition.text,
        next_step=f"{condition.owner} meets it, {condition.verifier} verifies it. Overdue, it suspends the approval.",
    )
    with transaction.atomic():
        notify.post(
            review.repository.team,
            "condition-due",
            {condition.owner, condition.verifier},
            key=f"condition-due-{min(due)}:{condition.pk}",
            subject=happened,
            body=body,
        )
        warned = sorted({*condition.warned, *due}, reverse=True)
        Condition.objects.filter(pk=condition.pk).update(warned=warned)


def in_days(left: int) -> str:
    """How long until the end of a day that is `left` days away."""
    return {0: "today", 1: "tomorrow"}.get(left, f"in {left} days")
