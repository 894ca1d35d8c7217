"""
What the items of an approved review rest on at a later commit, and in which words that differs from the approved one.

    known = approved(review, scan)                   # {ref: Facts} of the approved commit by the same rules, or None
    rests(item, facts, rows)                         # its digest; a row is a file that is evidence, as it is there
    difference(item, before, after, rows, words)     # (kind, what), or None where nothing has to be asked again
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from reviews import intake
from reviews.models import Evidence, Finding, FindingEvent, Review, ReviewItem, Scan
from reviews.outcomes import Outcome
from reviews.signoff import prefill
from reviews.signoff.prefill import Facts
from reviews.workflow.hints import SINCE
from scanners import registry

REOPENED, CHANGED = "reopened", "changed"
_NAMED = 3
_PLACE = re.compile(r":\d+\b")


@dataclass(frozen=True, slots=True)
class Row:
    """A file that is evidence, at some commit. `said` is what is wrong with it there; empty while it is the same."""

    evidence: Evidence
    digest: str
    said: str = ""


@dataclass(frozen=True, slots=True)
class Commits:
    """The two commits in short, for sentences."""

    scan: Scan
    old: str
    new: str

    @classmethod
    def of(cls, review: Review, scan: Scan) -> "Commits":
        """The approved commit of a review and that of a later scan."""
        return cls(scan, review.commit[:7], scan.commit[:7])


def approved(review: Review, scan: Scan, items: Sequence[ReviewItem]) -> Mapping[str, Facts] | None:
    """What the approved commit says by the rules of `scan`; None while a scan of it by these rules is waited for.

    Where it cannot be scanned any more, an empty mapping: then only files are compared.
    """
    by_these = review.repository.scans.filter(rule_set=scan.rule_set, tree_content__isnull=False)
    known = by_these.filter(commit=review.commit).order_by("-pk").first()
    if known is not None:
        return prefill.facts(known, [item.ref for item in items])
    if review.rule_set == scan.rule_set:
        return {item.ref: stored(item) for item in items}
    return None if _asked(review, scan) else {}


def rests(facts: Facts, rows: Sequence[Row]) -> str:
    """The digest of what an item rests on."""
    content = [facts.found, facts.digest, [[row.evidence.path, row.evidence.qualname, row.digest] for row in rows]]
    return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()


def difference(
    item: ReviewItem, before: Facts, after: Facts, rows: Sequence[Row], commits: Commits
) -> tuple[str, str] | None:
    """Whether an item has to be asked again, as `reopened` or `changed`, and why; None when it has not."""
    said = [row.said for row in rows if row.said]
    come = [anchor for anchor in after.anchors if anchor not in before.anchors]
    new = come if item.asked else _opened(come, item.review, commits.scan)
    fails = after.found == Outcome.FAIL and before.found != Outcome.FAIL
    better = not item.asked and not new and after.found in (before.found, Outcome.PASS)
    if before.digest != after.digest and not better:
        said += _outcome(before, after, commits) + (_found(new, commits) or _lines(before, after, commits))
    if not said:
        return None
    return REOPENED if not item.asked and (new or fails) else CHANGED, "; ".join(said) + "."


def named(evidence: Evidence) -> str:
    """A file that is evidence, with the def, class or line that counts."""
    if evidence.qualname:
        return f"{evidence.path}, {evidence.qualname}"
    return f"{evidence.path}:{evidence.line}" if evidence.line else evidence.path


def stored(item: ReviewItem) -> Facts:
    """What the scan said when the review was frozen."""
    anchors, lines = item.facts.get("anchors", ()), item.facts.get("lines", ())
    return Facts(item.found, item.found_reason, tuple(anchors), tuple(lines))


def _asked(review: Review, scan: Scan) -> bool:
    """Ask for the scans that make the comparison fair. Returns whether they can still come."""
    waited = review.commit if scan.rule_set == registry.digest() else scan.commit
    tried = review.repository.scans.filter(wanted_commit=waited, trigger=Scan.Trigger.HISTORY, pk__gt=scan.pk)
    if tried.filter(state=Scan.State.FAILED).exists():
        return False
    intake.request_scan(review.repository, trigger=Scan.Trigger.HISTORY, commit=waited)
    return True


def _outcome(before: Facts, after: Facts, commits: Commits) -> list[str]:
    if before.found == after.found:
        return []
    return [
        f"The scan says {after.found or 'nothing'} at {commits.new} and {before.found or 'nothing'} at {commits.old}"
    ]


def _found(anchors: Sequence[str], commits: Commits) -> list[str]:
    """New findings, each with its file and function."""
    places = [place for anchor in anchors for place in _place(anchor, commits.scan)]
    more = [f"{len(places) - _NAMED} more"] if len(places) > _NAMED else []
    at = f"at {commits.new} and not at {commits.old}"
    return [f"New {at}: {', '.join([*places[:_NAMED], *more])}"] if places else []


def _place(anchor: str, scan: Scan) -> Iterator[str]:
    rule, _, rest = anchor.partition(" ")
    row = _seen(scan).filter(rule=rule, anchor__startswith=rest.partition(" ")[0]).first() if rest else None
    if row is not None:
        where = f" in {row.qualname}" if row.qualname else ""
        yield f"{row.path}:{row.line}{where} ({row.rule})"


def _opened(anchors: Sequence[str], review: Review, scan: Scan) -> list[str]:
    """Those of findings that were not there at the approved commit: one whose code was edited is no new one."""
    since = Q(
        events__kind__in=(FindingEvent.Kind.OPENED, FindingEvent.Kind.REOPENED), events__scan__gt=review.scan_id or 0
    )
    opened = {f"{rule} {anchor[:16]}" for rule, anchor in _seen(scan).filter(since).values_list("rule", "anchor")}
    known = {f"{rule} {anchor[:16]}" for rule, anchor in _seen(scan).values_list("rule", "anchor")}
    heads = {anchor: anchor.rpartition(" ")[0] for anchor in anchors}
    return [anchor for anchor, head in heads.items() if head in opened or head not in known]


def _seen(scan: Scan) -> QuerySet[Finding]:
    return Finding.objects.filter(Finding.seen_by(scan), repository=scan.repository_id)


def _lines(before: Facts, after: Facts, commits: Commits) -> list[str]:
    old, new = _lasting(before.lines), _lasting(after.lines)
    then, now = {_unplaced(line) for line in old}, {_unplaced(line) for line in new}
    come = [line for line in new if _unplaced(line) not in then][:_NAMED]
    gone = [line for line in old if _unplaced(line) not in now][:_NAMED]
    said = [f"At {commits.new}: {', '.join(come)}"] if come else []
    said += [f"Only at {commits.old}: {', '.join(gone)}"] if gone else []
    return [one.rstrip(".") for one in said] or [f"What the scan sees differs between {commits.old} and {commits.new}"]


def _lasting(lines: Sequence[str]) -> list[str]:
    """The lines that tell of one commit alone."""
    return [line for line in lines if not line.startswith(f"{SINCE} ")]


def _unplaced(line: str) -> str:
    """A line of facts without the numbers of lines, which move with every edit above."""
    return _PLACE.sub("", line)
