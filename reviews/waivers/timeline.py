"""A line of days with a dot for each end: numbers in, SVG attributes out; x in per cent. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil

SOON = 10
TODAY, END, LEFT = 8.0, 96.0, 1.0
LEAST_SPAN = 30
_TICKS = (1 / 3, 2 / 3, 1)


@dataclass(frozen=True, slots=True)
class Dot:
    """One end. `kind` is fail when it is over, warn within ten days, waived later."""

    x: float
    kind: str


@dataclass(frozen=True, slots=True)
class Said:
    """A text at the line. `anchor` is SVG's text-anchor."""

    x: float
    text: str
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class Timeline:
    """Dots and days of the line, and the counts above it."""

    dots: tuple[Dot, ...]
    days: tuple[Said, ...]
    counts: tuple[Said, ...]


def timeline(ends: Sequence[date], today: date) -> Timeline | None:
    """The line of these last days; None without any."""
    if not ends:
        return None
    span = max(LEAST_SPAN, *((end - today).days for end in ends))

    def x(days: float) -> float:
        return round(max(LEFT, TODAY + (END - TODAY) * days / span), 2)

    lefts = [(end - today).days for end in ends]
    later = [left for left in lefts if left > SOON]
    numbers = [
        (sum(left < 0 for left in lefts), "over", x(-0.4), "end"),
        (sum(0 <= left <= SOON for left in lefts), "within ten days", x(0.8), "start"),
        (len(later), "later", x((min(later, default=0) + max(later, default=0)) / 2), "middle"),
    ]
    marks = [today + timedelta(days=ceil(span * share)) for share in _TICKS]
    return Timeline(
        dots=tuple(Dot(x(left), "fail" if left < 0 else "warn" if left <= SOON else "waived") for left in lefts),
        days=(Said(x(0), "today"), *(Said(x((day - today).days), f"{day:%-d %b}") for day in marks)),
        counts=tuple(Said(at, f"{number} {what}", anchor) for number, what, at, anchor in numbers if number),
    )
