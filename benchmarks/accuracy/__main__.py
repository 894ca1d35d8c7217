"""Recall and precision by rule and area over the labelled set: `make accuracy`, or with --misses what went wrong where.

A place marked bad is found when the rule reports it at medium or high confidence. A finding at such confidence
anywhere else is wrong, whether the place was marked as right or not marked at all. Findings of low confidence, which
never block, are counted beside.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from benchmarks.accuracy.labels import Case, Mark, cases, rule_files
from scanners import registry
from scanners.advisories import Advisories
from scanners.finding import Confidence, Finding
from scanners.scan import scan_files

LEAST = 5
"""Places of either sort that a rule needs before its figures mean something."""


@dataclass(slots=True)
class Tally:
    """What became of the labelled places of a rule, or of all rules of an area."""

    bad: int = 0
    found: int = 0
    doubted: int = 0
    right: int = 0
    wrong: int = 0
    misses: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Count another one in."""
        self.bad += other.bad
        self.found += other.found
        self.doubted += other.doubted
        self.right += other.right
        self.wrong += other.wrong
        self.misses += other.misses

    @property
    def recall(self) -> float:
        """The share of places at fault that are reported."""
        return self.found / self.bad if self.bad else 1.0

    @property
    def precision(self) -> float:
        """The share of reports that are at a place at fault."""
        return self.found / (self.found + self.wrong) if self.found + self.wrong else 1.0

    def row(self, name: str) -> str:
        """One line of the table."""
        return (
            f"{name:40} {self.bad:5} {self.found:6} {self.doubted:5} {self.recall:7.0%} "
            f"{self.right:5} {self.wrong:6} {self.precision:10.0%}"
        )


def judge(rule: str, case: Case) -> Tally:
    """Scan one case and compare what the rule says with the labels."""
    known = Advisories(case.advisories) if case.advisories else None
    report = scan_files({path: text.encode() for path, text in case.files.items()}, case.kind, known)
    found = [finding for finding in report.findings if finding.rule == rule]
    sure = [finding for finding in found if finding.confidence is not Confidence.LOW]
    tally = Tally(bad=sum(mark.bad for mark in case.marks), right=sum(not mark.bad for mark in case.marks))
    for mark in (mark for mark in case.marks if mark.bad):
        if _at(mark, sure):
            tally.found += 1
        else:
            doubted = bool(_at(mark, found))
            tally.doubted += doubted
            tally.misses.append(f"{case.source} {case.title}: {'only low' if doubted else 'missed'} {_name(mark)}")
    for finding in sure:
        if not any(mark.bad and mark.covers(finding.path, finding.line, finding.end_line) for mark in case.marks):
            tally.wrong += 1
            tally.misses.append(f"{case.source} {case.title}: wrong {finding.path}:{finding.line} {finding.message}")
    for file in report.files:
        if file.problem:
            tally.misses.append(f"{case.source} {case.title}: {file.path} cannot be read: {file.problem.message}")
    return tally


def _at(mark: Mark, found: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in found if mark.covers(finding.path, finding.line, finding.end_line)]


def _name(mark: Mark) -> str:
    return f"{mark.path or 'the case'}{f':{mark.line}' if mark.line else ''}"


def main() -> int:
    """Print the table. Returns 1 when a rule has too few labelled places, or none."""
    parser = argparse.ArgumentParser(prog="accuracy", description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("rules", nargs="*", help="only these rules")
    parser.add_argument("--misses", action="store_true", help="list each miss and each wrong report")
    options = parser.parse_args()
    known, tallies = registry.rules(), {}
    for source in rule_files():
        if not options.rules or source.stem in options.rules:
            tallies[source.stem] = Tally()
            for case in cases(source):
                tallies[source.stem].add(judge(source.stem, case))
    _print_table(tallies)
    if options.misses:
        print(*(miss for tally in tallies.values() for miss in tally.misses), sep="\n")
    wanted = options.rules or known
    thin = [rule for rule in wanted if rule not in tallies or min(tallies[rule].bad, tallies[rule].right) < LEAST]
    unknown = [rule for rule in tallies if rule not in known]
    if thin:
        print(f"\nFewer than {LEAST} places of each sort: {', '.join(thin)}")
    if unknown:
        print(f"\nNo such rule: {', '.join(unknown)}")
    return int(bool(thin or unknown))


def _print_table(tallies: dict[str, Tally]) -> None:
    areas: dict[str, Tally] = defaultdict(Tally)
    total = Tally()
    print(f"{'':40} {'bad':>5} {'found':>6} {'low':>5} {'recall':>7} {'ok':>5} {'wrong':>6} {'precision':>10}")
    for rule, tally in tallies.items():
        print(tally.row(rule))
        if rule in registry.rules():
            areas[registry.rules()[rule].area].add(tally)
        total.add(tally)
    print()
    for area, tally in areas.items():
        print(tally.row(area))
    print(total.row("all"))


if __name__ == "__main__":
    sys.exit(main())
