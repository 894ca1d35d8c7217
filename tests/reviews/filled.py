"""Reviews filled in from scans of small trees, with answers of people."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from reviews.models import Evidence, Repository, Review, ReviewItem, Scan, User
from reviews.signoff import prefill
from reviews.workflow.states import State
from tests.reviews.scanned import SERVICE, scan_of

FIRST, SECOND = "a" * 40, "b" * 40
FEES = "\n\n@app.get('/fees')\ndef fees():\n    return requests.get('https://fees.example.org').json()\n"
ONE_MORE = SERVICE | {"pay/main.py": SERVICE["pay/main.py"] + FEES}


def review_of(repository: Repository, **fields: Any) -> Review:
    """A review whose scan has just ended."""
    given = {
        "title": "3.2.0",
        "occasion": "first-launch",
        "state": State.SCANNING,
        "number": repository.reviews.count() + 1,
    }
    return Review.objects.create(repository=repository, tier=repository.tier, kind=repository.kind, **(given | fields))


def filled(repository: Repository, files=SERVICE, commit: str = FIRST, review=None, **fields: Any) -> Review:
    """A review filled in from a scan of these files; another one unless said."""
    scan = scan_of(repository, files, commit)
    return filled_in(review or review_of(repository, **fields), scan)


def filled_in(review: Review, scan: Scan) -> Review:
    """The review, frozen at what a scan looked at."""
    with transaction.atomic():
        prefill.fill(review, scan)
    state = State.SELF_ASSESSMENT
    Review.objects.filter(pk=review.pk).update(scan=scan, commit=scan.commit, tree=scan.tree, state=state)
    return Review.objects.get(pk=review.pk)


def item(review: Review, ref: str) -> ReviewItem:
    """The item of that ref."""
    return review.items.get(ref=ref)


def answer(review: Review, ref: str, by: User, value: str = "pass", **evidence: Any) -> ReviewItem:
    """An answer with its evidence: a note unless said."""
    row = item(review, ref)
    row.answer, row.rationale, row.answered_by, row.answered_at = value, "As agreed.", by, timezone.now()
    row.carried = False
    row.save()
    given = {"kind": "note", "text": "Tried on Monday.", "digest": "d1"} | evidence
    Evidence.objects.create(item=row, added_by=by, **given)
    return row


def approved(review: Review) -> Review:
    """The review as it is once it was decided."""
    ends = timezone.now() + timedelta(days=90)
    Review.objects.filter(pk=review.pk).update(state=State.APPROVED, decided_at=timezone.now(), valid_until=ends)
    return Review.objects.get(pk=review.pk)


def a_file(review: Review, path: str = "docs/runbook.md") -> dict[str, Any]:
    """A file of the review's commit as evidence."""
    blob = prefill.blobs(review.scan)[path]
    return {"kind": "file", "text": "", "path": path, "line": 1, "blob": blob, "commit": review.commit, "digest": "d2"}
