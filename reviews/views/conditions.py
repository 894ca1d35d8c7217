"""Conditions of a review: added and dropped while it is answered or reviewed, verified while its approval runs."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from reviews import access
from reviews.models import Condition, Membership
from reviews.rooms.forms import ConditionForm, EmptyForm, VerifyForm
from reviews.rooms.room import Room, room
from reviews.signoff import conditions
from reviews.views.attempts import SEE_OTHER, Page, attempt, home, seen_review, shown
from reviews.views.people import PersonRequest
from reviews.waking import wake_delivery

Role = Membership.Role


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: PersonRequest, pk: int) -> HttpResponse:
    """Attach a condition to items of a review."""
    review = seen_review(request, pk)
    access.require(request.user, review.repository.team, Role.ENGINEER)
    chosen = request.GET.getlist("item")
    people = {"owner": review.submitted_by or review.opened_by, "verifier": request.user}
    refs = choices(room(review, request.user, timezone.now()), {*chosen, *request.POST.getlist("refs")})
    form = ConditionForm(request.POST or None, review=review, refs=refs, initial=people | {"refs": chosen})
    page = Page(review, "Add a condition", "Add the condition", home(review, "conditions"))
    if request.method != "POST":
        return shown(request, page, form)
    return attempt(request, page, form, lambda: conditions.add(review, request.user, form.wish()))


@login_required
@require_POST
def drop(request: PersonRequest, pk: int, condition: int) -> HttpResponse:
    """Take a condition away before the decision."""
    found = seen_condition(request, pk, condition)
    access.require(request.user, found.review.repository.team, Role.ENGINEER)
    page = Page(found.review, "Drop the condition", "Drop it", home(found.review, "conditions"))
    return attempt(request, page, EmptyForm(request.POST), lambda: conditions.drop(found, request.user))


@login_required
@require_POST
def verify(request: PersonRequest, pk: int, condition: int) -> HttpResponse:
    """Say that a condition is met, as the person named for it."""
    found = seen_condition(request, pk, condition)
    form = VerifyForm(request.POST)
    page = Page(found.review, "Verify the condition", "Verify it", home(found.review, "conditions"))
    answer = attempt(request, page, form, lambda: conditions.verify(found, request.user, form.cleaned_data["note"]))
    if answer.status_code == SEE_OTHER:
        wake_delivery()
    return answer


def seen_condition(request: PersonRequest, pk: int, condition: int) -> Condition:
    """A condition of a review that the person may see. Raises Http404."""
    review = seen_review(request, pk)
    found = get_object_or_404(review.conditions.select_related("verifier"), pk=condition)
    found.review = review
    return found


def choices(shown: Room, chosen: set[str]) -> list[tuple[str, str]]:
    """The items that a condition may stand for: those that something holds against, and those that were chosen."""
    may = [entry for entry in shown.entries if entry.excusable]
    wanted = [entry for entry in may if entry.case.outcome.holds_back or entry.in_the_way or entry.ref in chosen]
    return [(entry.ref, f"{entry.ref} {entry.item.title}") for entry in wanted or may]
