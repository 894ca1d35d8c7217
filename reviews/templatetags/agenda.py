"""What of the waivers and conditions every page shows: how many press."""

from django import template
from django.contrib.auth.models import AnonymousUser

from reviews import waived
from reviews.models import User
from reviews.waivers import agenda

register = template.Library()


@register.simple_tag
def waivers_pressing(person: User | AnonymousUser) -> int:
    """How many waivers and conditions need the person of this page, or end within ten days."""
    return agenda.count(person, waived.today()) if isinstance(person, User) else 0
