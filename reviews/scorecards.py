"""A stored scorecard, put together for its pages. Reads what a scan kept; decides nothing."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from math import floor
from typing import Any

from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.utils import timezone

from reviews import charts, checklist, trends, waived
from reviews.checklist import REQUIRED, Level, Tier
from reviews.models import Finding, Repository, Scan
from reviews.outcomes import WORST_FIRST, Outcome
from reviews.workflow.items import NEVER_EXCUSED
from scanners import registry
from scanners.finding import Severity
from scanners.rule import AREAS

PERIOD = timedelta(days=30)
SEVERE = (Severity.CRITICAL, Severity.HIGH)
FIRST = 5
WORST = 8
_SAID = {
    Outcome.FAIL: ("item fails", "items fail"),
    Outcome.ERROR: ("item broke", "items broke"),
    Outcome.UNKNOWN: ("item unknown", "items unknown"),
    Outcome.WAIVED: ("item waived", "items waived"),
    Outcome.WARN: ("item warns", "items warn"),
}

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AreaLine:
    """One area of a repository: its figures, its bar, its items, and how it moved in 30 days."""

    area: Json
    outcome: Outcome
    said: str
    bar: tuple[charts.Part, ...]
    change: int | None
    items: tuple[Json, ...]

    @property
    def words(self) -> str:
        """The bar as words."""
        low, high = floor(self.area["score"]["low"]), floor(self.area["score"]["high"])
        return str(low) if low == high else f"{low} to {high}"

    @property
    def decided(self) -> int:
        """Sites that are good or at fault."""
        return int(self.area["good"] + self.area["bad"])


@dataclass(frozen=True, slots=True)
class Standing:
    """The head of a scorecard page."""

    card: Json
    required: Level
    areas: tuple[AreaLine, ...]
    asked: int
    change: int | None

    @property
    def why(self) -> dict[str, str]:
        """The reason of each item, by its ref."""
        return {item["ref"]: item["reason"] for item in self.card["items"]}

    @property
    def waivable(self) -> frozenset[str]:
        """The refs of the items that fail and that a waiver may be asked for."""
        failing = (item["ref"] for item in self.card["items"] if item["counted"] and item["outcome"] == Outcome.FAIL)
        return frozenset(failing).difference(NEVER_EXCUSED)

    @property
    def good(self) -> int:
        """Good sites of all areas."""
        return sum(line.area["good"] for line in self.areas)

    @property
    def decided(self) -> int:
        """Sites of all areas that are good or at fault."""
        return sum(line.decided for line in self.areas)

    @property
    def unresolved(self) -> int:
        """Sites of all areas that could not be told."""
        return sum(line.area["unresolved"] for line in self.areas)

    @property
    def mark(self) -> charts.Hull | None:
        """The score as a load line; None without a score."""
        score = self.card["score"]
        return charts.hull(score["low"], score["high"]) if score else None

    @property
    def weighed(self) -> bool:
        """Whether waivers make the score differ from the raw one."""
        return bool(self.card["score"] != self.card["raw"])


@cache
def scanned_areas() -> tuple[str, ...]:
    """The areas with items that a scan answers, in the order of the checklist. The others are asked of people alone."""
    answered = {item.area for item in checklist.read().items if not item.asked}
    return tuple(area for area in AREAS if area in answered)


def standing(repository: Repository, scan: Scan) -> Standing:
    """Where a repository stands after a finished scan."""
    card = scan.scorecard
    then = past(repository)
    areas = repository.scans.values_list("scorecard__areas", flat=True).get(pk=then.scan) if then else []
    changes = trends.area_changes(card["areas"], areas)
    score = card["score"]
    return Standing(
        card=card,
        required=REQUIRED[Tier(repository.tier)],
        areas=tuple(
            area_line(area, card["items"], changes.get(area["area"]))
            for area in card["areas"]
            if area["area"] in scanned_areas()
        ),
        asked=sum(not item["counted"] for item in card["items"]),
        change=floor(score["low"]) - floor(then.low) if score and then else None,
    )


def past(repository: Repository) -> trends.Standing | None:
    """What was so 30 days ago, or at the first scan since; None when there is one scan only."""
    earlier = trends.courses(repository.scans.exclude(pk=repository.latest_scan_id or 0))
    return trends.before(earlier.get(repository.pk, []), timezone.now() - PERIOD)


def area_line(area: Json, items: Sequence[Json], change: int | None) -> AreaLine:
    """One area with its items."""
    here = [item for item in items if item["area"] == area["area"] and item["counted"]]
    worst = min((Outcome(item["outcome"]) for item in here), key=WORST_FIRST.index, default=Outcome.NOT_APPLICABLE)
    alike = sum(item["outcome"] == worst for item in here)
    said = counted(alike, *_SAID[worst]) if worst in _SAID else "all pass" if worst is Outcome.PASS else "none applies"
    score, raw = area["score"], area["raw"]
    parts = []
    if score:
        waived = max(score["low"] - raw["low"], 0) if raw else 0
        parts = [("accent", score["low"] - waived), ("waived", waived), ("unknown", score["high"] - score["low"])]
    return AreaLine(area, worst, said, charts.bar(parts, 100), change, tuple(here))


def counted(number: int, one: str, many: str) -> str:
    """A number with its words."""
    return f"{number:,} {one if number == 1 else many}"


def rule_outcomes(card: Json) -> dict[str, Json]:
    """What a scorecard says about each rule."""
    return {rule["rule"]: rule for item in card.get("items", ()) for rule in item["rules"]}


def worst_first(findings: QuerySet[Finding]) -> QuerySet[Finding]:
    """The most severe and surest first, then by place."""
    return findings.annotate(
        weight=ranked("severity", ("critical", "high", "medium", "low")),
        doubt=ranked("confidence", ("high", "medium", "low")),
    ).order_by("weight", "rule", "doubt", "path", "line", "pk")


def ranked(field: str, values: Sequence[str]) -> Case:
    """The place of a field's value in `values`."""
    return Case(
        *(When(**{field: value}, then=Value(place)) for place, value in enumerate(values)),
        default=Value(len(values)),
        output_field=IntegerField(),
    )


