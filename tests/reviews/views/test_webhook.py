"""The page of a repository's hook: a secret is shown once, and a mistake changes nothing."""

import re
from datetime import timedelta

import pytest
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone

from reviews import hooks
from reviews.models import AuditEvent, Delivery, Forge, Hook, Look, OutboxMessage, Repository
from tests.factories import RepositoryFactory

pytestmark = pytest.mark.django_db
GITHUB = {"provider": "github", "release_tags": "v*"}


@pytest.fixture
def repository(team):
    return RepositoryFactory(team=team, name="pay", url="https://gitlab.example.org/acme/pay.git")


@pytest.fixture
def hook(repository, owner):
    return hooks.make(repository, "gitlab", by=owner)[0]


@pytest.fixture
def ask(client, owner, repository):
    """Asks for a page of the repository as its maintainer: a GET, or a POST of what is given."""

    def asked(name: str, data: dict | None = None, person=owner):
        client.force_login(person)
        address = reverse(name, args=["payments", "pay"])
        return client.get(address) if data is None else client.post(address, data)

    return asked


def text(response) -> str:
    return response.content.decode()


def test_without_a_hook_the_page_guesses_the_forge_and_offers_one(ask, repository):
    page = text(ask("repository-webhook"))
    assert '<option value="gitlab" selected>GitLab</option>' in page
    assert "Make the hook" in page


def test_a_viewer_sees_who_can_make_one(ask, viewer):
    page = text(ask("repository-webhook", person=viewer))
    assert "A maintainer of Payments can make it here." in page
    assert "<form" not in page.split('class="tabs"')[1].split("</main>")[0]


def test_the_secret_stands_in_the_answer_that_made_it_and_nowhere_else(ask, repository, viewer):
    answer = ask("make-hook", GITHUB)
    hook = Hook.objects.get()
    assert hook.secret in text(answer)
    assert "no-store" in answer.headers["Cache-Control"]
    assert hook.secret not in text(ask("repository-webhook"))
    assert hook.secret not in text(ask("hook-state"))
    assert hook.secret not in text(ask("repository-webhook", person=viewer))


def test_the_guide_names_the_address_and_the_fields_of_the_forge(ask, repository):
    page = text(ask("make-hook", GITHUB))
    assert f"http://testserver/hooks/{Hook.objects.get().key}/" in page
    assert "Payload URL" in page
    assert "Copy the secret now: it is shown this once." in page


def test_making_twice_changes_nothing(ask, repository):
    ask("make-hook", GITHUB)
    secret = Hook.objects.get().secret
    answer = ask("make-hook", GITHUB | {"provider": "gitea"})
    assert answer.status_code == 409
    assert "The repository has a hook." in text(answer)
    assert (Hook.objects.get().secret, Repository.objects.get().provider) == (secret, "github")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"provider": "", "release_tags": "v*"}, "Choose the forge that hosts the repository."),
        ({"provider": "sourceforge", "release_tags": "v*"}, "Select a valid choice."),
        ({"provider": "github", "release_tags": "v *"}, "No tag is named so."),
        ({"provider": "github", "release_tags": "v" * 101}, "at most 100 characters"),
    ],
)
def test_a_mistake_makes_no_hook_and_is_said_at_its_field(ask, repository, data, said):
    answer = ask("make-hook", data)
    assert answer.status_code == 422
    assert said in text(answer)
    assert not Hook.objects.exists()
    assert Repository.objects.get().provider == ""


def test_the_forge_can_be_said_without_a_hook(ask, repository):
    assert ask("change-hook", GITHUB | {"release_tags": "release-*"}).status_code == 302
    stored = Repository.objects.get()
    assert (stored.provider, stored.release_tags) == ("github", "release-*")
    assert "What GitHub is told" in text(ask("repository-webhook"))


def test_rotating_shows_the_new_secret_once_and_keeps_the_former(ask, hook):
    before = hook.secret
    answer = ask("rotate-secret", {"expected": hooks.fingerprint(hook)})
    hook.refresh_from_db()
    assert hooks.secrets(hook, timezone.now()) == [hook.secret, before]
    assert hook.secret in text(answer)
    assert before not in text(answer)
    assert "no-store" in answer.headers["Cache-Control"]
    assert "Two secrets count." in text(ask("repository-webhook"))


def test_a_form_that_is_sent_twice_rotates_once(ask, hook):
    expected = {"expected": hooks.fingerprint(hook)}
    ask("rotate-secret", expected)
    second = Hook.objects.get().secret
    answer = ask("rotate-secret", expected)
    assert answer.status_code == 409
    assert "The secret was rotated in the meantime." in text(answer)
    assert Hook.objects.get().secret == second


def test_the_former_secret_is_ended(ask, hook, owner):
    hooks.rotate(hook, by=owner)
    assert ask("end-former-secret", {}).status_code == 302
    assert Hook.objects.get().former_secret == ""
    assert "Two secrets count." not in text(ask("repository-webhook"))


