"""
One review as its page shows it: what is in the way, each item with its evidence, who signs, and what one may do.

    room(review, person, now)   # everything of the page, in a fixed number of queries; reads only

`reviews.rooms.entries` makes its items, `reviews.rooms.choices` says what the person may do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from itertools import groupby

from django.db.models import Prefetch, prefetch_related_objects

from reviews import charts
from reviews.models import AuditEvent, Condition, Review, Scan, SignOff, User
from reviews.outcomes import Outcome
from reviews.rooms import choices, docket
from reviews.rooms.entries import Entry, entries, with_everything
from reviews.signoff import authorship, casefile
from reviews.signoff.turns import Seen
from reviews.workflow.guards import Case
from reviews.workflow.quorum import Actor, filled
from reviews.workflow.states import ANSWERING, DECIDED, HELD, OPEN, Action, State

EVENTS = 20


@dataclass(frozen=True, slots=True)
class Area:
    """The items of one area."""

    name: str
    entries: tuple[Entry, ...]

    @property
    def done(self) -> int:
        """How many of them need nothing any more."""
        return sum(entry.done for entry in self.entries)


@dataclass(frozen=True, slots=True)
class Place:
    """One place of the quorum: the duty that it asks for, and the sign-off that fills it."""

    said: str
    sign_off: SignOff | None


@dataclass(frozen=True, slots=True)
class Change:
    """An agreed item whose evidence a later commit changes."""

    entry: Entry
    kind: str
    what: str


@dataclass(frozen=True)
class Room:
    """A review as one person sees it at one moment."""

    review: Review
    case: Case
    actor: Actor
    now: datetime
    entries: tuple[Entry, ...]
    conditions: tuple[Condition, ...]
    sign_offs: tuple[SignOff, ...]
    people: Mapping[int, User]
    strangers: Sequence[str]
    events: Sequence[AuditEvent]
    newer: Scan | None

    @property
    def state(self) -> State:
        """The state that is so now."""
        return self.case.state

    @property
    def badge(self) -> str:
        """The colour of the state."""
        return docket.badge(self.state)

    @property
    def seen(self) -> str:
        """What a decision on this page is taken on, for its forms."""
        return str(Seen.of(self.review))

    @property
    def frozen(self) -> bool:
        """Whether a scan has filled the review in."""
        return bool(self.entries)

    @property
    def today(self) -> date:
        """The day, in UTC."""
        return self.now.astimezone(UTC).date()

    @property
    def asking(self) -> bool:
        """Whether the team has not handed it to the reviewers, or has it back."""
        return self.state in ANSWERING

    @property
    def next_step(self) -> str:
        """Who has to do what next."""
        return docket.NEXT.get(self.state, "")

    @property
    def open(self) -> bool:
        """Whether it is still to be decided."""
        return self.state in OPEN

    @property
    def running(self) -> bool:
        """Whether an approval runs, its conditions with it."""
        return self.state in HELD

    @property
    def decided(self) -> bool:
        """Whether it was decided."""
        return self.state in DECIDED

    @property
    def may_answer(self) -> bool:
        """Whether this person may answer items now."""
        return self.state in ANSWERING and self.actor.rank >= Actor.ENGINEER

    @property
    def may_judge(self) -> bool:
        """Whether this person may give verdicts now."""
        return self.state is State.IN_REVIEW and self.reviews and not self.why_not_independent

    @property
    def may_edit_conditions(self) -> bool:
        """Whether this person may add and drop conditions now."""
        return self.may_answer or self.may_judge

    @property
    def may_move(self) -> bool:
        """Whether this person may move the review to another commit now."""
        found = choices.find(self.choices, Action.MOVE)
        return found is not None and found.allowed

    @property
    def may_reaffirm(self) -> bool:
        """Whether this person may reaffirm changed items now."""
        found = choices.find(self.choices, Action.REAFFIRM)
        return found is not None and found.allowed

    @property
    def authority(self) -> bool:
        """Whether this person may let a commit out without an approval."""
        return self.actor.has("authority")

    @property
    def more(self) -> bool:
        """Whether there is something to do that the bar itself does not show."""
        return self.authority or any(choice.place == "more" for choice in self.choices)

    @property
    def standing_conditions(self) -> tuple[Condition, ...]:
        """The conditions that nobody dropped."""
        return tuple(one for one in self.conditions if one.state != Condition.State.DROPPED)

    @property
    def reviews(self) -> bool:
        """Whether this person reviews for the team."""
        return self.actor.rank >= Actor.REVIEWER

    @property
    def why_not_independent(self) -> str:
        """Why this person does not count as a reviewer here."""
        return self.case.why_not_independent(self.actor)

    @cached_property
    def choices(self) -> tuple[choices.Choice, ...]:
        """What this person may do."""
        return choices.choices(self.case, self.actor)

    @property
    def why_not(self) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
        """What keeps the refused choices away."""
        return choices.why_not(self.choices)

    @property
    def still_open(self) -> tuple[str, ...]:
        """The places of the quorum that stay open after a sign-off of this person."""
        return choices.still_open(self.case, self.actor)

    @cached_property
    def blockers(self) -> tuple[Entry, ...]:
        """What is in the way of the next step, what the scan found first."""
        found = [entry for entry in self.entries if entry.in_the_way] if self.open else []
        return tuple(sorted(found, key=lambda entry: entry.case.asked))

    @cached_property
    def changed(self) -> tuple[Change, ...]:
        """Agreed items that a later commit changes."""
        by_ref = {entry.ref: entry for entry in self.entries}
        rows = casefile.changed(self.review) if self.case.changed else []
        return tuple(Change(by_ref[ref], kind, what) for ref, kind, what in rows if ref in by_ref)

    @property
    def areas(self) -> tuple[Area, ...]:
        """All items by area, in the order of the page."""
        return tuple(Area(name, tuple(part)) for name, part in groupby(self.entries, lambda one: one.item.area))

    @property
    def carried(self) -> int:
        """Answers of the last approval that wait to be confirmed."""
        return sum(entry.case.carried for entry in self.entries)

    @property
    def unseen(self) -> int:
        """Items that could not be told and wait to be acknowledged."""
        return sum(entry.unseen for entry in self.entries)

    @property
    def agreed(self) -> int:
        """Items that a reviewer agreed to."""
        return sum(entry.case.agreed for entry in self.entries)

    @property
    def places(self) -> tuple[Place, ...]:
        """The quorum, each place with the sign-off that fills it."""
        newest = {one.reviewer_id: one for one in self.sign_offs}
        taken = filled(self.case.slots, self.case.given)
        return tuple(Place(slot.said, newest.get(given.key) if given else None) for slot, given in taken)

    @property
    def outside(self) -> tuple[tuple[str, str], ...]:
        """Who is not counted, and why."""
        named = ((self.people[key].username, why) for key, why in self.case.outside.items() if key in self.people)
        return tuple(sorted(named))

    @property
    def counts(self) -> tuple[tuple[Outcome, int], ...]:
        """How many items have each outcome, the good first."""
        found = [entry.case.outcome for entry in self.entries]
        return tuple((one, found.count(one)) for one in _ORDER if one in found)

    @property
    def bar(self) -> tuple[charts.Part, ...]:
        """The outcomes as a bar."""
        parts = [("na" if one is Outcome.NOT_APPLICABLE else one.value, number) for one, number in self.counts]
        return charts.bar([(_FILLS.get(kind, kind), number) for kind, number in parts], len(self.entries))

    @property
    def words(self) -> str:
        """The bar as words."""
        return ", ".join(f"{number} {outcome.value.replace('-', ' ')}" for outcome, number in self.counts)


_ORDER = (
    Outcome.PASS,
    Outcome.WAIVED,
    Outcome.WARN,
    Outcome.FAIL,
    Outcome.ERROR,
    Outcome.UNKNOWN,
    Outcome.NOT_APPLICABLE,
)
_FILLS = {"error": "unknown"}


def room(review: Review, person: User, now: datetime) -> Room:
    """The review for a person at a moment. Read it with its repository, team and people, to save queries."""
    rows = Prefetch("items", with_everything())
    conditions_of = Prefetch("conditions", Condition.objects.select_related("owner", "verifier"))
    prefetch_related_objects([review], rows, conditions_of, "sign_offs__reviewer")
    case, conditions = casefile.case(review, now), tuple(review.conditions.all())
    return Room(
        review=review,
        case=case,
        actor=casefile.actor(person, review.repository.team),
        now=now,
        entries=entries(review, case, conditions, person),
        conditions=conditions,
        sign_offs=tuple(review.sign_offs.all()),
        people=User.objects.in_bulk(list(case.outside)),
        strangers=authorship.strangers(review),
        events=events(review),
        newer=_newer(review),
    )


def events(review: Review) -> Sequence[AuditEvent]:
    """The newest events about a review, the newest first."""
    about = AuditEvent.objects.filter(team=review.repository.team_id, subject=f"review:{review.pk}")
    return list(about.order_by("-seq")[:EVENTS])


def _newer(review: Review) -> Scan | None:
    """The newest finished scan of the repository, when it is of another commit."""
    newest = review.repository.latest_scan
    return newest if newest and review.commit and newest.commit != review.commit else None
