"""What the database itself refuses, whoever writes, and what it keeps secret."""

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError
from pytest_django import Settings

from reviews.models import Membership, Repository, Scan, Team, User
from tests.factories import MembershipFactory, RepositoryFactory, ScanFactory

pytestmark = pytest.mark.django_db

DONE = {"state": Scan.State.DONE, "commit": "c" * 40, "rule_set": "r"}


@pytest.fixture
def repository(team: Team) -> Repository:
    return RepositoryFactory(team=team)


class TestScan:
    def test_one_result_of_a_commit_and_a_rule_set(self, repository: Repository) -> None:
        ScanFactory(repository=repository, **DONE)
        ScanFactory(repository=repository, **DONE | {"rule_set": "r2"})
        ScanFactory(repository=repository, **DONE | {"state": Scan.State.SUPERSEDED})
        with pytest.raises(IntegrityError):
            ScanFactory(repository=repository, **DONE)

    def test_one_running_scan_of_a_repository(self, repository: Repository) -> None:
        ScanFactory(repository=repository, state=Scan.State.RUNNING)
        with pytest.raises(IntegrityError):
            ScanFactory(repository=repository, state=Scan.State.RUNNING)

    def test_one_request_of_a_commit(self, repository: Repository) -> None:
        ScanFactory(repository=repository, wanted_commit="a" * 40)
        with pytest.raises(IntegrityError):
            ScanFactory(repository=repository, wanted_commit="a" * 40)

    def test_no_unknown_state(self, repository: Repository) -> None:
        with pytest.raises(IntegrityError):
            ScanFactory(repository=repository, state="paused")

    def test_the_database_says_when_it_was_asked_for(self, repository: Repository) -> None:
        scan = Scan.objects.create(repository=repository, branch="main")
        assert scan.requested_at == scan.available_at
        assert scan.requested_at.tzinfo is not None


class TestRepository:
    @pytest.mark.parametrize("field", ["tier", "kind"])
    def test_no_unknown_tier_or_kind(self, team: Team, field: str) -> None:
        with pytest.raises(IntegrityError):
            RepositoryFactory(team=team, **{field: "X"})

    def test_one_repository_of_a_place_in_a_team(self, team: Team) -> None:
        RepositoryFactory(team=team, url="https://git.example/a")
        with pytest.raises(IntegrityError):
            RepositoryFactory(team=team, url="https://git.example/a")


class TestMembership:
    def test_one_role_of_a_person_in_a_team(self, team: Team, teammate: User) -> None:
        with pytest.raises(IntegrityError):
            MembershipFactory(team=team, user=teammate)

    def test_no_unknown_role(self, team: Team) -> None:
        with pytest.raises(IntegrityError):
            MembershipFactory(team=team, role="king")

    def test_roles_are_listed_from_least_to_most(self) -> None:
        assert Membership.Role.values == ["viewer", "engineer", "reviewer", "maintainer"]


class TestCredential:
    def test_is_plain_in_python_and_not_in_the_database(self, team: Team) -> None:
        repository = RepositoryFactory(team=team, credential="canary")
        stored = Repository.objects.extra(select={"raw": "credential"}).get(pk=repository.pk)
        assert stored.credential == "canary"
        assert "canary" not in stored.raw

    def test_an_empty_one_stays_empty(self, repository: Repository) -> None:
        assert Repository.objects.get(pk=repository.pk).credential == ""

    def test_keys_can_be_rotated(self, team: Team, settings: Settings) -> None:
        repository = RepositoryFactory(team=team, credential="canary")
        settings.FIELD_KEYS = [Fernet.generate_key().decode(), *settings.FIELD_KEYS]
        assert Repository.objects.get(pk=repository.pk).credential == "canary"

    def test_a_lost_key_is_said_plainly(self, team: Team, settings: Settings) -> None:
        repository = RepositoryFactory(team=team, credential="canary")
        settings.FIELD_KEYS = [Fernet.generate_key().decode()]
        with pytest.raises(ImproperlyConfigured, match="PLIMSOLL_FIELD_KEYS"):
            Repository.objects.get(pk=repository.pk)
