"""The geometry of the charts: numbers in, SVG attributes out. Knows neither the database nor markup.

x is in per cent or in thousandths of the width, y in px from the top, so a chart stretches and its type does not.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from math import ceil, floor, sqrt

SEVERITIES = ("critical", "high", "medium", "low")
SCORE_TOP, SCORE_BASE = 8.0, 168.0
COUNT_TOP, COUNT_BASE = 4.0, 116.0
LABEL_GAP = 15.0
EVENT_GAP = 16.0


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a bar: its fill class without the `f-`, where it starts and how wide it is, in per cent."""

    kind: str
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Spark:
    """A line of 80 by 20 px with a dot at its end."""

    path: str
    x: float
    y: float
    first: float
    last: float


@dataclass(frozen=True, slots=True)
class Hull:
    """The score as a load line: a circle of radius 40 in a square of 96 px, filled up to `top`, in doubt above it."""

    top: float
    depth: float
    band_top: float
    band: float
    left: float
    right: float


@dataclass(frozen=True, slots=True)
class Tick:
    """A grid line or label: `at` is px for y, per cent for x. `anchor` is SVG's text-anchor."""

    at: float
    text: str
    anchor: str = "end"
    thin: bool = False


@dataclass(frozen=True, slots=True)
class Label:
    """A name at the end of a line or area, pushed away from its neighbours."""

    y: float
    text: str
    kind: str
    x: float = 10


@dataclass(frozen=True, slots=True)
class Point:
    """What was so at one time. Scores 0 to 100; `open` maps severity to open findings."""

    at: datetime
    low: float
    high: float
    open: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Mark:
    """A numbered event on the time axis; `text` is empty where it would touch the next one."""

    x: float
    number: int
    text: str

    @property
    def text_x(self) -> float:
        """Where the short label starts."""
        return self.x + 1.5


@dataclass(frozen=True, slots=True)
class ScoreChart:
    """The score over time: a line for what is proved and a band up to what it may be."""

    grid: tuple[Tick, ...]
    band: str
    line: str
    end_y: float
    labels: tuple[Label, ...]


@dataclass(frozen=True, slots=True)
class CountChart:
    """Open findings over time, stacked, the most severe at the bottom."""

    grid: tuple[Tick, ...]
    areas: tuple[tuple[str, str], ...]
    cuts: tuple[str, ...]
    labels: tuple[Label, ...]


def hull(low: float, high: float) -> Hull:
    """The mark of a score from `low` to `high`. The line juts out 2 px over the hull where it crosses it."""
    top, band_top = 88 - 0.8 * low, 88 - 0.8 * high
    half = sqrt(max(40**2 - (48 - top) ** 2, 0)) + 2
    numbers = (top, 88 - top, band_top, top - band_top, 48 - half, 48 + half)
    return Hull(*(round(number, 1) for number in numbers))


def bar(parts: Iterable[tuple[str, float]], total: float) -> tuple[Part, ...]:
    """Lay (kind, amount) end to end over a track of `total`. Amounts of nothing are left out."""
    laid: list[Part] = []
    x = 0.0
    for kind, amount in parts:
        width = 100 * amount / total if total else 0.0
        if width > 0:
            laid.append(Part(kind, round(x, 1), round(width, 1)))
        x += width
    return tuple(laid)


def spark(values: Sequence[float]) -> Spark | None:
    """The line through `values`, evenly spaced; None for fewer than two, which show no course."""
    if len(values) < 2:
        return None
    low, high = min(values), max(values)
    step = 74 / (len(values) - 1)

    def y(value: float) -> float:
        return 10.0 if high == low else round(17 - 14 * (value - low) / (high - low), 1)

    places = [(round(2 + index * step, 1), y(value)) for index, value in enumerate(values)]
    return Spark(path(places), *places[-1], first=values[0], last=values[-1])


def path(places: Sequence[tuple[float, float]]) -> str:
    """An SVG path through the places."""
    return "M" + " L".join(f"{x:g} {y:g}" for x, y in places)


def across(times: Sequence[datetime]) -> list[float]:
    """Where each time lies between the first and the last, 0 to 1."""
    span = (times[-1] - times[0]).total_seconds()
    return [((at - times[0]).total_seconds() / span) if span else 1.0 for at in times]


