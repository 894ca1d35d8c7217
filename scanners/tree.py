"""What a rule may ask of a whole commit: its paths and the facts of its files. Nothing is parsed again here."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scanners.advisories import Advisories
from scanners.context import digest
from scanners.finding import Confidence, Finding, Severity, Site
from scanners.paths import PathClass
from scanners.rule import Rule


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact of one file. Fields are read like those of a mapping."""

    path: str
    path_class: PathClass
    fields: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.fields[name]

    def get(self, name: str, default: Any = None) -> Any:
        """The field, or `default`."""
        return self.fields.get(name, default)

    @property
    def line(self) -> int:
        """Where it stands, from 1."""
        return int(self.fields["line"])


class Tree:
    """A commit below its sub-path. `kind` is the repository's; `files` are those that were looked at.

    `date` is the day of the commit, None where it is not known; `too_large` holds what the size limit left out;
    `advisories` are the published faults to compare with, None where none were given.
    """

    def __init__(
        self,
        kind: str,
        files: Mapping[str, PathClass],
        facts: Mapping[str, Sequence[Fact]],
        *,
        date: dt.date | None = None,
        too_large: Mapping[str, PathClass] | None = None,
        advisories: Advisories | None = None,
    ) -> None:
        self.kind = kind
        self.files = files
        self.date = date
        self.too_large = too_large or {}
        self.advisories = advisories
        self.made: dict[str, Any] = {}
        """What was joined already, by its name: a table that a rule asks for is not made again."""
        self._facts = facts

    def facts(self, kind: str, *, tests: bool = False) -> list[Fact]:
        """The facts of a kind, in order of path and line; those of test files only on request."""
        found = self._facts.get(kind, ())
        return [fact for fact in found if tests or fact.path_class.name != "test"]

    def plain_facts(self) -> dict[str, tuple[Mapping[str, Any], ...]]:
        """All facts by kind as plain JSON values, each with its file; a route has a path of its own."""
        return {
            kind: tuple({"file": fact.path, **fact.fields} for fact in facts) for kind, facts in self._facts.items()
        }

    def of_kind(self, *kinds: str) -> list[str]:
        """The paths of these kinds of file ("python", "dockerfile", ...), without tests and examples."""
        return sorted(
            path
            for path, path_class in self.files.items()
            if path_class.kind in kinds and path_class.name in ("service", "script")
        )


class TreeContext:
    """What a rule may say about a whole commit. Places are (path, line)."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self.sites: dict[tuple[str, int], Site] = {}
        self.findings: list[Finding] = []
        self.not_applicable_reason = ""

    def not_applicable(self, reason: str) -> None:
        """Say why there is nothing to look at."""
        self.not_applicable_reason = reason

    def site(self, path: str, line: int = 1) -> None:
        """Count a considered place; good unless reported or unresolved."""
        self.sites.setdefault((path, line), Site(path, line, good=True))

    def unresolved(self, path: str, line: int, reason: str) -> None:
        """Count a considered place that cannot be decided, and why."""
        self.sites[(path, line)] = Site(path, line, good=False, reason=reason)

    def report(
        self,
        path: str,
        line: int,
        message: str,
        *,
        anchor: str = "",
        text: str = "",
        severity: Severity | None = None,
        confidence: Confidence | None = None,
    ) -> None:
        """Report a finding. `anchor` names what is at fault whatever its line; `text` is the line to show."""
        self.sites.pop((path, line), None)
        key = digest(anchor or message)
        snippet = ((line, text, True),) if text else ()
        self.findings.append(
            Finding(
                rule=self._rule.id,
                path=path,
                line=line,
                end_line=line,
                col=0,
                qualname="",
                anchor=key,
                line_hash=digest("".join(text.split())) if text else key,
                ordinal=0,
                message=message,
                severity=severity or self._rule.severity,
                confidence=confidence or self._rule.confidence,
                snippet=snippet,
            )
        )
