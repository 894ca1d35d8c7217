"""Registering by a command, for scripts."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from reviews import hooks
from reviews.models import AuditEvent, Hook, Repository, Scan, Team
from tests.factories import RepositoryFactory

pytestmark = pytest.mark.django_db
URL = "https://github.com/acme/pay.git"


def register(*more: str, url: str = URL) -> tuple[dict, str]:
    """What the command printed as JSON, and what it said beside."""
    out, beside = StringIO(), StringIO()
    call_command("register_repository", "--team", "payments", "--url", url, *more, stdout=out, stderr=beside)
    return json.loads(out.getvalue()), beside.getvalue()


def errors(*more: str, url: str = URL) -> dict[str, list[str]]:
    """The codes of the errors that the command ends with, by field."""
    with pytest.raises(CommandError) as ended:
        register(*more, url=url)
    assert ended.value.returncode == 1
    told = json.loads(str(ended.value))["errors"]
    assert all(one["message"].endswith(".") for field in told.values() for one in field)
    return {field: [one["code"] for one in found] for field, found in told.items()}


def test_it_prints_one_object_with_the_address_and_the_secret(team):
    printed, beside = register("--branch", "trunk", "--path", "services/pay", "--tier", "A", "--kind", "worker")
    repository, hook = Repository.objects.get(), Hook.objects.get()
    assert printed == {
        "repository": repository.pk,
        "name": "pay",
        "page": "http://testserver/repositories/payments/pay/",
        "hook_url": f"http://testserver/hooks/{hook.key}/",
        "secret": hook.secret,
    }
    assert beside == ""
    stored = (repository.branch, repository.sub_path, repository.tier, repository.kind, repository.provider)
    assert stored == ("trunk", "services/pay", "A", "worker", "github")


def test_it_asks_for_the_first_scan_and_tells_the_audit_log(team):
    register()
    assert Scan.objects.get().trigger == Scan.Trigger.REGISTERED
    assert list(AuditEvent.objects.order_by("seq").values_list("kind", "actor")) == [
        ("repository-registered", "plimsoll"),
        ("hook-made", "plimsoll"),
    ]


def test_the_token_comes_from_the_environment(team, monkeypatch):
    monkeypatch.setenv("PAY_TOKEN", "hunter2")
    printed, _ = register("--credential-env", "PAY_TOKEN", "--name", "Payments API")
    assert "hunter2" not in json.dumps(printed)
    assert (Repository.objects.get().credential, Repository.objects.get().slug) == ("hunter2", "payments-api")


def test_a_second_run_says_so_by_name_and_shows_no_secret(team):
    first, _ = register()
    again, beside = register("--tier", "A")
    assert again == first | {"secret": None}
    assert "pay is registered for this URL, branch and path already." in beside
    assert "Nothing was changed" in beside
    assert Repository.objects.get().tier == "B"
    assert Hook.objects.get().secret == first["secret"]
    assert Scan.objects.count() == 1


def test_a_registered_repository_without_a_hook_gets_one(team):
    repository = RepositoryFactory(team=team, name="known", url=URL)
    printed, beside = register("--provider", "gitea", "--name", "other")
    assert (printed["repository"], printed["name"]) == (repository.pk, "known")
    assert printed["secret"] == Hook.objects.get(repository=repository).secret
    assert "Its hook was made now." in beside


def test_a_mistake_registers_nothing(team):
    found = errors("--branch", "a b", "--path", "/..", url="http://10.0.0.1/x")
    assert found == {
        "provider": ["provider_unknown"],
        "url": ["url_scheme_not_allowed"],
        "branch": ["branch_malformed"],
        "path": ["sub_path_malformed"],
    }
    assert not Repository.objects.exists()


@pytest.mark.parametrize(
    ("more", "url", "found"),
    [
        (["--tier", "D"], URL, {"tier": ["invalid_choice"]}),
        (["--kind", "robot"], URL, {"kind": ["invalid_choice"]}),
        (["--provider", "sourceforge"], URL, {"provider": ["provider_unknown"]}),
        ([], "https://git.example.org/pay.git", {"provider": ["provider_unknown"]}),
        (["--credential-env", "NOT_SET_ANYWHERE"], URL, {"credential_env": ["credential_missing"]}),
        (["--name", "!!!"], URL, {"name": ["name_malformed"]}),
    ],
)
def test_errors_have_their_field_and_a_code(team, more, url, found):
    assert errors(*more, url=url) == found
    assert not Repository.objects.exists()
    assert not Hook.objects.exists()


def test_a_team_that_is_none_is_named(db):
    assert errors() == {"team": ["team_unknown"]}
    assert not Team.objects.exists()


def test_a_name_that_is_taken_is_not_taken_over(team):
    RepositoryFactory(team=team, name="pay", url="https://github.com/other/pay.git")
    assert errors() == {"name": ["name_taken"]}


def test_workers_are_woken_when_all_is_stored(team, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks:
        register()
    assert len(callbacks) == 1
    assert hooks.url(Hook.objects.get()).startswith("http://testserver/hooks/")
