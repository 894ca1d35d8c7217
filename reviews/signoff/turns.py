"""
One turn of a review: locked, checked against the workflow, and written by compare-and-set with its event.

    with turn(review, person, seen) as taken:
        taken.go(Action.CLAIM, "claimed the review", claimed_by=person)

`Seen` is what the page showed. If the review has changed since, the turn is refused as a conflict and changes nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from reviews.audit import trail
from reviews.models import Repository, Review, User
from reviews.signoff import casefile
from reviews.workflow.guards import Case, Guard
from reviews.workflow.quorum import Actor
from reviews.workflow.states import Action, State
from reviews.workflow.transitions import RefusedError, move


@dataclass(frozen=True, slots=True)
class Seen:
    """What a decision was taken on: the state, the commit, the evidence and the version that the page showed."""

    state: str
    commit: str
    evidence_digest: str
    version: int

    @classmethod
    def of(cls, review: Review) -> "Seen":
        """What a page that shows this review shows."""
        return cls(review.state, review.commit, review.evidence_digest, review.version)

    @classmethod
    def parse(cls, text: str) -> "Seen":
        """From the text that a form carries. Raises ValueError."""
        state, commit, digest, version = text.split(":")
        return cls(State(state), commit, digest, int(version))

    def __str__(self) -> str:
        return f"{self.state}:{self.commit}:{self.evidence_digest}:{self.version}"


class ConflictError(Exception):
    """Somebody else was first: the review is no longer what the page showed. Nothing was changed."""

    def __init__(self, review: Review) -> None:
        super().__init__("The review has changed since this page was opened. Read it again, then decide.")
        self.review = review


@dataclass(slots=True)
class Turn:
    """A locked review, the facts about it, and who acts."""

    review: Review
    person: User | None
    actor: Actor
    case: Case
    now: datetime

    def go(self, action: Action, text: str, **fields: Any) -> State:
        """Move on by an action, with other fields of the review. Raises RefusedError, ConflictError."""
        target = move(action, self.case, self.actor)
        review, before = self.review, Seen.of(self.review)
        same = Review.objects.filter(
            pk=review.pk, state=before.state, commit=before.commit, evidence_digest=before.evidence_digest
        )
        if not same.filter(version=before.version).update(state=target, version=F("version") + 1, **fields):
            raise ConflictError(review)
        review.refresh_from_db()
        self.tell(f"review-{_PAST[action]}", text, state=target.value, note=str(fields.get("note", "")))
        return target

    def tell(self, kind: str, text: str, **data: Any) -> None:
        """Write an event about the review into the audit log."""
        review = self.review
        who = self.person.username if self.person else trail.PLIMSOLL
        known = {"repository": review.repository_id, "commit": review.commit, "evidence": review.evidence_digest}
        sentence = f"{who} {text} {review.repository.name} {review.title}"
        trail.record(review.repository.team, self.person, kind, review, sentence, **known, round=review.round, **data)

    def touch(self) -> None:
        """Make every page that shows the review outdated, though the evidence stays as it is."""
        Review.objects.filter(pk=self.review.pk).update(version=F("version") + 1)
        self.review.version += 1

    def need(self, fine: bool, action: Action, reason: str) -> None:
        """Raise RefusedError unless `fine`."""
        if not fine:
            raise RefusedError(action, (reason,))

    def allow(self, action: Action, states: tuple[State, ...], *guards: Guard) -> None:
        """Raise RefusedError unless the review is in one of the states and no guard has a reason against it."""
        said = " or ".join(state.label for state in states)
        self.need(self.case.state in states, action, f"The review is {self.case.state.label}; this needs {said}.")
        reasons = tuple(reason for guard in guards for reason in guard(self.case, self.actor))
        if reasons:
            raise RefusedError(action, reasons)


@contextmanager
def turn(review: Review, person: User | None, seen: Seen | None = None, *, stored: bool = False) -> Iterator[Turn]:
    """Lock a review for one change, all of it in one transaction. Raises ConflictError when it is not as `seen`.

    The repository is locked first: turns of its reviews follow each other, so those that touch two cannot deadlock.
    """
    with transaction.atomic():
        repositories = Repository.objects.select_for_update(no_key=True, of=("self",)).select_related("team")
        repository = repositories.get(pk=review.repository_id)
        locked = Review.objects.select_for_update(no_key=True).get(pk=review.pk)
        locked.repository = repository
        if seen is not None and seen != Seen.of(locked):
            raise ConflictError(locked)
        now = timezone.now()
        facts = casefile.case(locked, now, stored=stored)
        yield Turn(locked, person, casefile.actor(person, repository.team), facts, now)


_PAST = {
    Action.START: "started",
    Action.SCANNED: "scanned",
    Action.SCAN_FAILS: "scan-failed",
    Action.RETRY: "started",
    Action.SUBMIT: "submitted",
    Action.CLAIM: "claimed",
    Action.RELEASE: "released",
    Action.REQUEST_CHANGES: "sent-back",
    Action.SIGN: "supported",
    Action.APPROVE: "approved",
    Action.APPROVE_WITH_CONDITIONS: "approved-with-conditions",
    Action.REJECT: "rejected",
    Action.MOVE: "moved",
    Action.WITHDRAW: "withdrawn",
    Action.CHANGE: "questioned",
    Action.REAFFIRM: "reaffirmed",
    Action.REAFFIRM_SOME: "reaffirmed-in-part",
    Action.SETTLE: "settled",
    Action.LAPSE: "lapsed",
    Action.EXPIRE: "expired",
    Action.SUSPEND: "suspended",
    Action.RESTORE: "restored",
    Action.REVOKE: "revoked",
    Action.SUPERSEDE: "superseded",
}
