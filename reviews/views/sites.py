from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from reviews.rules import outcome_bar
from reviews.scorecards import rule_outcomes
from reviews.sites import sites_of
from reviews.views.people import PersonRequest, seen_repository
from reviews.views.repositories import tabs
from scanners import registry

PER_PAGE = 100


@login_required
@require_safe
def index(request: PersonRequest, team: str, repository: str, rule: str) -> HttpResponse:
    """Every place that a rule looked at in one repository: at fault, not told, good."""
    seen = seen_repository(request, team, repository)
    looked_for = registry.rules().get(rule)
    if looked_for is None or seen.latest_scan is None:
        raise Http404("No such rule, or no scan.")
    found = sites_of(seen, looked_for)
    outcome = rule_outcomes(seen.latest_scan.scorecard).get(rule)
    context = tabs(request, seen) | {
        "rule": looked_for,
        "outcome": outcome,
        "bar": outcome_bar(outcome) if outcome else (),
        "sites": found,
        "page": Paginator(found.good, PER_PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "reviews/sites.html", context)
