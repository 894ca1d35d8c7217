"""Hooks and their secrets."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from reviews import hooks
from reviews.models import AuditEvent, Delivery, Hook
from tests.factories import RepositoryFactory

pytestmark = pytest.mark.django_db
NOW = timezone.now


@pytest.fixture
def repository(team):
    return RepositoryFactory(team=team, name="pay")


@pytest.fixture
def hook(repository, owner):
    return hooks.make(repository, "github", by=owner)[0]


def events() -> list[tuple[str, str]]:
    return list(AuditEvent.objects.order_by("team", "seq").values_list("kind", "text"))


def test_a_new_hook_has_a_key_a_secret_and_a_provider(repository, owner):
    hook, secret = hooks.make(repository, "gitlab", by=owner)
    stored = Hook.objects.get()
    assert (stored.key, stored.secret, stored.former_secret) == (hook.key, secret, "")
    assert stored.repository.provider == repository.provider == "gitlab"
    assert len(secret) >= 43
    assert hook.key not in secret
    assert events() == [("hook-made", "owner made the hook of pay for GitLab")]


def test_two_hooks_share_neither_key_nor_secret(team):
    made = [hooks.make(RepositoryFactory(team=team), "gitea") for _ in range(2)]
    assert len({hook.key for hook, _ in made} | {secret for _, secret in made}) == 4
    assert {text.split()[0] for _, text in events()} == {"plimsoll"}


def test_a_second_hook_is_refused_and_the_first_one_stays(hook, repository, owner):
    with pytest.raises(hooks.HookChangedError) as refused:
        hooks.make(repository, "gitlab", by=owner)
    assert refused.value.code == "hook_exists"
    assert Hook.objects.get().secret == hook.secret
    repository.refresh_from_db()
    assert repository.provider == "github"


def test_an_unknown_provider_makes_nothing(repository, owner):
    with pytest.raises(ValueError, match="sourceforge"):
        hooks.make(repository, "sourceforge", by=owner)
    assert not Hook.objects.exists()


def test_the_former_secret_counts_for_a_day(hook, owner):
    first = hook.secret
    second = hooks.rotate(hook, by=owner)
    assert hooks.secrets(hook, NOW()) == [second, first]
    assert hooks.secrets(hook, NOW() + timedelta(hours=23)) == [second, first]
    assert hooks.secrets(hook, NOW() + timedelta(hours=24, seconds=1)) == [second]


def test_a_second_rotation_ends_the_older_secret_at_once(hook, owner):
    first = hook.secret
    second, third = hooks.rotate(hook, by=owner), hooks.rotate(hook, by=owner)
    assert hooks.secrets(hook, NOW()) == [third, second]
    assert len({first, second, third}) == 3
    told = [event.data for event in AuditEvent.objects.filter(kind="hook-rotated").order_by("seq")]
    assert ['"no"' in told[0], '"yes"' in told[1]] == [True, True]


def test_a_rotation_of_what_somebody_else_has_rotated_changes_nothing(hook, owner):
    seen = hooks.fingerprint(hook)
    second = hooks.rotate(hook, by=owner, expected=seen)
    with pytest.raises(hooks.HookChangedError) as refused:
        hooks.rotate(hook, by=owner, expected=seen)
    assert refused.value.code == "secret_rotated"
    assert Hook.objects.get().secret == second


def test_the_former_secret_can_be_ended(hook, owner):
    second = hooks.rotate(hook, by=owner)
    assert hooks.end_former(hook, by=owner)
    assert hooks.secrets(hook, NOW()) == [second]
    assert not hooks.end_former(hook, by=owner)
    assert [kind for kind, _ in events()] == ["hook-made", "hook-rotated", "hook-secret-ended"]


def test_removing_a_hook_takes_its_deliveries_along(hook, owner):
    Delivery.objects.create(hook=hook, key="1", event="push")
    hooks.remove(hook, by=owner)
    assert not Hook.objects.exists()
    assert not Delivery.objects.exists()
    assert events()[-1] == ("hook-removed", "owner removed the hook of pay")


def test_neither_the_key_nor_a_secret_stands_in_the_audit_log_or_plainly_in_the_database(hook, owner):
    secrets = [hook.secret, hooks.rotate(hook, by=owner)]
    said = " ".join(f"{event.text} {event.data}" for event in AuditEvent.objects.all())
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret, former_secret FROM reviews_hook")
        stored = " ".join(cursor.fetchone())
    assert [one for one in (*secrets, hook.key) if one in said] == []
    assert [one for one in secrets if one in stored] == []


def test_a_fingerprint_tells_states_apart_and_nothing_else(hook, owner):
    seen = hooks.fingerprint(hook)
    assert hooks.fingerprint(Hook.objects.get()) == seen
    hooks.rotate(hook, by=owner)
    assert hooks.fingerprint(hook) != seen


def test_what_a_hook_is_for_can_be_changed(hook, repository, owner):
    assert hooks.change(repository, "gitea", "release-*", by=owner)
    assert not hooks.change(repository, "gitea", "release-*", by=owner)
    repository.refresh_from_db()
    assert (repository.provider, repository.release_tags) == ("gitea", "release-*")
    assert events()[-1] == ("repository-changed", "owner changed the repository pay: provider, release_tags")


@pytest.mark.parametrize(
    ("url", "provider"),
    [
        ("https://github.com/acme/pay", "github"),
        ("https://github.acme.example/acme/pay", "github"),
        ("https://gitlab.com/acme/pay.git", "gitlab"),
        ("https://gitlab.acme.example:8443/acme/pay", "gitlab"),
        ("https://codeberg.org/acme/pay", "gitea"),
        ("https://git.forgejo.example/acme/pay", "gitea"),
        ("https://bitbucket.org/acme/pay.git", "bitbucket"),
        ("https://bitbucket.acme.example/scm/pay/api.git", "bitbucket-server"),
        ("https://code.acme.example/scm/pay/api.git", "bitbucket-server"),
        ("https://dev.azure.com/acme/pay/_git/api", "azure"),
        ("https://acme.visualstudio.com/pay/_git/api", "azure"),
        ("https://notgithub.com.example/acme/pay", "github"),
        ("https://git.example.org/pay.git", ""),
        ("file:///srv/git/pay.git", ""),
    ],
)
def test_the_provider_is_guessed_from_the_address(url, provider):
    assert hooks.guess(url) == provider
