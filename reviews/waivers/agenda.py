"""
What ends soon and what waits for a decision: waivers, conditions and false positives of one person's teams.

    asked(person, wanted)      # requests that nobody decided yet, each with why this person cannot
    running(person, wanted)    # Entry after Entry, what ends first at the head; false positives only when wanted
    over(person, wanted)       # what ended, was declined, withdrawn or revoked in the last 30 days
    count(person)              # how many need this person or end within ten days
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse

from reviews import access
from reviews.models import Condition, Membership, Repository, User, Waiver
from reviews.signoff import casefile
from reviews.waivers.decisions import case, subject
from reviews.waivers.life import MOST_DAYS, WARN_DAYS, Action, State, may_decide, refusals
from reviews.workflow.quorum import Actor
from reviews.workflow.states import HELD
from scanners.finding import Severity

KINDS = {
    "": "Waivers and conditions",
    "waiver": "Waivers",
    "condition": "Conditions",
    "false-positive": "False positives",
}
SOON = max(WARN_DAYS)
RECENT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which part is looked at: a team by its slug, one of KINDS, and the day that counts."""

    today: date
    team: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of what runs. `key` never changes; `effect` is what its end does by itself."""

    key: str
    kind: str
    title: str
    note: str
    url: str
    repository: Repository
    answerable: str
    ends_on: date | None
    left: int
    waiver: int | None = None
    effect: str = ""
    version: int = 0
    at: Any = None

    @property
    def over(self) -> bool:
        """Whether its last day is over."""
        return self.left < 0

    @property
    def look(self) -> str:
        """How much it presses: over, soon, or nothing yet."""
        return "over" if self.over else "soon" if self.left <= SOON else ""

    @property
    def words(self) -> str:
        """How long it still runs."""
        days = f"{abs(self.left)} day{'' if abs(self.left) == 1 else 's'}"
        return f"{days} over" if self.over else f"{days} left" if self.left else "ends today"


@dataclass(frozen=True, slots=True)
class Request:
    """A request that waits, and the reasons why the person who looks at it cannot decide; none when they can."""

    waiver: Waiver
    title: str
    reasons: tuple[str, ...]
    today: date

    @property
    def would_end(self) -> str:
        """How long it would run."""
        if self.waiver.ends_on is None:
            return "no end date; until the code changes"
        days, severity = (self.waiver.ends_on - self.today).days, Severity(self.waiver.severity)
        most = f": the most for {severity}" if days == MOST_DAYS[severity] else ""
        return f"{days} day{'' if days == 1 else 's'}{most}" if days >= 0 else "its last day is over"


@dataclass(frozen=True, slots=True)
class Ended:
    """A waiver that came to its end."""

    waiver: Waiver

    @property
    def title(self) -> str:
        """What it was for."""
        return subject(self.waiver)

    @property
    def by_itself(self) -> bool:
        """Whether its last day is over; else somebody decided it."""
        return self.waiver.state in (State.APPROVED.value, State.ENDED.value)

    @property
    def became(self) -> str:
        """What became of it, and by whom."""
        return "ended" if self.by_itself else f"{self.waiver.state} by {self.waiver.decided_by}"

    @property
    def on(self) -> date:
        """The day of it."""
        if self.by_itself and self.waiver.ends_on:
            return self.waiver.ends_on
        return (self.waiver.decided_at or self.waiver.requested_at).date()


def waivers(person: User, wanted: Wanted) -> QuerySet[Waiver]:
    """The waivers and false positives that a person may see, with all that a list shows."""
    found = access.waivers(person).select_related("repository__team", "requested_by", "decided_by")
    found = found.filter(_team(wanted, "repository__team__slug"))
    kinds = {"waiver": [Waiver.Kind.WAIVER], "false-positive": [Waiver.Kind.FALSE_POSITIVE], "condition": []}
    return found.filter(kind__in=kinds.get(wanted.kind, Waiver.Kind.values))


def conditions(person: User, wanted: Wanted) -> QuerySet[Condition]:
    """The conditions of approvals that a person may see."""
    found = access.conditions(person).select_related("review__repository__team", "owner", "verifier")
    found = found.filter(_team(wanted, "review__repository__team__slug"))
    return found if wanted.kind in ("", "condition") else found.none()


def asked(person: User, wanted: Wanted) -> list[Request]:
    """What waits for a decision, the oldest first."""
    actors = _Actors(person)
    return [
        Request(
            waiver,
            subject(waiver),
            refusals(Action.APPROVE, case(waiver, wanted.today), actors.of(waiver)),
            wanted.today,
        )
        for waiver in waivers(person, wanted).filter(state=State.REQUESTED.value).order_by("pk")
    ]


def running(person: User, wanted: Wanted) -> list[Entry]:
    """What runs, by its last day."""
    held = waivers(person, wanted).filter(state=State.APPROVED.value)
    held = held.filter(ends_on=None) if wanted.kind == "false-positive" else held.filter(ends_on__gte=wanted.today)
    entries = [_of_waiver(waiver, wanted.today) for waiver in held]
    due = conditions(person, wanted).filter(state=Condition.State.OPEN, review__state__in=[one.value for one in HELD])
    entries += [_of_condition(condition, wanted.today) for condition in due]
    return sorted(entries, key=lambda entry: (entry.ends_on or date.max, entry.key))


def over(person: User, wanted: Wanted) -> list[Ended]:
    """What came to its end in the last 30 days, the newest first."""
    since = wanted.today - RECENT
    begin = datetime.combine(since, time.min, UTC)
    decided = (State.DECLINED.value, State.WITHDRAWN.value, State.REVOKED.value)
    ended = Q(state__in=[State.APPROVED.value, State.ENDED.value], ends_on__lt=wanted.today, ends_on__gte=since)
    found = waivers(person, wanted).filter(ended | Q(state__in=decided, decided_at__gte=begin))
    return sorted(map(Ended, found), key=lambda one: (one.on, one.waiver.pk), reverse=True)


def count(person: User, today: date) -> int:
    """How many need this person, or end within ten days in a team of theirs. Two queries."""
    soon = today + timedelta(days=SOON)
    of_mine = Q(repository__team__memberships__user=person)
    ends = Q(state=State.APPROVED.value, ends_on__gte=today, ends_on__lte=soon)
    role, duties = "repository__team__memberships__role", "repository__team__memberships__duties"
    rows = Waiver.objects.filter(of_mine, ends | Q(state=State.REQUESTED.value)).values_list(
        "state", "severity", "requested_by", role, duties
    )
    ranks = list(Membership.Role.values)
    found = 0
    for state, severity, by, role, duties in rows:
        actor = Actor(person.pk, ranks.index(role), frozenset(duties))
        found += state == State.APPROVED.value or (by != person.pk and may_decide(Severity(severity), actor))
    due = Condition.objects.filter(state=Condition.State.OPEN, due_on__lte=soon)
    held = due.filter(review__state__in=[one.value for one in HELD], review__repository__team__memberships__user=person)
    return found + held.count()


class _Actors:
    """The roles of one person, read once for each team."""

    def __init__(self, person: User) -> None:
        self._person = person
        self._known: dict[int, Actor] = {}

    def of(self, waiver: Waiver) -> Actor:
        """As whom they act on a waiver."""
        team = waiver.repository.team
        if team.pk not in self._known:
            self._known[team.pk] = casefile.actor(self._person, team)
        return self._known[team.pk]


def _team(wanted: Wanted, field: str) -> Q:
    return Q(**{field: wanted.team}) if wanted.team else Q()


def _of_waiver(waiver: Waiver, today: date) -> Entry:
    approved = f", approved by {waiver.decided_by}" if waiver.decided_by else ""
    return Entry(
        key=f"waiver-{waiver.pk}",
        kind=waiver.get_kind_display(),
        title=subject(waiver),
        note=waiver.justification,
        url=reverse("waiver", args=[waiver.pk]),
        repository=waiver.repository,
        answerable=f"{waiver.requested_by}{approved}",
        ends_on=waiver.ends_on,
        left=((waiver.ends_on or today) - today).days,
        waiver=waiver.pk,
        version=waiver.version,
        at=waiver.decided_at,
    )


def _of_condition(condition: Condition, today: date) -> Entry:
    review = condition.review
    return Entry(
        key=f"condition-{condition.pk}",
        kind="condition",
        title=condition.text,
        note=f"of the review of {review.title}",
        url=reverse("review", args=[review.pk]) + "#conditions",
        repository=review.repository,
        answerable=f"{condition.owner}; {condition.verifier} verifies",
        ends_on=condition.due_on,
        left=(condition.due_on - today).days,
        effect="approval is suspended",
        at=condition.added_at,
    )


def titles(entries: Iterable[Entry]) -> str:
    """What ends when, as a sentence for those who cannot see the line of days."""
    listed = list(entries)
    gone = sum(entry.over for entry in listed)
    soon = sum(entry.look == "soon" for entry in listed)
    return f"What ends when: {gone} over, {soon} within ten days, {len(listed) - gone - soon} later"
