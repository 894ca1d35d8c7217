"""The teams that a command was told to look at."""

from collections.abc import Iterable

from django.core.management.base import CommandError

from reviews.models import Team


def teams(slugs: Iterable[str] | None) -> list[Team]:
    """The teams of these slugs, or all of them for None. Raises CommandError for a slug that no team has."""
    if slugs is None:
        return list(Team.objects.order_by("slug"))
    found = {team.slug: team for team in Team.objects.filter(slug__in=slugs)}
    unknown = sorted(set(slugs) - set(found))
    if unknown:
        raise CommandError(f"There is no team {unknown[0]}. The slug of a team stands in the address of its page.")
    return [found[slug] for slug in sorted(found)]
