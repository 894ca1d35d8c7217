"""The pages that belong to no team: search, status, account, sign-in and what is shown when something is wrong."""

import pytest
from django.conf import settings
from django.test import Client, RequestFactory
from django.urls import reverse
from django.views import defaults

from reviews.models import Scan, User
from tests.factories import RepositoryFactory, ScanFactory
from tests.reviews.rows import finished

pytestmark = pytest.mark.django_db


def page(client, person, url) -> str:
    client.force_login(person)
    return client.get(url).content.decode()


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("pay-a", "/repositories/payments/pay-api/"),
        ("request-without-timeout", "/rules/request-without-timeout/"),
    ],
)
def test_one_hit_is_opened_at_once(client, team, viewer, text, target):
    RepositoryFactory(team=team, name="pay-api")
    client.force_login(viewer)
    assert client.get(reverse("search"), {"q": text}).headers["Location"] == target


def test_a_commit_is_found_by_its_first_digits(client, team, viewer):
    scan = finished(RepositoryFactory(team=team))
    client.force_login(viewer)
    assert client.get(reverse("search") + "?q=7AC01").headers["Location"] == reverse("scan", args=[scan.pk])


def test_several_hits_are_listed(client, team, viewer):
    for name in ("pay-api", "pay-worker"):
        RepositoryFactory(team=team, name=name)
    text = page(client, viewer, reverse("search") + "?q=pay")
    assert "pay-api" in text
    assert "pay-worker" in text


@pytest.mark.parametrize(
    ("query", "said"), [("?q=zzzz", "Nothing of this name"), ("", "Find"), ("?q=pay-api", "Nothing of")]
)
def test_what_other_teams_own_is_not_found(client, team, stranger, query, said):
    finished(RepositoryFactory(team=team, name="pay-api"))
    assert said in page(client, stranger, reverse("search") + query)


def test_the_status_shows_what_waits_and_what_failed(client, team, viewer, stranger):
    ScanFactory(repository=RepositoryFactory(team=team, name="pay-api"))
    assert "pay-api" in page(client, viewer, reverse("status"))
    assert "pay-api" not in page(client, stranger, reverse("status"))


def test_htmx_gets_the_part_of_the_status_that_changes(client, viewer):
    client.force_login(viewer)
    text = client.get(reverse("status"), headers={"hx-request": "true"}).content.decode()
    assert text.strip().startswith('<div id="now"')


def test_the_account_shows_ones_teams(client, viewer):
    text = page(client, viewer, reverse("account"))
    assert "Payments" in text
    assert reverse("account_change_password") in text


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_a_chosen_theme_is_in_the_page_from_its_first_byte(client, viewer, theme):
    client.cookies["theme"] = theme
    assert f'<html lang="en" data-theme="{theme}">' in page(client, viewer, "/")


def test_a_theme_that_is_none_is_left_out(client, viewer):
    client.cookies["theme"] = "x onload=alert(1)"
    assert '<html lang="en">' in page(client, viewer, "/")


def test_signing_in_and_out(client):
    User.objects.create_user("ann", password="a long enough secret")
    signed = client.post(reverse("account_login"), {"login": "ann", "password": "a long enough secret"})
    assert signed.headers["Location"] == "/"
    assert "Sign out" in client.get(reverse("account_logout")).content.decode()
    client.post(reverse("account_logout"))
    assert client.get("/").headers["Location"].startswith(reverse("account_login"))


def test_a_wrong_password_is_said_without_saying_which_part_is_wrong(client):
    text = client.post(reverse("account_login"), {"login": "nobody", "password": "wrong"}).content.decode()
    assert 'role="alert"' in text
    assert 'aria-invalid="true"' in text
    assert "wrong" not in text


def test_after_too_many_tries_the_page_says_what_to_do(client):
    wrong = {"login": "ann", "password": "wrong"}
    answers = [client.post(reverse("account_login"), wrong) for _ in range(settings.AXES_FAILURE_LIMIT + 1)]
    assert answers[-1].status_code == 429
    assert "Wait for the lock to end" in answers[-1].content.decode()


def test_sign_in_returns_to_where_one_wanted_to_go(client, viewer):
    wanted = client.get("/findings/?severity=high").headers["Location"]
    assert 'value="/findings/?severity=high"' in client.get(wanted).content.decode()


def test_what_is_not_there_says_what_to_do(client, viewer):
    client.force_login(viewer)
    response = client.get("/repositories/payments/nothing/")
    assert response.status_code == 404
    assert "belongs to a team that you are not a member of" in response.content.decode()


def test_what_a_role_does_not_cover_names_the_role_and_who_gives_it(client, team, viewer):
    RepositoryFactory(team=team, name="pay-api")
    client.force_login(viewer)
    response = client.get("/repositories/payments/pay-api/settings/")
    assert response.status_code == 403
    assert "This needs the role maintainer in Payments. Ask a maintainer" in response.content.decode()


def test_a_form_without_its_token_is_refused_with_the_next_step(viewer, team):
    RepositoryFactory(team=team, name="pay-api")
    client = Client(enforce_csrf_checks=True)
    client.force_login(viewer)
    response = client.post("/repositories/payments/pay-api/scans/request/")
    assert response.status_code == 403
    assert "load the page again" in response.content.decode()
    assert not Scan.objects.exists()


@pytest.mark.parametrize(
    ("handler", "said"),
    [
        (defaults.server_error, "This one is ours"),
        (lambda request: defaults.bad_request(request, ValueError("secret")), "could not be read"),
    ],
)
def test_our_own_failures_have_a_page_that_tells_nothing_of_the_inside(handler, said):
    text = handler(RequestFactory().get("/")).content.decode()
    assert said in text
    assert "secret" not in text
