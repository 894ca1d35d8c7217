"""The fleet on one page: what every repository that a person may see stands at, by team and area."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import floor
from statistics import median_low
from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.utils import timezone

from reviews import access, charts, recount, trends, waived
from reviews.models import Repository, Scan, Team, User
from reviews.scorecards import scanned_areas
from reviews.trends import Standing, before, weekly

LEVELS = ("gold", "silver", "bronze", "none")
WEEKS = 12
PERIOD = timedelta(days=30)
DOUBTFUL = 5
ORDERS = {"team": "Team", "score": "Score, lowest first", "change": "Change in 30 days, worst first"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One area of one row; `low` is None where no item applies."""

    area: str
    low: float | None = None
    high: float | None = None

    @property
    def step(self) -> str:
        """The step of the heat ramp, 1 (under 50) to 5 (95 and over), x for none."""
        if self.low is None:
            return "x"
        return str(1 + sum(floor(self.low) >= bound for bound in (50, 70, 85, 95)))

    @property
    def doubtful(self) -> bool:
        """Whether what could not be told may move the score by more than 5 points."""
        return self.low is not None and (self.high or 0) - self.low > DOUBTFUL


@dataclass(frozen=True, slots=True)
class Row:
    """One repository of the map. `then` is its score 30 days ago, or its first one since; None when it had none."""

    id: int
    name: str
    slug: str
    team: int
    scan: int | None
    level: str
    low: float | None
    high: float | None
    then: float | None
    then_scan: int | None
    then_rules: str
    rules: str
    open: Mapping[str, int]
    cells: tuple[Cell, ...]
    weeks: tuple[float | None, ...]

    @property
    def spark(self) -> charts.Spark | None:
        """The course of 12 weeks."""
        return charts.spark([value for value in self.weeks if value is not None])

    @property
    def change(self) -> int:
        """How the shown score moved in 30 days."""
        return 0 if self.low is None or self.then is None else floor(self.low) - floor(self.then)


@dataclass(frozen=True, slots=True)
class TeamRow:
    """A team and its repositories. Its numbers are those of its middle repository, so each one is somewhere."""

    team: Team
    rows: tuple[Row, ...]
    low: float | None
    high: float | None
    cells: tuple[Cell, ...]
    expanded: bool

    @property
    def levels(self) -> list[tuple[str, int]]:
        """How many repositories reached each level, the highest first."""
        return [(level, sum(row.level == level for row in self.rows)) for level in LEVELS]

    @property
    def spark(self) -> charts.Spark | None:
        """The course of the middle score over 12 weeks."""
        weeks = [middle(week) for week in zip(*(row.weeks for row in self.rows), strict=True)]
        return charts.spark([value for value in weeks if value is not None])

    @property
    def change(self) -> int:
        """How the middle score moved in 30 days."""
        return moved(self.rows)


@dataclass(frozen=True, slots=True)
class Fleet:
    """All of it."""

    teams: tuple[TeamRow, ...]
    rows: tuple[Row, ...]
    scanned_at: datetime | None
    failed: int
    under_way: int

    @property
    def scanned(self) -> list[Row]:
        """The repositories that have a finished scan."""
        return [row for row in self.rows if row.scan]

    @property
    def scored(self) -> list[Row]:
        """The repositories that have a score."""
        return [row for row in self.rows if row.low is not None]

    @property
    def levels(self) -> list[tuple[str, int]]:
        """How many scanned repositories reached each level, the highest first."""
        return [(level, sum(row.level == level for row in self.scanned)) for level in LEVELS]

    @property
    def reached(self) -> int:
        """How many reached a level."""
        return sum(row.level != "none" for row in self.scanned)

    @property
    def level_bar(self) -> tuple[charts.Part, ...]:
        """The levels as a bar."""
        return charts.bar(self.levels, len(self.scanned))

    @property
    def level_words(self) -> str:
        """The levels as words."""
        return ", ".join(f"{count} {level}" for level, count in self.levels)

    @property
    def median(self) -> float | None:
        """The score of the middle repository."""
        return middle(row.low for row in self.rows)

    @property
    def change(self) -> int:
        """How the middle score moved in 30 days."""
        return moved(self.rows)

    @property
    def findings(self) -> int:
        """Open findings of all severities."""
        return sum(sum(row.open.values()) for row in self.rows)

    @property
    def severe(self) -> int:
        """Open findings of high and critical severity."""
        return sum(row.open.get("high", 0) + row.open.get("critical", 0) for row in self.rows)


