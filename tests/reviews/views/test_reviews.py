"""The pages of reviews: lists, opening one, and one review in each of its states."""

import pytest
from django.urls import reverse

from reviews.states import State
from tests.reviews.reviewing import cast_of, review_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(team):
    return cast_of(team)


def page(client, person, url) -> str:
    client.force_login(person)
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("who", ["submitter", "lead", "authority"])
def test_each_state_has_a_page_for_everybody(client, team, cast, state, who):
    review = review_in(state, team, cast.submitter)
    text = page(client, getattr(cast, who), reverse("review", args=[review.pk]))
    assert state.label.capitalize() in text
