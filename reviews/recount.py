"""
Scorecards made again from what a scan counted, for any day, its waivers and the answers of reviews; without a scan.

    content(repository, report, seen)    # what ScanTree.counted holds of a report
    numbers(repository.pk, kept, day)    # the fields of a scan that depend on the day
    card(scan, today)                    # the scorecard of a finished scan as it is on a day; never writes
    as_of(scan, today)                   # likewise the whole scan, with level, score and open findings
    refresh(repository)                  # after a decision or a change of waivers, in its transaction

Rows are locked repository first, then team: call `refresh` before `audit.record`.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from reviews import checklist, scoring, trees, waived
from reviews.advisories import age
from reviews.checklist import Item, Kind, Tier
from reviews.excuses import Cover, Excuse, Place, counted, cover
from reviews.matching import Seen
from reviews.models import Finding, Repository, Scan, ScanTree
from reviews.outcomes import Evidence, Outcome
from reviews.scoring import Scorecard
from scanners import registry
from scanners.finding import Confidence, Report, RuleCount, Severity
from scanners.finding import Finding as Found
from scanners.replay import sealing
from scanners.replay.maker import made_by

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ground:
    """What a scorecard is made of: what a scan counted, its findings from the oldest on, and what people decided.

    `day` is that by which advisories grow old; without one they do not.
    """

    kept: Json
    places: tuple[Place, ...]
    excuses: tuple[Excuse, ...]
    answers: Mapping[str, Outcome] | None
    day: date | None = None

    @property
    def counts(self) -> dict[str, RuleCount]:
        """The sites of each rule."""
        return {rule: unpacked(packed) for rule, packed in self.kept["counts"].items()}

    def scored(self, but: Collection[int] = ()) -> tuple[Scorecard, Cover]:
        """The scorecard and what is covered in it, leaving out the excuses with these keys."""
        found = cover(self.places, [one for one in self.excuses if one.key not in but], waived.rules())
        why = age.blind(self.kept, self.day)
        left, covered = counted(age.unsighted(self.counts, why), self.places, found)
        evidence = Evidence(
            counts=left,
            python_files=self.kept["python_files"],
            unread_files=self.kept["unread"],
            coverage=self.kept["coverage"],
            waived=covered,
            waived_items=frozenset(found.items),
            errors=self.kept["errors"],
            answers=self.answers,
            blind=why,
        )
        tier, kind = Tier(self.kept["tier"]), Kind(self.kept["kind"])
        return scoring.scorecard(_items(self.kept), evidence, tier, kind), found


def content(repository: Repository, report: Report, seen: Sequence[Seen]) -> Json:
    """What a scorecard can be made of again; `seen` are the findings of the report as they are followed."""
    pairs = list(zip(report.findings, seen, strict=True))
    return {
        "tier": repository.tier,
        "kind": repository.kind,
        "rule_set": report.rule_set,
        "counts": {rule: _packed(count) for rule, count in report.counts.items()},
        "errors": {},
        "unread": sum(file.problem is not None for file in report.files if file.path_class.startswith("python/")),
        "coverage": report.coverage,
        "python_files": report.python_files,
        "advisories": dict(report.advisories),
        "findings": [_row(found, at) for found, at in pairs if found.confidence is not Confidence.LOW],
        "doubtful": [_row(found, at) for found, at in pairs if found.confidence is Confidence.LOW],
        "sealed": _sealed(repository, report),
    }


def ground(repository: int, kept: Json, day: date) -> Ground:
    """What a scorecard of a repository is made of on a day; `kept` is what a scan of it counted."""
    excuses = tuple(waived.excuses(repository, day))
    found = [(row, True) for row in kept["findings"]] + [(row, False) for row in kept["doubtful"]]
    places = [
        Place(rule, identity, path, Severity(severity), anchor, sure)
        for (rule, identity, path, severity, anchor), sure in found
    ]
    if excuses:
        open_ = Finding.objects.filter(repository=repository).order_by(*waived.AGE).values_list("identity", flat=True)
        rank = {identity: place for place, identity in enumerate(open_)}
        places.sort(key=lambda place: (rank.get(place.identity, len(rank)), place.path, place.identity))
    return Ground(kept, tuple(places), excuses, waived.answers_of(repository), day)


def numbers(repository: int, kept: Json, day: date) -> Json:
    """The fields of a scan that change with the day: level, scores, scorecard, open findings, last day."""
    basis = ground(repository, kept, day)
    made, found = basis.scored()
    left = (place for i, place in enumerate(basis.places) if i not in found.false and i not in found.waived)
    starts = waived.next_start(repository, day)
    ends = [found.until, starts and starts - timedelta(days=1), age.until(kept, basis.counts, day)]
    return {
        "level": made.level.value,
        "score_low": made.score.low if made.score else None,
        "score_high": made.score.high if made.score else None,
        "scorecard": scoring.as_json(made),
        "open_findings": dict(Counter(place.severity.value for place in left)),
        "card_until": min((end for end in ends if end), default=None),
    }


def covered(repository: int, kept: Json, day: date) -> frozenset[str]:
    """The identities of the findings that are waived, or known as false positives, on a day; `kept` as of `ground`."""
    basis = ground(repository, kept, day)
    found = cover(basis.places, basis.excuses, waived.rules())
    return frozenset(basis.places[index].identity for index in (*found.waived, *found.false))


def card(scan: Scan, today: date) -> Json:
    """The scorecard of a finished scan as it is on a day."""
    found: Json = as_of(scan, today).scorecard
    return found


def as_of(scan: Scan, today: date) -> Scan:
    """A finished scan with its level, scores, scorecard and open findings as they are on a day. Not to be saved.

    What is stored is right for the newest scan until its last day; any other is counted again, with what holds today.
    """
    newest = scan.repository.latest_scan_id == scan.pk
    kept = None if newest and (scan.card_until is None or scan.card_until >= today) else kept_of(scan)
    if not kept:
        return scan
    dated = copy(scan)
    for field, value in numbers(scan.repository_id, kept, today).items():
        setattr(dated, field, value)
    return dated


def kept_of(scan: Scan) -> Json:
    """What a scan counted; empty for one of a time when this was not kept."""
    packed = ScanTree.objects.filter(scan=scan).values_list("counted", flat=True).first()
    return age.brought_up(trees.unpack(packed), scan.compared) if packed else {}


def refresh(repository: Repository, today: date | None = None) -> None:
    """Write down what the newest scan's scorecard is today. Call it in the transaction of the decision or change."""
    newest = Repository.objects.select_for_update(no_key=True).values_list("latest_scan", flat=True)
    scan = Scan.objects.filter(pk=newest.get(pk=repository.pk)).first()
    kept = kept_of(scan) if scan else {}
    if scan and kept:
        Scan.objects.filter(pk=scan.pk).update(**numbers(repository.pk, kept, today or waived.today()))


def _items(kept: Json) -> Iterable[Item]:
    """The items of the checklist, with the rules that there were when the scan was made."""
    items = checklist.current().items
    if kept["rule_set"] == registry.digest():
        return items
    known = [replace(item, rules=tuple(rule for rule in item.rules if rule.id in kept["counts"])) for item in items]
    return [item for item in known if item.asked or item.rules]


def _sealed(repository: Repository, report: Report) -> Json:
    """What a replay compares with beside what is kept anyway."""
    findings = sealing.digest(sealing.findings(report.findings))
    return {"findings": findings, "sub_path": repository.sub_path, "made_by": made_by()}


def _row(found: Found, at: Seen) -> list[str]:
    return [found.rule, at.identity, at.path, found.severity.value, at.anchor]


def _packed(count: RuleCount) -> list[Any]:
    return [count.good, count.bad, count.unresolved, count.doubtful, count.applicable, count.reason]


def unpacked(packed: Sequence[Any]) -> RuleCount:
    """The sites of one rule, as `content` packed them."""
    good, bad, *rest = packed
    return RuleCount(good, {Severity(severity): number for severity, number in bad.items()}, *rest)
