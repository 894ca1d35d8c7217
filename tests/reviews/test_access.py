"""Who sees what, and who may do what: a role is as good as all those below it, in its own team only."""

import pytest
from django.core.exceptions import PermissionDenied

from reviews import access
from reviews.models import Condition, Finding, Membership, Repository, Review, Scan, Team, User, Waiver
from tests.factories import RepositoryFactory, ScanFactory

Role = Membership.Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def scan(team: Team) -> Scan:
    return ScanFactory(repository=RepositoryFactory(team=team))


@pytest.fixture
def finding(scan: Scan) -> Finding:
    place = {"rule": "r", "area": "timeouts", "severity": "high", "confidence": "high", "path": "a.py", "line": 1}
    shown = {"end_line": 1, "anchor": "a", "line_hash": "l", "message": "m", "first_seen_at": scan.requested_at}
    return Finding.objects.create(repository=scan.repository, identity="i", **place, **shown)


class TestSight:
    @pytest.mark.parametrize("name", ["owner", "reviewer", "teammate", "viewer", "admin"])
    def test_members_and_the_site_admin_see_all_of_a_team(
        self, name: str, finding: Finding, scan: Scan, request: pytest.FixtureRequest
    ) -> None:
        user = request.getfixturevalue(name)
        assert scan.repository.team in access.teams(user)
        assert list(access.repositories(user)) == [scan.repository]
        assert list(access.scans(user)) == [scan]
        assert list(access.findings(user)) == [finding]

    def test_a_stranger_sees_nothing_of_it(self, finding: Finding, stranger: User) -> None:
        assert [team.slug for team in access.teams(stranger)] == ["search"]
        assert not access.repositories(stranger).exists()
        assert not access.scans(stranger).exists()
        assert not access.findings(stranger).exists()

    def test_waivers_and_conditions_are_seen_by_the_team_alone(
        self, scan: Scan, stranger: User, teammate: User, viewer: User
    ) -> None:
        repository = scan.repository
        waiver = Waiver.objects.create(
            repository=repository, kind="false-positive", scope="finding", severity="low", requested_by=teammate
        )
        review = Review.objects.create(repository=repository, number=1, title="1", occasion="release", tier="B")
        people = {"owner": teammate, "verifier": viewer, "added_by": teammate}
        condition = Condition.objects.create(review=review, text="t", due_on=scan.requested_at.date(), **people)
        assert (access.waivers(viewer).get(), access.conditions(viewer).get()) == (waiver, condition)
        assert not access.waivers(stranger).exists()
        assert not access.conditions(stranger).exists()

    def test_of_two_teams_both_are_seen_and_nothing_twice(self, scan: Scan, stranger: User, team: Team) -> None:
        Membership.objects.create(team=team, user=stranger)
        assert access.teams(stranger).count() == 2
        assert list(access.scans(stranger)) == [scan]


class TestMay:
    @pytest.mark.parametrize(
        ("name", "highest"),
        [
            ("viewer", Role.VIEWER),
            ("teammate", Role.ENGINEER),
            ("reviewer", Role.REVIEWER),
            ("owner", Role.MAINTAINER),
            ("admin", Role.MAINTAINER),
        ],
    )
    def test_up_to_the_own_role(self, name: str, highest: Role, team: Team, request: pytest.FixtureRequest) -> None:
        user = request.getfixturevalue(name)
        allowed = [role for role in Role.values if access.may(user, team, role)]
        assert allowed == Role.values[: Role.values.index(highest) + 1]

    def test_nothing_in_another_team(self, stranger: User, team: Team) -> None:
        assert not access.may(stranger, team, Role.VIEWER)

    def test_a_refusal_says_what_to_do(self, viewer: User, team: Team) -> None:
        access.require(viewer, team, Role.VIEWER)
        with pytest.raises(PermissionDenied, match="Ask a maintainer"):
            access.require(viewer, team, Role.ENGINEER)


def test_repositories_of_other_teams_do_not_mix(team: Team, owner: User) -> None:
    ours, _ = RepositoryFactory(team=team), RepositoryFactory()
    assert list(access.repositories(owner)) == [ours]
    assert Repository.objects.count() == 2


def test_the_role_that_lets_one_register_is_ones_own(
    team: Team, viewer: User, teammate: User, admin: User, stranger: User
) -> None:
    assert list(access.teams_to_register_in(viewer)) == []
    assert list(access.teams_to_register_in(teammate)) == [team]
    assert team in access.teams_to_register_in(admin)
    assert team not in access.teams_to_register_in(stranger)
