"""Where the routes of reviews lead in the tests of permissions: a review that is being answered, and broken glass."""

from datetime import timedelta

from django.utils import timezone

from reviews.models import BreakGlass, Condition, Evidence, Repository, Review, Upload, User
from reviews.workflow.states import State
from tests.factories import MembershipFactory
from tests.reviews.reviewing import review_in

# What makes each form complete but for the decisions, which also have to say what they were taken on.
FORM = {"answer": "pass", "rationale": "So it is.", "value": "agree", "text": "A remark.", "note": "I looked."}


def review_places(repository: Repository) -> dict[str, dict[str, object]]:
    """The arguments of each route of reviews."""
    somebody = MembershipFactory(team=repository.team, role="reviewer").user
    review = review_in(State.SELF_ASSESSMENT, repository.team, somebody, repository=repository)
    item, condition = {"pk": review.pk, "ref": "Q10"}, {"pk": review.pk, "condition": condition_of(review, somebody).pk}
    file = {"pk": review.pk, "evidence_id": uploaded(review, somebody).pk}
    of_repository = {"team": repository.team.slug, "repository": repository.slug}
    whole = ("review", "review-progress", "confirm-items", "acknowledge-items", "add-condition")
    items = ("answer-item", "confirm-item", "acknowledge-item", "give-verdict", "comment-on-item")
    return {
        **{name: {"pk": review.pk} for name in whole},
        **dict.fromkeys(items, item),
        **dict.fromkeys(("drop-condition", "verify-condition"), condition),
        **dict.fromkeys(("open-review", "break-glass"), of_repository),
        "attach-evidence": item | {"kind": "note"},
        **dict.fromkeys(("evidence", "remove-evidence"), file),
        "numbered-review": of_repository | {"number": review.number},
        "move-review": {"pk": review.pk, "name": "submit"},
        "second-glass": of_repository | {"pk": broken(repository, somebody).pk},
    }


def uploaded(review: Review, by: User) -> Evidence:
    """A file that somebody attached."""
    content = {"sha256": "5" * 64, "media_type": "text/plain", "size": 4, "content": b"done"}
    upload = Upload.objects.create(team=review.repository.team, **content)
    item = review.items.get(ref="Q23")
    return Evidence.objects.create(item=item, kind="upload", text="drill.txt", upload=upload, added_by=by)


def condition_of(review: Review, owner: User) -> Condition:
    """A condition that somebody else than its owner verifies."""
    verifier = MembershipFactory(team=review.repository.team, role="reviewer").user
    due = timezone.now().date() + timedelta(days=7)
    people = {"owner": owner, "verifier": verifier, "added_by": owner}
    return Condition.objects.create(review=review, text="Retries are bounded.", refs=["Q10"], due_on=due, **people)


def broken(repository: Repository, by: User) -> BreakGlass:
    """Glass that was broken just now."""
    now = timezone.now()
    reason = "Customers cannot pay since the last release."
    return BreakGlass.objects.create(
        repository=repository, commit="7" * 40, reason=reason, by=by, at=now, ends_at=now + timedelta(days=7)
    )
