import hashlib

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_POST, require_safe

from reviews import access, badges
from reviews.views.people import PersonRequest, maintained

# A minute old at most, and asked for at most once a minute by each cache, such as the one in front of GitHub's READMEs.
KEPT = "public, max-age=60, must-revalidate"


@require_safe
def badge(request: HttpRequest, key: str, kind: str) -> HttpResponseBase:
    """One badge, for whoever has its address. It says nothing but what is drawn, and looks at no cookie."""
    if kind not in list(badges.Kind):
        raise Http404("No such badge.")
    shared = access.shared_repositories().select_related("team", "latest_scan")
    found = badges.badge(get_object_or_404(shared, badge_key=key), badges.Kind(kind), timezone.now())
    drawn = render(request, "reviews/badge.svg", {"badge": found}, content_type="image/svg+xml")
    etag = f'"{hashlib.sha256(drawn.content).hexdigest()[:32]}"'
    drawn.headers["ETag"], drawn.headers["Cache-Control"] = etag, KEPT
    return get_conditional_response(request, etag=etag, response=drawn) or drawn


@login_required
@require_POST
def share(request: PersonRequest, team: str, repository: str) -> HttpResponse:
    """Give the badges an address that needs no sign-in."""
    seen = maintained(request, team, repository)
    badges.share(seen, by=request.user)
    messages.success(request, "The badges can be shown now, to everybody who has their address.")
    return redirect("repository-settings", team, repository)


@login_required
@require_POST
def unshare(request: PersonRequest, team: str, repository: str) -> HttpResponse:
    """Take the address away."""
    seen = maintained(request, team, repository)
    badges.unshare(seen, by=request.user)
    messages.success(request, "The badges are not shown any more. If they are shared again, their address is another.")
    return redirect("repository-settings", team, repository)
