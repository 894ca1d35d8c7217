from collections.abc import Callable
from functools import partial

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from reviews import access
from reviews.fleet import fleet
from reviews.forms import MemberForm, RoleForm, TeamForm
from reviews.members import LastMaintainerError, make_team
from reviews.members import change_duties as give
from reviews.members import change_role as change
from reviews.members import remove as take_out
from reviews.models import Membership
from reviews.scorecards import scanned_areas, worst_items
from reviews.team_forms import DutiesForm
from reviews.views.people import PersonRequest, maintained_team, seen_team

Role = Membership.Role


@login_required
@require_safe
def team(request: PersonRequest, team: str) -> HttpResponse:
    """The scorecard of one team: its repositories, what fails most among them, and its people."""
    seen = seen_team(request, team)
    context = {
        "team": seen,
        "fleet": fleet(request.user, team=seen),
        "areas": scanned_areas(),
        "worst": worst_items(access.repositories(request.user).filter(team=seen)),
        "members": seen.memberships.select_related("user"),
        "may_change": access.may(request.user, seen, Role.MAINTAINER),
        "may_register": access.may(request.user, seen, Role.ENGINEER),
    }
    return render(request, "reviews/team.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: PersonRequest) -> HttpResponse:
    """Make a team; its first maintainer is whoever makes it."""
    if not request.user.is_superuser:
        raise PermissionDenied("Only a site admin makes teams. Ask whoever runs this Plimsoll.")
    form = TeamForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        make_team(form.instance, request.user)
        return redirect("members", form.instance.slug)
    return render(request, "reviews/team_new.html", {"form": form}, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def members(request: PersonRequest, team: str) -> HttpResponse:
    """Who is in the team and as what; maintainers add people."""
    seen = maintained_team(request, team)
    form = MemberForm(request.POST or None, team=seen)
    if request.method == "POST" and form.is_valid():
        added = form.save(request.user)
        messages.success(request, f"{added.user.username} is {added.role} of {seen.name}.")
        return redirect("members", team)
    context = {
        "team": seen,
        "form": form,
        "members": seen.memberships.select_related("user"),
        "roles": Role.choices,
        "duties": Membership.Duty.choices,
    }
    return render(request, "reviews/members.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def change_role(request: PersonRequest, team: str, pk: int) -> HttpResponse:
    """Give a member another role."""
    member = get_object_or_404(maintained_team(request, team).memberships.select_related("user"), pk=pk)
    form = RoleForm(request.POST)
    if form.is_valid():
        role = form.cleaned_data["role"]
        attempt(request, partial(change, member, role, by=request.user), f"{member.user.username} is {role} now.")
    return redirect("members", team)


@login_required
@require_POST
def change_duties(request: PersonRequest, team: str, pk: int) -> HttpResponse:
    """Say what a member answers for in reviews."""
    member = get_object_or_404(maintained_team(request, team).memberships.select_related("user"), pk=pk)
    form = DutiesForm(request.POST)
    if form.is_valid():
        duties = form.cleaned_data["duties"]
        attempt(
            request, partial(give, member, duties, by=request.user), f"Duties of {member.user.username} are stored."
        )
    return redirect("members", team)


@login_required
@require_POST
def remove_member(request: PersonRequest, team: str, pk: int) -> HttpResponse:
    """Take a member out of the team; maintainers may do it to anybody, and everybody to themselves."""
    seen = seen_team(request, team)
    member = get_object_or_404(seen.memberships.select_related("user"), pk=pk)
    if member.user != request.user:
        access.require(request.user, seen, Role.MAINTAINER)
    attempt(request, partial(take_out, member, by=request.user), f"{member.user.username} is no longer in {seen.name}.")
    return redirect("account") if member.user == request.user else redirect("members", team)


def attempt(request: PersonRequest, change: Callable[[], None], done: str) -> None:
    """Make a change of the members and say what came of it."""
    try:
        change()
    except LastMaintainerError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)
