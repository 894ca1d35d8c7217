"""Where a script is played: one repository, its commits, reviews and people, and what its audit log says was done."""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Model
from django.utils import timezone

from reviews import waived
from reviews.demo.fleet import person
from reviews.demo.script import Step
from reviews.models import AuditEvent, Repository, Review, ReviewItem, Scan, User
from reviews.signoff.casefile import case
from reviews.workflow.guards import Case


class LostError(LookupError):
    """What a step is about is not there (any more)."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One step at its repository."""

    repository: Repository
    step: Step

    @property
    def by(self) -> User:
        """Who acts."""
        return person(self.step.by)

    @property
    def review(self) -> Review:
        """The review as it is now. Raises LostError."""
        found = self.find_review()
        if found is None:
            raise LostError(f"{self.repository.name} has no review {self.step.review}.")
        return found

    def find_review(self) -> Review | None:
        """The review of the step, unless nobody has opened it yet."""
        return self.repository.reviews.filter(title=self.step.review).order_by("pk").first()

    def case(self, review: Review) -> Case:
        """The facts about the review now."""
        return case(review, timezone.now())

    def item(self, ref: str) -> ReviewItem:
        """An item of the review. Raises LostError."""
        found = self.review.items.filter(ref=ref).first()
        if found is None:
            raise LostError(f"{self.repository.name} {self.step.review} has no item {ref}.")
        return found

    def commit(self, subject: str) -> str:
        """The commit with this message. Raises LostError."""
        scans = self.repository.scans.filter(subject=subject, state=Scan.State.DONE, pull_request=None)
        found = scans.order_by("-pk").values_list("commit", flat=True).first()
        if found is None:
            raise LostError(f"{self.repository.name} has no commit “{subject}”.")
        return found

    def told(self, kind: str, subject: Model, **data: Any) -> bool:
        """Whether who acts has done this already, by the audit log, which nobody can take back."""
        events = AuditEvent.objects.filter(team=self.repository.team_id, actor_key=self.by.pk, kind=kind)
        about = events.filter(subject=f"{subject._meta.model_name}:{subject.pk}").values_list("data", flat=True)
        return any(data.items() <= json.loads(row).items() for row in about)


def ahead(days: int) -> date:
    """The day so many days from today."""
    return waived.today() + timedelta(days=days)
