"""Reviews as their team and reviewers leave them, for tests that begin half-way."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from reviews.models import Evidence, Membership, Repository, Review, ReviewItem, Team, User, Verdict
from reviews.signoff import casefile
from reviews.workflow.states import HELD, State
from tests.factories import MembershipFactory, RepositoryFactory
from tests.reviews.rows import COMMIT, finished

Role, Duty = Membership.Role, Membership.Duty
LATER = "8bd02ea" + "0" * 33


@dataclass(frozen=True)
class Cast:
    """People of one team, each named by what they do in a review."""

    submitter: User
    lead: User
    security: User
    third: User
    authority: User

    @property
    def reviewers(self) -> tuple[User, ...]:
        """Those who may sign."""
        return (self.lead, self.security, self.third, self.authority)


def cast_of(team: Team) -> Cast:
    """A submitter and four reviewers, three of them with a duty."""
    return Cast(
        submitter=person(team, "submitter", Role.ENGINEER),
        lead=person(team, "lead", Role.REVIEWER, Duty.LEAD),
        security=person(team, "security", Role.REVIEWER, Duty.SECURITY),
        third=person(team, "third", Role.REVIEWER),
        authority=person(team, "authority", Role.MAINTAINER, Duty.AUTHORITY),
    )


def person(team: Team, name: str, role: str, *duties: str) -> User:
    """A member of the team."""
    return MembershipFactory(team=team, user__username=name, role=role, duties=list(duties)).user


def review_in(state: State, team: Team, submitter: User, **fields: Any) -> Review:
    """A review in a state, of a scanned commit, with two asked items that are answered with evidence."""
    repository = fields.pop("repository", None) or scanned(team, fields.get("tier", "B"))
    now = timezone.now()
    decided = {"decided_at": now, "valid_until": now + timedelta(days=90)} if state in HELD else {}
    review = Review.objects.create(
        repository=repository,
        state=state,
        **{
            "number": repository.reviews.count() + 1,
            "title": "3.2.0",
            "occasion": "release",
            "tier": repository.tier,
            "kind": repository.kind,
            "commit": COMMIT,
            "tree": COMMIT,
            "rule_set": "rules-1",
            "scan": repository.latest_scan,
            "authors_state": Review.Authors.KNOWN,
            "opened_by": submitter,
            "submitted_by": submitter,
        }
        | decided
        | fields,
    )
    for ref in ("Q10", "Q23"):
        answered(item_of(review, ref), submitter)
    casefile.seal(review)
    review.refresh_from_db()
    return review


def scanned(team: Team, tier: str = "B") -> Repository:
    """A repository with a finished scan of COMMIT."""
    repository = RepositoryFactory(team=team, name=f"pay-{team.repositories.count()}", tier=tier)
    finished(repository)
    return repository


def item_of(review: Review, ref: str, **fields: Any) -> ReviewItem:
    """An item of a review: asked, required and not answered, unless said."""
    given = {"area": "data", "title": f"Title of {ref}", "question": "Really?", "level": "bronze", "severity": "high"}
    shape = {"asked": True, "required": True, "takes": ["note"], "place": review.items.count()}
    return ReviewItem.objects.create(review=review, ref=ref, **(given | shape | fields))


def answered(item: ReviewItem, by: User, value: str = "pass") -> ReviewItem:
    """An item with an answer and a note as evidence."""
    item.answer, item.rationale, item.answered_by, item.answered_at = value, "As we did it.", by, timezone.now()
    item.save()
    Evidence.objects.create(item=item, kind="note", text="Tried on Monday.", added_by=by)
    return item


def agreed(review: Review, by: User) -> None:
    """A verdict of one reviewer on each item as it is now."""
    for item in review.items.all():
        Verdict.objects.create(item=item, reviewer=by, value=Verdict.Value.AGREE, digest=item.digest)
