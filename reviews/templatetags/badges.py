"""Badges on the settings page, and the one colour that each of them has."""

from django import template

from reviews import badges
from reviews.models import Repository

register = template.Library()


@register.simple_tag
def label_ground() -> str:
    """The colour behind the label."""
    return badges.LABEL_GROUND


@register.simple_tag
def badges_of(repository: Repository) -> list[badges.Link]:
    """The badges of a repository with their addresses; empty while they are not shared."""
    return list(badges.links(repository))
