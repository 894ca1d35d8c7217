"""7: a review whose scan has ended: frozen at that commit and filled in, or sent back with the scan's error."""

from reviews import intake
from reviews.models import Review, Scan
from reviews.scanning import current_checklist
from reviews.signoff import casefile, prefill
from reviews.signoff.opening import team_of, tell
from reviews.signoff.turns import Turn, turn
from reviews.workflow.states import IN_FORCE, Action, State

_MOST = 50


def follow_scans() -> int:
    """Move on every review whose scan has ended. Returns how many; may run at any time, twice too."""
    waiting = Review.objects.filter(state=State.SCANNING).select_related("scan").order_by("pk")[:_MOST]
    return sum(map(follow_scan, waiting))


def follow_scan(review: Review) -> bool:
    """Move a review on if its scan has ended. Returns whether it has."""
    scan = answering(review.scan)
    if scan is None or not _fits(scan, review):
        return _ask_again(review)
    if scan.state not in (Scan.State.DONE, Scan.State.FAILED):
        return False
    with turn(review, None, stored=True) as taken:
        if taken.case.state is not State.SCANNING:
            return False
        if scan.state == Scan.State.FAILED:
            taken.go(Action.SCAN_FAILS, "could not scan", scan=scan, note=f"{scan.error_message} {scan.error_next}")
        else:
            _freeze(taken, scan)
        tell(taken, "review-scanned", team_of(taken), "The scan of the commit has ended.")
    return True


def answering(scan: Scan | None) -> Scan | None:
    """The scan that speaks for one: itself, or what took its place."""
    seen: set[int] = set()
    while scan is not None and scan.state == Scan.State.SUPERSEDED and scan.superseded_by and scan.pk not in seen:
        seen.add(scan.pk)
        scan = scan.superseded_by
    return scan


def _fits(scan: Scan, review: Review) -> bool:
    """Whether a scan is of the commit that the review wants, not of a newer one that took the place of a request."""
    return review.wanted_commit in ("", scan.commit or scan.wanted_commit)


def _ask_again(review: Review) -> bool:
    trigger = Scan.Trigger.REVIEW
    scan = intake.request_scan(review.repository, trigger=trigger, commit=review.wanted_commit)
    Review.objects.filter(pk=review.pk, state=State.SCANNING).update(scan=scan)
    return False


def _freeze(taken: Turn, scan: Scan) -> None:
    review, checklist = taken.review, current_checklist()
    last = review.repository.reviews.filter(state__in=_LAST, decided_at__isnull=False).exclude(pk=review.pk)
    taken.go(
        Action.SCANNED,
        "scanned",
        scan=scan,
        commit=scan.commit,
        tree=scan.tree,
        rule_set=scan.rule_set,
        checklist=checklist.version,
        tier=review.repository.tier,
        kind=review.repository.kind,
        frozen_at=taken.now,
        previous=last.order_by("-decided_at").first(),
        authors=[],
        authors_state=Review.Authors.PENDING,
        note="",
    )
    prefill.fill(taken.review, scan)
    casefile.seal(taken.review)


_LAST = [state.value for state in (*IN_FORCE, State.NEEDS_REAFFIRMATION, State.SUSPENDED, State.EXPIRED, State.STALE)]
