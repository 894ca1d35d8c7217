"""Broken glass: a commit let out without an approval, and the second person who looks at it."""

from collections.abc import Callable

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from reviews import access
from reviews.gate.answering import SECOND_WITHIN
from reviews.models import BreakGlass, Membership, Repository, User
from reviews.rooms.forms import GlassForm, SecondForm
from reviews.signoff import casefile, glass
from reviews.views.attempts import FORBIDDEN, UNPROCESSABLE
from reviews.views.people import PersonRequest, seen_repository
from reviews.views.repositories import tabs
from reviews.waking import wake_delivery
from reviews.workflow.quorum import Actor
from reviews.workflow.transitions import RefusedError
from scanners.git.errors import SourceError

NEEDS_AUTHORITY = "This needs the duty release authority. Ask a maintainer of the team who has it."


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: PersonRequest, team: str, repository: str) -> HttpResponse:
    """The glass that was broken for a repository, and the form to break it for one commit."""
    seen = seen_repository(request, team, repository)
    form = GlassForm(request.POST or None, expected=seen.name, initial={"commit": request.GET.get("commit", "")})
    status = 200
    if request.method == "POST":
        status = broken(form, seen, request.user)
        if not status:
            wake_delivery()
            return redirect("break-glass", team, repository)
    return render(request, "reviews/glass.html", tabs(request, seen) | page_of(seen, request.user, form), status=status)


@login_required
@require_POST
def second(request: PersonRequest, team: str, repository: str, pk: int) -> HttpResponse:
    """Stand by broken glass as the second person."""
    seen = seen_repository(request, team, repository)
    found = get_object_or_404(seen.broken_glass.select_related("repository__team"), pk=pk)
    access.require(request.user, seen.team, Membership.Role.REVIEWER)
    form = SecondForm(request.POST)
    if form.is_valid() and not refused(form, lambda: glass.second(found, request.user, form.cleaned_data["note"])):
        wake_delivery()
        return redirect("break-glass", team, repository)
    blank = GlassForm(expected=seen.name)
    context = tabs(request, seen) | page_of(seen, request.user, blank) | {"seconding": found.pk, "second_form": form}
    return render(request, "reviews/glass.html", context, status=UNPROCESSABLE)


def broken(form: GlassForm, repository: Repository, by: User) -> int:
    """Break the glass. Returns 0, or the status of the page that says at the form why not."""
    if not casefile.actor(by, repository.team).has("authority"):
        form.add_error(None, NEEDS_AUTHORITY)
        return FORBIDDEN
    if not form.is_valid():
        return UNPROCESSABLE
    data = form.cleaned_data
    done = not refused(form, lambda: glass.break_glass(repository, by, data["commit"].strip().lower(), data["reason"]))
    return 0 if done else UNPROCESSABLE


def refused(form: forms.Form, change: Callable[[], object]) -> bool:
    """Make a change; True when it may not be made, and then the form says why."""
    try:
        change()
    except RefusedError as error:
        form.add_error(None, list(error.reasons))
    except SourceError as error:
        form.add_error("commit", f"{error.message} {error.next_step}")
    return bool(form.errors)


def page_of(repository: Repository, person: User, form: GlassForm) -> dict[str, object]:
    """What the page shows: the glass with who broke it and who stands by it, and what this person may do."""
    actor = casefile.actor(person, repository.team)
    return {
        "form": form,
        "panes": [pane(one) for one in repository.broken_glass.select_related("by", "second")],
        "may_break": actor.has("authority"),
        "may_second": actor.rank >= Actor.REVIEWER,
        "why_not": NEEDS_AUTHORITY,
    }


def pane(broken: BreakGlass) -> dict[str, object]:
    """One broken glass with what follows from the time."""
    now, second_by = timezone.now(), broken.at + SECOND_WITHIN
    return {"glass": broken, "open": broken.ends_at > now, "second_by": second_by, "late": second_by < now}
