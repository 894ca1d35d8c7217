from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from reviews import access, intake, inventory
from reviews.forms import RegisterForm, RemoveForm, SettingsForm
from reviews.gate import gating
from reviews.models import Membership, Repository, Team
from reviews.patches import showing
from reviews.scorecards import efforts, first_fixes, standing
from reviews.trends import PERIODS, trend
from reviews.views.people import PersonRequest, maintained, seen_repository
from reviews.waking import wake_workers
from reviews.workflow.states import OPEN

Role = Membership.Role


@login_required
@require_safe
def scorecard(request: PersonRequest, team: str, repository: str) -> HttpResponse:
    """Where one repository stands, why, what to do first, and how it got there."""
    seen = seen_repository(request, team, repository)
    context = tabs(request, seen)
    if seen.latest_scan is None:
        newest = seen.scans.filter(pull_request=None).order_by("-pk").first()
        return render(request, "reviews/repository_empty.html", context | {"newest": newest})
    period = request.GET.get("period", "")
    period = period if period in PERIODS else "26w"
    context |= {
        "scan": seen.latest_scan,
        "standing": standing(seen, seen.latest_scan),
        "answer": gating.head(seen, timezone.now()),
        "trend": trend(seen, period, timezone.now()),
        "period": period,
        "periods": {"30d": "30 days", "26w": "26 weeks", "all": "All"}.items(),
        "fixes": first_fixes(seen),
        "efforts": efforts(),
        "told": inventory.standing(seen.latest_scan),
        "cleared": showing.cleared(showing.verified([seen])),
    }
    return render(request, "reviews/repository.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: PersonRequest) -> HttpResponse:
    """Add a repository to a team and scan it for the first time."""
    teams = access.teams_to_register_in(request.user)
    form = RegisterForm(request.POST or None, teams=teams, initial=wished_team(request, teams))
    if request.method == "POST" and form.is_valid():
        repository = form.register(request.user)
        if repository:
            wake_workers()
            return redirect("scan", repository.scans.latest("pk").pk)
    status = 200 if request.method != "POST" else 422
    return render(request, "reviews/register.html", {"form": form, "teams": teams}, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: PersonRequest, team: str, repository: str) -> HttpResponse:
    """Change what a repository is and how it is reached."""
    seen = maintained(request, team, repository)
    form = SettingsForm(request.POST or None, instance=seen)
    if request.method == "POST" and form.is_valid():
        form.change(request.user)
        messages.success(request, "Saved. The next scan uses it.")
        if form.lost:
            messages.warning(request, "Tokens were for the former server, so they are forgotten. Enter new ones.")
        return redirect("repository-settings", team, repository)
    context = tabs(request, seen) | {"form": form, "remove": RemoveForm(expected=seen.name)}
    return render(request, "reviews/settings.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def remove(request: PersonRequest, team: str, repository: str) -> HttpResponse:
    """Remove a repository with its scans and findings, after its name was typed."""
    seen = maintained(request, team, repository)
    form = RemoveForm(request.POST, expected=seen.name)
    if not form.is_valid():
        context = tabs(request, seen) | {"form": SettingsForm(instance=seen), "remove": form}
        return render(request, "reviews/settings.html", context, status=422)
    intake.remove(seen, by=request.user)
    messages.success(request, f"{seen.name} was removed with its scans and findings.")
    return redirect("team", team)


def wished_team(request: PersonRequest, teams: QuerySet[Team]) -> dict[str, Team | None]:
    """The team that the link to the form named."""
    return {"team": teams.filter(slug=request.GET.get("team", "")).first()}


def tabs(request: PersonRequest, repository: Repository) -> dict[str, object]:
    """What the head and the tabs of every page of a repository show."""
    team = repository.team
    return {
        "repository": repository,
        "team": team,
        "open_findings": sum(repository.latest_scan.open_findings.values()) if repository.latest_scan else 0,
        "open_reviews": repository.reviews.filter(state__in=[state.value for state in OPEN]).count(),
        "may_scan": access.may(request.user, team, Role.ENGINEER),
        "may_change": access.may(request.user, team, Role.MAINTAINER),
    }
