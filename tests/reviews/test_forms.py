import pytest

from reviews import telling
from reviews.forms import (
    FindingFilter,
    MemberForm,
    RegisterForm,
    RemoveForm,
    SettingsForm,
    TeamForm,
    default_name,
)
from reviews.models import Forge, Membership, Repository, Team
from tests.factories import MembershipFactory, RepositoryFactory, TeamFactory, UserFactory

URL = "https://git.example.org/payments/payments-api.git"
pytestmark = pytest.mark.django_db


def register(team, **data) -> RegisterForm:
    given = {"team": team.pk, "url": URL, "branch": "main", "tier": "B", "kind": "http-api"} | data
    return RegisterForm(given, teams=Team.objects.filter(pk=team.pk))


def settings(repository, **data) -> SettingsForm:
    given = {"name": repository.name, "url": repository.url, "branch": "main", "tier": "B", "kind": "http-api"}
    return SettingsForm(given | data, instance=repository)


@pytest.mark.parametrize(
    ("url", "sub_path", "name"),
    [
        (URL, "", "payments-api"),
        ("https://git.example.org/mono", "services/pay", "pay"),
        ("https://x.example/a/", "", "a"),
    ],
)
def test_a_repository_is_called_after_its_place(url, sub_path, name):
    assert default_name(url, sub_path) == name


def test_registering_makes_the_repository_and_asks_for_its_first_scan(team, teammate):
    form = register(team, credential="token-1")
    assert form.is_valid()
    made = form.register(teammate)
    assert (made.name, made.slug, made.registered_by, made.credential) == (
        "payments-api",
        "payments-api",
        teammate,
        "token-1",
    )
    assert made.scans.get().requested_by == teammate


@pytest.mark.parametrize(
    ("field", "value", "next_step"),
    [
        ("url", "git.example.org", "Enter it as https://host/path."),
        ("url", "https://me:secret@git.example.org/a", "enter an access token in its own field"),
        ("url", "https://127.0.0.1/a", "Ask the operator to allow this host"),
        ("branch", "a..b", "Enter the name as git shows it"),
        ("sub_path", "../etc", "Enter a directory of the repository"),
    ],
)
def test_a_bad_place_is_named_at_its_field_with_the_next_step(team, teammate, field, value, next_step):
    form = register(team, **{field: value})
    form.is_valid()
    assert form.register(teammate) is None
    assert next_step in form.errors[field][0]
    assert not Repository.objects.exists()


def test_a_place_is_registered_once_in_a_team(team, teammate):
    RepositoryFactory(team=team, name="pay", url=URL)
    form = register(team)
    form.is_valid()
    assert form.register(teammate) is None
    assert "pay" in form.errors["url"][0]


def test_nobody_registers_in_a_team_that_was_not_offered(team):
    form = RegisterForm({"team": TeamFactory().pk, "url": URL}, teams=Team.objects.filter(pk=team.pk))
    assert not form.is_valid()
    assert "team" in form.errors


def test_the_stored_token_is_never_shown():
    form = SettingsForm(instance=RepositoryFactory(credential="hunter2"))
    assert "hunter2" not in form.as_p()
    assert "One is stored" in form.as_p()


def test_saving_without_a_token_keeps_the_stored_one():
    form = settings(RepositoryFactory(credential="hunter2"), name="Other")
    assert form.is_valid(), form.errors
    form.save()
    assert (Repository.objects.get().credential, Repository.objects.get().name) == ("hunter2", "Other")


@pytest.mark.parametrize(("data", "kept"), [({"credential": "new"}, "new"), ({"forget": "on"}, "")])
def test_a_token_can_be_replaced_and_forgotten(data, kept):
    form = settings(RepositoryFactory(credential="hunter2"), **data)
    assert form.is_valid()
    form.save()
    assert Repository.objects.get().credential == kept


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://git.example.org/elsewhere", "hunter2"),
        ("https://git.example.net/pay", ""),
        ("https://git.example.org:8443/pay", ""),
    ],
)
def test_a_token_is_not_taken_to_another_server(owner, url, kept):
    repository = RepositoryFactory(team=owner.teams.get(), credential="hunter2", provider="gitlab")
    telling.save(repository, telling.Wish(token="hunter3"), by=owner)
    form = settings(repository, url=f"{url}.git")
    assert form.is_valid(), form.errors
    form.change(owner)
    assert Repository.objects.get().credential == kept
    assert Forge.objects.get().token == kept.replace("2", "3")
    assert form.lost is not bool(kept)


def test_a_new_token_goes_along_with_a_new_server(owner):
    repository = RepositoryFactory(team=owner.teams.get(), credential="hunter2")
    form = settings(repository, url="https://git.example.net/pay", credential="hunter3")
    assert form.is_valid(), form.errors
    form.change(owner)
    assert (Repository.objects.get().credential, form.lost) == ("hunter3", False)


def test_without_a_token_there_is_nothing_to_forget():
    assert "forget" not in settings(RepositoryFactory()).fields


def test_settings_check_the_place_like_registering_does(team):
    other = RepositoryFactory(team=team, url="https://git.example.org/other")
    taken = settings(RepositoryFactory(team=team), url=other.url)
    assert "Change one of them" in taken.errors["url"][0]
    bad = settings(RepositoryFactory(team=team), url="ftp://x", branch="a b", sub_path="/..")
    assert set(bad.errors) == {"url", "branch", "sub_path"}


def test_a_changed_name_leaves_the_address_of_the_page():
    repository = RepositoryFactory(name="pay")
    form = settings(repository, name="Payments")
    form.is_valid()
    assert form.save().slug == "pay"


@pytest.mark.parametrize(("typed", "valid"), [("pay", True), (" pay ", True), ("Pay", False), ("", False)])
def test_removing_needs_the_name_letter_for_letter(typed, valid):
    assert RemoveForm({"name": typed}, expected="pay").is_valid() is valid


@pytest.mark.parametrize(("name", "message"), [("!!", "at least one letter"), ("payments", "Choose another name")])
def test_a_team_needs_a_name_of_its_own(team, name, message):
    assert message in TeamForm({"name": name}).errors["name"][0]


def test_a_team_is_reached_by_its_name():
    form = TeamForm({"name": "Customs gateway"})
    assert form.is_valid()
    assert form.save().slug == "customs-gateway"


def test_a_person_is_added_by_user_name(team):
    person = UserFactory()
    form = MemberForm({"username": f" {person.username} ", "role": "viewer"}, team=team)
    assert form.is_valid()
    assert form.save(by=UserFactory()) == Membership.objects.get(team=team, user=person, role="viewer")


def test_people_without_account_and_members_cannot_be_added(team):
    member = MembershipFactory(team=team).user
    gone = UserFactory(is_active=False)
    for name, message in (
        (member.username, "in the team"),
        ("nobody", "has an account"),
        (gone.username, "has an account"),
    ):
        assert message in MemberForm({"username": name, "role": "viewer"}, team=team).errors["username"][0]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({}, {"state": "open"}),
        ({"state": "fixed", "severity": "high", "q": " bank "}, {"state": "fixed", "severity": "high", "q": "bank"}),
        ({"state": "nonsense", "area": "nowhere", "severity": "worst"}, {"state": "open"}),
    ],
)
def test_a_filter_leaves_out_what_it_does_not_understand(query, wanted):
    assert FindingFilter(query).wanted() == wanted
