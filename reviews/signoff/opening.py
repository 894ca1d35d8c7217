"""
7: a review from its opening to the table of the reviewers: what its team does. Reviewers go on from
there in `reviews.signoff.deciding`.

Every function is one turn: one transaction with the change, its audit event and its messages. All raise RefusedError
when the workflow does not allow it, and ConflictError when the review is not what the page showed.
"""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.urls import reverse

from reviews import intake
from reviews.audit import trail
from reviews.models import Membership, Repository, Review, Scan, Team, User
from reviews.outbox import notify
from reviews.signoff.turns import Seen, Turn, turn
from reviews.workflow.states import Action, Occasion, State
from scanners.git.errors import SourceError
from scanners.git.names import check_commit


def open_review(repository: Repository, by: User | None, *, title: str, occasion: str, commit: str = "") -> Review:
    """A draft for a commit, or for the head of the branch when it is empty. `by` None: Plimsoll, for a release tag.

    Raises ValidationError by field, for a title, an occasion or a commit that cannot be.
    """
    _check(title, occasion, commit)
    with transaction.atomic():
        repository = Repository.objects.select_for_update(no_key=True).get(pk=repository.pk)
        last = repository.reviews.aggregate(last=Max("number"))["last"] or 0
        review = Review.objects.create(
            repository=repository,
            number=last + 1,
            title=title.strip(),
            occasion=occasion,
            tier=repository.tier,
            kind=repository.kind,
            wanted_commit=commit,
            opened_by=by,
        )
        who = by.username if by else trail.PLIMSOLL
        text = f"{who} opened the review of {repository.name} {review.title}"
        trail.record(repository.team, by, "review-opened", review, text, occasion=occasion, commit=commit)
    return review


def start(review: Review, by: User | None, seen: Seen | None = None) -> None:
    """Ask for the scan of exactly the wanted commit; the review goes on when it has finished."""
    with turn(review, by, seen) as taken:
        action = Action.RETRY if taken.review.state == State.SCAN_FAILED else Action.START
        taken.go(action, "started", scan=_asked(taken), note="")


def move_to(review: Review, by: User, seen: Seen, commit: str) -> None:
    """Start again on another commit. Raises ValidationError for a commit that cannot be."""
    _check(review.title, review.occasion, commit)
    with turn(review, by, seen) as taken:
        taken.review.wanted_commit = commit
        text = f"moved to {commit[:7] or 'the head of the branch'}"
        taken.go(Action.MOVE, text, wanted_commit=commit, scan=_asked(taken), claimed_by=None, note="")


def submit(review: Review, by: User, seen: Seen) -> None:
    """Hand the answers to the reviewers. A resubmission begins the next round."""
    with turn(review, by, seen) as taken:
        again = taken.case.state is State.CHANGES_REQUESTED
        fields = {"submitted_by": by, "submitted_at": taken.now, "round": taken.review.round + again}
        taken.go(Action.SUBMIT, "submitted", claimed_by=None, note="", **fields)
        ask = reviewers(taken.review.repository.team, without={by.pk, *taken.case.outside})
        tell(taken, "review-requested", ask, f"{by.username} asks for a review. Claim it if you are independent.")


def claim(review: Review, by: User, seen: Seen) -> None:
    """Take the review in hand; of several who try, one gets it."""
    with turn(review, by, seen) as taken:
        taken.go(Action.CLAIM, "claimed", claimed_by=by)


def release(review: Review, by: User, seen: Seen) -> None:
    """Give the review back to the reviewers."""
    with turn(review, by, seen) as taken:
        taken.go(Action.RELEASE, "released", claimed_by=None)


def withdraw(review: Review, by: User, seen: Seen, note: str = "") -> None:
    """End the review without a decision."""
    with turn(review, by, seen) as taken:
        taken.go(Action.WITHDRAW, "withdrew", note=note)


def by_itself(review: Review, action: Action, note: str = "") -> None:
    """A transition that nobody does by hand: an end that has come, or a newer commit that changes the evidence."""
    with turn(review, None, stored=True) as taken:
        taken.go(action, f"found: {note}" if note else f"drew: {action.value}", note=note)
        tell(taken, f"review-{action.value}", team_of(taken), note or "The state of the review changed by itself.")


def reviewers(team: Team, *, without: Iterable[int] = ()) -> list[User]:
    """The members of a team who may review."""
    able = (Membership.Role.REVIEWER, Membership.Role.MAINTAINER)
    people = User.objects.filter(is_active=True, memberships__team=team, memberships__role__in=able)
    return list(people.exclude(pk__in=list(without)))


def team_of(taken: Turn) -> list[User]:
    """Those whose release it is, and those who review it."""
    review = taken.review
    keys = [review.opened_by_id, review.submitted_by_id, review.claimed_by_id]
    return list(User.objects.filter(pk__in=[key for key in keys if key]))


def tell(taken: Turn, kind: str, people: Iterable[User], text: str) -> None:
    """Put a message about the review into the outbox, for everybody but who acts."""
    review = taken.review
    others = [person for person in people if taken.person is None or person.pk != taken.person.pk]
    name = f"{review.repository.name} {review.title}"
    key = f"review:{review.pk}:{review.version}:{kind}"
    now = f"It is {State(review.state).label} at commit {review.commit[:12] or 'not read yet'}."
    body = notify.body(f"{text.rstrip('.')}. {now}", path=reverse("review", args=[review.pk]), by=taken.person)
    subject = f"{name}: {kind.replace('-', ' ')}"
    notify.post(review.repository.team, kind, others, key=key, subject=subject, body=body)


def _asked(taken: Turn) -> Scan:
    """The scan that the review waits for."""
    review = taken.review
    return intake.request_scan(
        review.repository, trigger=Scan.Trigger.REVIEW, requested_by=taken.person, commit=review.wanted_commit
    )


def _check(title: str, occasion: str, commit: str) -> None:
    errors = {}
    if not title.strip():
        errors["title"] = ValidationError("Say what is released, such as 3.2.0.", code="title_missing")
    if occasion not in list(Occasion):
        errors["occasion"] = ValidationError("Choose why the review is held.", code="occasion_unknown")
    try:
        check_commit(commit) if commit else None
    except SourceError as error:
        errors["commit"] = ValidationError(f"{error.message} {error.next_step}", code=error.code)
    if errors:
        raise ValidationError(errors)
