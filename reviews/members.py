"""Changes of who is in a team. A team never loses its last maintainer, also when two leave at the same moment."""

from django.db import transaction

from reviews.models import Membership, Team

Role = Membership.Role


class LastMaintainerError(Exception):
    """The change would leave the team without a maintainer."""


def change_role(membership: Membership, role: str) -> None:
    """Give a member another role. Raises LastMaintainerError."""
    with transaction.atomic():
        _keep_one(membership, role)
        Membership.objects.filter(pk=membership.pk).update(role=role)


def remove(membership: Membership) -> None:
    """Take a member out of the team. Raises LastMaintainerError."""
    with transaction.atomic():
        _keep_one(membership, "")
        membership.delete()


def _keep_one(membership: Membership, role: str) -> None:
    Team.objects.select_for_update(no_key=True).get(pk=membership.team_id)
    maintainers = Membership.objects.filter(team=membership.team_id, role=Role.MAINTAINER)
    if role != Role.MAINTAINER and list(maintainers.values_list("pk", flat=True)) == [membership.pk]:
        raise LastMaintainerError("A team keeps at least one maintainer. Make somebody else one first.")
