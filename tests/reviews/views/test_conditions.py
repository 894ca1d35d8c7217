"""Conditions of a review, by their forms."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from reviews.models import Condition, OutboxMessage
from reviews.signoff import casefile
from reviews.workflow.states import State
from tests.reviews.review_places import condition_of
from tests.reviews.reviewing import cast_of, item_of, review_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(team):
    return cast_of(team)


@pytest.fixture
def review(team, cast):
    """A review in which Q16 fails."""
    review = review_in(State.IN_REVIEW, team, cast.submitter)
    item_of(review, "Q16", answer="fail", title="A restore was rehearsed")
    item_of(review, "Q40", answer="fail")
    casefile.seal(review)
    return review


@pytest.fixture
def wish(cast) -> dict[str, object]:
    due = timezone.now().date() + timedelta(days=7)
    people = {"owner": cast.submitter.pk, "verifier": cast.third.pk}
    return {"text": "It is rehearsed.", "refs": ["Q16"], "method": "manual", "due_on": due.isoformat()} | people


def adding(review) -> str:
    return reverse("add-condition", args=[review.pk])


def place(review) -> str:
    return reverse("review", args=[review.pk]) + "#conditions"


def test_the_form_offers_what_something_holds_against(client, cast, review):
    client.force_login(cast.lead)
    text = client.get(adding(review)).content.decode()
    assert "A restore was rehearsed" in text
    assert "Title of Q10" not in text
    assert "Title of Q40" not in text


def test_the_item_that_one_comes_from_is_chosen(client, cast, review):
    client.force_login(cast.lead)
    text = client.get(adding(review) + "?item=Q10").content.decode()
    assert 'value="Q10" class="" id="id_refs_0" checked' in text


def test_a_condition_is_attached(client, cast, review, wish):
    client.force_login(cast.lead)
    answer = client.post(adding(review), wish)
    assert answer.headers["Location"] == place(review)
    found = Condition.objects.get()
    assert (found.refs, found.owner, found.verifier, found.added_by) == (["Q16"], cast.submitter, cast.third, cast.lead)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"text": ""}, "id_text_error"),
        ({"refs": []}, "id_refs_error"),
        ({"refs": ["Q40"]}, "id_refs_error"),
        ({"due_on": "2020-01-01"}, "id_due_on_error"),
        ({"due_on": "soon"}, "id_due_on_error"),
        ({"method": "hope"}, "id_method_error"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(client, cast, review, wish, change, field):
    client.force_login(cast.lead)
    answer = client.post(adding(review), wish | change)
    assert answer.status_code == 422
    assert f'id="{field}"' in answer.content.decode()
    assert not Condition.objects.exists()


def test_nobody_verifies_what_they_own(client, cast, review, wish):
    client.force_login(cast.lead)
    answer = client.post(adding(review), wish | {"verifier": cast.submitter.pk})
    assert answer.status_code == 422
    assert "Somebody other than the owner has to verify it." in answer.content.decode()


def test_a_condition_is_dropped_before_the_decision(client, cast, review):
    condition = condition_of(review, cast.submitter)
    client.force_login(cast.lead)
    assert client.post(reverse("drop-condition", args=[review.pk, condition.pk])).headers["Location"] == place(review)
    condition.refresh_from_db()
    assert condition.state == Condition.State.DROPPED


def test_the_team_drops_none_while_it_is_in_review(client, cast, review):
    condition = condition_of(review, cast.submitter)
    client.force_login(cast.submitter)
    answer = client.post(reverse("drop-condition", args=[review.pk, condition.pk]))
    assert answer.status_code == 403
    assert "This needs the role reviewer." in answer.content.decode()


def test_the_named_person_verifies_and_the_approval_is_back(client, team, cast):
    review = review_in(State.SUSPENDED, team, cast.submitter)
    condition = condition_of(review, cast.submitter)
    Condition.objects.update(due_on=timezone.now().date() - timedelta(days=1))
    client.force_login(condition.verifier)
    client.post(reverse("verify-condition", args=[review.pk, condition.pk]), {"note": "Saw the rehearsal."})
    review.refresh_from_db()
    assert review.state == State.APPROVED_WITH_CONDITIONS
    assert OutboxMessage.objects.filter(kind="condition-verified").exists()


@pytest.mark.parametrize(("note", "said"), [("", "This field is required."), ("Sure.", "is the one to verify this.")])
def test_nobody_else_verifies_and_nobody_without_saying_how(client, team, cast, note, said):
    review = review_in(State.APPROVED_WITH_CONDITIONS, team, cast.submitter)
    condition = condition_of(review, cast.submitter)
    client.force_login(cast.lead)
    answer = client.post(reverse("verify-condition", args=[review.pk, condition.pk]), {"note": note})
    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_a_condition_of_another_review_is_not_there(client, team, cast, review):
    other = condition_of(review_in(State.IN_REVIEW, team, cast.submitter), cast.submitter)
    client.force_login(cast.lead)
    assert client.post(reverse("drop-condition", args=[review.pk, other.pk])).status_code == 404
