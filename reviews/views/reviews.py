from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRefresh

from reviews import access
from reviews.gate import gating
from reviews.models import Membership, Review
from reviews.rooms import docket, drawing
from reviews.rooms.forms import OpenForm, ReviewFilter
from reviews.rooms.room import room
from reviews.scans import progress_of
from reviews.signoff import freezing
from reviews.views.attempts import UNPROCESSABLE, seen_review
from reviews.views.people import PersonRequest, seen_repository
from reviews.views.repositories import tabs
from reviews.waivers import life
from reviews.waking import wake_workers
from reviews.workflow.states import State

PER_PAGE = 50


@login_required
@require_safe
def index(request: PersonRequest) -> HttpResponse:
    """Reviews of every repository that the person may see; the open ones unless asked otherwise."""
    context = listed(request, access.reviews(request.user))
    if request.htmx:
        return render(request, "reviews/reviews.html#list", context)
    reviewed = access.repositories(request.user).filter(reviews__isnull=False).distinct()
    context |= {"teams": access.teams(request.user), "repositories": reviewed}
    return render(request, "reviews/reviews.html", context)


@login_required
@require_safe
def of_repository(request: PersonRequest, team: str, repository: str) -> HttpResponse:
    """Reviews of one repository, the newest first."""
    seen = seen_repository(request, team, repository)
    context = tabs(request, seen) | page_of(request, seen.reviews.all())
    return render(request, "reviews/repository_reviews.html", context | {"base": "?"})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def open_review(request: PersonRequest, team: str, repository: str) -> HttpResponse:
    """Open a review of a commit and ask for its scan, in one step."""
    seen = seen_repository(request, team, repository)
    access.require(request.user, seen.team, Membership.Role.ENGINEER)
    form = OpenForm(request.POST or None, repository=seen)
    if request.method == "POST" and form.is_valid():
        opened = form.begin(seen, request.user)
        if opened:
            wake_workers()
            return redirect("review", opened.pk)
    status = 200 if request.method != "POST" else UNPROCESSABLE
    return render(request, "reviews/review_open.html", tabs(request, seen) | {"form": form}, status=status)


@login_required
@require_safe
def review(request: PersonRequest, pk: int) -> HttpResponse:
    """One review: what is in the way, every item with its evidence, who signed, and what one may do now."""
    seen, now = seen_review(request, pk), timezone.now()
    shown = room(seen, request.user, now)
    context = {
        "room": shown,
        "review": seen,
        "repository": seen.repository,
        "team": seen.repository.team,
        "gate": gating.answer(seen.repository, seen.commit, now) if shown.decided else None,
    }
    return render(request, "reviews/review.html", context | followed(seen))


@login_required
@require_safe
def numbered(request: PersonRequest, team: str, repository: str, number: int) -> HttpResponse:
    """Go to the review that has this number in its repository."""
    found = get_object_or_404(seen_repository(request, team, repository).reviews, number=number)
    return redirect("review", found.pk)


@login_required
@require_safe
def progress(request: PersonRequest, pk: int) -> HttpResponse:
    """How far the scan of a review is; once the review goes on, the page is loaded again."""
    seen = seen_review(request, pk)
    if seen.state != State.SCANNING:
        return HttpResponseClientRefresh()
    return render(request, "reviews/review.html#scanning", {"review": seen} | followed(seen))


@login_required
@require_safe
def workflow(request: PersonRequest) -> HttpResponse:
    """How a review goes on: every state, who may do what, and what each tier asks."""
    context = {
        "rows": drawing.rows(),
        "ways": drawing.ways(),
        "height": drawing.height(),
        "demands": drawing.demands(),
        "waiver_days": [(severity.value, days) for severity, days in life.MOST_DAYS.items()],
    }
    return render(request, "reviews/review_workflow.html", context)


def followed(review: Review) -> dict[str, Any]:
    """The scan that a review waits for, and how far it is."""
    scan = freezing.answering(review.scan) if review.state == State.SCANNING else review.scan
    return {"scan": scan, "progress": progress_of(scan) if scan and review.state == State.SCANNING else None}


def listed(request: PersonRequest, reviews: QuerySet[Review]) -> dict[str, Any]:
    """One page of reviews, filtered by the query string."""
    form = ReviewFilter(request.GET)
    wanted = form.wanted()
    mine = docket.waiting(request.user)
    found = docket.in_group(reviews, wanted.get("group", "open"), mine)
    if "team" in wanted:
        found = found.filter(repository__team__slug=wanted["team"])
    if "repository" in wanted:
        found = found.filter(repository=wanted["repository"])
    context = {"form": form, "wanted": wanted, "base": "?" + urlencode(wanted), "waiting": len(mine)}
    return context | page_of(request, found)


def page_of(request: PersonRequest, reviews: QuerySet[Review]) -> dict[str, Any]:
    """One page of reviews with their lines, the newest first."""
    page = Paginator(docket.listed(reviews.order_by("-pk")), PER_PAGE).get_page(request.GET.get("page"))
    return {"page": page, "lines": docket.lines(page.object_list, docket.waiting(request.user), timezone.now())}
