"""Reviews with something of everything, as people meet over them."""

from datetime import timedelta

from django.utils import timezone

from reviews.audit import trail
from reviews.models import Comment, Evidence, Repository, Review, ReviewCommit, SignOff, Upload, Verdict
from reviews.signoff import casefile
from reviews.workflow.states import State
from tests.reviews.review_places import condition_of
from tests.reviews.reviewing import LATER, Cast, answered, item_of, review_in
from tests.reviews.rows import SNIPPET

LINES = [f"capture/bank.py:{line} request-without-timeout: The call has no timeout." for line in range(118, 128)]


def reviewed(repository: Repository, cast: Cast, state: State, **fields: object) -> Review:
    """A review in a state, with a previous one, evidence of each kind, verdicts, comments and a condition."""
    team = repository.team
    before = review_in(State.SUPERSEDED, team, cast.submitter, repository=repository, title="3.1.0")
    authors = [["Ann Other", "ann@elsewhere.example", 3]]
    given = {"previous": before, "claimed_by": cast.lead, "round": 2, "authors": authors, "frozen_at": timezone.now()}
    review = review_in(state, team, cast.submitter, repository=repository, **(given | fields))
    item_of(review, "Q16", area="environment", title="A restore was rehearsed", takes=["file", "link", "upload"])
    item_of(review, "U1", area="timeouts", asked=False, found="fail", found_reason="3 sites.", facts={"lines": LINES})
    item_of(review, "U2", area="timeouts", asked=False, found="unknown", found_reason="Nothing could be told.")
    item_of(review, "Q17", area="timeouts", answer="pass", rationale="As last time.", carried=True)
    proved(review, cast)
    condition_of(review, cast.submitter)
    casefile.seal(review)
    review.refresh_from_db()
    said(review, cast)
    return review


def proved(review: Review, cast: Cast) -> None:
    """Evidence of each kind, one that waits and one that could not be read."""
    item = review.items.get(ref="Q23")
    content = {"sha256": "5" * 64, "media_type": "text/plain", "size": 4, "content": b"done"}
    upload, _ = Upload.objects.get_or_create(team=review.repository.team, **content)
    rows = (
        {"kind": "file", "path": "capture/bank.py", "line": 117, "end_line": 119, "snippet": SNIPPET},
        {"kind": "file", "path": "docs/runbook.md", "state": "pending"},
        {"kind": "file", "path": "gone.md", "state": "failed", "problem": "The file is gone. Name another one."},
        {"kind": "link", "text": "https://wiki.example.org/drill"},
        {"kind": "upload", "text": "drill.txt", "upload": upload, "digest": "5" * 64},
    )
    for row in rows:
        Evidence.objects.create(item=item, added_by=cast.submitter, **row)


def said(review: Review, cast: Cast) -> None:
    """Verdicts, a comment, a sign-off of the round before, and the event of it."""
    for ref, value, who in (("Q10", "agree", cast.third), ("Q17", "must-change", cast.security)):
        item = review.items.get(ref=ref)
        Verdict.objects.create(item=item, reviewer=who, value=value, digest=item.digest)
        Comment.objects.create(item=item, author=who, text="Incident 212 was this very call.")
    bound = {"commit": LATER, "tree": LATER, "rule_set": "rules-1", "evidence_digest": "71aa" * 16}
    SignOff.objects.create(
        review=review, reviewer=cast.third, decision="request-changes", round=1, note="No drill.", **bound
    )
    trail.record(review.repository.team, cast.third, "review-sent-back", review, "third asked for changes")


def changed_since(review: Review) -> Review:
    """The review with a later commit that changes what two of its items rest on."""
    changes = [["Q10", "changed", "refunds/handlers.py changed"], ["Q23", "reopened", "It fails now."]]
    ReviewCommit.objects.create(review=review, commit=LATER, tree=LATER, changes=changes, digests={"Q10": "1"})
    return review


def ready(repository: Repository, cast: Cast) -> Review:
    """A review that lacks nothing but verdicts and a signature."""
    later = {"claimed_by": cast.lead, "frozen_at": timezone.now() - timedelta(hours=1)}
    review = review_in(State.IN_REVIEW, repository.team, cast.submitter, repository=repository, tier="B", **later)
    answered(item_of(review, "Q16", title="A restore was rehearsed"), cast.submitter)
    casefile.seal(review)
    return review
