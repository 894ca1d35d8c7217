from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from reviews import tokens
from reviews.team_forms import TokenForm
from reviews.views.people import PersonRequest, maintained_team


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: PersonRequest, team: str) -> HttpResponse:
    """The tokens of the team; maintainers make them. The answer that makes one is the only one to show its secret."""
    seen = maintained_team(request, team)
    form = TokenForm(request.POST or None)
    made, secret = None, ""
    if request.method == "POST" and form.is_valid():
        made, secret = form.make(seen, request.user)
        form = TokenForm()
    listed = seen.api_tokens.select_related("made_by")
    context = {"team": seen, "form": form, "made": made, "secret": secret, "tokens": listed, "at": timezone.now()}
    return render(request, "reviews/tokens.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def revoke(request: PersonRequest, team: str, pk: int) -> HttpResponse:
    """Let nobody in with a token from now on."""
    token = get_object_or_404(maintained_team(request, team).api_tokens.select_related("team"), pk=pk)
    tokens.revoke(token, by=request.user)
    messages.success(request, f"The token {token.name} lets nobody in any more.")
    return redirect("tokens", team)
