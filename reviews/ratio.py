"""Shares of sites, kept exact, and the points that pages show of them. Pure."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from scanners.finding import Severity

WEIGHT = {
    Severity.CRITICAL: Fraction(10),
    Severity.HIGH: Fraction(15, 2),
    Severity.MEDIUM: Fraction(5),
    Severity.LOW: Fraction(5, 2),
}


@dataclass(frozen=True, slots=True)
class Score:
    """0 to 100, rounded down to one decimal, so that 100 means all of it.

    `value` is over decided sites only and lies between the two; None when nothing is decided.
    """

    low: float
    value: float | None
    high: float

    @property
    def whole(self) -> tuple[int, int]:
        """Low and high as a page shows them, rounded down: equal when there is no doubt to speak of."""
        return math.floor(self.low), math.floor(self.high)


@dataclass(frozen=True, slots=True)
class Ratio:
    """A share from 0 to 1, exact, so that no sum depends on the order of its parts."""

    low: Fraction
    value: Fraction | None
    high: Fraction

    @property
    def score(self) -> Score:
        """The same as points."""
        return Score(_points(self.low), None if self.value is None else _points(self.value), _points(self.high))


ANY = Ratio(Fraction(0), None, Fraction(1))
ALL = Ratio(Fraction(1), Fraction(1), Fraction(1))
NONE_OF_IT = Ratio(Fraction(0), Fraction(0), Fraction(0))


def mean(parts: Iterable[tuple[Fraction, Ratio | None]], doubt: Fraction = Fraction(0)) -> Ratio | None:
    """The weighted mean of the parts with a ratio, None without any. `doubt` weighs what spans 0 to 1 beside them."""
    present = [(weight, ratio) for weight, ratio in parts if ratio]
    if not present:
        return None
    total = sum((weight for weight, _ in present), doubt)
    decided = [(weight, ratio.value) for weight, ratio in present if ratio.value is not None]
    return Ratio(
        sum((weight * ratio.low for weight, ratio in present), Fraction(0)) / total,
        sum(w * v for w, v in decided) / sum((w for w, _ in decided), Fraction(0)) if decided else None,
        sum((weight * ratio.high for weight, ratio in present), doubt) / total,
    )


def tenths(score: Score | None) -> int:
    """The low end in tenths of a point, 0 without a score: whole numbers subtract without a rest."""
    return round(score.low * 10) if score else 0


def _points(share: Fraction) -> float:
    return math.floor(share * 1000) / 10