def score_chart(points: Sequence[Point]) -> ScoreChart:
    """The score chart of at least two points in order of time. The axis starts at the ten below the lowest score."""
    floor_score = max(0, min(90, 10 * floor(min(point.low for point in points) / 10)))
    ceiling = 100

    def y(score: float) -> float:
        return round(SCORE_BASE - (SCORE_BASE - SCORE_TOP) * (score - floor_score) / (ceiling - floor_score), 1)

    xs = [round(1000 * x, 1) for x in across([point.at for point in points])]
    lows = [(x, y(point.low)) for x, point in zip(xs, points, strict=True)]
    highs = [(x, y(point.high)) for x, point in zip(xs, points, strict=True)]
    step = 10 if ceiling - floor_score <= 40 else 20
    ticks = [ceiling - step * n for n in range((ceiling - floor_score) // step + 1)]
    last = points[-1]
    labels = [Label(lows[-1][1] + 4, str(floor(last.low)), "label-now")]
    if floor(last.high) != floor(last.low):
        labels.append(Label(lows[-1][1] + 4, f"to {floor(last.high)}", "label-2", x=34))
    return ScoreChart(
        grid=tuple(Tick(y(score), str(score)) for score in reversed(ticks)),
        band=path([*highs, *reversed(lows)]) + " Z",
        line=path(lows),
        end_y=lows[-1][1],
        labels=tuple(labels),
    )


def count_chart(points: Sequence[Point]) -> CountChart:
    """The stacked chart of at least two points in order of time. The axis starts at 0."""
    top = nice(max(sum(point.open.get(severity, 0) for severity in SEVERITIES) for point in points))
    xs = [round(1000 * x, 1) for x in across([point.at for point in points])]

    def edge(depth: int) -> list[tuple[float, float]]:
        """The upper edge of the `depth` most severe ones."""
        heights = (sum(point.open.get(severity, 0) for severity in SEVERITIES[:depth]) for point in points)
        return [
            (x, round(COUNT_BASE - (COUNT_BASE - COUNT_TOP) * height / top, 1))
            for x, height in zip(xs, heights, strict=True)
        ]

    edges = [edge(depth) for depth in range(len(SEVERITIES) + 1)]
    last = points[-1].open
    middles = [
        ((lower[-1][1] + upper[-1][1]) / 2, f"{severity.capitalize()} {last[severity]}", "label-2")
        for severity, (lower, upper) in zip(SEVERITIES, pairwise(edges), strict=True)
        if last.get(severity)
    ]
    return CountChart(
        grid=tuple(
            Tick(round(COUNT_BASE - (COUNT_BASE - COUNT_TOP) * share, 1), f"{round(top * share):,}")
            for share in (0, 0.5, 1)
        ),
        areas=tuple(
            (severity, path([*upper, *reversed(lower)]) + " Z")
            for severity, (lower, upper) in zip(SEVERITIES, pairwise(edges), strict=True)
        ),
        cuts=tuple(path(edge) for edge in edges[1:-1]),
        labels=apart(middles),
    )


def nice(highest: int) -> int:
    """The next even number of one digit and zeros: where an axis that holds `highest` ends."""
    unit = 10 ** max(len(str(highest)) - 1, 0)
    return max(2, ceil(highest / (2 * unit)) * 2 * unit)


def apart(labels: Iterable[tuple[float, str, str]]) -> tuple[Label, ...]:
    """Place labels by their y (px), from the lowest up, each at least a line above the one under it."""
    placed: list[Label] = []
    ceiling = COUNT_BASE + LABEL_GAP
    for y, text, kind in sorted(labels, reverse=True):
        ceiling = min(y + 4, ceiling - (LABEL_GAP if placed else LABEL_GAP - 4))
        placed.append(Label(round(ceiling, 1), text, kind))
    return tuple(placed)


def dates(first: datetime, last: datetime) -> tuple[Tick, ...]:
    """The ends of the time axis, and two dates between them that narrow pages leave out."""
    span = last - first
    shown = "%-d %b" if span.days >= 2 else "%-d %b %H:%M"
    between = [
        Tick(round(100 * share, 1), (first + span * share).strftime(shown), "middle", thin=True)
        for share in (1 / 3, 2 / 3)
        if span.days >= 6
    ]
    return (
        Tick(0.0, first.strftime(shown), "start"),
        *between,
        Tick(100.0, last.strftime(shown), "end"),
    )


def marks(events: Sequence[tuple[datetime, str]], first: datetime, last: datetime) -> tuple[Mark, ...]:
    """Numbered marks for (time, short label) in order of time; a label that would touch the next mark is dropped."""
    span = (last - first).total_seconds() or 1.0
    xs = [round(100 * (at - first).total_seconds() / span, 1) for at, _ in events]
    room = [right - left for left, right in pairwise([*xs, 100.0 + EVENT_GAP / 2])]
    return tuple(
        Mark(x, number, text if gap >= EVENT_GAP else "")
        for number, (x, (_, text), gap) in enumerate(zip(xs, events, room, strict=True), start=1)
    )