def fleet(
    user: User, *, team: Team | None = None, tier: str = "", order: str = "team", expanded: Iterable[str] = ()
) -> Fleet:
    """What `user` may see, in three queries. `expanded` holds the slugs of teams whose repositories are shown.

    With `team` only its repositories; with `tier` only those of it.
    """
    now = timezone.now()
    wanted = access.repositories(user).filter(**{"team": team} if team else {}, **{"tier": tier} if tier else {})
    scans = access.scans(user).filter(**{"repository__team": team} if team else {})
    courses = trends.courses(scans.filter(finished_at__gte=now - timedelta(weeks=WEEKS)))
    found = standings(wanted)
    rows = [read(values, courses.get(values["pk"], []), now) for values in found]
    teams = {team.pk: team for team in access.teams(user)}
    by_team: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        by_team[row.team].append(row)
    shown = set(expanded)
    lines = [gathered(team, by_team[pk], team.slug in shown) for pk, team in teams.items() if pk in by_team]
    return Fleet(
        teams=tuple(sorted(lines, key=SORTS[order])),
        rows=tuple(rows),
        scanned_at=max((values["finished_at"] for values in found if values["finished_at"]), default=None),
        failed=sum(values["newest"] == Scan.State.FAILED for values in found),
        under_way=sum(values["newest"] in (Scan.State.REQUESTED, Scan.State.RUNNING) for values in found),
    )


def standings(wanted: QuerySet[Repository]) -> list[dict[str, Any]]:
    """Each repository with the figures of its newest finished scan, and the state of its newest scan of all."""
    newest = Scan.objects.filter(repository=OuterRef("pk"), pull_request=None).order_by("-id").values("state")[:1]
    rows = wanted.order_by("name").values(
        "pk",
        "name",
        "slug",
        "team_id",
        newest=Subquery(newest),
        scan=F("latest_scan_id"),
        level=F("latest_scan__level"),
        low=F("latest_scan__score_low"),
        high=F("latest_scan__score_high"),
        open=F("latest_scan__open_findings"),
        finished_at=F("latest_scan__finished_at"),
        areas=F("latest_scan__scorecard__areas"),
        until=F("latest_scan__card_until"),
    )
    today = waived.today()
    return [dict(row) if row["until"] is None or row["until"] >= today else _dated(dict(row), today) for row in rows]


def _dated(row: dict[str, Any], today: date) -> dict[str, Any]:
    """A row whose waivers have ended since its scorecard was written down, as it is today."""
    scan = recount.as_of(Scan.objects.select_related("repository").get(pk=row["scan"]), today)
    figures = {"level": scan.level, "low": scan.score_low, "high": scan.score_high, "open": scan.open_findings}
    return row | figures | {"areas": scan.scorecard["areas"]}


def read(values: dict[str, Any], course: Sequence[Standing], now: datetime) -> Row:
    """One repository's row from its values and its course."""
    then = before(course, now - PERIOD)
    return Row(
        id=values["pk"],
        name=values["name"],
        slug=values["slug"],
        team=values["team_id"],
        scan=values["scan"],
        level=values["level"] or "none",
        low=values["low"],
        high=values["high"],
        then=then.low if then else None,
        then_scan=then.scan if then else None,
        then_rules=then.rule_set if then else "",
        rules=course[-1].rule_set if course else "",
        open=values["open"] or {},
        cells=cells(values["areas"] or []),
        weeks=tuple(weekly(course, now, WEEKS)),
    )


def cells(areas: Sequence[Mapping[str, Any]]) -> tuple[Cell, ...]:
    """A cell for each area, in the order of the checklist, whatever the scan knew."""
    known = {area["area"]: area["score"] for area in areas if area["score"]}
    return tuple(
        Cell(area, known[area]["low"], known[area]["high"]) if area in known else Cell(area) for area in scanned_areas()
    )


def gathered(team: Team, rows: Sequence[Row], expanded: bool) -> TeamRow:
    """The row of a team."""
    columns = zip(*(row.cells for row in rows), strict=True)
    return TeamRow(
        team=team,
        rows=tuple(rows),
        low=middle(row.low for row in rows),
        high=middle(row.high for row in rows),
        cells=tuple(
            Cell(area, middle(cell.low for cell in column), middle(cell.high for cell in column))
            for area, column in zip(scanned_areas(), columns, strict=True)
        ),
        expanded=expanded,
    )


def middle(values: Iterable[float | None]) -> float | None:
    """The middle one of the known values; of two, the lower."""
    known = [value for value in values if value is not None]
    return median_low(known) if known else None


def moved(rows: Iterable[Row]) -> int:
    """How the middle score moved in 30 days, over the repositories that had one then."""
    both = [row for row in rows if row.low is not None and row.then is not None]
    now, then = middle(row.low for row in both), middle(row.then for row in both)
    return 0 if now is None or then is None else floor(now) - floor(then)


SORTS: dict[str, Callable[[TeamRow], Any]] = {
    "team": lambda line: line.team.name.casefold(),
    "score": lambda line: (line.low is None, line.low),
    "change": lambda line: line.change,
}
