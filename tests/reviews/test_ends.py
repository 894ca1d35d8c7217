"""What goes on with reviews by itself: they follow their scans, and time ends approvals."""

from datetime import timedelta

import pytest
from django.utils import timezone

from reviews import tasks
from reviews.models import AuditEvent, Condition, Review
from reviews.signoff import deciding
from reviews.workflow.states import HELD, State
from tests.reviews.review_places import condition_of
from tests.reviews.reviewing import cast_of, review_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(team):
    return cast_of(team)


def ended(review) -> Review:
    """The same with a validity that is just over."""
    Review.objects.filter(pk=review.pk).update(valid_until=timezone.now())
    return review


def overdue(review, by) -> Review:
    """The same with a condition whose last day was yesterday."""
    condition_of(review, by)
    Condition.objects.filter(review=review).update(due_on=timezone.now().date() - timedelta(days=1))
    return review


def state_of(review) -> str:
    review.refresh_from_db()
    return review.state


@pytest.mark.parametrize("state", HELD)
def test_an_approval_whose_validity_is_over_is_written_down_as_expired(team, cast, state):
    review = ended(review_in(state, team, cast.submitter))
    assert deciding.draw_due(timezone.now()) == 1
    assert state_of(review) == State.EXPIRED
    assert AuditEvent.objects.get().kind == "review-expired"


def test_an_overdue_condition_is_written_down_as_a_suspension(team, cast):
    review = overdue(review_in(State.APPROVED_WITH_CONDITIONS, team, cast.submitter), cast.submitter)
    deciding.draw_due(timezone.now())
    assert state_of(review) == State.SUSPENDED


def test_what_is_written_down_is_not_looked_at_again(team, cast):
    ended(review_in(State.APPROVED, team, cast.submitter))
    overdue(review_in(State.APPROVED, team, cast.submitter), cast.submitter)
    assert deciding.draw_due(timezone.now()) == 2
    assert deciding.draw_due(timezone.now()) == 0


def test_what_time_has_not_overtaken_stays(team, cast):
    running = review_in(State.APPROVED_WITH_CONDITIONS, team, cast.submitter)
    condition_of(running, cast.submitter)
    met = overdue(review_in(State.APPROVED_WITH_CONDITIONS, team, cast.submitter), cast.submitter)
    Condition.objects.filter(review=met).update(state=Condition.State.VERIFIED)
    open_ = overdue(review_in(State.IN_REVIEW, team, cast.submitter), cast.submitter)
    assert deciding.draw_due(timezone.now()) == 0
    assert [state_of(one) for one in (running, met, open_)] == [
        State.APPROVED_WITH_CONDITIONS,
        State.APPROVED_WITH_CONDITIONS,
        State.IN_REVIEW,
    ]


def test_the_tick_moves_reviews_on_and_ends_approvals(team, cast):
    scanning = review_in(State.SCANNING, team, cast.submitter)
    review = ended(review_in(State.APPROVED, team, cast.submitter))
    tasks.review_ends()
    assert state_of(scanning) == State.SELF_ASSESSMENT
    assert state_of(review) == State.EXPIRED
