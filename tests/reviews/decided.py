"""Rows of reviews as decisions leave them."""

from datetime import timedelta

from django.utils import timezone

from reviews.models import BreakGlass, Condition, Review, ReviewCommit, SignOff
from reviews.workflow.states import OPEN
from tests.factories import UserFactory


def decided(scan, state="approved", **fields):
    """A review of what a scan looked at; approved for 90 days unless said."""
    repository, now = scan.repository, timezone.now()
    start = {
        "number": repository.reviews.count() + 1,
        "title": "3.2.0",
        "occasion": "release",
        "tier": repository.tier,
        "kind": repository.kind,
        "commit": scan.commit,
        "tree": scan.tree,
        "scan": scan,
        "frozen_at": scan.finished_at,
    }
    over = {"decided_at": now, "valid_until": now + timedelta(days=90)}
    return Review.objects.create(repository=repository, state=state, **start | ({} if state in OPEN else over) | fields)


def condition(review, days, **fields):
    """A condition that has to be met in some days."""
    people = {"owner": UserFactory(), "verifier": UserFactory(), "added_by": UserFactory()}
    due_on = timezone.now().date() + timedelta(days=days)
    return Condition.objects.create(review=review, text="Rehearse it.", due_on=due_on, **people | fields)


def compared(review, scan, *changes):
    """A later commit held against a review; each item that it changes has the digest "new" there."""
    digests = {ref: "new" for ref, *_ in changes}
    named = {"commit": scan.commit, "tree": scan.tree, "scan": scan}
    return ReviewCommit.objects.create(review=review, changes=[list(one) for one in changes], digests=digests, **named)


def reaffirmed(review, **items):
    """A sign-off for items as they are at a later commit."""
    bound = {"commit": review.commit, "tree": review.tree, "rule_set": "rules-1", "evidence_digest": ""}
    return SignOff.objects.create(
        review=review, reviewer=UserFactory(), decision="reaffirm", round=1, items=items, **bound
    )


def broken(repository, commit, hours=1, **fields):
    """Glass that ann broke some hours ago."""
    at = timezone.now() - timedelta(hours=hours)
    by = fields.pop("by", None) or UserFactory(username="ann")
    named = {"repository": repository, "commit": commit, "reason": "The bank is down.", "by": by}
    return BreakGlass.objects.create(at=at, ends_at=at + timedelta(days=7), **named | fields)
