"""
A report as bytes that depend on nothing but what was asked: no time, no place on this machine, no cache.

    seal = of_report(asked, report)
    seal.line        # one line of JSON: what was asked, and the SHA-256 of each part of the answer
    seal.digest      # the SHA-256 of that line: what two machines compare
    whole(asked, report)  # seal and parts together, for those who want to see what differs

The line is made of digests, so that it can be made again from a report whose parts are kept in different places.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from scanners.finding import FileReport, Finding, Report, RuleCount, Skipped, Suppression

Json = dict[str, Any]
FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Asked:
    """What a report answers. `date` is the commit's in ISO form; `compared` says whether advisories were given."""

    commit: str
    tree: str
    date: str
    kind: str
    sub_path: str
    rule_set: str
    compared: bool


@dataclass(frozen=True, slots=True)
class Seal:
    """What was asked, and the SHA-256 of each part of the answer by its name."""

    asked: Asked
    digests: Mapping[str, str]

    @property
    def line(self) -> bytes:
        """The seal as JSON, with a line feed."""
        return canonical({"asked": asdict(self.asked), "digests": dict(self.digests), "format": FORMAT}) + b"\n"

    @property
    def digest(self) -> str:
        """The SHA-256 of the line."""
        return hashlib.sha256(self.line).hexdigest()


def of_report(asked: Asked, report: Report) -> Seal:
    """The seal of a report."""
    return Seal(asked, {name: digest(part) for name, part in parts(report).items()})


def whole(asked: Asked, report: Report) -> bytes:
    """The seal with all that it speaks of, as one line of JSON."""
    found = parts(report)
    seal = Seal(asked, {name: digest(part) for name, part in found.items()})
    return canonical({"seal": json.loads(seal.line), "parts": found}) + b"\n"


def parts(report: Report) -> Json:
    """The answer as plain values, by part."""
    return {
        "files": files(report.files),
        "skipped": skipped(report.skipped),
        "suppressions": suppressions(report.suppressions),
        "findings": findings(report.findings),
        "counts": counts(report.counts),
        "facts": report.facts,
        "inventory": report.inventory,
        "totals": totals(report.python_files, report.lines, report.coverage),
    }


def files(listed: Iterable[FileReport]) -> list[Json]:
    """What was read. Whether an answer was kept from before is no part of it."""
    return [
        {
            "path": file.path,
            "sha": file.sha,
            "path_class": file.path_class,
            "name": file.name,
            "lines": file.lines,
            "problem": asdict(file.problem) if file.problem else None,
        }
        for file in listed
    ]


def skipped(listed: Iterable[Skipped]) -> list[Json]:
    """What was not read, and why."""
    return [asdict(skip) for skip in listed]


def suppressions(listed: Iterable[Suppression]) -> list[Json]:
    """The comments that excuse a finding."""
    return [asdict(found) for found in listed]


def findings(listed: Iterable[Finding]) -> list[Json]:
    """The findings without the lines around them, which the files hold."""
    left_out = "snippet"
    return [{name: getattr(found, name) for name in found.__slots__ if name != left_out} for found in listed]


def counts(counted: Mapping[str, RuleCount]) -> dict[str, Json]:
    """The sites by rule."""
    return {rule: asdict(count) for rule, count in counted.items()}


def totals(python_files: int, lines: int, coverage: float | None) -> Json:
    """The sums over all files."""
    return {"python_files": python_files, "lines": lines, "coverage": coverage}


def digest(part: Any) -> str:
    """The SHA-256 of a part."""
    return hashlib.sha256(canonical(part)).hexdigest()


def canonical(value: Any) -> bytes:
    """JSON in the one way there is to write it: ASCII, sorted, without white space."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")
