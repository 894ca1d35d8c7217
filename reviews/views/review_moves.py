"""What moves a review on: one form for each choice, all answered alike."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.views.decorators.http import require_POST

from reviews import access
from reviews.models import Membership, Review, SignOff, User
from reviews.rooms.forms import DecisionForm, MoveForm, NoteForm, ReaffirmForm, ReasonForm
from reviews.signoff import casefile, deciding, opening
from reviews.views.attempts import SEE_OTHER, Page, attempt, home, seen_review
from reviews.views.people import PersonRequest
from reviews.waking import wake_delivery, wake_workers

Decision = SignOff.Decision
Change = Callable[[Review, User, dict], object]


@dataclass(frozen=True, slots=True)
class Move:
    """One choice: what is entered, what is done with it, and whether a scan has to be made afterwards."""

    label: str
    change: Change
    form: type[DecisionForm] = DecisionForm
    scans: bool = False


def reaffirmed(review: Review, by: User, data: dict) -> object:
    """The items that were named, or all that are changed."""
    refs = [ref for ref in data["items"].split(",") if ref] or [ref for ref, *_ in casefile.changed(review)]
    return deciding.reaffirm(review, by, data["seen"], refs, data["note"])


def signed(decision: str) -> Change:
    """A sign-off of one kind."""
    return lambda review, by, data: deciding.sign(review, by, data["seen"], decision, data["note"])


_START = Move("Start the review", lambda review, by, data: opening.start(review, by, data["seen"]), scans=True)
MOVES: Mapping[str, Move] = {
    "start": _START,
    "retry": _START,
    "submit": Move("Submit for review", lambda review, by, data: opening.submit(review, by, data["seen"])),
    "claim": Move("Claim the review", lambda review, by, data: opening.claim(review, by, data["seen"])),
    "release": Move("Release the review", lambda review, by, data: opening.release(review, by, data["seen"])),
    "request-changes": Move(
        "Request changes",
        lambda review, by, data: deciding.request_changes(review, by, data["seen"], data["note"]),
        ReasonForm,
    ),
    "reject": Move(
        "Reject", lambda review, by, data: deciding.reject(review, by, data["seen"], data["note"]), ReasonForm
    ),
    "approve": Move("Approve", signed(Decision.APPROVE), NoteForm),
    "approve-with-conditions": Move("Approve with conditions", signed(Decision.CONDITIONS), NoteForm),
    "reaffirm": Move("Reaffirm", reaffirmed, ReaffirmForm),
    "move": Move(
        "Move to another commit",
        lambda review, by, data: opening.move_to(review, by, data["seen"], data["commit"].strip().lower()),
        MoveForm,
        scans=True,
    ),
    "withdraw": Move(
        "Withdraw the review",
        lambda review, by, data: opening.withdraw(review, by, data["seen"], data["note"]),
        NoteForm,
    ),
    "revoke": Move(
        "Revoke the approval",
        lambda review, by, data: deciding.revoke(review, by, data["seen"], data["note"]),
        ReasonForm,
    ),
}


@login_required
@require_POST
def move(request: PersonRequest, pk: int, name: str) -> HttpResponse:
    """Do one of MOVES, on what the page showed."""
    seen = seen_review(request, pk)
    access.require(request.user, seen.repository.team, Membership.Role.ENGINEER)
    chosen = MOVES.get(name)
    if chosen is None:
        raise Http404(name)
    form = chosen.form(request.POST)
    page = Page(seen, chosen.label, chosen.label, home(seen))
    answer = attempt(request, page, form, lambda: chosen.change(seen, request.user, form.cleaned_data))
    if answer.status_code == SEE_OTHER:
        wake_delivery()
    if answer.status_code == SEE_OTHER and chosen.scans:
        wake_workers()
    return answer
