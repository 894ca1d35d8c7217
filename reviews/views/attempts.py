"""Changes of a review that may be refused: done and back to the page, or the form again with the reasons."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from reviews import access
from reviews.models import AuditEvent, Review, ReviewItem
from reviews.rooms.room import events
from reviews.signoff.turns import ConflictError
from reviews.views.people import PersonRequest
from reviews.workflow.transitions import RefusedError

SEE_OTHER, FORBIDDEN, CONFLICT, UNPROCESSABLE = 303, 403, 409, 422
WITH = ("repository__team", "repository__latest_scan", "scan", "previous", "template")
HEAVY = ("repository__latest_scan__scorecard", "repository__latest_scan__progress")
PEOPLE = ("opened_by", "submitted_by", "claimed_by")
_NOT_YOURS = ("This needs the role", "This needs the duty")


@dataclass(frozen=True, slots=True)
class Page:
    """Where a form belongs: its review, what it does in a few words, and where one goes on afterwards."""

    review: Review
    heading: str
    button: str
    back: str
    item: ReviewItem | None = None


def seen_review(request: PersonRequest, pk: int) -> Review:
    """The review with what its page needs. Raises Http404 for one that the person may not see."""
    found = access.reviews(request.user).select_related(*WITH, *PEOPLE).defer(*HEAVY)
    review = get_object_or_404(found, pk=pk)
    if review.scan:
        review.scan.repository = review.repository
    return review


def seen_item(request: PersonRequest, pk: int, ref: str) -> ReviewItem:
    """An item of a review that the person may see. Raises Http404."""
    review = seen_review(request, pk)
    item = get_object_or_404(review.items, ref=ref)
    item.review = review
    return item


def home(review: Review, place: str = "") -> str:
    """The address of a review's page, or of a place on it."""
    return reverse("review", args=[review.pk]) + (f"#{place}" if place else "")


def page_of(item: ReviewItem, heading: str) -> Page:
    """Where a form about an item belongs."""
    return Page(item.review, heading, heading, home(item.review, f"item-{item.ref}"), item)


def attempt(request: PersonRequest, page: Page, form: forms.Form, change: Callable[[], object]) -> HttpResponse:
    """Make a change and go on; else 422 or 403 with the reasons at the form, or 409 when somebody was first."""
    if not form.is_valid():
        return shown(request, page, form, UNPROCESSABLE)
    try:
        change()
    except ConflictError:
        return conflict(request, page, form)
    except RefusedError as error:
        form.add_error(None, list(error.reasons))
        mine = not any(reason.startswith(_NOT_YOURS) for reason in error.reasons)
        return shown(request, page, form, UNPROCESSABLE if mine else FORBIDDEN)
    except ValidationError as error:
        form.add_error(None, error)
        return shown(request, page, form, UNPROCESSABLE)
    return HttpResponseRedirect(page.back, status=SEE_OTHER)


def shown(request: PersonRequest, page: Page, form: forms.Form, status: int = 200) -> HttpResponse:
    """The form on a page of its own, with what was typed and what is wrong with it."""
    return render(request, "reviews/review_form.html", {"page": page, "form": form}, status=status)


def conflict(request: PersonRequest, page: Page, form: forms.Form) -> HttpResponse:
    """Who decided what and when, and what was typed, so that nothing of it is lost."""
    newest = next(iter(events(page.review)), None)
    context = {"page": page, "event": newest, "at": moment(newest), "typed": typed(form)}
    return render(request, "reviews/review_conflict.html", context, status=CONFLICT)


def moment(event: AuditEvent | None) -> datetime | None:
    """When an event was."""
    return datetime.fromisoformat(event.at) if event else None


def typed(form: forms.Form) -> list[tuple[str, str]]:
    """What somebody wrote into a form: labels and texts."""
    written = ((str(field.label), field.value()) for field in form.visible_fields())
    return [(label, value) for label, value in written if isinstance(value, str) and value.strip()]
