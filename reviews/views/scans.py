from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from reviews import access, intake, past, replaying
from reviews.models import Look, Membership, Scan
from reviews.pulls.showing import noun
from reviews.scans import changes, coverage, progress_of
from reviews.views.people import PersonRequest, seen_repository
from reviews.views.repositories import tabs
from reviews.waking import wake_workers
from scanners.git.errors import SourceError

PER_PAGE = 50
STOP_POLLING = 286
PATIENCE_SECONDS = 10
PAST = {
    "20": (20, 1, "the last 20 commits"),
    "50": (50, 1, "the last 50 commits"),
    "200": (200, 1, "the last 200 commits"),
    "500": (50, 10, "each tenth of the last 500 commits"),
    "5000": (100, 50, "each fiftieth of the last 5,000 commits"),
}


@login_required
@require_safe
def index(request: PersonRequest) -> HttpResponse:
    """Scans of all repositories, the newest first."""
    return render(request, "reviews/scans.html", listed(request, access.scans(request.user)))


@login_required
@require_safe
def of_repository(request: PersonRequest, team: str, repository: str) -> HttpResponse:
    """Scans of one repository, the newest first, and the last look at its branch."""
    seen = seen_repository(request, team, repository)
    context = tabs(request, seen) | listed(request, access.scans(request.user).filter(repository=seen))
    context["look"] = Look.objects.filter(repository=seen).first()
    context |= {"past": past.standing(seen), "spans": PAST}
    return render(request, "reviews/repository_scans.html", context)


@login_required
@require_safe
def scan(request: PersonRequest, pk: int) -> HttpResponse:
    """One scan: how far it is, what it read, what it could not read, and what it changed."""
    found = seen_scan(request, pk)
    context = tabs(request, found.repository) | {
        "scan": found,
        "progress": progress_of(found),
        "coverage": coverage(found),
        "changes": changes(found),
        "open_total": sum(found.open_findings.values()),
        "pull": found.pull_request,
        "noun": noun(found.repository),
        "replay": replaying.wanted(found),
    }
    return render(request, "reviews/scan.html", context)


@login_required
@require_safe
def progress(request: PersonRequest, pk: int) -> HttpResponse:
    """The part of a scan's page that changes while it runs. Answers 286 when it has ended, which ends the polling."""
    found = seen_scan(request, pk)
    far = progress_of(found)
    context = {"scan": found, "progress": far, "ended": far.ended}
    return render(request, "reviews/scan.html#progress", context, status=STOP_POLLING if far.ended else 200)


@login_required
@require_safe
def seal(request: PersonRequest, pk: int) -> HttpResponse:
    """The seal of a finished scan: the line that `plimsoll replay` prints where it looks at the same."""
    found = replaying.kept(seen_scan(request, pk))
    if found is None:
        raise Http404("The scan has no seal.")
    named = {"Content-Disposition": f'attachment; filename="scan-{pk}.json"'}
    return HttpResponse(found.seal.line, content_type="application/json", headers=named)


@login_required
@require_POST
def request_scan(request: PersonRequest, team: str, repository: str) -> HttpResponse:
    """Ask for a scan of the branch's head."""
    seen = seen_repository(request, team, repository)
    access.require(request.user, seen.team, Membership.Role.ENGINEER)
    asked = intake.request_scan(seen, trigger=Scan.Trigger.PERSON, requested_by=request.user)
    wake_workers()
    return redirect("scan", asked.pk)


@login_required
@require_POST
def request_past(request: PersonRequest, team: str, repository: str) -> HttpResponse:
    """Ask for scans of earlier commits of the branch."""
    seen = seen_repository(request, team, repository)
    access.require(request.user, seen.team, Membership.Role.ENGINEER)
    count, every = PAST.get(request.POST.get("span", ""), PAST["50"])[:2]
    try:
        asked = past.ask(seen, count, every=every, seconds=PATIENCE_SECONDS, by=request.user)
    except (past.RefusedError, SourceError) as error:
        messages.error(request, f"{error.message} {error.next_step}")
    else:
        told = f"{asked.asked} earlier commits are asked for" if asked.asked else "Every earlier commit has a scan"
        messages.success(request, f"{told}; the history that was read has {asked.listed}.")
        wake_workers()
    return redirect("repository-scans", team, repository)


def seen_scan(request: PersonRequest, pk: int) -> Scan:
    """The scan with its repository. Raises Http404 for one that the person may not see."""
    return get_object_or_404(
        access.scans(request.user).select_related("repository__team", "repository__latest_scan", "pull_request"), pk=pk
    )


def listed(request: PersonRequest, scans: Any) -> dict[str, Any]:
    """One page of scans, of one state when asked for."""
    state = request.GET.get("state", "")
    state = state if state in Scan.State.values else ""
    wanted = scans.filter(state=state) if state else scans
    rows = wanted.select_related("repository__team", "requested_by").defer("scorecard").order_by("-pk")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    return {"page": page, "state": state, "states": Scan.State.choices, "base": f"?state={state}"}
