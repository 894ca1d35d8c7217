import pytest

from reviews import members
from reviews.members import LastMaintainerError
from reviews.models import Membership
from tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def last(team) -> Membership:
    """The only maintainer of Payments."""
    MembershipFactory(team=team, role="reviewer")
    MembershipFactory(role="maintainer")
    return MembershipFactory(team=team, role="maintainer")


def test_the_last_maintainer_cannot_become_something_else(last):
    with pytest.raises(LastMaintainerError, match="Make somebody else one first"):
        members.change_role(last, "reviewer")
    assert Membership.objects.get(pk=last.pk).role == "maintainer"


def test_the_last_maintainer_cannot_leave(last):
    with pytest.raises(LastMaintainerError):
        members.remove(last)
    assert Membership.objects.filter(pk=last.pk).exists()


def test_with_a_second_maintainer_the_first_may_go(last):
    MembershipFactory(team=last.team, role="maintainer")
    members.change_role(last, "viewer")
    assert Membership.objects.get(pk=last.pk).role == "viewer"


def test_others_come_and_go(last):
    other = MembershipFactory(team=last.team)
    members.change_role(other, "maintainer")
    members.remove(other)
    assert not Membership.objects.filter(pk=other.pk).exists()


def test_a_maintainer_may_stay_one(last):
    members.change_role(last, "maintainer")


def test_a_team_without_maintainer_holds_nobody(team):
    members.remove(MembershipFactory(team=team))
    assert not team.memberships.exists()
