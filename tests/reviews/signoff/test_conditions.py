"""Conditions: who may attach them, what one must say, and when they can be taken away. Their ends: test_deciding."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from reviews.models import AuditEvent, Review
from reviews.signoff import conditions
from reviews.signoff.turns import Seen
from reviews.workflow.states import State
from reviews.workflow.transitions import RefusedError
from tests.reviews.reviewing import Cast, cast_of, review_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(team) -> Cast:
    return cast_of(team)


@pytest.fixture
def review(team, people) -> Review:
    return review_in(State.IN_REVIEW, team, people.submitter, claimed_by=people.lead)


@pytest.fixture
def wish(people) -> conditions.Wish:
    due = timezone.now().date() + timedelta(days=14)
    return conditions.Wish("The failover drill is done.", ["Q10"], people.submitter, people.lead, due)


def test_a_condition_is_part_of_what_is_signed(review, people, wish):
    before = Seen.of(review)
    condition = conditions.add(review, people.lead, wish)
    review.refresh_from_db()
    assert review.evidence_digest != before.evidence_digest
    assert (condition.state, condition.added_by, condition.due_on) == ("open", people.lead, wish.due_on)
    assert AuditEvent.objects.get().kind == "condition-added"


def test_dropping_it_brings_the_evidence_back(review, people, wish):
    before = Seen.of(review)
    conditions.drop(conditions.add(review, people.lead, wish), people.lead)
    review.refresh_from_db()
    assert review.evidence_digest == before.evidence_digest


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"text": " "}, "text"),
        ({"refs": []}, "refs"),
        ({"refs": ["T9"]}, "refs"),
        ({"due_on": timezone.now().date() - timedelta(days=1)}, "due_on"),
        ({"due_on": timezone.now().date() + timedelta(days=181)}, "due_on"),
        ({"method": "hope"}, "method"),
    ],
)
def test_what_cannot_be_a_condition_is_refused_by_field(review, people, wish, change, field):
    with pytest.raises(ValidationError) as refused:
        conditions.add(review, people.lead, replace(wish, **change))
    assert list(refused.value.message_dict) == [field]


def test_the_owner_does_not_verify(review, people, wish):
    with pytest.raises(ValidationError, match="other than the owner"):
        conditions.add(review, people.lead, replace(wish, verifier=wish.owner))


def test_strangers_own_nothing_here(review, people, wish, stranger):
    with pytest.raises(ValidationError, match="member of the team"):
        conditions.add(review, people.lead, replace(wish, owner=stranger))


def test_no_condition_excuses_a_no_go(review, people, wish):
    review.items.filter(ref="Q10").update(ref="Q40")
    with pytest.raises(ValidationError, match="No condition excuses Q40"):
        conditions.add(review, people.lead, replace(wish, refs=["Q40"]))


def test_the_team_proposes_and_reviewers_attach(team, people, wish, review):
    proposing = review_in(State.SELF_ASSESSMENT, team, people.submitter)
    conditions.add(proposing, people.submitter, wish)
    with pytest.raises(RefusedError):
        conditions.add(review, people.submitter, wish)


@pytest.mark.parametrize("state", [State.APPROVED, State.SUBMITTED, State.REJECTED])
def test_nothing_is_attached_or_dropped_otherwise(team, people, wish, state):
    with pytest.raises(RefusedError):
        conditions.add(review_in(state, team, people.submitter), people.lead, wish)


def test_what_does_not_run_is_not_verified(review, people, wish):
    condition = conditions.add(review, people.lead, wish)
    with pytest.raises(RefusedError, match="does not run"):
        conditions.verify(condition, people.lead, "Seen.")


def test_verifying_says_how_one_knows_and_happens_once(review, people, wish):
    condition = conditions.add(review, people.lead, wish)
    until = timezone.now() + timedelta(days=9)
    Review.objects.filter(pk=review.pk).update(state="approved-with-conditions", valid_until=until)
    with pytest.raises(RefusedError, match="Say how you know"):
        conditions.verify(condition, people.lead, " ")
    conditions.verify(condition, people.lead, "Read the log.")
    with pytest.raises(RefusedError, match="not open any more"):
        conditions.verify(condition, people.lead, "Read it again.")
