"""
Which worker reads what a review needs from its repository: one at a time, and later again after a failure.

    ask(review)                  # there is something new to read; the next worker may begin at once
    held = take(reviews)         # a review that nobody is at, or None
    beat(held); give_back(held, done=True)

Times are the database's. Nothing depends on a review being held by one worker only: what it writes, it may write twice.
"""

import time
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.db.models.functions import Now

from reviews.models import Review
from reviews.queue import retry_delay

_RACES = 5
_MOST_DOUBLINGS = 10
_STORED_ATTEMPTS = 1000


def ask(review: Review) -> None:
    """Let workers look at the review now, whatever failed before."""
    Review.objects.filter(pk=review.pk).update(errand_at=Now(), errand_attempts=0)


def free(reviews: QuerySet[Review]) -> QuerySet[Review]:
    """Those that nobody is at, and that do not wait after a failure, the longest waiting first."""
    return reviews.filter(errand_at__lte=Now()).order_by("errand_at", "pk")


def take(reviews: QuerySet[Review]) -> Review | None:
    """The first free review, held from now on; None when there is none."""
    for _ in range(_RACES):
        review = free(reviews).select_related("repository__team", "previous").first()
        if review is None:
            return None
        still = Review.objects.filter(pk=review.pk, errand_at__lte=Now())
        attempts = min(review.errand_attempts + 1, _STORED_ATTEMPTS)
        if still.update(errand_at=Now() + timedelta(seconds=settings.LEASE_SECONDS), errand_attempts=attempts):
            review.errand_attempts = attempts
            return review
    return None


def pulse(review: Review) -> Callable[[], None]:
    """What to call while working, as often as one likes: it keeps the review held."""
    beaten = time.monotonic()

    def beat() -> None:
        nonlocal beaten
        if time.monotonic() - beaten >= settings.HEARTBEAT_SECONDS:
            beaten = time.monotonic()
            held = Review.objects.filter(pk=review.pk)
            held.update(errand_at=Now() + timedelta(seconds=settings.LEASE_SECONDS))

    return beat


def give_back(review: Review, *, done: bool) -> None:
    """End the work: open to the next worker at once, or after a wait that doubles with each failure up to an hour."""
    held = Review.objects.filter(pk=review.pk, errand_attempts=review.errand_attempts)
    if done:
        held.update(errand_at=Now(), errand_attempts=0)
        return
    wait = retry_delay(min(review.errand_attempts, _MOST_DOUBLINGS))
    held.update(errand_at=Now() + timedelta(seconds=wait))
