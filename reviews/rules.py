"""The checklist and its rules as pages show them, and how a rule stands across the fleet."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from reviews import charts, checklist
from reviews.checklist import Item
from reviews.models import Repository
from reviews.scorecards import rule_outcomes
from scanners import registry
from scanners.rule import AREAS, Rule


@dataclass(frozen=True, slots=True)
class Chapter:
    """One area: its items with their rules."""

    area: str
    items: tuple[tuple[Item, tuple[Rule, ...]], ...]

    @property
    def rules(self) -> int:
        """How many rules answer for the area."""
        return sum(len(rules) for _, rules in self.items)


@dataclass(frozen=True, slots=True)
class Line:
    """A rule in one repository."""

    repository: Repository
    outcome: Mapping[str, Any]

    @property
    def decided(self) -> int:
        """Good sites and those at fault."""
        return int(self.outcome["good"] + self.outcome["bad"])

    @property
    def bar(self) -> tuple[charts.Part, ...]:
        """The sites as a bar."""
        parts = [
            ("accent", self.outcome["good"]),
            ("fail", self.outcome["bad"]),
            ("unknown", self.outcome["unresolved"]),
        ]
        return charts.bar(parts, self.decided + self.outcome["unresolved"])


@dataclass(frozen=True, slots=True)
class Across:
    """A rule in every repository it has sites in, the most findings first."""

    lines: tuple[Line, ...]
    looked: int

    @property
    def at_fault(self) -> list[Line]:
        """The repositories with findings or doubt."""
        return [line for line in self.lines if line.outcome["bad"] or line.outcome["unresolved"]]

    @property
    def clean(self) -> int:
        """Repositories without findings and doubt."""
        return len(self.lines) - len(self.at_fault)

    @property
    def good(self) -> int:
        """Good sites."""
        return sum(line.outcome["good"] for line in self.lines)

    @property
    def decided(self) -> int:
        """Good sites and those at fault."""
        return sum(line.decided for line in self.lines)

    @property
    def unresolved(self) -> int:
        """Sites that could not be told."""
        return sum(line.outcome["unresolved"] for line in self.lines)


def chapters() -> dict[str, Any]:
    """The whole checklist by area."""
    by_item: dict[str, list[Rule]] = defaultdict(list)
    for rule in registry.rules().values():
        by_item[rule.item].append(rule)
    whole = checklist.read()
    found = [
        Chapter(area, tuple((item, tuple(by_item[item.ref])) for item in whole.items if item.area == area))
        for area in AREAS
    ]
    asked = sum(item.asked for item in whole.items)
    numbers = {"items": len(whole.items), "asked": asked, "rules": len(registry.rules()), "version": whole.number}
    return {"chapters": found, "numbers": numbers}


def neighbours(rule: Rule) -> dict[str, Any]:
    """The item of a rule, and the rules before and after it in the checklist."""
    order = list(registry.rules().values())
    at = order.index(rule)
    return {
        "item": checklist.read().item(rule.item),
        "previous": order[at - 1] if at else None,
        "next": order[at + 1] if at + 1 < len(order) else None,
    }


def across_fleet(repositories: QuerySet[Repository], rule: str) -> Across:
    """How a rule stands in the newest scans of these repositories, in one query."""
    scanned = repositories.filter(latest_scan__isnull=False).select_related("team", "latest_scan")
    found = [(one, rule_outcomes(one.latest_scan.scorecard).get(rule)) for one in scanned if one.latest_scan]
    lines = [Line(repository, outcome) for repository, outcome in found if outcome and sites(outcome)]
    return Across(tuple(sorted(lines, key=lambda line: -line.outcome["bad"])), len(found))


def outcome_bar(outcome: Mapping[str, Any]) -> tuple[charts.Part, ...]:
    """The sites of a rule in one repository as a bar."""
    parts = [("accent", outcome["good"]), ("fail", outcome["bad"]), ("unknown", outcome["unresolved"])]
    return charts.bar(parts, sites(outcome))


def sites(outcome: Mapping[str, Any]) -> int:
    """All sites of a rule in one repository."""
    return int(outcome["good"] + outcome["bad"] + outcome["unresolved"])