def first_fixes(repository: Repository) -> list[Finding]:
    """The open findings to begin with: sure enough to count, the most severe of each rule before a second one."""
    excused = waived.shown([repository], waived.today())
    open_ = repository.findings.filter(state=Finding.State.OPEN).exclude(confidence="low").exclude(pk__in=excused)
    by_rule: dict[str, Finding] = {}
    for finding in worst_first(open_)[:200]:
        by_rule.setdefault(finding.rule, finding)
    return list(by_rule.values())[:FIRST]


@dataclass(frozen=True, slots=True)
class FailingItem:
    """An item that holds repositories back, with their names."""

    item: Json
    repositories: tuple[Repository, ...]
    findings: int


def worst_items(repositories: QuerySet[Repository]) -> list[FailingItem]:
    """The items that most repositories fail, in one query."""
    failing: dict[str, list[tuple[Json, Repository]]] = defaultdict(list)
    for repository in repositories.select_related("team", "latest_scan"):
        for item in repository.latest_scan.scorecard.get("items", ()) if repository.latest_scan else ():
            if item["counted"] and item["outcome"] == Outcome.FAIL:
                failing[item["ref"]].append((item, repository))
    found = [
        FailingItem(pairs[0][0], tuple(repository for _, repository in pairs), sum(i["findings"] for i, _ in pairs))
        for pairs in failing.values()
    ]
    return sorted(found, key=lambda one: (-len(one.repositories), -one.findings))[:WORST]


def efforts() -> dict[str, str]:
    """How long a fix usually takes, by rule."""
    return {rule.id: rule.effort for rule in registry.rules().values()}
