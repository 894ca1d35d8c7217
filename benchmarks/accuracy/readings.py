"""Findings of real packages that a person read, with a verdict each: `readings.toml`, summed by rule and package.

A finding is right when a reviewer would ask for a change, wrong when the code is fine as it stands, debatable when two
experienced engineers could disagree. `mended` says what was done about a wrong one. Five draws: "random" has as many
findings of each package as of any other, "by rule" one finding of each rule over the same packages, "after" is a
random draw from other packages, read after the wrong ones of the first two were mended. "later" and "last" are random
draws from yet other packages each, read one after the other when much of what was wrong or debatable before them had
been mended. Nobody had looked at the packages of a draw before it was read, and what it showed was mended afterwards:
its figure tells of the rules as they were until then.
"""

import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

READINGS: Final = Path(__file__).with_name("readings.toml")
VERDICTS: Final = ("right", "debatable", "wrong")
DRAWS: Final = ("random", "by rule", "after", "later", "last")


@dataclass(frozen=True, slots=True)
class Reading:
    """One finding that was read."""

    draw: str
    package: str
    path: str
    line: int
    rule: str
    verdict: str
    why: str
    mended: str = ""


def readings(source: Path = READINGS) -> list[Reading]:
    """All of them. Raises TypeError for an unknown field and ValueError for an unknown verdict."""
    found = [Reading(**row) for row in tomllib.loads(source.read_text(encoding="utf-8"))["finding"]]
    odd = [reading for reading in found if reading.verdict not in VERDICTS or reading.draw not in DRAWS]
    if odd:
        choices = f"the verdict is one of {', '.join(VERDICTS)}, the draw one of {', '.join(DRAWS)}"
        raise ValueError(f"{odd[0].path}:{odd[0].line}: {choices}.")
    return found


def table(found: Iterable[Reading]) -> str:
    """Verdicts by rule and by package, and the shares over all."""
    listed = list(found)
    lines = []
    for name in ("rule", "package"):
        lines.append(f"{name:40} {'right':>6} {'debatable':>10} {'wrong':>6}")
        for key in sorted({getattr(reading, name) for reading in listed}):
            counted = Counter(reading.verdict for reading in listed if getattr(reading, name) == key)
            lines.append(f"{key:40} {counted['right']:6} {counted['debatable']:10} {counted['wrong']:6}")
        lines.append("")
    return "\n".join([*lines, *(_shares(draw, listed) for draw in DRAWS)])


def _shares(draw: str, listed: list[Reading]) -> str:
    counted = Counter(reading.verdict for reading in listed if reading.draw == draw)
    total = counted.total() or 1
    shares = ", ".join(f"{counted[verdict]} {verdict} ({counted[verdict] / total:.0%})" for verdict in VERDICTS)
    return f"{draw:8} {counted.total():4} findings read: {shares}"


if __name__ == "__main__":
    print(table(readings()))
