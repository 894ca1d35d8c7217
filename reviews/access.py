"""Who may see and do what: the one place that scopes queries. Whatever one may not see does not exist (404)."""

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet

from reviews.models import (
    ApiToken,
    Condition,
    Delivery,
    Finding,
    Membership,
    OutboxMessage,
    Patch,
    Repository,
    Review,
    Scan,
    Team,
    User,
    Waiver,
)

_RANK = {role: rank for rank, role in enumerate(Membership.Role.values)}


def teams(user: User) -> QuerySet[Team]:
    """The teams that `user` may see: all for a site admin, else those one is a member of."""
    return Team.objects.all() if user.is_superuser else Team.objects.filter(memberships__user=user)


def teams_of(user: User, role: str) -> QuerySet[Team]:
    """The teams that `user` sees and holds at least `role` in."""
    enough = [name for name, rank in _RANK.items() if rank >= _RANK[role]]
    held = Membership.objects.filter(user=user, role__in=enough)
    return Team.objects.all() if user.is_superuser else Team.objects.filter(pk__in=held.values("team"))


def teams_to_register_in(user: User) -> QuerySet[Team]:
    """The teams that `user` may add repositories to."""
    return teams_of(user, Membership.Role.ENGINEER)


def repositories(user: User) -> QuerySet[Repository]:
    """The repositories of the teams that `user` may see."""
    return Repository.objects.filter(team__in=teams(user))


def scans(user: User) -> QuerySet[Scan]:
    """The scans of the repositories that `user` may see."""
    return Scan.objects.filter(repository__team__in=teams(user))


def findings(user: User) -> QuerySet[Finding]:
    """The findings of the repositories that `user` may see."""
    return Finding.objects.filter(repository__team__in=teams(user))


def patches(user: User) -> QuerySet[Patch]:
    """The patches of the repositories that `user` may see."""
    return Patch.objects.filter(repository__team__in=teams(user))


def reviews(user: User) -> QuerySet[Review]:
    """The reviews of the repositories that `user` may see."""
    return Review.objects.filter(repository__team__in=teams(user))


def waivers(user: User) -> QuerySet[Waiver]:
    """The waivers and false positives of the repositories that `user` may see."""
    return Waiver.objects.filter(repository__team__in=teams(user))


def conditions(user: User) -> QuerySet[Condition]:
    """The conditions of the reviews that `user` may see."""
    return Condition.objects.filter(review__repository__team__in=teams(user))


def messages(user: User) -> QuerySet[OutboxMessage]:
    """What the outbox holds for the people of the teams that `user` may see."""
    return OutboxMessage.objects.filter(team__in=teams(user))


def deliveries(user: User) -> QuerySet[Delivery]:
    """What forges reported of the repositories that `user` may see."""
    return Delivery.objects.filter(hook__repository__team__in=teams(user))


def repositories_of(token: ApiToken) -> QuerySet[Repository]:
    """The repositories that a program with `token` may see: those of its team."""
    return Repository.objects.filter(team=token.team_id)


def scans_of(token: ApiToken) -> QuerySet[Scan]:
    """The scans that a program with `token` may see."""
    return Scan.objects.filter(repository__team=token.team_id)


def patches_of(token: ApiToken) -> QuerySet[Patch]:
    """The patches that a program with `token` may see."""
    return Patch.objects.filter(repository__team=token.team_id)


def shared_repositories() -> QuerySet[Repository]:
    """Those whose badges anybody may see who has their address."""
    return Repository.objects.exclude(badge_key="")


def may(user: User, team: Team, role: str) -> bool:
    """Whether `user` holds at least `role` in `team`. A site admin holds every role."""
    if user.is_superuser:
        return True
    held = Membership.objects.filter(team=team, user=user).values_list("role", flat=True).first()
    return held is not None and _RANK[held] >= _RANK[role]


def require(user: User, team: Team, role: str) -> None:
    """Raise PermissionDenied (403, with what to do next) unless `may`; for people who already see the team."""
    if not may(user, team, role):
        raise PermissionDenied(f"This needs the role {role} in {team}. Ask a maintainer of the team for it.")
