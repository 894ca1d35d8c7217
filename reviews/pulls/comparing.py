"""
A pull request's head held against where it left the branch: what only the head has is new.

    made = comparing.made(scan, head, base, start, day)     # a Comparison, not saved yet

`counted` of it says, of all findings and files, also of those whose rows were not kept:

    new, severe, fixed      findings; severe: new ones that fail a pull request
    gone                    {why: findings of the base that are not reported any more although nobody fixed them}
    files, excluded, unread [at the base, at the head]: files looked at, left out by the repository's own wish, not read
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from reviews import matching, recount
from reviews.following import ground, seen_in, storable
from reviews.matching import Matched, Seen
from reviews.models import Comparison, Repository, Scan
from reviews.renaming import renames
from scanners.finding import Confidence, Finding, Report, Severity

Json = dict[str, Any]

MOST_KEPT = 500
_MOST_SNIPPETS = 100
_WORST_FIRST = tuple(reversed(Severity))


@dataclass(frozen=True, slots=True)
class Start:
    """The commit that a pull request is held against, and how it was found."""

    commit: str
    how: Comparison.Base


def made(scan: Scan, head: Report, base: Report, start: Start, day: date) -> Comparison:
    """Compare two reports of one rule set; level, scores and waivers are those of `day` on both sides."""
    now, known = seen_in(head), seen_in(base)
    moved = renames({file.path: file.sha for file in base.files}, head, known, now)
    matched = matching.match(known, now, ground(head, scan.repository.kind), renames=moved)
    excused = recount.covered(scan.repository_id, recount.content(scan.repository, head, now), day)
    new = [_row(head.findings[int(one.key)]) | {"waived": one.identity in excused} for one in matched.new]
    fixed = [_row(base.findings[int(one.key)]) for one in matched.fixed]
    return Comparison(
        scan=scan,
        base=start.how,
        base_commit=start.commit,
        new=_kept(new),
        fixed=_kept(fixed),
        counted=_counted(matched, new, base, head),
        **_standing(scan.repository, base, known, day),
    )


def is_severe(finding: Json) -> bool:
    """Whether a new finding fails a pull request: it is high or critical, probably right, and nobody waived it."""
    bad = finding["severity"] in (Severity.HIGH, Severity.CRITICAL)
    return bad and finding["confidence"] != Confidence.LOW and not finding.get("waived")


def _standing(repository: Repository, base: Report, known: Sequence[Seen], day: date) -> Json:
    numbers = recount.numbers(repository.pk, recount.content(repository, base, known), day)
    return {f"base_{field}": numbers[field] for field in ("level", "score_low", "score_high")}


def _row(finding: Finding) -> Json:
    return {
        "rule": finding.rule,
        "path": storable(finding.path),
        "line": finding.line,
        "end_line": finding.end_line,
        "message": storable(finding.message),
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "snippet": [[line, storable(text), marked] for line, text, marked in finding.snippet],
    }


def _kept(rows: Iterable[Json]) -> list[Json]:
    """The worst first, as many as a row of the database should hold."""
    first = sorted(rows, key=_place)[:MOST_KEPT]
    return first[:_MOST_SNIPPETS] + [row | {"snippet": []} for row in first[_MOST_SNIPPETS:]]


def _place(row: Json) -> tuple[bool, int, str, int]:
    return bool(row.get("waived")), _WORST_FIRST.index(Severity(row["severity"])), row["path"], row["line"]


def _counted(matched: Matched, new: Collection[Json], base: Report, head: Report) -> Json:
    both = (base, head)
    return {
        "new": len(new),
        "severe": sum(map(is_severe, new)),
        "fixed": len(matched.fixed),
        "gone": dict(Counter(gone.why for gone in matched.gone)),
        "files": [len(report.files) for report in both],
        "excluded": [sum(skip.code == "excluded" for skip in report.skipped) for report in both],
        "unread": [sum(file.problem is not None for file in report.files) for report in both],
    }
