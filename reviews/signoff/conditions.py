"""
7: conditions: what must be true by a date for an approval to stay valid.

The team proposes them with its answers, reviewers add or drop them while they review; with the approval they run.
Somebody other than the owner verifies them. One that is overdue suspends the approval; verifying it gives it back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.core.exceptions import ValidationError

from reviews.models import Condition, Membership, Review, User
from reviews.signoff import casefile
from reviews.signoff.opening import team_of, tell
from reviews.signoff.turns import Turn, turn
from reviews.workflow import guards as need
from reviews.workflow.items import NEVER_EXCUSED
from reviews.workflow.states import ANSWERING, HELD, Action, State

MOST_DAYS = 180


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody enters for a condition. Nothing in it is checked yet."""

    text: str
    refs: Sequence[str]
    owner: User
    verifier: User
    due_on: date
    method: str = Condition.Method.MANUAL


def add(review: Review, by: User, wish: Wish) -> Condition:
    """Attach a condition. Raises ValidationError by field, RefusedError."""
    with turn(review, by) as taken:
        _may_edit(taken)
        _check(taken, wish)
        condition = Condition.objects.create(
            review=taken.review,
            text=wish.text.strip(),
            refs=list(wish.refs),
            owner=wish.owner,
            verifier=wish.verifier,
            due_on=wish.due_on,
            method=wish.method,
            added_by=by,
        )
        casefile.seal(taken.review)
        due = wish.due_on.isoformat()
        taken.tell("condition-added", "added a condition to", condition=condition.pk, wish=wish.text, due_on=due)
    return condition


def drop(condition: Condition, by: User) -> None:
    """Take a condition away before the decision."""
    with turn(condition.review, by) as taken:
        _may_edit(taken)
        Condition.objects.filter(pk=condition.pk).update(state=Condition.State.DROPPED)
        casefile.seal(taken.review)
        taken.tell("condition-dropped", "dropped a condition of", condition=condition.pk, wish=condition.text)


def verify(condition: Condition, by: User, note: str) -> None:
    """Say that a condition is met, as the person named for it; an approval that it suspended is back."""
    with turn(condition.review, by) as taken:
        running = taken.case.state in HELD
        taken.need(running, Action.RESTORE, "The condition does not run: the review is not approved.")
        named = by.pk == condition.verifier_id
        taken.need(named, Action.RESTORE, f"{condition.verifier.username} is the one to verify this.")
        taken.need(bool(note.strip()), Action.RESTORE, "Say how you know that it is met.")
        open_ = Condition.objects.filter(pk=condition.pk, state=Condition.State.OPEN)
        done = open_.update(state=Condition.State.VERIFIED, verified_at=taken.now, verified_note=note.strip())
        taken.need(bool(done), Action.RESTORE, "The condition is not open any more.")
        taken.touch()
        taken.tell("condition-verified", "verified a condition of", condition=condition.pk, note=note)
        tell(taken, "condition-verified", team_of(taken), f"{by.username} verified: {condition.text}")
    restore(condition.review)


def restore(review: Review) -> None:
    """Give a suspended approval back when no condition is overdue any more."""
    with turn(review, None, stored=True) as taken:
        if taken.case.state is State.SUSPENDED and not taken.case.clock.overdue and not taken.case.clock.expired:
            taken.go(Action.RESTORE, "restored the approval of")


def _may_edit(taken: Turn) -> None:
    reviewing = taken.case.state is State.IN_REVIEW
    guards = (need.reviews, need.independent) if reviewing else (need.of_the_team,)
    taken.allow(Action.SUBMIT, (*ANSWERING, State.IN_REVIEW), *guards)


def _check(taken: Turn, wish: Wish) -> None:
    today, team = taken.now.date(), taken.review.repository.team
    known = set(taken.review.items.values_list("ref", flat=True))
    members = set(Membership.objects.filter(team=team, user__is_active=True).values_list("user", flat=True))
    faults = {
        "text": not wish.text.strip() and "Say what must be true.",
        "refs": _refs_fault(wish.refs, known),
        "owner": wish.owner.pk not in members and "The owner has to be a member of the team.",
        "verifier": (wish.verifier.pk not in members and "The verifier has to be a member of the team.")
        or (wish.verifier.pk == wish.owner.pk and "Somebody other than the owner has to verify it."),
        "due_on": not today <= wish.due_on <= today + timedelta(days=MOST_DAYS)
        and f"Choose a date from today to {MOST_DAYS} days ahead.",
        "method": wish.method not in Condition.Method.values and "Choose how it is verified.",
    }
    errors = {field: ValidationError(fault, code="condition") for field, fault in faults.items() if fault}
    if errors:
        raise ValidationError(errors)


def _refs_fault(refs: Sequence[str], known: set[str]) -> str:
    if not refs or set(refs) - known:
        return "Choose the items of this review that it stands for."
    never = [ref for ref in refs if ref in NEVER_EXCUSED]
    return f"No condition excuses {', '.join(never)}." if never else ""
