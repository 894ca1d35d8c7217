import pytest
from django.urls import reverse

from tests.factories import RepositoryFactory
from tests.reviews.rows import finished, fleet_of

pytestmark = pytest.mark.django_db


def test_the_fleet_shows_teams_and_opens_their_repositories_in_place(client, team, viewer):
    (repository,) = fleet_of(team, 1)
    client.force_login(viewer)
    closed = client.get("/").content.decode()
    opened = client.get("/?open=payments").content.decode()
    assert 'href="?open=payments"' in closed
    assert repository.name not in closed.split('id="movers"')[0].split("heat-key")[0]
    assert reverse("repository", args=["payments", repository.slug]) + "#area-timeouts" in opened


def test_htmx_gets_the_map_alone(client, team, viewer):
    fleet_of(team, 1)
    client.force_login(viewer)
    text = client.get("/?open=payments", headers={"hx-request": "true"}).content.decode()
    assert text.strip().startswith('<div id="map"')
    assert "<html" not in text


def test_a_cell_of_a_team_leads_to_its_findings(client, team, viewer):
    finished(RepositoryFactory(team=team))
    client.force_login(viewer)
    assert "/findings/?team=payments&amp;area=timeouts" in client.get("/").content.decode()


def test_nonsense_in_the_query_is_left_out(client, team, viewer):
    fleet_of(team, 1)
    client.force_login(viewer)
    assert client.get("/?tier=Z&order=worst&open=nobody").status_code == 200


def test_a_tier_nobody_has_is_said(client, team, viewer):
    fleet_of(team, 1)
    client.force_login(viewer)
    assert "No repository of tier A is registered" in client.get("/?tier=A").content.decode()


@pytest.mark.parametrize(
    ("person", "next_step"),
    [
        ("owner", "Register and scan"),
        ("viewer", "Ask for a repository to be registered"),
        ("admin", "Make a team"),
    ],
)
def test_an_empty_fleet_names_the_one_next_step(client, request, person, next_step):
    client.force_login(request.getfixturevalue(person))
    text = client.get("/").content.decode()
    assert "Nothing is registered yet" in text
    assert next_step in text


def test_somebody_without_a_team_is_told_how_to_join_one(client, viewer):
    viewer.memberships.all().delete()
    client.force_login(viewer)
    assert "Tell a maintainer of yours your user name: viewer" in client.get("/").content.decode()
