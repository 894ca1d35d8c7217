"""
What waivers and false positives cover in one tree. Pure; `reviews.waived` reads them from the database.

    found = cover(places, excuses, rules)    # places are the sure and doubtful findings of one tree, the oldest first
    found.false, found.waived, found.items   # which excuse answers for which place, and for which item as a whole
    found.until                              # the last day on which all this is so
    counts, waived = counted(counts, places, found)

False positives are taken out first. Then each waiver covers the oldest of the findings in its scope, up to its cap, no
matter what others cover. So a fix, another waiver or another false positive never takes cover away from a finding.

A waiver covers no finding that is more severe than what it was approved for, and nothing of `NEVER_EXCUSED`. A false
positive holds while the code at its place is what its approver looked at.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from reviews.workflow.items import NEVER_EXCUSED
from scanners.finding import RuleCount, Severity

_RANK = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class Place:
    """One finding as an excuse sees it; `sure` is false for one of low confidence."""

    rule: str
    identity: str
    path: str
    severity: Severity
    anchor: str
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Excuse:
    """A waiver or a false positive in force. Its scope is `item`, or `rule` below `path`, or what `named` holds.

    `named` maps the identity of a finding to its anchor at the time of the request. `until` is the last day.
    """

    key: int
    severity: Severity
    cap: int = 1
    until: date | None = None
    rule: str = ""
    path: str = ""
    item: str = ""
    named: Mapping[str, str] = field(default_factory=dict)
    false_positive: bool = False

    def concerns(self, place: Place, rules: Mapping[str, frozenset[str]]) -> bool:
        """Whether a finding is in the scope. `rules` has the rules of each item."""
        if self.item:
            return place.rule in rules.get(self.item, ())
        if self.rule:
            return place.rule == self.rule and below(place.path, self.path)
        return place.identity in self.named

    def reaches(self, place: Place) -> bool:
        """Whether it may cover a finding of its scope."""
        if self.false_positive:
            return self.named.get(place.identity) == place.anchor
        return place.sure and _RANK[place.severity] <= _RANK[self.severity]


@dataclass(frozen=True, slots=True)
class Cover:
    """Which excuse answers for what: places by their index, items by their ref. Of several the one that lasts longest.

    `applied` are the keys of all that cover something.
    """

    false: Mapping[int, Excuse]
    waived: Mapping[int, Excuse]
    items: Mapping[str, Excuse]
    applied: frozenset[int]
    until: date | None


def below(path: str, scope: str) -> bool:
    """Whether a path is the file `scope`, or lies in it when it ends with a slash; an empty one holds everything."""
    return not scope or path == scope or (scope.endswith("/") and path.startswith(scope))


def worst(severities: Iterable[str]) -> Severity:
    """The highest severity; low when there is none."""
    return max(map(Severity, severities), key=_RANK.__getitem__, default=Severity.LOW)


def never_waived(rules: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The rules of the items that nothing excuses."""
    return frozenset(rule for ref in NEVER_EXCUSED for rule in rules.get(ref, ()))


def cover(places: Sequence[Place], excuses: Iterable[Excuse], rules: Mapping[str, frozenset[str]]) -> Cover:
    """What `excuses` cover. `places` are the oldest first; `rules` has the rules of each item."""
    given = sorted(excuses, key=lambda one: (one.until or date.max, -one.key), reverse=True)
    false = _false(places, [one for one in given if one.false_positive])
    never = never_waived(rules)
    left = {i: place for i, place in enumerate(places) if i not in false and place.sure and place.rule not in never}
    waived: dict[int, Excuse] = {}
    items: dict[str, Excuse] = {}
    applied = {excuse.key: excuse for excuse in false.values()}
    for excuse in (one for one in given if not one.false_positive and one.item not in NEVER_EXCUSED):
        scope = [index for index, place in left.items() if excuse.concerns(place, rules)]
        covered = [index for index in scope if excuse.reaches(left[index])][: excuse.cap]
        whole = bool(excuse.item) and len(covered) == len(scope)
        waived = dict.fromkeys(covered, excuse) | waived
        items = ({excuse.item: excuse} if whole else {}) | items
        applied |= {excuse.key: excuse} if covered or whole else {}
    until = min((excuse.until for excuse in applied.values() if excuse.until), default=None)
    return Cover(false, waived, items, frozenset(applied), until)


def _false(places: Sequence[Place], excuses: Iterable[Excuse]) -> dict[int, Excuse]:
    by_identity = {place.identity: index for index, place in enumerate(places)}
    found: dict[int, Excuse] = {}
    for excuse in excuses:
        indexes = [by_identity[identity] for identity in excuse.named if identity in by_identity]
        found = {index: excuse for index in indexes if excuse.reaches(places[index])} | found
    return found


def counted(
    counts: Mapping[str, RuleCount], places: Sequence[Place], found: Cover
) -> tuple[dict[str, RuleCount], dict[str, dict[Severity, int]]]:
    """The counts without the false positives, and how many sites of each rule are waived, by severity."""
    left = dict(counts)
    for index in found.false:
        place = places[index]
        if place.rule in left:
            left[place.rule] = _without(left[place.rule], place)
    waived: dict[str, dict[Severity, int]] = {}
    for (rule, severity), number in Counter((places[i].rule, places[i].severity) for i in found.waived).items():
        waived.setdefault(rule, {})[severity] = number
    return left, waived


def _without(count: RuleCount, place: Place) -> RuleCount:
    if not place.sure:
        return replace(count, unresolved=max(count.unresolved - 1, 0), doubtful=max(count.doubtful - 1, 0))
    bad = {**count.bad, place.severity: count.bad.get(place.severity, 0) - 1}
    return replace(count, bad={severity: number for severity, number in bad.items() if number > 0})
