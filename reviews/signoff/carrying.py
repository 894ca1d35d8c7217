"""
Answers that outlive their commit: those of the last approval in a new review, and a review's own when it moves.

What an answer rests on is the facts beside it and the evidence below it. A file is the same when its blob is; a file
that no scan read at the new commit counts as another one, because nobody can tell. Of a review that moves, a worker
reads such a file again, and only what says something else then is asked again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils import timezone

from reviews.models import Evidence, Review, ReviewItem, Scan

CHANGED = "What this answer rests on has changed since it was given. Look at it again and confirm it."
_PLACE = ("kind", "text", "path", "line", "end_line", "qualname", "parts")
_CONTENT = (*_PLACE, "blob", "snippet", "digest", "upload_id", "state", "problem")


@dataclass(frozen=True, slots=True)
class Ground:
    """What the new commit offers. `blobs` maps paths to blobs, `before` refs to the answered items of `previous`."""

    scan: Scan
    blobs: Mapping[str, str]
    previous: Review | None
    before: Mapping[str, ReviewItem]

    def holds(self, evidence: Evidence, tree: str) -> bool:
        """Whether evidence says the same at the new commit; `tree` is that of the commit that it was read at."""
        if evidence.kind != Evidence.Kind.FILE:
            return True
        known = self.blobs.get(evidence.path, "")
        return bool(known and known == evidence.blob) or bool(tree and tree == self.scan.tree)


def ground(review: Review, scan: Scan, blobs: Mapping[str, str]) -> Ground:
    """What answers may rest on after this scan."""
    answered = ReviewItem.objects.filter(review=review.previous_id, asked=True, carried=False).exclude(answer="")
    before = {row.ref: row for row in answered.prefetch_related("evidence")} if review.previous_id else {}
    return Ground(scan, blobs, review.previous, before)


def settle(row: ReviewItem, on: Ground, *, same: bool) -> None:
    """Keep, mark or carry the answer of an asked item. `same`: the facts beside it are those it was given on."""
    for evidence in live(row):
        _bind(evidence, on)
    if row.answer and not same:
        ask_again([row])
    elif not row.answer and not live(row):
        _carry(row, on)


def ask_again(rows: Iterable[ReviewItem]) -> None:
    """Let a person confirm answers whose ground has changed."""
    answered = ReviewItem.objects.filter(pk__in=[row.pk for row in rows]).exclude(answer="")
    answered.update(carried=True, found_reason=CHANGED)


def live(row: ReviewItem) -> list[Evidence]:
    """The evidence of an item that nobody removed."""
    return [evidence for evidence in row.evidence.all() if evidence.removed_at is None] if row.pk else []


def _bind(evidence: Evidence, on: Ground) -> None:
    """Bind a file to the new commit; where it may differ there, it is read again and the old row shows what it was."""
    if evidence.kind != Evidence.Kind.FILE or evidence.commit == on.scan.commit:
        return
    if on.holds(evidence, ""):
        Evidence.objects.filter(pk=evidence.pk).update(commit=on.scan.commit)
        return
    again = _copied(evidence, evidence.item, on)
    again.state, again.problem, again.snippet = Evidence.State.PENDING, "", []
    again.save()
    Evidence.objects.filter(pk=evidence.pk).update(removed_at=timezone.now())


def _carry(row: ReviewItem, on: Ground) -> None:
    """Copy the answer of the last approval if nothing has changed since, and say so otherwise."""
    then = on.before.get(row.ref)
    if then is None or on.previous is None or then.question != row.question:
        return
    evidence = live(then)
    if then.facts_digest == row.facts_digest and all(on.holds(one, on.previous.tree) for one in evidence):
        row.answer, row.rationale, row.carried, row.found_reason = then.answer, then.rationale, True, ""
        row.answered_by_id, row.answered_at = then.answered_by_id, then.answered_at
        Evidence.objects.bulk_create([_copied(one, row, on) for one in evidence])
    else:
        row.found_reason = f"Changed since {on.previous.title}."
    row.save()


def _copied(evidence: Evidence, row: ReviewItem, on: Ground) -> Evidence:
    commit = on.scan.commit if evidence.kind == Evidence.Kind.FILE else ""
    content = {name: getattr(evidence, name) for name in _CONTENT}
    return Evidence(item=row, commit=commit, added_by_id=evidence.added_by_id, **content)
