"""Behind the pages, where the audit log does not see it, nothing is changed but people's accounts."""

import pytest
from django.urls import reverse

from reviews.models import Membership, Team, User
from tests.factories import RepositoryFactory, ScanFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def behind(client, admin):
    """The site admin, signed in."""
    client.force_login(admin)
    return client


@pytest.fixture
def things(team, owner) -> dict[str, int]:
    """Something of each model, by its name."""
    repository = RepositoryFactory(team=team, credential="hunter2")
    return {"team": team.pk, "repository": repository.pk, "scan": ScanFactory(repository=repository).pk}


@pytest.mark.parametrize("name", ["team", "repository", "scan"])
def test_what_is_stored_is_shown_and_neither_added_changed_nor_deleted(behind, things, name):
    shown = behind.get(reverse(f"admin:reviews_{name}_change", args=[things[name]]))
    assert shown.status_code == 200
    assert "hunter2" not in shown.content.decode()
    assert behind.get(reverse(f"admin:reviews_{name}_changelist")).status_code == 200
    assert behind.post(reverse(f"admin:reviews_{name}_change", args=[things[name]]), {}).status_code == 403
    assert behind.post(reverse(f"admin:reviews_{name}_delete", args=[things[name]]), {"post": "yes"}).status_code == 403
    assert behind.get(reverse(f"admin:reviews_{name}_add")).status_code == 403


def test_members_of_a_team_are_shown_and_not_changed(behind, things, owner, team):
    page = behind.get(reverse("admin:reviews_team_change", args=[team.pk])).content.decode()
    assert "owner is maintainer of Payments" in page
    assert 'name="memberships-0-role"' not in page
    assert Membership.objects.get(user=owner).role == "maintainer"


def test_people_are_changed_and_not_deleted(behind, owner):
    User.objects.filter(pk=owner.pk).update(password="!")
    assert behind.get(reverse("admin:reviews_user_change", args=[owner.pk])).status_code == 200
    assert behind.post(reverse("admin:reviews_user_delete", args=[owner.pk]), {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=owner.pk).exists()
    assert Team.objects.get().members.get() == owner
