"""Requests of people who signed in, which is what every page but the sign-in gets."""

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from reviews import access, recount, waived
from reviews.models import Membership, Repository, Team, User


class PersonRequest(HttpRequest):
    """A request whose user is known; only for annotations."""

    user: User
    htmx: bool


def seen_team(request: PersonRequest, team: str) -> Team:
    """The team of that slug. Raises Http404 when there is none, or none that the person may see."""
    return get_object_or_404(access.teams(request.user), slug=team)


def maintained_team(request: PersonRequest, team: str) -> Team:
    """The team, for its maintainers. Raises Http404 or PermissionDenied."""
    seen = seen_team(request, team)
    access.require(request.user, seen, Membership.Role.MAINTAINER)
    return seen


def seen_repository(request: PersonRequest, team: str, repository: str) -> Repository:
    """The repository with its team and newest finished scan, its scorecard as it is today. Raises Http404."""
    visible = access.repositories(request.user).select_related("team", "latest_scan")
    found = get_object_or_404(visible, team__slug=team, slug=repository)
    if found.latest_scan:
        found.latest_scan.repository = found
        found.latest_scan = recount.as_of(found.latest_scan, waived.today())
    return found


def maintained(request: PersonRequest, team: str, repository: str) -> Repository:
    """The repository, for maintainers of its team. Raises Http404 or PermissionDenied."""
    seen = seen_repository(request, team, repository)
    access.require(request.user, seen.team, Membership.Role.MAINTAINER)
    return seen
