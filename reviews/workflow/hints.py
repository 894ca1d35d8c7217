"""
What is kept of one scan, as the hints beside the questions of a review are made of it. Pure.

A hint has an anchor, what of it matters to an answer and stays the same under formatting, moving and other lines; and a
line for people, which says where it stands. `reviews.workflow.phrases` says which hints a question gets.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reviews.outcomes import Outcome
from scanners.paths import PathClass

Row = Mapping[str, Any]
SINCE = "Since"
"""How a line begins that tells what has changed since the last approval: it depends on more than its own commit."""


@dataclass(frozen=True, slots=True)
class Hint:
    """One thing that is known. An empty anchor is for reading only."""

    anchor: str
    line: str


@dataclass(frozen=True, slots=True)
class Found:
    """One finding: what stays the same of it, where it is now (path:line), and what it says."""

    anchor: str
    place: str
    message: str


@dataclass(frozen=True, slots=True)
class Material:
    """All that is kept of one scan. `files` maps paths to their path classes, `items` refs to rows of the scorecard.

    `inventory` holds rows by table, nothing for a scan that is older; `before` those of the last approved commit, which
    `since` names.
    """

    facts: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    files: Mapping[str, PathClass] = field(default_factory=dict)
    items: Mapping[str, Row] = field(default_factory=dict)
    findings: Mapping[str, Sequence[Found]] = field(default_factory=dict)
    inventory: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    before: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    since: str = ""

    def of(self, *kinds: str, tests: bool = False) -> Iterator[Row]:
        """The facts of these kinds in order of place: those of test files, or else those of what is shipped."""
        for kind in kinds:
            for row in self.facts.get(kind, ()):
                known = self.files.get(row.get("file", ""))
                name = known.name if known is not None else ""
                if name == "test" if tests else name not in ("test", "example"):
                    yield row

    def rule(self, rule: str) -> Row | None:
        """What the scorecard says about a rule; None when the scan did not ask it."""
        found = (row for item in self.items.values() for row in item.get("rules", ()) if row["rule"] == rule)
        return next(found, None)


def of_item(ref: str, material: Material) -> Iterator[Hint]:
    """The outcome of an automatic item and its findings; nothing where there was nothing to look at."""
    row = material.items.get(ref)
    if row is not None and not row["asked"]:
        yield from _outcome(ref, f"{ref} {row['title']}", row)
        yield from of_findings(row, material)


def of_rule(rule: str, material: Material) -> Iterator[Hint]:
    """The outcome of a rule and its findings; nothing when there was nothing to look at."""
    row = material.rule(rule)
    if row is not None:
        yield from _outcome(rule, rule, row)
        yield from of_findings({"rules": [row]}, material)


def _outcome(name: str, said: str, row: Row) -> Iterator[Hint]:
    """An outcome for reading. Answers rest on it only while it is bad, so that more good code voids nothing."""
    outcome = Outcome(row.get("raw_outcome", row["outcome"]))
    if outcome is not Outcome.NOT_APPLICABLE:
        yield Hint(f"{name} {outcome}" if outcome.holds_back else "", f"{said}: {outcome}. {row['reason']}")


def of_findings(item: Row, material: Material) -> Iterator[Hint]:
    """The findings against an item of the scorecard."""
    for row in item.get("rules", ()):
        for found in material.findings.get(row["rule"], ()):
            yield Hint(f"{row['rule']} {found.anchor}", f"{found.place} {row['rule']}: {found.message}".strip())
