from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from reviews import team_policy
from reviews.checklist import REQUIRED, Tier
from reviews.models import Team
from reviews.team_forms import PolicyForm
from reviews.views.people import PersonRequest, maintained_team
from reviews.workflow.quorum import quorum


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: PersonRequest, team: str) -> HttpResponse:
    """On which tiers the gate asks for a review, and whose quorum needs the duty ops."""
    seen = maintained_team(request, team)
    form = PolicyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        team_policy.change(seen, form.cleaned_data["review_tiers"], form.cleaned_data["ops_tiers"], by=request.user)
        messages.success(request, f"This is the policy of {seen.name} now. The audit log has the change.")
        return redirect("team-policy", team)
    context = {"team": seen, "rows": [row(seen, tier) for tier in Tier], "form": form}
    return render(request, "reviews/team_policy.html", context, status=422 if form.errors else 200)


def row(team: Team, tier: Tier) -> dict[str, object]:
    """What one tier asks for."""
    ops = tier in team.ops_tiers
    said = [slot.said for slot in quorum(tier, ops=ops)]
    return {"tier": tier, "level": REQUIRED[tier], "review": tier in team.review_tiers, "ops": ops, "quorum": said}
