"""Draws findings of medium and high confidence at random, for a person to read.

`python -m benchmarks.accuracy.sample FOLDER ... [--each 15 | --by-rule 3] [--seed 1]`.
As many from each folder as from any other, so that a large package does not decide the figure. With --by-rule at most
that many of each rule over all folders instead, which shows the rules that seldom speak.
"""

import argparse
import random
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from scanners.__main__ import check
from scanners.finding import Confidence, Finding

_AROUND = 12


def main() -> None:
    """Print the drawn findings, each with the code around it."""
    parser = argparse.ArgumentParser(prog="sample")
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--each", type=int, default=15, help="findings from each folder")
    parser.add_argument("--by-rule", type=int, default=0, help="findings of each rule over all folders")
    parser.add_argument("--rules", nargs="*", default=[], help="only these rules")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", default="http-api")
    options = parser.parse_args()
    chance = random.Random(options.seed)  # noqa: S311 - a sample, not a secret
    found = {folder: _sure(folder, options.kind, options.rules) for folder in options.folders}
    drawn = _by_rule(found, options.by_rule, chance) if options.by_rule else _each(found, options.each, chance)
    for number, (folder, finding) in enumerate(drawn, 1):
        _show(number, folder, finding)


def _sure(folder: Path, kind: str, rules: list[str]) -> list[Finding]:
    report = check(folder, kind, processes=2)
    return [
        finding
        for finding in report.findings
        if finding.confidence is not Confidence.LOW and (not rules or finding.rule in rules)
    ]


def _each(found: dict[Path, list[Finding]], count: int, chance: random.Random) -> Iterator[tuple[Path, Finding]]:
    for folder, findings in found.items():
        for finding in chance.sample(findings, min(count, len(findings))):
            yield folder, finding


def _by_rule(found: dict[Path, list[Finding]], count: int, chance: random.Random) -> Iterator[tuple[Path, Finding]]:
    rules = defaultdict(list)
    for folder, findings in found.items():
        for finding in findings:
            rules[finding.rule].append((folder, finding))
    for _, places in sorted(rules.items()):
        yield from chance.sample(places, min(count, len(places)))


def _show(number: int, folder: Path, finding: Finding) -> None:
    print(
        f"\n### {number}. {folder.name} {finding.path}:{finding.line} {finding.rule} "
        f"({finding.severity}, {finding.confidence})\n{finding.message}\n"
    )
    lines = (folder / finding.path).read_text(encoding="utf-8", errors="replace").split("\n")
    for line in range(max(1, finding.line - _AROUND), min(len(lines), finding.line + _AROUND) + 1):
        print(f"{'>' if line == finding.line else ' '} {line:5} {lines[line - 1][:160]}")


if __name__ == "__main__":
    main()
