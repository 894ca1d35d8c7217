from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from reviews import access, intake
from reviews.models import Membership, PullRequest, Scan
from reviews.pulls import showing
from reviews.views.people import PersonRequest, seen_repository
from reviews.views.repositories import tabs
from reviews.waking import wake_workers

PER_PAGE = 50


@login_required
@require_safe
def index(request: PersonRequest, team: str, repository: str) -> HttpResponse:
    """The pull requests of one repository with what each changes, the one that changed last first."""
    seen = seen_repository(request, team, repository)
    state = request.GET.get("state", "")
    state = state if state in PullRequest.State.values else ""
    rows = showing.listed(seen).filter(**{"state": state} if state else {})
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = tabs(request, seen) | {
        "page": page,
        "lines": showing.lines(page),
        "noun": showing.noun(seen),
        "state": state,
        "states": PullRequest.State.choices,
        "base": f"?state={state}",
    }
    return render(request, "reviews/repository_pulls.html", context)


@login_required
@require_safe
def pull_request(request: PersonRequest, team: str, repository: str, number: int) -> HttpResponse:
    """What one pull request changes: level and scores, what is new, what it fixes."""
    seen = seen_repository(request, team, repository)
    row = get_object_or_404(showing.listed(seen), number=number)
    context = tabs(request, seen) | {"pull": row, "room": showing.room(row), "noun": showing.noun(seen)}
    return render(request, "reviews/pull_request.html", context)


@login_required
@require_POST
def scan_again(request: PersonRequest, team: str, repository: str, number: int) -> HttpResponse:
    """Ask for a scan of its head, such as after a waiver."""
    seen = seen_repository(request, team, repository)
    row = get_object_or_404(seen.pull_requests, number=number)
    access.require(request.user, seen.team, Membership.Role.ENGINEER)
    if row.state != PullRequest.State.OPEN or not row.ref:
        messages.error(request, "It is closed, or the server does not show its commits. Nothing was asked for.")
        return redirect("pull-request", team, repository, number)
    trigger = Scan.Trigger.PERSON
    scan = intake.request_scan(seen, trigger=trigger, requested_by=request.user, commit=row.head, pull_request=row)
    wake_workers()
    return redirect("scan", scan.pk)
