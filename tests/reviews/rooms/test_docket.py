"""Which reviews wait for whom."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from reviews.models import Condition, Evidence, Review, SignOff
from reviews.rooms import docket
from reviews.workflow.states import State
from tests.factories import UserFactory
from tests.reviews.review_places import condition_of
from tests.reviews.reviewing import cast_of, person, review_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(team):
    return cast_of(team)


def waits_for(review, who) -> bool:
    return review.pk in docket.waiting(who)


@pytest.mark.parametrize(
    ("state", "waiting"),
    [
        (State.SELF_ASSESSMENT, set()),
        (State.SUBMITTED, {"lead", "security", "third", "authority"}),
        (State.IN_REVIEW, {"lead", "security", "third", "authority"}),
        (State.CHANGES_REQUESTED, {"submitter"}),
        (State.NEEDS_REAFFIRMATION, {"lead", "security", "third", "authority"}),
        (State.APPROVED, set()),
        (State.WITHDRAWN, set()),
    ],
)
def test_a_review_waits_for_those_who_can_do_something(team, cast, state, waiting):
    review = review_in(state, team, cast.submitter, claimed_by=cast.lead)
    people = ("submitter", "lead", "security", "third", "authority")
    assert {name for name in people if waits_for(review, getattr(cast, name))} == waiting


def test_nothing_waits_for_those_who_only_read(team, cast, stranger, admin):
    review = review_in(State.SUBMITTED, team, cast.submitter)
    for who in (person(team, "reader", "viewer"), person(team, "coder", "engineer"), stranger, admin):
        assert not waits_for(review, who)


def test_nothing_waits_for_who_is_not_independent(team, cast):
    review = review_in(State.SUBMITTED, team, cast.submitter, opened_by=cast.lead)
    item = review.items.get(ref="Q10")
    item.answered_by = cast.security
    item.save()
    Evidence.objects.create(item=item, kind="note", text="x", added_by=cast.third)
    waiting = [who for who in cast.reviewers if waits_for(review, who)]
    assert waiting == [cast.authority]


@pytest.mark.parametrize("known", ["person@work.example", "person@home.example"])
def test_nothing_waits_for_who_wrote_a_commit(team, cast, known):
    author = person(team, "coder", "reviewer")
    author.email = "person@work.example"
    author.save()
    EmailAddress.objects.create(user=author, email="person@home.example")
    review = review_in(State.SUBMITTED, team, cast.submitter, authors=[["Anybody", known, 3]])
    assert not waits_for(review, author)
    assert waits_for(review, cast.lead)


def test_who_signed_waits_until_the_evidence_changes(team, cast):
    review = review_in(State.IN_REVIEW, team, cast.submitter, claimed_by=cast.lead)
    bound = {"commit": review.commit, "tree": review.tree, "rule_set": "r", "evidence_digest": review.evidence_digest}
    SignOff.objects.create(review=review, reviewer=cast.lead, decision="approve", round=1, **bound)
    assert not waits_for(review, cast.lead)
    Review.objects.update(evidence_digest="other")
    assert waits_for(review, cast.lead)


def test_an_expired_approval_waits_for_nobody(team, cast):
    over = timezone.now() - timedelta(minutes=1)
    review = review_in(State.NEEDS_REAFFIRMATION, team, cast.submitter, valid_until=over)
    assert not waits_for(review, cast.lead)


def test_it_takes_two_queries_however_many_wait(team, cast):
    for number in range(4):
        review_in(State.SUBMITTED, team, cast.submitter, authors=[["A", f"{number}@example.org", 1]])
    with CaptureQueriesContext(connection) as queries:
        assert len(docket.waiting(cast.lead)) == 4
    assert len(queries) == 2


@pytest.mark.parametrize(
    ("state", "fields", "said"),
    [
        (State.DRAFT, {}, "submitter"),
        (State.DRAFT, {"opened_by": None, "submitted_by": None}, "the team"),
        (State.SCANNING, {}, "the scan"),
        (State.SUBMITTED, {}, "a reviewer"),
        (State.CHANGES_REQUESTED, {}, "submitter"),
        (State.APPROVED, {}, ""),
    ],
)
def test_a_line_names_who_it_waits_for(team, cast, state, fields, said):
    review_in(state, team, cast.submitter, **fields)
    (line,) = docket.lines(docket.listed(Review.objects.all()), (), timezone.now())
    assert (line.waits_for, line.state) == (said, state)


def test_a_line_tells_what_is_so_now_and_not_what_is_written_down(team, cast):
    review = review_in(State.APPROVED_WITH_CONDITIONS, team, cast.submitter)
    condition = condition_of(review, cast.submitter)
    Condition.objects.update(due_on=timezone.now().date() - timedelta(days=1))
    (line,) = docket.lines(docket.listed(Review.objects.all()), (), timezone.now())
    assert (line.state, line.waits_for, line.conditions) == (State.SUSPENDED, condition.verifier.username, 1)
    assert line.badge == "fail"
    later = timezone.now() + timedelta(days=400)
    (line,) = docket.lines(docket.listed(Review.objects.all()), (), later)
    assert line.state is State.EXPIRED


def test_who_left_the_team_has_nothing_waiting(team, cast):
    review_in(State.SUBMITTED, team, cast.submitter)
    assert docket.waiting(UserFactory()) == set()
