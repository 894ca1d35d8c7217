"""What reviews ask, as pages. Templates of HTML are another thing."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from reviews import access
from reviews.checklist import Kind, Tier, read
from reviews.models import Membership, ReviewTemplate
from reviews.signoff.templates import (
    BadTemplateError,
    Draft,
    Place,
    SavedMeanwhileError,
    changes,
    overview,
    save,
)
from reviews.team_forms import TemplateForm, rebased
from reviews.views.people import PersonRequest, seen_team
from reviews.workflow.questions import asked
from reviews.workflow.states import Occasion

MAINTAINER = Membership.Role.MAINTAINER


@login_required
@require_safe
def index(request: PersonRequest, team: str) -> HttpResponse:
    """What a team asks in its reviews, by kind, occasion and tier."""
    seen = seen_team(request, team)
    may_change = access.may(request.user, seen, MAINTAINER)
    context = {"team": seen, "kinds": overview(seen), "tiers": list(Tier), "may_change": may_change}
    return render(request, "reviews/review_templates.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def template(request: PersonRequest, team: str, tier: str, kind: str, occasion: str) -> HttpResponse:
    """What the reviews of one tier, kind and occasion ask, with its history; maintainers change it."""
    place = seen_place(request, team, tier, kind, occasion)
    if request.method != "POST":
        return page(request, place, TemplateForm(place, place.newest()))
    access.require(request.user, place.team, MAINTAINER)
    form = TemplateForm(place, place.newest(), request.POST)
    if not form.is_valid():
        return page(request, place, form, status=422)
    try:
        saved = save(place, request.user, form.draft())
    except BadTemplateError as error:
        form.add_error(None, list(error.faults))
        return page(request, place, form, status=422)
    except SavedMeanwhileError as error:
        return conflict(request, place, error)
    messages.success(request, f"Version {saved.version} is stored. Reviews that begin their scan now ask it.")
    return redirect(request.path)


@login_required
@require_POST
def use_shipped(request: PersonRequest, team: str, tier: str, kind: str, occasion: str) -> HttpResponse:
    """Go back to the shipped questions, as a version of its own."""
    place = seen_place(request, team, tier, kind, occasion)
    access.require(request.user, place.team, MAINTAINER)
    base = request.POST.get("base", "")
    try:
        save(place, request.user, Draft(int(base) if base.isdecimal() else -1, shipped=True))
    except SavedMeanwhileError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "The shipped questions are asked again, also when they change.")
    return redirect("review-template", team, tier, kind, occasion)


def seen_place(request: PersonRequest, team: str, tier: str, kind: str, occasion: str) -> Place:
    """The place of a template in a team that the person may see. Raises Http404."""
    seen = seen_team(request, team)
    try:
        return Place(seen, Tier(tier), Kind(kind), Occasion(occasion))
    except ValueError as error:
        raise Http404(f"There is no such template: {error}") from error


def conflict(request: PersonRequest, place: Place, error: SavedMeanwhileError) -> HttpResponse:
    """The page with what was entered, as a change of the version that somebody else saved first."""
    newest = place.newest()
    form = TemplateForm(place, newest, rebased(request.POST, newest.version if newest else 0))
    form.is_valid()
    form.add_error(None, str(error))
    return page(request, place, form, status=409)


def page(request: PersonRequest, place: Place, form: TemplateForm, status: int = 200) -> HttpResponse:
    """The page of one template."""
    versions = place.versions()
    everything = asked(read(), place.tier, place.kind, place.occasion, versions[0] if versions else None)
    context = {
        "team": place.team,
        "place": place,
        "form": form,
        "newest": versions[0] if versions else None,
        "asked": [one for one in everything if one.asked],
        "history": history(place, versions),
        "may_change": access.may(request.user, place.team, MAINTAINER),
    }
    return render(request, "reviews/review_template.html", context, status=status)


def history(place: Place, versions: list[ReviewTemplate]) -> list[tuple[ReviewTemplate, list[str]]]:
    """The versions, newest first, each with what it changed."""
    older = [*versions, None][1:]
    return [(version, changes(before, version, place)) for version, before in zip(versions, older, strict=True)]
