"""
What the reviews of a repository say about one commit. Pure.

    excused(reviews, Tier.A, now)                    # {"T3"}: items for which a condition of the approval stands
    says(reviews, Tier.A, needed=True, now=now)      # (Reason("review-approved", Verdict.PASS, "Review 3 ..."),)

A review covers the commit that it is about, any commit with the same files, and a later commit that was compared with
it item by item. Of several decided ones that cover a commit the newest decision counts. A changed item that nobody
reaffirmed turns tier A red, a reopened one tier B as well; tier C is only told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from reviews.checklist import Tier
from reviews.gate.verdicts import Reason, Verdict, day, ended, listed, minute
from reviews.workflow.guards import Clock
from reviews.workflow.items import NEVER_EXCUSED
from reviews.workflow.states import DECIDED, HELD, IN_FORCE, OPEN, State
from reviews.workflow.transitions import effective

S = State
ALLOWING = (*IN_FORCE, S.NEEDS_REAFFIRMATION)
RED = {
    Tier.A: ("reopened", "changed"),
    Tier.B: ("reopened",),
    Tier.C: (),
}


class How(StrEnum):
    """How a review is about a commit: the last two say that it does not cover it."""

    OWN = "own"
    SAME_FILES = "same-files"
    COMPARED = "compared"
    NOT_COMPARED = "not-compared"
    OTHER = "other"

    @property
    def covers(self) -> bool:
        """Whether the decision of the review counts for the commit."""
        return self in (How.OWN, How.SAME_FILES, How.COMPARED)


@dataclass(frozen=True, slots=True)
class Change:
    """What a later commit does to an item: its digest there, and `kind`, changed or reopened."""

    ref: str
    kind: str
    digest: str


@dataclass(frozen=True, slots=True)
class Reviewed:
    """One review as the gate sees it from a commit.

    `key` is that of its row, `commit` its own. `due_on` are the last days of conditions that nobody verified,
    `conditioned` the refs of the items for which conditions stand, verified or not,
    `reaffirmed` the digests by item of each reaffirming sign-off, `holder` who claimed it.
    """

    key: int
    number: int
    how: How
    state: State
    tier: Tier
    commit: str = ""
    decided_at: datetime | None = None
    valid_until: datetime | None = None
    due_on: tuple[date, ...] = ()
    conditioned: frozenset[str] = frozenset()
    changes: tuple[Change, ...] = ()
    reaffirmed: tuple[Mapping[str, str], ...] = ()
    holder: str = ""

    def at(self, now: datetime) -> State:
        """What is so at a moment, whether or not a job wrote it down."""
        return effective(self.state, Clock(now, self.valid_until, self.due_on))

    @property
    def order(self) -> tuple[datetime, int]:
        """The older decision first."""
        return self.decided_at or datetime.min.replace(tzinfo=UTC), self.number

    @property
    def left(self) -> tuple[Change, ...]:
        """The changes that nobody reaffirmed."""
        seen = {(ref, digest) for items in self.reaffirmed for ref, digest in items.items()}
        return tuple(change for change in self.changes if not change.digest or (change.ref, change.digest) not in seen)

    @property
    def ends(self) -> tuple[datetime, ...]:
        """The moments at which what it says may change by itself."""
        return (*([self.valid_until] if self.valid_until else []), *(ended(due) for due in self.due_on))


def says(reviews: Sequence[Reviewed], tier: Tier, *, needed: bool, now: datetime) -> tuple[Reason, ...]:
    """What the reviews answer, empty when none is needed and none covers the commit.

    `needed` says whether the team's policy asks for a review at this tier.
    """
    newest = _covering(reviews)
    waiting = [one for one in reviews if one.how is How.NOT_COMPARED and one.state in HELD]
    open_ = [one for one in reviews if one.how.covers and one.state in OPEN]
    if newest:
        return *_decided(newest, reviews, tier, now), *(_open(one, None) for one in open_)
    if waiting and (needed or tier is not Tier.C):
        return (_not_compared(max(waiting, key=lambda one: one.order), now),)
    if not needed:
        return ()
    return tuple(_open(one, Verdict.PENDING) for one in open_) or (_none(tier),)


def excused(reviews: Sequence[Reviewed], tier: Tier, now: datetime) -> frozenset[str]:
    """The refs of the items that may stand open: an approval in force has conditions for them."""
    newest = _covering(reviews)
    if newest is None or newest.at(now) not in ALLOWING or newest.tier > tier:
        return frozenset()
    return newest.conditioned.difference(NEVER_EXCUSED)


def _covering(reviews: Sequence[Reviewed]) -> Reviewed | None:
    decided = [one for one in reviews if one.how.covers and one.state in DECIDED]
    return max(decided, key=lambda one: one.order, default=None)


def _none(tier: Tier) -> Reason:
    text = f"Tier {tier} asks for an approved review, and none covers this commit."
    return Reason("review-needed", Verdict.FAIL, text, "Open a review of this commit.")


def _open(review: Reviewed, verdict: Verdict | None) -> Reason:
    said, then = _WAITS[review.state]
    holder = f" {review.holder} holds it." if review.holder and review.state is S.IN_REVIEW else ""
    text = f"Review {review.number} of this commit {said}.{holder}"
    return Reason("review-open", verdict, text, then, review=review.key)


_WAITS = {
    S.DRAFT: ("is a draft", "Somebody of the team starts it."),
    S.SCANNING: ("waits for its scan", "Wait for the scan to end."),
    S.SCAN_FAILED: ("could not be scanned", "Somebody of the team looks at the scan and tries again."),
    S.SELF_ASSESSMENT: ("is being answered", "The team answers what is open and submits it."),
    S.SUBMITTED: ("waits for a reviewer", "A reviewer of the team claims it."),
    S.IN_REVIEW: ("is in review", "Its reviewers decide."),
    S.CHANGES_REQUESTED: ("waits for changes that a reviewer asked for", "The team makes them and submits it again."),
}


def _not_compared(review: Reviewed, now: datetime) -> Reason:
    state = review.at(now)
    if state not in ALLOWING:
        return _ended(review, state, ())
    text = f"This commit has not been compared with review {review.number} yet."
    then = "Wait; if it stays so, scan the commit again."
    return Reason("not-compared", Verdict.PENDING, text, then, review=review.key)


def _decided(review: Reviewed, reviews: Sequence[Reviewed], tier: Tier, now: datetime) -> tuple[Reason, ...]:
    state = review.at(now)
    if state not in ALLOWING:
        return (_ended(review, state, [one for one in reviews if one.at(now) in HELD and one.order > review.order]),)
    found = [_approves(review)]
    if review.tier > tier:
        text = f"Review {review.number} was held for tier {review.tier}; the repository is tier {tier} now."
        then = "Open a review of this commit."
        found.append(Reason("review-lower-tier", Verdict.STALE, text, then, review=review.key))
    if review.how is How.COMPARED:
        found += _changes(review, tier)
    return tuple(found)


def _approves(review: Reviewed) -> Reason:
    said = {
        How.OWN: "approves this commit",
        How.SAME_FILES: f"approves {review.commit[:7]}, which has the same files",
        How.COMPARED: f"approves {review.commit[:7]}, and this commit was compared with it item by item",
    }[review.how]
    until = f", until {minute(review.valid_until)}" if review.valid_until else ""
    if not review.due_on:
        return Reason("review-approved", Verdict.PASS, f"Review {review.number} {said}{until}.", review=review.key)
    number = f"{len(review.due_on)} conditions are" if len(review.due_on) > 1 else "1 condition is"
    text = f"Review {review.number} {said}{until}; {number} still to be met."
    then = f"Have it verified by the end of {day(min(review.due_on))}, or the approval is suspended."
    return Reason("review-conditions", Verdict.CONDITIONS, text, then, review=review.key)


def _changes(review: Reviewed, tier: Tier) -> list[Reason]:
    found = []
    for kind in RED[Tier.A]:
        left = [change for change in review.left if (change.kind == "reopened") == (kind == "reopened")]
        if left:
            refs = tuple(change.ref for change in left)
            text = f"{kind.capitalize()} since review {review.number} and not reaffirmed: {listed(refs)}."
            verdict = Verdict.FAIL if kind in RED[tier] else None
            then = "A reviewer looks at what changed and reaffirms it."
            found.append(Reason(f"items-{kind}", verdict, text, then, review=review.key, items=refs))
    return found


def _ended(review: Reviewed, state: State, newer: Sequence[Reviewed]) -> Reason:
    verdict, said, then = _ENDS[state]
    if state is S.SUPERSEDED and newer:
        latest = max(newer, key=lambda one: one.order)
        of = f" of {latest.commit[:7]}" if latest.commit else ""
        said, then = (
            f"is superseded by review {latest.number}{of}",
            f"Ask for that commit, or {then[0].lower()}{then[1:]}",
        )
    if state is S.EXPIRED and review.valid_until:
        said = f"was valid until {minute(review.valid_until)}"
    if state is S.SUSPENDED and review.due_on:
        said = f"is suspended: a condition was to be met by {day(min(review.due_on))}"
    return Reason(f"review-{state}", verdict, f"Review {review.number} {said}.", then, review=review.key)


_AGAIN = "Open a review of this commit."
_ENDS = {
    S.REJECTED: (
        Verdict.FAIL,
        "rejected the release",
        "Mend what it names and open a review of the new commit.",
    ),
    S.REVOKED: (Verdict.FAIL, "was revoked", _AGAIN),
    S.SUSPENDED: (Verdict.FAIL, "is suspended: a condition is overdue", "Have the overdue conditions verified."),
    S.EXPIRED: (Verdict.STALE, "has expired", _AGAIN),
    S.STALE: (Verdict.STALE, "is stale: its commit is no longer part of the branch", _AGAIN),
    S.SUPERSEDED: (Verdict.STALE, "is superseded by a newer one", _AGAIN),
}
