"""The items of a review, filled in with what the scan found and the last approval said."""

from reviews.models import Review, Scan


def fill(review: Review, scan: Scan) -> None:
    """Make or update the items of a review from a finished scan."""
