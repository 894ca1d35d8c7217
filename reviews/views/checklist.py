from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from reviews import access
from reviews.rules import across_fleet, chapters, neighbours
from reviews.views.people import PersonRequest
from scanners import registry
from scanners.fixes.offered import fixes

FIRST = 40


@login_required
@require_safe
def index(request: PersonRequest) -> HttpResponse:
    """All items by area, each with the rules that answer it or the evidence that people are asked for."""
    return render(request, "reviews/checklist.html", chapters())


@login_required
@require_safe
def rule(request: PersonRequest, rule: str) -> HttpResponse:
    """One rule: why, what it looks at, examples, the fix, and how the fleet stands."""
    found = registry.rules().get(rule)
    if found is None:
        raise Http404("No such rule.")
    fleet = across_fleet(access.repositories(request.user), rule)
    shown = fleet.lines if "all" in request.GET else (fleet.at_fault or fleet.lines)[:FIRST]
    context = {
        "mended": fixes().get(rule),
        "rule": found,
        "fleet": fleet,
        "shown": shown,
        "left": len(fleet.lines) - len(shown),
    } | neighbours(found)
    return render(request, "reviews/rule.html", context)
