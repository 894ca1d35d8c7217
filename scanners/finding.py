"""The frozen values that cross from the engine to whoever called it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple, Protocol


class Severity(StrEnum):
    """How bad a finding is."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def lowered(self) -> "Severity":
        """One step down; low stays low."""
        steps = list(Severity)
        return steps[max(steps.index(self) - 1, 0)]


class Confidence(StrEnum):
    """How sure a finding is. Low never blocks, and its site counts as unresolved."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Effort(StrEnum):
    """How long a fix of one finding usually takes."""

    MINUTES = "minutes"
    HOUR = "hour"
    HOURS = "hours"
    DAYS = "days"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a file could not be read as it should be: a stable code, what happened, what to do next."""

    code: str
    message: str
    next_step: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One site at fault. `path` is below the sub-path; `snippet` holds (line, text, marked), at most 7.

    `anchor` is a hash of the normalised syntax at fault and `line_hash` one of the line's text without its white space;
    `ordinal` counts equal (rule, path, qualname, anchor) from the top of the file.
    """

    rule: str
    path: str
    line: int
    end_line: int
    col: int
    qualname: str
    anchor: str
    line_hash: str
    ordinal: int
    message: str
    severity: Severity
    confidence: Confidence
    snippet: tuple[tuple[int, str, bool], ...] = ()


@dataclass(frozen=True, slots=True)
class Site:
    """One place that a rule looked at and did not report: good, or unresolved with the reason."""

    path: str
    line: int
    good: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RuleCount:
    """The sites of one rule in one tree. `bad` maps severity to findings of medium confidence and over.

    A finding of low confidence counts in `unresolved` and in `doubtful`. `reason` says why a rule does not apply.
    """

    good: int = 0
    bad: Mapping[Severity, int] = field(default_factory=dict)
    unresolved: int = 0
    doubtful: int = 0
    applicable: bool = True
    reason: str = ""

    @property
    def sites(self) -> int:
        """All sites: good, bad and unresolved."""
        return self.good + sum(self.bad.values()) + self.unresolved


@dataclass(frozen=True, slots=True)
class FileReport:
    """One file that was looked at. `path_class` is what its path says; `name` the class that its content then gave."""

    path: str
    sha: str
    path_class: str
    lines: int
    cached: bool
    problem: Problem | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """One entry of the tree that was not read, and why."""

    path: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Suppression:
    """A `# plimsoll: ignore[...]` comment. Without a reason it excuses nothing."""

    path: str
    line: int
    rules: tuple[str, ...]
    reason: str
    used: bool


@dataclass(frozen=True, slots=True)
class Report:
    """What one rule set says about one tree."""

    commit: str
    rule_set: str
    files: tuple[FileReport, ...]
    skipped: tuple[Skipped, ...]
    findings: tuple[Finding, ...]
    counts: Mapping[str, RuleCount]
    suppressions: tuple[Suppression, ...]
    facts: Mapping[str, tuple[Mapping[str, Any], ...]]
    lines: int
    python_files: int
    coverage: float
    inventory: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    """The rows of each table of `scanners.inventory`, as plain JSON values."""
    advisories: Mapping[str, str] = field(default_factory=dict)
    """How far the advisories reach that versions were compared with; empty where none were given."""


class BlobKey(NamedTuple):
    """What a cached result depends on beside the rule set: the bytes, and what the path says about them."""

    sha: str
    path_class: str

    def head(self) -> dict[str, Any]:
        """What the child is told of it."""
        return {"sha": self.sha, "path_class": self.path_class}


BlobAnswer = dict[str, Any]
"""What the child says about one blob, as plain JSON: see `scanners.walk.answer`."""


class BlobCache(Protocol):
    """Where blob answers are kept between scans; one cache holds one rule set."""

    def get_many(self, keys: Iterable[BlobKey]) -> dict[BlobKey, BlobAnswer]:
        """The answers that are known."""

    def put_many(self, answers: Mapping[BlobKey, BlobAnswer]) -> None:
        """Keep these answers; one that is there already stays."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a scan has come. Counts are files."""

    step: str
    total: int = 0
    cached: int = 0
    scanned: int = 0
