"""Sign-offs with the events that tell of them, as a review leaves them."""

from typing import Any

from django.db import transaction

from reviews.audit import trail
from reviews.models import Repository, Review, SignOff, User


def signed_off(repository: Repository, person: User, **fields: Any) -> SignOff:
    """A sign-off on a new review of a repository, recorded."""
    with transaction.atomic():
        review = Review.objects.create(
            repository=repository,
            number=repository.reviews.count() + 1,
            title="3.2.0",
            occasion="release",
            tier=repository.tier,
            kind=repository.kind,
        )
        given = {"duties": ["security"], "decision": "approve", "round": 1, "items": {"T1": "d" * 64}} | fields
        bound = {"commit": "c" * 40, "tree": "t" * 40, "rule_set": "rules-1", "evidence_digest": "e" * 64}
        sign_off = SignOff.objects.create(review=review, reviewer=person, **bound | given)
        tell(repository, person, sign_off)
    return sign_off


def tell(repository: Repository, person: User, sign_off: SignOff) -> None:
    """Record a sign-off."""
    told = {"sign_off": sign_off.pk, "digest": trail.sign_off_digest(sign_off), "repository": repository.pk}
    trail.record(repository.team, person, "review-signed", sign_off.review, f"{person.username} signed", **told)
