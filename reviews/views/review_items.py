"""What people say about the items of a review: each a form on its page that leads back to the item."""

from collections.abc import Callable
from dataclasses import replace

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from reviews import access
from reviews.models import Condition, Membership, ReviewItem, User, Verdict
from reviews.rooms.entries import Entry
from reviews.rooms.forms import AnswerForm, CommentForm, EmptyForm, VerdictForm
from reviews.rooms.room import room
from reviews.signoff import answers
from reviews.views.attempts import Page, attempt, home, page_of, seen_item, seen_review
from reviews.views.people import PersonRequest

Role = Membership.Role
Change = Callable[[ReviewItem, User], None]
Wanted = Callable[[Entry], bool]


@login_required
@require_POST
def answer(request: PersonRequest, pk: int, ref: str) -> HttpResponse:
    """Answer an asked item."""
    item = of_the_team(request, pk, ref)
    form = AnswerForm(request.POST)
    said = form.cleaned_data if form.is_valid() else {}
    return attempt(
        request,
        page_of(item, "Answer"),
        form,
        lambda: answers.answer(item, request.user, said["answer"], said["rationale"], digest=said["digest"] or None),
    )


@login_required
@require_POST
def confirm(request: PersonRequest, pk: int, ref: str) -> HttpResponse:
    """Take over the answer of the last approval."""
    item = of_the_team(request, pk, ref)
    page = page_of(item, "Confirm the answer")
    return attempt(request, page, EmptyForm(request.POST), lambda: answers.confirm(item, request.user))


@login_required
@require_POST
def acknowledge(request: PersonRequest, pk: int, ref: str) -> HttpResponse:
    """Say that one has seen that an item could not be told."""
    item = of_the_team(request, pk, ref)
    page = page_of(item, "Acknowledge it")
    return attempt(request, page, EmptyForm(request.POST), lambda: answers.acknowledge(item, request.user))


@login_required
@require_POST
def confirm_all(request: PersonRequest, pk: int) -> HttpResponse:
    """Take over every answer of the last approval that is left."""
    return each(request, pk, "Confirm all answers", answers.confirm, lambda entry: entry.case.carried)


@login_required
@require_POST
def acknowledge_all(request: PersonRequest, pk: int) -> HttpResponse:
    """Say that one has seen every item that could not be told."""
    return each(request, pk, "Acknowledge all", answers.acknowledge, lambda entry: entry.unseen)


@login_required
@require_POST
def verdict(request: PersonRequest, pk: int, ref: str) -> HttpResponse:
    """Say as a reviewer what one thinks of an item; one with a condition goes on to say which."""
    item = seen_item(request, pk, ref)
    access.require(request.user, item.review.repository.team, Role.REVIEWER)
    form = VerdictForm(request.POST)
    page = page_of(item, "Verdict")
    if request.POST.get("value") == Verdict.Value.CONDITION and not has_condition(item):
        page = replace(page, back=reverse("add-condition", args=[pk]) + f"?item={ref}")
    return attempt(
        request,
        page,
        form,
        lambda: answers.give_verdict(item, request.user, form.cleaned_data["value"], form.cleaned_data["digest"]),
    )


@login_required
@require_POST
def comment(request: PersonRequest, pk: int, ref: str) -> HttpResponse:
    """Say something about an item."""
    item = seen_item(request, pk, ref)
    form = CommentForm(request.POST)
    page = page_of(item, "Comment")
    return attempt(request, page, form, lambda: answers.comment(item, request.user, form.cleaned_data["text"]))


def of_the_team(request: PersonRequest, pk: int, ref: str) -> ReviewItem:
    """The item, for engineers of its team. Raises Http404 or PermissionDenied."""
    item = seen_item(request, pk, ref)
    access.require(request.user, item.review.repository.team, Role.ENGINEER)
    return item


def has_condition(item: ReviewItem) -> bool:
    """Whether a condition that nobody dropped stands for an item."""
    kept = item.review.conditions.exclude(state=Condition.State.DROPPED)
    return any(item.ref in refs for refs in kept.values_list("refs", flat=True))


def each(request: PersonRequest, pk: int, heading: str, change: Change, wanted: Wanted) -> HttpResponse:
    """Make the same change of every item that it is wanted for: of all, or of none."""
    review = seen_review(request, pk)
    access.require(request.user, review.repository.team, Role.ENGINEER)
    entries = [entry for entry in room(review, request.user, timezone.now()).entries if wanted(entry)]

    def change_all() -> None:
        with transaction.atomic():
            for entry in entries:
                entry.item.review = review
                change(entry.item, request.user)

    return attempt(request, Page(review, heading, heading, home(review)), EmptyForm(request.POST), change_all)
