from unittest.mock import patch

import pytest
from django.urls import reverse
from kombu.exceptions import OperationalError

from reviews.models import Repository, Scan
from reviews.waking import waker
from tests.factories import RepositoryFactory, ScanFactory
from tests.reviews.rows import RULE, finished, found
from tests.services import wait_until

pytestmark = pytest.mark.django_db
WISH = {"url": "https://git.example.org/pay.git", "branch": "main", "tier": "A", "kind": "worker"}


@pytest.fixture
def home(team) -> str:
    """The address of a scanned repository of Payments."""
    repository = RepositoryFactory(team=team, name="pay", tier="A")
    finished(repository)
    found(repository)
    return reverse("repository", args=["payments", "pay"])


def page(client, person, url) -> str:
    client.force_login(person)
    return client.get(url).content.decode()


def test_the_scorecard_says_where_it_stands_why_and_what_to_do_first(client, viewer, home):
    text = page(client, viewer, home)
    for said in ("89<small> to 93", "Tier A asks for gold", "3 high or critical findings are open", "To reach bronze"):
        assert said in text
    assert "The call has no timeout." in text
    assert "41 of 44 sites, 2 unresolved" in text


def test_every_number_of_an_item_is_a_door(client, viewer, home):
    text = page(client, viewer, home)
    assert f'href="{home}sites/{RULE}/"' in text
    assert f'href="{home}findings/?rule={RULE}"' in text


def test_buttons_are_for_those_who_may_use_them(client, viewer, teammate, owner, home):
    assert "Scan now" not in page(client, viewer, home)
    assert "Scan now" in page(client, teammate, home)
    assert f'href="{home}settings/"' not in page(client, teammate, home)
    assert f'href="{home}settings/"' in page(client, owner, home)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"state": Scan.State.REQUESTED}, "The first scan is under way"),
        ({"state": Scan.State.FAILED, "error_message": "No such branch."}, "No such branch."),
    ],
)
def test_before_the_first_result_the_page_says_what_is_going_on(client, viewer, team, fields, said):
    ScanFactory(repository=RepositoryFactory(team=team, name="new"), **fields)
    assert said in page(client, viewer, reverse("repository", args=["payments", "new"]))


def test_without_any_scan_the_page_says_what_will_be_here(client, viewer, team):
    RepositoryFactory(team=team, name="new")
    assert "An engineer of Payments can ask for one" in page(
        client, viewer, reverse("repository", args=["payments", "new"])
    )


def test_a_scan_without_any_site_has_no_score_and_still_a_page(client, viewer, team):
    finished(RepositoryFactory(team=team, name="empty"), good=0, bad=0, unresolved=0)
    assert "no score" in page(client, viewer, reverse("repository", args=["payments", "empty"]))


def test_registering_leads_to_the_first_scan(client, team, teammate):
    client.force_login(teammate)
    response = client.post(reverse("register"), WISH | {"team": team.pk})
    scan = Scan.objects.get()
    assert response.headers["Location"] == reverse("scan", args=[scan.pk])
    assert (scan.repository.name, scan.repository.tier) == ("pay", "A")


def test_a_broker_that_is_down_loses_no_registration(client, team, teammate, django_capture_on_commit_callbacks):
    client.force_login(teammate)
    with patch("celery.Celery.send_task", side_effect=OperationalError("no broker")) as tried:
        with django_capture_on_commit_callbacks(execute=True):
            response = client.post(reverse("register"), WISH | {"team": team.pk})
        wait_until(waker().is_idle)
    assert tried.called
    assert response.status_code == 302
    assert Scan.objects.get().state == Scan.State.REQUESTED


def test_a_mistake_is_named_at_its_field_and_nothing_is_lost(client, team, teammate):
    client.force_login(teammate)
    response = client.post(
        reverse("register"), WISH | {"team": team.pk, "url": "http://10.0.0.1/x", "credential": "hunter2"}
    )
    text = response.content.decode()
    assert response.status_code == 422
    assert 'id="id_url_error"' in text
    assert 'aria-describedby="id_url_helptext id_url_error"' in text
    assert "http://10.0.0.1/x" in text
    assert "hunter2" not in text


def test_the_link_of_a_team_chooses_it(client, team, owner, stranger):
    client.force_login(owner)
    text = client.get(reverse("register") + "?team=payments").content.decode()
    assert f'<option value="{team.pk}" selected>Payments</option>' in text


def test_settings_are_saved(client, owner, home):
    client.force_login(owner)
    given = {"name": "Pay", "url": "https://git.example.org/pay2", "branch": "release", "tier": "B", "kind": "cron"}
    assert client.post(home + "settings/", given).status_code == 302
    saved = Repository.objects.get()
    assert (saved.name, saved.url, saved.branch, saved.tier, saved.kind) == (
        "Pay",
        given["url"],
        "release",
        "B",
        "cron",
    )


def test_bad_settings_change_nothing(client, owner, home):
    client.force_login(owner)
    given = {"name": "Pay", "url": "nowhere", "branch": "main", "tier": "B", "kind": "cron"}
    assert client.post(home + "settings/", given).status_code == 422
    assert Repository.objects.get().name == "pay"


def test_the_token_never_comes_back(client, owner, home):
    Repository.objects.update(credential="")
    repository = Repository.objects.get()
    repository.credential = "hunter2"
    repository.save()
    assert "hunter2" not in page(client, owner, home + "settings/")


@pytest.mark.parametrize(("typed", "left"), [("pay", 0), ("nay", 1)])
def test_removing_asks_for_the_name(client, owner, home, typed, left):
    client.force_login(owner)
    client.post(home + "remove/", {"name": typed})
    assert Repository.objects.count() == left
