"""
The reviews there are, as lists show them, and those that wait for one person.

    waiting(person)             # {key of the review}: what they may claim, hold, could sign, reaffirm or have to change
    lines(reviews, mine, now)   # a Line for each: its state at this moment, and who it waits for
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone

from reviews import access
from reviews.models import Condition, Evidence, Membership, Review, ReviewItem, SignOff, User
from reviews.workflow.guards import Clock
from reviews.workflow.quorum import Account, Author
from reviews.workflow.states import DECIDED, HELD, OPEN, State
from reviews.workflow.transitions import effective

GROUPS = {"open": "open", "mine": "waiting for me", "decided": "decided", "all": "all"}
_REVIEWING = (Membership.Role.REVIEWER, Membership.Role.MAINTAINER)
_SIGNED = (SignOff.Decision.APPROVE, SignOff.Decision.CONDITIONS)
_BADGES = {
    State.APPROVED: "pass",
    State.APPROVED_WITH_CONDITIONS: "pass",
    State.CHANGES_REQUESTED: "warn",
    State.NEEDS_REAFFIRMATION: "warn",
    State.SCAN_FAILED: "fail",
    State.REJECTED: "fail",
    State.SUSPENDED: "fail",
    State.REVOKED: "fail",
    State.SCANNING: "info",
    State.SELF_ASSESSMENT: "info",
    State.SUBMITTED: "info",
    State.IN_REVIEW: "info",
}
NEXT = {
    State.DRAFT: "Somebody of the team starts it.",
    State.SCANNING: "The review goes on when the scan of its commit has ended.",
    State.SCAN_FAILED: "Somebody of the team looks at the scan and tries again.",
    State.SELF_ASSESSMENT: "The team answers what is open and submits it.",
    State.SUBMITTED: "It waits for a reviewer who is independent.",
    State.IN_REVIEW: "Its reviewers decide.",
    State.CHANGES_REQUESTED: "The team changes what was asked for and submits it again.",
    State.NEEDS_REAFFIRMATION: "A reviewer looks at what changed and reaffirms it.",
    State.SUSPENDED: "The overdue conditions have to be verified.",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One review in a list. `conditions` are those that nobody verified yet."""

    review: Review
    state: State
    conditions: int
    waits_for: str
    mine: bool

    @property
    def badge(self) -> str:
        """The colour of its state."""
        return badge(self.state)

    @property
    def runs(self) -> bool:
        """Whether its approval has an end ahead."""
        return self.state in HELD


def badge(state: State) -> str:
    """The colour of a state: pass, warn, fail, info, or nothing for what is over or has not begun."""
    return _BADGES.get(state, "")


def listed(reviews: QuerySet[Review]) -> QuerySet[Review]:
    """With everything that `lines` reads, in a fixed number of queries."""
    open_ = Condition.objects.filter(state=Condition.State.OPEN).select_related("verifier")
    people = ("claimed_by", "opened_by", "submitted_by")
    return reviews.select_related("repository__team", *people).prefetch_related(
        Prefetch("conditions", open_, to_attr="open_conditions")
    )


def in_group(reviews: QuerySet[Review], group: str, mine: Collection[int]) -> QuerySet[Review]:
    """Those of one of GROUPS."""
    if group == "mine":
        return reviews.filter(pk__in=mine)
    states = {"open": OPEN, "decided": DECIDED}.get(group, tuple(State))
    return reviews.filter(state__in=[state.value for state in states])


def lines(reviews: Iterable[Any], mine: Collection[int], now: datetime) -> list[Line]:
    """A line for each of the reviews that `listed` prepared."""
    return [_line(review, review.pk in mine, now) for review in reviews]


def _line(review: Any, mine: bool, now: datetime) -> Line:
    conditions: list[Condition] = review.open_conditions
    clock = Clock(now, review.valid_until, tuple(one.due_on for one in conditions))
    state = effective(State(review.state), clock)
    return Line(review, state, len(conditions), _waits_for(review, state, conditions, now), mine)


def _waits_for(review: Review, state: State, conditions: Iterable[Condition], now: datetime) -> str:
    team = review.submitted_by or review.opened_by
    overdue = sorted({one.verifier.username for one in conditions if one.due_on < now.date()})
    said = {
        State.SCANNING: "the scan",
        State.SUBMITTED: "a reviewer",
        State.IN_REVIEW: review.claimed_by.username if review.claimed_by else "a reviewer",
        State.NEEDS_REAFFIRMATION: "a reviewer",
        State.SUSPENDED: ", ".join(overdue),
    }
    if state in said:
        return said[state]
    return (team.username if team else "the team") if state in OPEN else ""


def waiting(person: User) -> set[int]:
    """The reviews that wait for a person, in two queries. Nothing waits for who is in no team."""
    reviewing = Membership.objects.filter(user=person, role__in=_REVIEWING).values("team")
    answered = ReviewItem.objects.filter(review=OuterRef("pk"), answered_by=person)
    attached = Evidence.objects.filter(item__review=OuterRef("pk"), added_by=person, removed_at=None)
    current = {name: OuterRef(name) for name in ("round", "commit", "evidence_digest")}
    signed = SignOff.objects.filter(review=OuterRef("pk"), reviewer=person, decision__in=_SIGNED, **current)
    signing = Q(state=State.IN_REVIEW) & ~Exists(signed)
    reaffirming = Q(state=State.NEEDS_REAFFIRMATION, valid_until__gt=timezone.now())
    outside = Q(submitted_by=person) | Q(opened_by=person) | Exists(answered) | Exists(attached)
    independent = Q(repository__team__in=reviewing) & ~outside
    mine = Q(state=State.CHANGES_REQUESTED, submitted_by=person) | (signing & Q(claimed_by=person))
    theirs = independent & (Q(state=State.SUBMITTED) | signing | reaffirming)
    rows = list(access.reviews(person).filter(mine | theirs).values_list("pk", "state", "authors"))
    account = _account(person) if any(authors for *_, authors in rows) else None
    return {key for key, state, authors in rows if state == State.CHANGES_REQUESTED or not _wrote(account, authors)}


def _account(person: User) -> Account:
    known = EmailAddress.objects.filter(user=person).values_list("email", flat=True)
    return Account(person.pk, person.username, person.get_full_name(), frozenset({person.email, *known}))


def _wrote(account: Account | None, authors: Iterable[Iterable[Any]]) -> bool:
    return account is not None and any(account.is_author(Author(name, email)) for name, email, *_ in authors)
