"""The course of scores over time, read from finished scans."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import floor
from typing import Any

from django.db.models import Case, F, QuerySet, When
from django.db.models.functions import Least

from reviews import charts
from reviews.models import Repository, Scan

PERIODS = {"30d": timedelta(days=30), "26w": timedelta(weeks=26), "all": None}
POINTS = 80
EVENTS = 8


@dataclass(frozen=True, slots=True)
class Standing:
    """What one finished scan said. `at` is when it was true: the commit's time for history, else the scan's end."""

    scan: int
    repository: int
    at: datetime
    low: float
    high: float
    level: str
    rule_set: str
    open: Mapping[str, int]
    commit: str = ""
    advisories: str = ""

    @property
    def total(self) -> int:
        """Open findings of all severities."""
        return sum(self.open.values())


@dataclass(frozen=True, slots=True)
class Event:
    """Something that changed what the numbers mean or say; `effect` is the change of the shown score."""

    at: datetime
    scan: int
    short: str
    text: str
    effect: int


@dataclass(frozen=True, slots=True)
class Trend:
    """The charts of one repository; none before the second scan."""

    standings: tuple[Standing, ...]
    score: charts.ScoreChart | None
    counts: charts.CountChart | None
    ticks: tuple[charts.Tick, ...]
    marks: tuple[charts.Mark, ...]
    events: tuple[Event, ...]

    @property
    def first(self) -> Standing:
        """The oldest point."""
        return self.standings[0]

    @property
    def last(self) -> Standing:
        """The newest point."""
        return self.standings[-1]

    @property
    def newest_first(self) -> list[Standing]:
        """The points as a table shows them."""
        return list(reversed(self.standings))


def timed(scans: QuerySet[Scan]) -> QuerySet[Scan]:
    """Finished scans of the branch with the time `at` which they speak about, in that order."""
    past = Least(F("authored_at"), F("finished_at"))  # Some authors write of the future.
    at = Case(When(trigger=Scan.Trigger.HISTORY, then=past), default=F("finished_at"))
    done = scans.filter(state=Scan.State.DONE, score_low__isnull=False, pull_request=None)
    return done.annotate(at=at).order_by("at", "id")


def courses(scans: QuerySet[Scan]) -> dict[int, list[Standing]]:
    """The standings of each repository in order of time, in one query."""
    scores = ("score_low", "score_high", "level")
    fields = ("pk", "repository_id", "at", *scores, "rule_set", "open_findings", "commit", "advisories")
    found: dict[int, list[Standing]] = defaultdict(list)
    for values in timed(scans).values_list(*fields):
        found[values[1]].append(Standing(*values))
    return found


def before(course: Iterable[Standing], at: datetime) -> Standing | None:
    """The last standing at or before a time, else the first one after it; None when there is none at all."""
    known = list(course)
    return next((standing for standing in reversed(known) if standing.at <= at), known[0] if known else None)


def weekly(course: Sequence[Standing], until: datetime, weeks: int) -> list[float | None]:
    """The score at the end of each of the last `weeks` weeks; None for those before the first scan."""
    ends = [until - timedelta(weeks=weeks - 1 - week) for week in range(weeks)]
    return [next((standing.low for standing in reversed(course) if standing.at <= end), None) for end in ends]


def trend(repository: Repository, period: str, now: datetime) -> Trend:
    """The trend of one repository over a period of PERIODS."""
    span = PERIODS[period]
    scans = repository.scans.all()
    course = courses(scans)[repository.pk]
    if span:
        course = [standing for standing in course if standing.at >= now - span]
    if len(course) < 2:
        return Trend(tuple(course), None, None, (), (), ())
    points = [charts.Point(s.at, s.low, s.high, s.open) for s in thinned(course)]
    first, last = course[0].at, course[-1].at
    events = changes(course)[-EVENTS:]
    return Trend(
        standings=tuple(thinned(course)),
        score=charts.score_chart(points),
        counts=charts.count_chart(points),
        ticks=charts.dates(first, last),
        marks=charts.marks([(event.at, event.short) for event in events], first, last),
        events=tuple(events),
    )


def thinned(course: Sequence[Standing]) -> list[Standing]:
    """At most POINTS standings: the last of each of as many equal spans of time, and the very first."""
    if len(course) <= POINTS:
        return list(course)
    spans = {floor(share * (POINTS - 2)): index for index, share in enumerate(charts.across([s.at for s in course]))}
    return [course[0], *(course[index] for index in sorted(spans.values()) if index)]


def changes(course: Sequence[Standing]) -> list[Event]:
    """Where the rule set, the advisories alone, or the level changed from one standing to the next."""
    found = []
    for old, new in pairwise(course):
        effect = floor(new.low) - floor(old.low)
        if new.rule_set != old.rule_set:
            found.append(Event(new.at, new.scan, "Rules", "Another rule set looks at the code since then", effect))
        elif new.commit == old.commit and new.advisories != old.advisories:
            found.append(
                Event(new.at, new.scan, "Advisories", "The same commit, compared with newer advisories", effect)
            )
        if new.level != old.level:
            verb = "Reached" if rank(new.level) > rank(old.level) else "Fell to"
            text = f"{verb} {new.level or 'no level'}, from {old.level or 'no level'}"
            found.append(Event(new.at, new.scan, (new.level or "none").capitalize(), text, effect))
    return found


def rank(level: str) -> int:
    """0 for no level up to 3 for gold."""
    return ("none", "bronze", "silver", "gold").index(level or "none")


def area_changes(now: Any, then: Any) -> dict[str, int]:
    """How the shown score of each area moved between two stored scorecards' areas."""
    old = {area["area"]: floor(area["score"]["low"]) for area in then or () if area["score"]}
    return {
        area["area"]: floor(area["score"]["low"]) - old[area["area"]]
        for area in now or ()
        if area["score"] and area["area"] in old
    }
