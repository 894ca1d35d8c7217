"""Changes of who is in a team. A team never loses its last maintainer, also when two leave at the same moment."""

from collections.abc import Collection

from django.db import transaction

from reviews.audit import trail
from reviews.models import Membership, Team, User

Role = Membership.Role


class LastMaintainerError(Exception):
    """The change would leave the team without a maintainer."""


def make_team(team: Team, by: User) -> None:
    """Store a new team; its first maintainer is whoever makes it."""
    with transaction.atomic():
        team.save()
        trail.record(team, by, "team-created", team, f"{by.username} created the team {team.name}", name=team.name)
        add(team, by, Role.MAINTAINER, by=by)


def add(team: Team, person: User, role: str, *, by: User | None) -> Membership:
    """Take a person into a team."""
    with transaction.atomic():
        membership = Membership.objects.create(team=team, user=person, role=role)
        _tell(membership, by, "added", f"added {person.username} as {role}", role=str(role))
    return membership


def change_role(membership: Membership, role: str, *, by: User | None = None) -> None:
    """Give a member another role. Raises LastMaintainerError."""
    with transaction.atomic():
        _keep_one(membership, role)
        same = Membership.objects.filter(pk=membership.pk)
        before = same.get().role
        same.update(role=role)
        if before != role:
            text = f"made {membership.user.username} {role}, who was {before}"
            _tell(membership, by, "role-changed", text, role=str(role), before=before)


def change_duties(membership: Membership, duties: Collection[str], *, by: User) -> None:
    """Say what a member answers for. Whoever gives a duty to themselves is told of loudly in the audit log."""
    with transaction.atomic():
        Team.objects.select_for_update(no_key=True).get(pk=membership.team_id)
        same = Membership.objects.filter(pk=membership.pk)
        before = [duty for duty in Membership.Duty.values if duty in same.get().duties]
        after = [duty for duty in Membership.Duty.values if duty in duties]
        if before == after:
            return
        same.update(duties=after)
        own = membership.user == by and bool(set(after) - set(before))
        whom = "themselves" if membership.user == by else membership.user.username
        text = f"gave {whom} the duties {_listed(after)} instead of {_listed(before)}"
        data = {"duties": _listed(after), "before": _listed(before), "own_hand": "yes" if own else "no"}
        _tell(membership, by, "duties-changed", f"{text}. THEIR OWN DUTY, BY THEIR OWN HAND" if own else text, **data)


def remove(membership: Membership, *, by: User | None = None) -> None:
    """Take a member out of the team. Raises LastMaintainerError."""
    with transaction.atomic():
        _keep_one(membership, "")
        text = f"removed {membership.user.username}, who was {membership.role}"
        _tell(membership, by, "removed", text, before=membership.role)
        membership.delete()


def _tell(membership: Membership, by: User | None, what: str, text: str, **data: str) -> None:
    who, person = by.username if by else trail.PLIMSOLL, membership.user
    data["person"] = person.username
    trail.record(membership.team, by, f"member-{what}", person, f"{who} {text}", **data)


def _listed(duties: Collection[str]) -> str:
    return ", ".join(duties) or "none"


def _keep_one(membership: Membership, role: str) -> None:
    Team.objects.select_for_update(no_key=True).get(pk=membership.team_id)
    maintainers = Membership.objects.filter(team=membership.team_id, role=Role.MAINTAINER)
    if role != Role.MAINTAINER and list(maintainers.values_list("pk", flat=True)) == [membership.pk]:
        raise LastMaintainerError("A team keeps at least one maintainer. Make somebody else one first.")
