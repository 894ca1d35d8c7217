"""The page on which maintainers make and revoke tokens."""

import re

import pytest
from django.utils import timezone

from reviews import tokens
from reviews.models import ApiToken

pytestmark = pytest.mark.django_db
PAGE = "/teams/payments/tokens/"
WISH = {"name": "release pipeline", "scopes": ["read"], "days": "30"}


@pytest.fixture
def maintainer(client, owner):
    client.force_login(owner)
    return client


def test_the_secret_is_shown_once_and_nobody_may_keep_the_page(maintainer):
    response = maintainer.post(PAGE, WISH)
    (secret,) = set(re.findall(r"plm_[A-Za-z0-9]{43}", response.content.decode()))
    assert tokens.find(secret, timezone.now()).name == "release pipeline"
    assert (response.status_code, "no-store" in response.headers["Cache-Control"]) == (200, True)
    assert "plm_" + secret[4:] not in maintainer.get(PAGE).content.decode()
    assert not response.headers.get("Location")


def test_a_token_is_listed_by_how_it_begins(maintainer):
    maintainer.post(PAGE, WISH | {"scopes": ["read", "scan"]})
    page = maintainer.get(PAGE).content.decode()
    assert ApiToken.objects.get().prefix in page
    assert "read, scan" in page
    assert "never" in page


@pytest.mark.parametrize(
    "mistake", [{"name": " "}, {"name": "x" * 81}, {"scopes": []}, {"scopes": ["admin"]}, {"days": "31"}, {"days": "x"}]
)
def test_mistakes_are_said_and_nothing_is_made(maintainer, mistake):
    response = maintainer.post(PAGE, WISH | mistake)
    assert response.status_code == 422
    assert "plm_" not in response.content.decode()
    assert not ApiToken.objects.exists()


def test_a_name_is_never_markup(maintainer):
    page = maintainer.post(PAGE, WISH | {"name": "<script>x</script>"}).content.decode()
    assert "<script>x" not in page


def test_a_revoked_token_stays_in_the_list_as_revoked(maintainer, team, owner):
    token, secret = tokens.make(team, "old", ["read"], 30, by=owner)
    response = maintainer.post(f"{PAGE}{token.pk}/revoke/")
    page = maintainer.get(response.headers["Location"]).content.decode()
    assert "The token old lets nobody in any more." in page
    assert "revoked" in page
    assert "Revoke the token old" not in page
    with pytest.raises(tokens.RefusedError):
        tokens.find(secret, timezone.now())


def test_a_token_that_ended_cannot_be_revoked(maintainer, team, owner):
    tokens.make(team, "old", ["read"], 30, by=owner)
    ApiToken.objects.update(expires_at=timezone.now())
    assert "Revoke the token old" not in maintainer.get(PAGE).content.decode()


def test_a_token_of_another_team_is_out_of_reach(maintainer, stranger):
    token, _ = tokens.make(stranger.teams.get(), "theirs", ["read"], 30, by=stranger)
    assert maintainer.post(f"{PAGE}{token.pk}/revoke/").status_code == 404
    assert "theirs" not in maintainer.get(PAGE).content.decode()
    token.refresh_from_db()
    assert token.revoked_at is None


def test_the_tab_is_shown_to_those_who_may_use_it(client, owner, viewer):
    client.force_login(viewer)
    assert PAGE not in client.get("/teams/payments/templates/").content.decode()
    client.force_login(owner)
    assert PAGE in client.get("/teams/payments/templates/").content.decode()
