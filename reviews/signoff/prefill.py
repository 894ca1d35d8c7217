"""
The items of a review, filled in with what the scan found and the last approval said.

    fill(review, scan)          # in the transaction that ends the scan; twice changes nothing
    facts(scan, refs)           # {ref: Facts}: what a scan says to these items; `Facts.digest` compares two commits
    Facts.digest                # empty where nothing is known

Nobody's answer is ever replaced. An answer that was given at an earlier commit stays when what it rests on is the same;
otherwise, and whenever it comes from the last approval, it is `carried` and waits for one click of a person.
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from reviews import recount, scoring, trees
from reviews.checklist import Item, Kind, Tier, read
from reviews.models import Finding, Review, ReviewItem, Scan, ScanTree, Waiver
from reviews.outcomes import Outcome
from reviews.signoff import carrying
from reviews.signoff.templates import current
from reviews.workflow import phrases
from reviews.workflow.hints import Found, Hint, Material, of_findings
from reviews.workflow.questions import Question, asked, rank
from reviews.workflow.states import Occasion
from scanners.paths import PathClass

LINES = 60


@dataclass(frozen=True, slots=True)
class Facts:
    """What one scan says to one item, whatever people excused. `found` is empty for an asked item.

    `concerned` is false where the scan sees that the condition for asking is not met.
    """

    found: str = ""
    reason: str = ""
    anchors: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    concerned: bool = True

    @property
    def digest(self) -> str:
        """The same for two scans exactly when outcome and anchors are; empty when there is nothing."""
        if not self.found and not self.anchors:
            return ""
        content = json.dumps([self.found, sorted(self.anchors)], separators=(",", ":"))
        return hashlib.sha256(content.encode()).hexdigest()


def fill(review: Review, scan: Scan) -> None:
    """Make or update the items of a review from a finished scan. Call it in the transaction that freezes the review."""
    tier, kind, occasion = Tier(review.tier), Kind(review.kind), Occasion(review.occasion)
    review.template = current(review.repository.team, tier, kind, occasion)
    Review.objects.filter(pk=review.pk).update(template=review.template)
    questions = {one.ref: one for one in asked(read(), tier, kind, occasion, review.template)}
    _drop(review, questions)
    rows = {row.ref: row for row in review.items.prefetch_related("evidence__upload")}
    known = _facts_of(scan, questions.keys() | rows.keys(), _material(scan, review.previous))
    ground = carrying.ground(review, scan, blobs(scan))
    for ref, new in known.items():
        row = rows.setdefault(ref, ReviewItem(review=review, ref=ref, place=0))
        same = _filled(row, questions.get(ref), new)
        if row.asked:
            carrying.settle(row, ground, same=same)
    _number(rows)


def facts(scan: Scan, refs: Iterable[str]) -> dict[str, Facts]:
    """What a finished scan says to the items of these refs; nothing for the own questions of a team."""
    return _facts_of(scan, refs, _material(scan))


def _facts_of(scan: Scan, refs: Iterable[str], material: Material) -> dict[str, Facts]:
    known = {item.ref: item for item in read().items}
    return {ref: _of_item(known[ref], scan, material) if ref in known else Facts() for ref in refs}


def _of_item(item: Item, scan: Scan, material: Material) -> Facts:
    if item.asked:
        hints = [*phrases.said(item, material), *_waivers(item, scan)]
        concerned = phrases.concerns(item, material) is not False
        if not concerned:
            hints.append(Hint("", f"The scan sees no sign that {item.when}, so no answer is required."))
        return _facts(Facts(concerned=concerned), hints)
    row = material.items.get(item.ref)
    if row is None:
        return Facts(found=Outcome.UNKNOWN.value, reason="The scan did not look at this item.")
    return _facts(Facts(found=row["raw_outcome"], reason=row["reason"]), of_findings(row, material))


def _facts(bare: Facts, hints: Iterable[Hint]) -> Facts:
    listed = list(hints)
    anchors = sorted({hint.anchor for hint in listed if hint.anchor})
    lines = [hint.line for hint in listed]
    more = [f"and {len(lines) - LINES} more"] if len(lines) > LINES else []
    return replace(bare, anchors=tuple(anchors), lines=(*lines[:LINES], *more))


def _waivers(item: Item, scan: Scan) -> list[Hint]:
    """For reading beside the question that asks for them: they belong to a day, not to a commit."""
    if "waivers" not in phrases.phrases(item.prefill):
        return []
    granted = Waiver.objects.filter(
        repository=scan.repository_id, kind=Waiver.Kind.WAIVER, state=Waiver.State.APPROVED
    ).order_by("ends_on", "pk")
    return [Hint("", f"Waiver of {one.item or one.rule} until {one.ends_on}: {one.justification}") for one in granted]


def _material(scan: Scan, previous: Review | None = None) -> Material:
    tree = ScanTree.objects.filter(scan=scan).first()
    files = trees.unpack(tree.files).get("files", []) if tree else []
    counted = trees.unpack(tree.counted) if tree else {}
    return Material(
        facts=trees.unpack(tree.facts) if tree else {},
        files={path: _class(known, name) for path, _, known, _, _, _, name in files},
        items={row["ref"]: row for row in _card(scan, counted).get("items", ())},
        findings=_findings(scan, counted),
        inventory=trees.unpack(tree.inventory) if tree else {},
        before=_before(scan, previous) if previous is not None else {},
        since=previous.title if previous is not None else "",
    )


def _before(scan: Scan, previous: Review) -> dict[str, Any]:
    """The inventory of the last approved commit by the rules of `scan`: other rules may word the same otherwise."""
    kept = ScanTree.objects.filter(
        scan__repository=scan.repository_id, scan__commit=previous.commit, scan__rule_set=scan.rule_set
    )
    tree = kept.exclude(inventory=b"").order_by("-scan_id").only("inventory").first()
    return trees.unpack(tree.inventory) if tree else {}


def _card(scan: Scan, counted: Mapping[str, Any]) -> dict[str, Any]:
    """The scorecard by the code alone: a digest must not change with what people decide about findings."""
    if not counted:
        return scan.scorecard
    card, _ = recount.Ground(dict(counted), places=(), excuses=(), answers=None).scored()
    return scoring.as_json(card)


def _class(known: str, name: str) -> PathClass:
    path_class = PathClass.read(known)
    return path_class.named(name) if name else path_class


def _findings(scan: Scan, counted: Mapping[str, Any]) -> dict[str, list[Found]]:
    """The findings of this very scan by rule. Where each stands is said by the row that follows it, if there is one."""
    rows = Finding.objects.filter(repository=scan.repository_id)
    if "findings" not in counted:
        seen = rows.filter(Finding.seen_by(scan), state=Finding.State.OPEN).exclude(confidence="low")
        kept = [[row.rule, row.identity, row.path, row.severity, row.anchor] for row in seen]
    else:
        kept = counted["findings"]
    known = {row.identity: row for row in rows.filter(Finding.seen_by(scan)).only("identity", "line", "message")}
    times: Counter[tuple[str, str]] = Counter()
    found = defaultdict(list)
    for rule, identity, path, _severity, anchor in sorted(kept):
        times[rule, anchor] += 1
        row = known.get(identity)
        place, message = (f"{path}:{row.line}", row.message) if row else (path, "")
        found[rule].append(Found(f"{anchor[:16]} {times[rule, anchor]}", place, message))
    return found


def blobs(scan: Scan) -> dict[str, str]:
    """{path: blob} of the files that the scan read."""
    tree = ScanTree.objects.filter(scan=scan).only("files").first()
    return {file[0]: file[1] for file in trees.unpack(tree.files).get("files", [])} if tree else {}


def _drop(review: Review, questions: Mapping[str, Question]) -> None:
    """Take away rows that are asked no more, unless somebody has left something there."""
    touched = {"evidence": None, "comments": None, "verdicts": None, "answer": "", "acknowledged_by": None}
    review.items.exclude(ref__in=questions).filter(**touched).delete()


def _filled(row: ReviewItem, question: Question | None, new: Facts) -> bool:
    """Bring a row up to date and save it if that changes it. Returns whether it rests on the same as before."""
    before = dict(vars(row))
    same = not _text(row, question) and new.digest == row.facts_digest
    row.required = question is not None and question.required and new.concerned
    row.facts = {"anchors": list(new.anchors), "lines": list(new.lines)}
    row.found, row.facts_digest = new.found, new.digest
    if not row.asked:
        row.found_reason = new.reason
        row.acknowledged_by_id = row.acknowledged_by_id if same else None
    if row.pk is None or vars(row) != before:
        row.save()
    return same


def _text(row: ReviewItem, question: Question | None) -> bool:
    """Take over what the question says now. Returns whether an answered text has changed."""
    if question is None:
        return False
    moved = bool(row.pk) and row.question != question.text
    row.area, row.title, row.question = question.area, question.title, question.text
    row.level, row.severity, row.asked, row.takes = question.level, question.severity, question.asked, [*question.takes]
    return moved


def _number(rows: Mapping[str, ReviewItem]) -> None:
    """Give every row its place on the page."""
    ordered = sorted(rows.values(), key=lambda row: rank(row.area, row.ref, asked=row.asked))
    changed = [row for place, row in enumerate(ordered, 1) if row.place != place]
    places = {row.ref: place for place, row in enumerate(ordered, 1)}
    for row in changed:
        row.place = places[row.ref]
    ReviewItem.objects.bulk_update(changed, ["place"])
