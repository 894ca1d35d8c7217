"""Pull requests as pages show them: what each changes, and how it stands."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from reviews.models import Comparison, PullRequest, Repository, Scan
from reviews.outcomes import Outcome
from reviews.pulls import telling
from reviews.pulls.judging import Change, Judgement, State
from scanners import registry

Json = dict[str, Any]

SHOWN, LISTED = 20, 100
_UNDER_WAY = (Scan.State.REQUESTED, Scan.State.RUNNING)
_OUTCOMES = {State.SUCCESS: Outcome.PASS, State.FAILURE: Outcome.FAIL, State.ERROR: Outcome.UNKNOWN}
_WORDS = {
    State.SUCCESS: "Nothing stands against it",
    State.FAILURE: "It makes the service less ready",
    State.ERROR: "It could not be told",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One pull request: its newest scan that ended, and what that says. `change` is None when it compared nothing."""

    row: PullRequest
    scan: Scan | None
    judgement: Judgement | None
    change: Change | None

    @property
    def outcome(self) -> Outcome:
        """The outcome whose icon it has."""
        return _OUTCOMES[self.judgement.state] if self.judgement else Outcome.UNKNOWN

    @property
    def words(self) -> str:
        """How it stands, in a few words."""
        return _WORDS[self.judgement.state] if self.judgement else "Not looked at yet"


@dataclass(frozen=True, slots=True)
class Listing:
    """Findings of a comparison as a page shows them: the first in full, more as a list, the rest counted."""

    total: int
    full: Sequence[Json]
    listed: Sequence[Json]

    @property
    def more(self) -> int:
        """Those that are counted and not shown."""
        return self.total - len(self.full) - len(self.listed)


@dataclass(frozen=True, slots=True)
class Room:
    """Everything the page of one pull request shows. `at` says what the head was compared with."""

    line: Line
    comparison: Comparison | None
    new: Listing
    fixed: Listing
    notes: Sequence[str]
    scans: Sequence[Scan]

    @property
    def waiting(self) -> Scan | None:
        """The newest scan when it has not ended."""
        newest = self.scans[0] if self.scans else None
        return newest if newest and newest.state in _UNDER_WAY else None


def noun(repository: Repository) -> Mapping[str, str]:
    """What the forge calls a pull request, and the sign before its number."""
    if repository.provider == Repository.Provider.GITLAB:
        return {"one": "merge request", "many": "merge requests", "sign": "!"}
    return {"one": "pull request", "many": "pull requests", "sign": "#"}


def listed(repository: Repository) -> QuerySet[PullRequest]:
    """The pull requests of a repository, the one that changed last first, as `lines` needs them."""
    under_way = Scan.objects.filter(pull_request=OuterRef("pk"), state__in=_UNDER_WAY)
    rows = repository.pull_requests.select_related("latest_scan__comparison").annotate(under_way=Exists(under_way))
    heavy = ("scorecard", "progress", "comparison__new", "comparison__fixed")
    return rows.defer(*(f"latest_scan__{field}" for field in heavy))


def lines(rows: Iterable[PullRequest]) -> list[Line]:
    """Pull requests with what their newest scans say."""
    return [_line(row) for row in rows]


def room(row: PullRequest) -> Room:
    """The page of one pull request, which was read by `listed`."""
    line = _line(row)
    comparison = _comparison(line.scan)
    counted = comparison.counted if comparison else {}
    return Room(
        line=line,
        comparison=comparison,
        new=_listing(comparison.new if comparison else (), counted.get("new", 0), SHOWN),
        fixed=_listing(comparison.fixed if comparison else (), counted.get("fixed", 0), 0),
        notes=list(telling.notes(comparison)) if comparison else [],
        scans=list(row.scans.select_related("requested_by").defer("scorecard").order_by("-pk")[:LISTED]),
    )


def _line(row: PullRequest) -> Line:
    scan, comparison = row.latest_scan, _comparison(row.latest_scan)
    change = telling.change(scan, comparison) if scan and comparison else None
    return Line(row, scan, telling.judgement(scan) if scan else None, change)


def _comparison(scan: Scan | None) -> Comparison | None:
    return getattr(scan, "comparison", None)


def _listing(rows: Sequence[Json], total: int, full: int) -> Listing:
    rules = registry.rules()
    titled = [row | {"title": rules[row["rule"]].title if row["rule"] in rules else row["rule"]} for row in rows]
    return Listing(total, titled[:full], titled[full : full + LISTED])
