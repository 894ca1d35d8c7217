"""Decisions at the same moment: one wins, the others are told, and nothing is half done. `--rounds` repeats them."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from reviews.models import AuditEvent, Review, SignOff
from reviews.signoff import deciding, opening
from reviews.signoff.turns import ConflictError, Seen
from reviews.workflow.states import State
from tests.reviews.reviewing import LATER, Cast, agreed, cast_of, review_in

pytestmark = pytest.mark.django_db(transaction=True)

Play = Callable[[Review, Seen], object]


@pytest.fixture
def rounds(pytestconfig: pytest.Config) -> int:
    return int(pytestconfig.option.rounds)


@pytest.fixture
def people(team) -> Cast:
    return cast_of(team)


@pytest.fixture
def review(team, people) -> Review:
    """In review, agreed to: one signature decides."""
    made = review_in(State.IN_REVIEW, team, people.submitter, tier="C", claimed_by=people.lead)
    agreed(made, people.lead)
    return made


@pytest.fixture
def plays(people) -> tuple[Play, ...]:
    """What four people do at the same moment."""
    return (
        lambda review, seen: deciding.sign(review, people.security, seen, "approve"),
        lambda review, seen: deciding.sign(review, people.third, seen, "approve"),
        lambda review, seen: deciding.reject(review, people.lead, seen, "Not without the patch."),
        lambda review, seen: opening.move_to(review, people.submitter, seen, LATER),
    )


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Four people at four keyboards, whose connections are closed at the end."""
    with ThreadPoolExecutor(4) as threads:
        yield threads
        barrier = Barrier(4)
        list(threads.map(lambda _: (barrier.wait(30), connection.close()), range(4)))


def outcome(play: Play, review: Review, seen: Seen, barrier: Barrier) -> str:
    barrier.wait(30)
    try:
        play(review, seen)
    except ConflictError:
        return "conflict"
    return "won"


def reset(review: Review) -> None:
    """Everything as before the decision, but the version, the log and the sign-offs that stand for ever."""
    Review.objects.filter(pk=review.pk).update(
        state=State.IN_REVIEW, wanted_commit="", decided_at=None, valid_until=None, round=review.round + 1
    )
    review.refresh_from_db()


def played(plays: tuple[Play, ...], pool: ThreadPoolExecutor, review: Review) -> list[str]:
    """All of them at the same moment, on the same page; what became of each, in order."""
    seen, barrier = Seen.of(review), Barrier(len(plays))
    results = pool.map(lambda play: outcome(play, review, seen, barrier), plays)
    return sorted(results)


def test_of_four_decisions_at_once_exactly_one_wins(review, plays, pool, rounds):
    won = []
    for number in range(rounds):
        signed, told = SignOff.objects.count(), AuditEvent.objects.count()
        results = played(plays[number % 4 :] + plays[: number % 4], pool, review)
        review.refresh_from_db()
        moved = review.state == State.SCANNING
        won.append((results, SignOff.objects.count() - signed + moved, AuditEvent.objects.count() > told))
        reset(review)
    assert set(map(repr, won)) == {repr((["conflict"] * 3 + ["won"], 1, True))}


def test_nothing_is_approved_on_a_commit_that_the_review_has_left(review, people, pool, rounds):
    plays = (
        lambda one, seen: deciding.sign(one, people.security, seen, "approve"),
        lambda one, seen: opening.move_to(one, people.submitter, seen, LATER),
    )
    ended = set()
    for _ in range(rounds):
        played(plays, pool, review)
        review.refresh_from_db()
        ended.add((review.state, review.wanted_commit))
        reset(review)
    assert ended <= {("approved", ""), ("scanning", LATER)}
