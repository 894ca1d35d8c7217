"""
What moves a waiver or a false positive on: approved, declined, withdrawn, revoked, ended; and who is told.

    decide(Action.APPROVE, waiver, by, version=3)    # Waiver; raises life.RefusedError, ConflictError

Each is one transaction: the repository is locked, the table in `reviews.waivers.life` asked, the row changed by
compare-and-set on state and version, the scorecard and the open reviews brought up to date, an event recorded and
people told.
`reviews.waivers.asking` makes the requests.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from reviews import recount, waived
from reviews.audit import trail
from reviews.models import Membership, Repository, Review, Team, User, Waiver
from reviews.outbox import notify
from reviews.signoff import casefile
from reviews.waivers.life import Action, Case, State, may_decide, move, transition
from reviews.workflow.states import ANSWERING
from reviews.workflow.states import State as ReviewState
from scanners.finding import Severity

_OPEN_REVIEWS = (*ANSWERING, ReviewState.SUBMITTED, ReviewState.IN_REVIEW)
_CHANGES_NUMBERS = (Action.APPROVE, Action.REVOKE, Action.END)


class ConflictError(Exception):
    """Somebody else was first: the waiver is no longer what the page showed. Nothing was changed."""

    def __init__(self, waiver: Waiver) -> None:
        super().__init__("It has changed since the page was opened. Read it again, then decide.")
        self.waiver = waiver


def case(waiver: Waiver, today: date) -> Case:
    """A waiver as the table sees it."""
    return Case(State(waiver.state), Severity(waiver.severity), waiver.requested_by_id, waiver.ends_on, today)


def decide(
    action: Action,
    waiver: Waiver,
    by: User | None,
    *,
    version: int | None = None,
    note: str = "",
    today: date | None = None,
) -> Waiver:
    """Do one transition; `by` None is Plimsoll itself, `version` what the page showed.

    Raises RefusedError when the table does not allow it, and ConflictError when somebody else was first.
    """
    today = today or waived.today()
    with transaction.atomic():
        repository = locked(waiver.repository_id)
        now = Waiver.objects.select_related("requested_by", "decided_by").get(pk=waiver.pk)
        now.repository = repository
        if version is not None and now.version != version:
            raise ConflictError(now)
        state = move(action, case(now, today), casefile.actor(by, repository.team))
        decision = {} if by is None else {"decided_by": by, "decided_at": timezone.now(), "decided_note": note}
        same = Waiver.objects.filter(pk=now.pk, state=now.state, version=now.version)
        if not same.update(state=state.value, version=F("version") + 1, **decision):
            raise ConflictError(now)
        now.refresh_from_db(fields=["state", "version", *decision])
        if action in _CHANGES_NUMBERS:
            bring_up_to_date(repository, today)
        past = transition(action).past
        record(now, by, f"waiver-{past}", f"{past} {named(now)[:1].lower()}{named(now)[1:]}", note=note)
        _tell(now, action, by, note)
    return now


def locked(repository: int) -> Repository:
    """The repository with its team, locked: all that changes its scorecard happens one after the other."""
    rows = Repository.objects.select_for_update(no_key=True, of=("self",)).select_related("team")
    return rows.get(pk=repository)


def bring_up_to_date(repository: Repository, today: date) -> None:
    """The newest scorecard, and what the verdicts of open reviews are about."""
    recount.refresh(repository, today)
    for review in Review.objects.filter(repository=repository, state__in=_OPEN_REVIEWS):
        casefile.seal(review)


def record(waiver: Waiver, by: User | None, kind: str, text: str, **data: object) -> None:
    """Write an event about a waiver into the audit log."""
    who = by.username if by else trail.PLIMSOLL
    known = {
        "repository": waiver.repository_id,
        "scope": waiver.scope,
        "rule": waiver.rule,
        "path": waiver.path,
        "item": waiver.item,
        "severity": waiver.severity,
        "cap": waiver.cap,
        "ends_on": waiver.ends_on.isoformat() if waiver.ends_on else "",
    }
    trail.record(waiver.repository.team, by, kind, waiver, f"{who} {text}", **known, **data)


def named(waiver: Waiver) -> str:
    """A waiver as a sentence begins with it."""
    end = f" until {waiver.ends_on:%-d %b %Y}" if waiver.ends_on else ""
    return f"The {waiver.get_kind_display()} for {subject(waiver)} in {waiver.repository.name}{end}"


def subject(waiver: Waiver) -> str:
    """What it is for: a rule, where below, or an item."""
    if waiver.scope == Waiver.Scope.ITEM:
        return f"item {waiver.item}"
    return f"{waiver.rule} below {waiver.path}" if waiver.scope == Waiver.Scope.RULE and waiver.path else waiver.rule


def deciders(waiver: Waiver) -> list[User]:
    """The people who may decide about a request."""
    team: Team = waiver.repository.team
    members = Membership.objects.filter(team=team, user__is_active=True).exclude(user=waiver.requested_by_id)
    severity = Severity(waiver.severity)
    people = [member.user for member in members.select_related("user")]
    return [person for person in people if may_decide(severity, casefile.actor(person, team))]


def told(waiver: Waiver, kind: str, people: Iterable[User], *, key: str, happened: str, **more: Any) -> None:
    """Put a message about a waiver into the outbox; the keywords are those of `notify.body`."""
    path = reverse("waiver", args=[waiver.pk])
    body = notify.body(happened, path=path, **more)
    notify.post(waiver.repository.team, kind, people, key=f"{key}:{waiver.pk}", subject=happened, body=body)


def _tell(waiver: Waiver, action: Action, by: User | None, note: str) -> None:
    """Tell who asked what became of it, unless they did it themselves; of an end also who approved."""
    people = {waiver.requested_by, *([waiver.decided_by] if action is Action.END and waiver.decided_by else [])} - {by}
    past = transition(action).past
    verb = "has ended" if action is Action.END else f"was {past}"
    next_step = _NEXT.get(action, "")
    happened = f"{named(waiver)} {verb}."
    kind = "waiver-ended" if action is Action.END else "waiver-decided"
    told(waiver, kind, people, key=f"waiver-{past}", happened=happened, by=by, said=note, next_step=next_step)


_NEXT = {
    Action.DECLINE: "Mend it, or ask again with what was missing.",
    Action.REVOKE: "Mend it: what it covered is open again.",
    Action.END: "Mend it, or ask again: what it covered is open again.",
}
