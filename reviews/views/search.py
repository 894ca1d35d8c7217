from django.contrib.auth.decorators import login_required
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from reviews import access
from reviews.models import Repository, Review, Scan
from reviews.views.people import PersonRequest
from scanners import registry

MOST = 20
SHORTEST_COMMIT = 4


@login_required
@require_safe
def index(request: PersonRequest) -> HttpResponse:
    """Repositories, rules, reviews and scanned commits by name. One hit is opened at once."""
    text = request.GET.get("q", "").strip()[:200]
    repositories = list(repositories_named(request, text)[:MOST])
    rules = [rule for rule in registry.rules().values() if text and text.lower() in f"{rule.id} {rule.title}".lower()]
    scans = list(scans_of(request, text)[:MOST])
    reviews = list(reviews_titled(request, text)[:MOST])
    urls = [reverse("repository", args=[one.team.slug, one.slug]) for one in repositories]
    urls += [reverse("rule", args=[one.id]) for one in rules] + [reverse("scan", args=[one.pk]) for one in scans]
    urls += [reverse("review", args=[one.pk]) for one in reviews]
    if len(urls) == 1:
        return redirect(urls[0])
    context = {"text": text, "repositories": repositories, "rules": rules[:MOST], "scans": scans, "reviews": reviews}
    return render(request, "reviews/search.html", context)


def repositories_named(request: PersonRequest, text: str) -> QuerySet[Repository]:
    """Repositories with a text in their name or address."""
    seen = access.repositories(request.user).select_related("team")
    named = Q(name__icontains=text) | Q(slug__icontains=text) | Q(url__icontains=text)
    return seen.filter(named) if text else seen.none()


def reviews_titled(request: PersonRequest, text: str) -> QuerySet[Review]:
    """Reviews with a text in their title, the newest first."""
    seen = access.reviews(request.user).select_related("repository").order_by("-pk")
    return seen.filter(title__icontains=text) if text else seen.none()


def scans_of(request: PersonRequest, text: str) -> QuerySet[Scan]:
    """Scans of commits that begin with a text."""
    seen = access.scans(request.user).select_related("repository__team").defer("scorecard")
    return seen.filter(commit__startswith=text.lower()) if len(text) >= SHORTEST_COMMIT else seen.none()
