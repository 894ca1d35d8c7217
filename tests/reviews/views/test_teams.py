import pytest
from django.urls import reverse

from reviews.models import Membership, Team
from tests.factories import UserFactory
from tests.reviews.rows import fleet_of

pytestmark = pytest.mark.django_db
MEMBERS = "/teams/payments/members/"


def page(client, person, url) -> str:
    client.force_login(person)
    return client.get(url).content.decode()


def role_of(person) -> str:
    return Membership.objects.get(user=person).role


def test_a_team_shows_its_repositories_what_fails_most_and_its_people(client, team, viewer):
    fleet_of(team, 2)
    text = page(client, viewer, reverse("team", args=["payments"]))
    assert "What fails most" in text
    assert "Every outbound call ends in time" in text
    assert 'viewer <span class="dim">viewer</span>' in text


def test_a_team_without_repositories_says_what_will_be_here(client, viewer):
    assert "Registering needs the role engineer." in page(client, viewer, reverse("team", args=["payments"]))


def test_a_site_admin_makes_a_team_and_maintains_it(client, admin):
    client.force_login(admin)
    response = client.post(reverse("create-team"), {"name": "Customs gateway"})
    assert response.headers["Location"] == "/teams/customs-gateway/members/"
    assert Team.objects.get().memberships.get().role == "maintainer"


def test_a_team_of_a_taken_name_is_not_made(client, admin, team):
    client.force_login(admin)
    assert client.post(reverse("create-team"), {"name": "payments"}).status_code == 422
    assert Team.objects.count() == 1


def test_a_maintainer_adds_changes_and_removes_people(client, team, owner):
    person = UserFactory(username="newcomer")
    client.force_login(owner)
    client.post(MEMBERS, {"username": "newcomer", "role": "viewer"})
    member = Membership.objects.get(user=person)
    client.post(f"{MEMBERS}{member.pk}/role/", {"role": "reviewer"})
    assert role_of(person) == "reviewer"
    client.post(f"{MEMBERS}{member.pk}/remove/")
    assert not Membership.objects.filter(user=person).exists()


def test_who_cannot_be_added_is_named(client, owner):
    client.force_login(owner)
    response = client.post(MEMBERS, {"username": "nobody", "role": "viewer"})
    assert response.status_code == 422
    assert "has an account" in response.content.decode()


def test_a_role_that_is_none_changes_nothing(client, team, owner, viewer):
    client.force_login(owner)
    client.post(f"{MEMBERS}{Membership.objects.get(user=viewer).pk}/role/", {"role": "king"})
    assert role_of(viewer) == "viewer"


@pytest.mark.parametrize("change", ["role/", "remove/"])
def test_the_last_maintainer_stays_and_is_told_why(client, owner, change):
    client.force_login(owner)
    response = client.post(
        f"{MEMBERS}{Membership.objects.get(user=owner).pk}/{change}", {"role": "viewer"}, follow=True
    )
    assert role_of(owner) == "maintainer"
    assert "A team keeps at least one maintainer" in response.content.decode()


def test_everybody_may_leave(client, team, viewer):
    client.force_login(viewer)
    response = client.post(f"{MEMBERS}{Membership.objects.get(user=viewer).pk}/remove/")
    assert response.headers["Location"] == reverse("account")
    assert not viewer.memberships.exists()


def test_a_member_of_another_team_is_out_of_reach(client, owner, stranger):
    client.force_login(owner)
    theirs = Membership.objects.get(user=stranger)
    for change in ("role/", "remove/"):
        assert client.post(f"{MEMBERS}{theirs.pk}/{change}", {"role": "viewer"}).status_code == 404
    assert role_of(stranger) == "maintainer"
