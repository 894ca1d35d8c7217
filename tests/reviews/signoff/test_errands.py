"""Who reads for a review: one worker at a time, and again later after a failure."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from reviews.models import Review, Team, User
from reviews.signoff import errands
from reviews.workflow.states import State
from tests.reviews.readings import fresh
from tests.reviews.reviewing import review_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def review(team: Team, teammate: User) -> Review:
    return review_in(State.SELF_ASSESSMENT, team, teammate)


def wait_of(review: Review) -> timedelta:
    return fresh(review).errand_at - timezone.now()


def test_one_of_many_workers_gets_it(review: Review) -> None:
    taken = []

    def work() -> None:
        taken.append(errands.take(Review.objects.all()))
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.pk for one in taken if one) == [review.pk]


def test_failures_wait_longer_up_to_an_hour(review: Review) -> None:
    waits = []
    for _ in range(14):
        Review.objects.update(errand_at=timezone.now() - timedelta(seconds=1))
        held = errands.take(Review.objects.all())
        errands.give_back(held, done=False)
        waits.append(wait_of(review))
    assert timedelta(seconds=10) < waits[0] < timedelta(seconds=30)
    assert waits[0] < waits[2] < waits[4]
    assert timedelta(minutes=55) < waits[-1] <= timedelta(hours=1)


def test_success_leaves_nothing_to_wait_for(review: Review) -> None:
    errands.give_back(errands.take(Review.objects.all()), done=True)
    assert (fresh(review).errand_attempts, errands.free(Review.objects.all()).count()) == (0, 1)


def test_asking_ends_a_wait(review: Review) -> None:
    errands.give_back(errands.take(Review.objects.all()), done=False)
    assert errands.take(Review.objects.all()) is None
    errands.ask(review)
    assert errands.take(Review.objects.all()) == review


def test_what_was_asked_for_meanwhile_is_not_put_off_by_a_failure(review: Review) -> None:
    held = errands.take(Review.objects.all())
    errands.ask(review)
    errands.give_back(held, done=False)
    assert errands.take(Review.objects.all()) == review


def test_a_pulse_keeps_it_held(review: Review, settings) -> None:
    settings.HEARTBEAT_SECONDS = 0
    held = errands.take(Review.objects.all())
    Review.objects.update(errand_at=timezone.now() - timedelta(seconds=1))
    errands.pulse(held)()
    assert wait_of(review) > timedelta(seconds=settings.LEASE_SECONDS - 10)
