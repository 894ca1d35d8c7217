import pytest
from django.urls import reverse

from tests.factories import UserFactory

PASSWORD = "a long pass phrase"


@pytest.fixture
def person(db):
    person = UserFactory(username="Ada", email="ada@example.org")
    person.set_password(PASSWORD)
    person.save()
    return person


def sign_in(client, name: str, password: str):
    return client.post(reverse("account_login"), {"login": name, "password": password})


@pytest.mark.parametrize("name", ["Ada", "ada@example.org"])
def test_people_sign_in_by_name_or_address(client, person, name):
    sign_in(client, name, PASSWORD)
    assert client.session["_auth_user_id"] == str(person.pk)


@pytest.mark.parametrize("name", ["account_signup", "account_email", "account_reset_password", "account_set_password"])
def test_pages_that_the_site_does_not_offer_do_not_exist(client, person, name):
    client.force_login(person)
    assert client.get(reverse(name)).status_code == 404


def test_passwords_are_hashed_with_argon2(person):
    assert person.password.startswith("argon2$")


def test_a_stranger_cannot_sign_up(client, db, django_user_model):
    wish = {"username": "eve", "password1": PASSWORD, "password2": PASSWORD}
    assert client.post(reverse("account_signup"), wish).status_code == 404
    assert not django_user_model.objects.filter(username="eve").exists()


def test_five_wrong_guesses_lock_the_name_for_this_address_however_it_is_spelled(client, person):
    for name in ("ada", "Ada", "ADA", "aDa", "adA"):
        last = sign_in(client, name, "wrong")
    assert last.status_code == 429
    assert "Too many" in last.content.decode()
    assert sign_in(client, "Ada", PASSWORD).status_code == 429


def test_the_lock_holds_for_one_address_only(client, person):
    for _ in range(5):
        sign_in(client, "Ada", "wrong")
    client.post(reverse("account_login"), {"login": "Ada", "password": PASSWORD}, REMOTE_ADDR="203.0.113.9")
    assert client.session["_auth_user_id"] == str(person.pk)


def test_after_signing_in_no_other_site_is_next(client, person):
    answer = client.post(
        reverse("account_login"), {"login": "Ada", "password": PASSWORD, "next": "https://evil.example/"}
    )
    assert answer.headers["Location"] == "/"


def test_the_session_is_kept_from_scripts_and_other_sites(client, person):
    cookie = sign_in(client, "Ada", PASSWORD).cookies["plimsoll_session"]
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "Lax"
