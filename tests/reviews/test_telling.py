"""What the forge of a repository is to be told."""

import json

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from reviews import hooks, telling
from reviews.models import AuditEvent, Forge
from tests.factories import RepositoryFactory

pytestmark = pytest.mark.django_db
API = "https://git.example.org/api/v4"


@pytest.fixture
def repository(team):
    return RepositoryFactory(team=team, name="pay", provider="gitlab")


@pytest.fixture
def forge(repository, owner) -> Forge:
    return telling.save(repository, telling.Wish(api_url=API, token="hunter2", posts_statuses=True), by=owner)


def last_event() -> dict[str, list]:
    """What the newest event of the audit log says is new."""
    event = AuditEvent.objects.order_by("-seq").first()
    assert event is not None
    assert event.kind == "forge-changed"
    return json.loads(event.data)


def test_nothing_is_told_until_somebody_says_so(repository):
    forge = telling.of(repository)
    assert (forge.pk, forge.api_url, forge.token, forge.posts_statuses, forge.posts_comments) == (
        None,
        "",
        "",
        False,
        False,
    )


def test_what_is_stored_is_what_was_entered(repository, forge):
    stored = Forge.objects.get(repository=repository)
    assert (stored.api_url, stored.token, stored.posts_statuses, stored.posts_comments) == (API, "hunter2", True, False)
    assert last_event() == {"api_url": ["", API], "posts_statuses": [False, True], "token": ["", "replaced"]}


def test_the_token_is_neither_in_the_log_nor_plainly_in_the_database(forge):
    with connection.cursor() as cursor:
        cursor.execute("SELECT token FROM reviews_forge")
        assert "hunter2" not in cursor.fetchone()[0]
    assert [event for event in AuditEvent.objects.all() if "hunter2" in event.text + event.data] == []


def test_saving_the_same_again_is_no_event(repository, forge, owner):
    count = AuditEvent.objects.count()
    telling.save(repository, telling.Wish(api_url=API, posts_statuses=True), by=owner)
    assert AuditEvent.objects.count() == count
    assert Forge.objects.get().token == "hunter2"


def test_a_new_address_ends_the_token_and_what_was_told_counts_no_more(repository, forge, owner):
    Forge.objects.update(told={"commit": "a"}, told_through=7)
    telling.save(repository, telling.Wish(api_url="https://evil.example/api", posts_statuses=True), by=owner)
    stored = Forge.objects.get()
    assert (stored.token, stored.told, stored.told_through) == ("", {}, 0)
    assert last_event()["token"] == ["", "forgotten"]


def test_a_token_entered_with_the_new_address_is_for_that_one(repository, forge, owner):
    telling.save(repository, telling.Wish(api_url="https://other.example/api", token="new"), by=owner)
    assert Forge.objects.get().token == "new"


def test_a_token_can_be_forgotten(repository, forge, owner):
    telling.save(repository, telling.Wish(api_url=API, forget=True, posts_statuses=True), by=owner)
    assert Forge.objects.get().token == ""
    assert last_event() == {"token": ["", "forgotten"]}


@pytest.mark.parametrize(("api_url", "kept"), [("", ""), (API, "hunter2")])
def test_another_provider_ends_a_token_whose_address_followed_from_it(repository, owner, api_url, kept):
    telling.save(repository, telling.Wish(api_url=api_url, token="hunter2"), by=owner)
    hooks.change(repository, "gitea", "v*", by=owner)
    assert Forge.objects.get().token == kept


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("", ""),
        ("https://API.example.org", "https://api.example.org"),
        ("https://git.example.org/api/v4/", API),
        ("https://git.example.org:8443/gitlab/api/v4", "https://git.example.org:8443/gitlab/api/v4"),
    ],
)
def test_an_address_of_an_api_is_normalised(text, normal):
    assert telling.check_api_url(text) == normal


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("http://git.example.org/api", "url_scheme_not_allowed"),
        ("ftp://git.example.org/api", "url_scheme_not_allowed"),
        ("https://10.0.0.1/api", "address_not_public"),
        ("https://169.254.169.254/latest", "address_not_public"),
        ("https://[::1]/api", "address_not_public"),
        ("https://localhost/api", "address_not_public"),
        ("https://user:secret@git.example.org/api", "url_has_credentials"),
        ("https://git.example.org/api?x=1", "url_path_not_allowed"),
        ("https://git.example.org:22/api", "url_port_not_allowed"),
        ("https://git.example.org/a\nb", "url_has_control_characters"),
        ("nowhere", "url_malformed"),
    ],
)
def test_an_address_that_may_not_be_called_is_refused_by_name(repository, owner, text, code):
    with pytest.raises(ValidationError) as refused:
        telling.save(repository, telling.Wish(api_url=text, token="hunter2"), by=owner)
    assert [error.code for error in refused.value.error_dict["api_url"]] == [code]
    assert not Forge.objects.exists()


def test_a_directory_of_this_machine_is_no_api(origin):
    for text in (str(origin), f"file://{origin}"):
        with pytest.raises(ValidationError) as refused:
            telling.check_api_url(text)
        assert refused.value.code in ("api_url_local", "local_path_not_allowed")


def test_a_token_that_is_none_is_refused_by_name(repository, owner):
    with pytest.raises(ValidationError) as refused:
        telling.save(repository, telling.Wish(token="two words"), by=owner)
    assert [error.code for error in refused.value.error_dict["token"]] == ["credential_malformed"]


def test_trying_out_says_what_is_in_the_way(repository):
    problem = telling.problem_of(repository)
    assert problem is not None
    assert problem.code == "forge_not_told"
