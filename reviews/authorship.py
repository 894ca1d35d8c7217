"""Who wrote the commits that a review is about, and who is therefore not independent."""

from reviews.models import Review


def outside(review: Review) -> dict[int, str]:
    """Who may not review, and why, as it goes on after "You" or a name."""
    return dict.fromkeys((key for key in (review.opened_by_id, review.submitted_by_id) if key), "submitted this review")