def test_a_removed_hook_is_gone_with_its_state(ask, hook):
    ask("remove-hook", {})
    assert not Hook.objects.exists()
    assert [ask(name, {}).status_code for name in ("remove-hook", "end-former-secret", "rotate-secret")] == [404] * 3
    assert ask("hook-state").status_code == 404


def test_the_state_tells_nothing_yet_then_the_last_delivery_then_the_refusal(ask, hook):
    assert "Nothing arrived yet" in text(ask("hook-state"))
    asks = {"kind": "push", "branch": "main", "commit": "a" * 40}
    Delivery.objects.create(hook=hook, key="1", event="Push Hook", asks=asks, state="done", outcome="It was scanned.")
    page = text(ask("hook-state"))
    assert "The hook works" in page
    assert "Push to main" in page
    assert "It was scanned." in page
    soon = timezone.now() + timedelta(seconds=1)
    Hook.objects.update(refused_at=soon, refused_code="token_wrong")
    page = text(ask("hook-state"))
    assert "The token is not the secret of this hook." in page
    assert "rotate it and enter the new one" in page
    assert "token_wrong" in page


def test_only_news_are_said_aloud(ask, hook, client, owner):
    Delivery.objects.create(hook=hook, key="1", event="Push Hook", asks={"kind": "ping"}, state="done")
    address = reverse("hook-state", args=["payments", "pay"])
    client.force_login(owner)
    assert 'id="hook-said"' in text(client.get(address, {"was": "silent"}))
    assert 'id="hook-said"' not in text(client.get(address, {"was": "heard"}))


def test_an_address_that_no_forge_reaches_is_pointed_out(ask, hook):
    assert "This address works on this machine alone." not in text(ask("repository-webhook"))
    with override_settings(BASE_URL="http://localhost:8000"):
        assert "This address works on this machine alone." in text(ask("repository-webhook"))


def test_the_page_says_how_often_the_branch_is_looked_at_and_why_not(ask, repository):
    with override_settings(POLL_SECONDS=900):
        assert "every 15 minutes" in text(ask("repository-webhook"))
    with override_settings(POLL_SECONDS=0):
        assert "They are switched off on this Plimsoll." in text(ask("repository-webhook"))


def test_a_look_that_failed_is_named(ask, repository):
    problem = "The server is silent. Check it."
    Look.objects.create(repository=repository, attempted_at=timezone.now(), code="remote_timeout", problem=problem)
    page = text(ask("repository-webhook"))
    assert problem in page
    assert "remote_timeout" in page


def test_what_is_told_is_stored_and_the_token_not_shown(ask, hook):
    assert ask("tell-forge", {"posts_statuses": "on", "token": "hunter2"}).status_code == 302
    stored = Forge.objects.get()
    assert (stored.posts_statuses, stored.posts_comments, stored.token) == (True, False, "hunter2")
    page = text(ask("repository-webhook"))
    assert "hunter2" not in page
    assert "One is stored." in page
    assert "https://gitlab.example.org/api/v4" in page


def test_mistakes_of_what_is_told_are_said_at_their_fields(ask, hook):
    answer = ask("tell-forge", {"api_url": "https://10.0.0.1/api", "token": "two words"})
    assert answer.status_code == 422
    assert "10.0.0.1 is not on the public internet." in text(answer)
    assert "The access token contains characters that no token has." in text(answer)
    assert "two words" not in text(answer)
    assert not Forge.objects.exists()


def test_trying_out_says_what_is_in_the_way(ask, hook):
    ask("tell-forge", {"posts_statuses": "on"})
    answer = ask("try-forge", {})
    assert answer.status_code == 422
    assert "There is no access token" in text(answer)
    assert "forge_token_missing" in text(answer)


def test_what_was_told_last_stands_on_the_page(ask, hook, repository):
    common = {"team": repository.team, "repository": repository, "channel": "status", "recipient": "acme/pay"}
    for state, subject in (("sent", "Told one"), ("failed", "Lost one"), ("superseded", "Old one")):
        OutboxMessage.objects.create(**common, state=state, subject=subject, key=subject, problem="It says no.")
    page = text(ask("repository-webhook"))
    assert [subject in page for subject in ("Told one", "Lost one", "Old one")] == [True, True, False]
    assert len(re.findall("It says no.", page)) == 1


def test_nothing_secret_is_in_the_audit_log(ask, repository):
    ask("make-hook", GITHUB)
    ask("rotate-secret", {"expected": hooks.fingerprint(Hook.objects.get())})
    ask("tell-forge", {"token": "hunter2"})
    stored = Hook.objects.get()
    said = " ".join(event.text + event.data for event in AuditEvent.objects.all())
    assert [one for one in (stored.secret, stored.former_secret, stored.key, "hunter2") if one in said] == []
