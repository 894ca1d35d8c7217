"""
What workers read for reviews in their repositories: who wrote the commits, files that are evidence, newer commits.

    due()            # reviews that something is to be read for now
    do_one()         # the errand of one of them; whether there was one
"""

import structlog
from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from reviews.models import Evidence, Review
from reviews.signoff import authorship, errands, evidence, reaffirming
from reviews.workflow.states import OPEN
from scanners.git.scratch import scratch_dir

log = structlog.get_logger(__name__)


def due() -> QuerySet[Review]:
    """The reviews that a worker could read something for now, the longest waiting first."""
    return errands.free(_waiting())


def do_one() -> bool:
    """Read what one review waits for. Returns whether there was one; failures are kept and tried again later."""
    review = errands.take(_waiting())
    if review is None:
        return False
    tick = errands.pulse(review)
    with scratch_dir(settings.SCRATCH_DIR) as scratch:
        rooms = [scratch / name for name in ("authors", "files", "compared")]
        for room in rooms:
            room.mkdir()
        if review.state in OPEN:
            known = not authorship.wanted(review) or authorship.read_authors(review, rooms[0], tick)
            done = evidence.read_files(review, rooms[1], tick) and known
        else:
            done = reaffirming.compare(review, rooms[2], tick)
    errands.give_back(review, done=done)
    return True


def _waiting() -> QuerySet[Review]:
    files = Evidence.objects.filter(
        item__review=OuterRef("pk"), commit=OuterRef("commit"), kind=Evidence.Kind.FILE, state=Evidence.State.PENDING
    )
    unknown = ~Q(commit="") & ~Q(authors_state=Review.Authors.KNOWN)
    open_ = Q(state__in=OPEN) & (unknown | Exists(files.filter(removed_at=None)))
    return Review.objects.filter(open_ | Q(pk__in=reaffirming.waiting().values("pk")))
