from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from reviews import access
from reviews.fleet import ORDERS, fleet
from reviews.forms import RegisterForm
from reviews.models import Repository
from reviews.movers import movers
from reviews.scorecards import scanned_areas
from reviews.views.people import PersonRequest


@login_required
@require_safe
def index(request: PersonRequest) -> HttpResponse:
    """What stands where: levels, scores and movers of all teams that the person may see."""
    tier = request.GET.get("tier", "")
    order = request.GET.get("order", "")
    tier, order = tier if tier in Repository.Tier.values else "", order if order in ORDERS else "team"
    whole = fleet(request.user, tier=tier, order=order, expanded=request.GET.getlist("open"))
    if not whole.rows and not tier:
        return empty(request)
    context = {
        "fleet": whole,
        "areas": scanned_areas(),
        "tier": tier,
        "order": order,
        "tiers": Repository.Tier.values,
        "orders": ORDERS.items(),
    }
    if request.htmx:
        return render(request, "reviews/fleet.html#map", context)
    may_register = access.teams_to_register_in(request.user).exists()
    return render(request, "reviews/fleet.html", context | {"movers": movers(whole), "may_register": may_register})


def empty(request: PersonRequest) -> HttpResponse:
    """The fleet before its first repository: what will be here, and the one next step."""
    teams = access.teams_to_register_in(request.user)
    form = RegisterForm(teams=teams) if teams else None
    context = {"form": form, "areas": scanned_areas(), "teams": access.teams(request.user)}
    return render(request, "reviews/fleet_empty.html", context)
