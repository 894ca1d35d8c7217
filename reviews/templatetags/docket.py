"""What of the reviews every page shows: how many wait for the person."""

from django import template
from django.contrib.auth.models import AnonymousUser

from reviews.models import User
from reviews.rooms import docket

register = template.Library()


@register.simple_tag
def reviews_waiting(person: User | AnonymousUser) -> int:
    """How many reviews wait for the person of this page."""
    return len(docket.waiting(person)) if isinstance(person, User) else 0
