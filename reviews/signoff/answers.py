"""
7: what people say about the items of a review: answers by its team, verdicts and comments by reviewers.

Answers are open in self-assessment and after changes were asked for, and frozen otherwise. Every function is one turn,
raises RefusedError when it is not the time or not the person, and seals the review anew where a verdict may rest on it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import timezone

from reviews.models import Comment, ReviewItem, User, Verdict
from reviews.outcomes import Outcome
from reviews.signoff import casefile
from reviews.signoff.turns import ConflictError, Turn, turn
from reviews.workflow import guards as need
from reviews.workflow.states import ANSWERING, OPEN, Action, State

ANSWERS = (Outcome.PASS, Outcome.FAIL, Outcome.NOT_APPLICABLE)
_LONGEST = 4000


def answer(item: ReviewItem, by: User, value: str, rationale: str, *, digest: str | None = None) -> None:
    """Answer an asked item, or correct the answer.

    Raises ConflictError when the item is not `digest` any more, so that nobody overwrites an answer they never saw.
    """
    with answering(item, by) as taken:
        if digest not in (None, ReviewItem.objects.get(pk=item.pk).digest):
            raise ConflictError(taken.review)
        fine = item.asked and value in ANSWERS
        taken.need(fine, Action.SUBMIT, "Answer with pass, fail or not applicable; what the scan found stays.")
        taken.need(len(rationale) <= _LONGEST, Action.SUBMIT, f"Say it in {_LONGEST:,} characters, or attach a file.")
        ReviewItem.objects.filter(pk=item.pk).update(
            answer=value, rationale=rationale.strip(), answered_by=by, answered_at=timezone.now(), carried=False
        )
        taken.tell("item-answered", f"answered {item.ref} of", ref=item.ref, answer=value)


def confirm(item: ReviewItem, by: User) -> None:
    """Take over the answer of the last approval."""
    with answering(item, by) as taken:
        kept = ReviewItem.objects.filter(pk=item.pk, carried=True)
        kept.update(carried=False, answered_by=by, answered_at=timezone.now())
        taken.tell("item-confirmed", f"confirmed {item.ref} of", ref=item.ref)


def acknowledge(item: ReviewItem, by: User) -> None:
    """Say that one has seen that an item could not be told."""
    with answering(item, by) as taken:
        ReviewItem.objects.filter(pk=item.pk).update(acknowledged_by=by)
        taken.tell("item-acknowledged", f"acknowledged {item.ref} of", ref=item.ref)


def give_verdict(item: ReviewItem, by: User, value: str, digest: str) -> None:
    """Say as a reviewer what one thinks of an item. Raises ConflictError when its evidence is not `digest` any more."""
    with turn(item.review, by) as taken:
        taken.allow(Action.SIGN, (State.IN_REVIEW,), need.reviews, need.independent)
        taken.need(value in Verdict.Value.values, Action.SIGN, "Choose agree, must change or with a condition.")
        now = ReviewItem.objects.get(pk=item.pk)
        if now.digest != digest:
            raise ConflictError(taken.review)
        case = next(one for one in taken.case.items if one.ref == item.ref)
        agrees = value == Verdict.Value.AGREE and item.required
        taken.need(not (agrees and case.missing), Action.SIGN, f"{item.ref}: {case.missing}")
        Verdict.objects.create(item=item, reviewer=by, value=value, digest=digest)
        taken.touch()
        taken.tell("verdict-given", f"said {value!r} on {item.ref} of", ref=item.ref, value=value, digest=digest)


def comment(item: ReviewItem, by: User, text: str) -> None:
    """Say something about an item. Whoever sees the review may, until it is decided; no verdict rests on it."""
    with turn(item.review, by) as taken:
        taken.need(taken.case.state in OPEN, Action.SIGN, "The review is decided. Say it in the next one.")
        fine = bool(text.strip()) and len(text) <= _LONGEST
        taken.need(fine, Action.SIGN, f"Write something, in {_LONGEST:,} characters at most.")
        Comment.objects.create(item=item, author=by, text=text.strip())
        taken.tell("item-commented", f"commented on {item.ref} of", ref=item.ref)


@contextmanager
def answering(item: ReviewItem, by: User) -> Iterator[Turn]:
    """A turn of the team while answers are open; what it changes is sealed."""
    with turn(item.review, by) as taken:
        taken.allow(Action.SUBMIT, ANSWERING, need.of_the_team)
        yield taken
        casefile.seal(taken.review)
