from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from reviews import access
from reviews.views.people import PersonRequest
from scanners import registry

MOST = 20
SHORTEST_COMMIT = 4


@login_required
@require_safe
def index(request: PersonRequest) -> HttpResponse:
    """Repositories, rules and scanned commits by name. One hit is opened at once."""
    text = request.GET.get("q", "").strip()[:200]
    named = Q(name__icontains=text) | Q(slug__icontains=text) | Q(url__icontains=text)
    repositories = list(access.repositories(request.user).filter(named).select_related("team")[:MOST]) if text else []
    rules = [rule for rule in registry.rules().values() if text and text.lower() in f"{rule.id} {rule.title}".lower()]
    commits = access.scans(request.user).filter(commit__startswith=text.lower()) if len(text) >= SHORTEST_COMMIT else []
    scans = list(commits.select_related("repository__team").defer("scorecard")[:MOST]) if commits else []
    targets = [("repository", r.team.slug, r.slug) for r in repositories]
    targets += [("rule", rule.id) for rule in rules] + [("scan", scan.pk) for scan in scans]
    if len(targets) == 1:
        return redirect(*targets[0])
    context = {"text": text, "repositories": repositories, "rules": rules[:MOST], "scans": scans}
    return render(request, "reviews/search.html", context)
