from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from reviews.views.people import PersonRequest


@login_required
@require_safe
def index(request: PersonRequest) -> HttpResponse:
    """Who one is here, in which teams, and the way out."""
    held = request.user.memberships.select_related("team").order_by("team__name")
    return render(request, "reviews/account.html", {"memberships": held})


def closed(request: HttpRequest) -> HttpResponse:
    """A page of the sign-in library that this site does not offer."""
    raise Http404(request.path)
