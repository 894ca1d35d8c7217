"""
What changed between the inventories of two commits, and which commits there are to compare.

    scan_of(repository, commit)            # the newest finished scan of a commit, or None
    former(repository, scan)               # to compare with unless said: the last approved one, or the one before
    differences(before, after)             # a Changed for every table
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from django.db.models import QuerySet

from reviews.codelinks import LineUrl
from reviews.inventory import Inventory, Line, Shown, cell, lines
from reviews.models import Repository, Scan
from reviews.workflow.states import HELD
from scanners.inventory.table import Change, Column, Row, Table, difference
from scanners.inventory.tables import TABLES

OFFERED = 40
"""How many commits a page offers to choose among."""
LISTED = 200
"""How many rows a page shows of what was added, of what was removed and of what changed."""
CHANGE = Column("change", "Change")


@dataclass(frozen=True, slots=True)
class Former:
    """A scan to compare with, and why this one."""

    scan: Scan
    why: str


@dataclass(frozen=True, slots=True)
class Pair:
    """A row that both commits have: as it is now, and the cells that differ, each before and after."""

    line: Line
    cells: tuple[tuple[Shown, Shown], ...]


@dataclass(frozen=True, slots=True)
class Changed:
    """What changed in one table."""

    table: Table
    added: Sequence[Line]
    removed: Sequence[Line]
    changed: Sequence[Pair]

    @property
    def total(self) -> int:
        """How many rows are not as they were."""
        return len(self.added) + len(self.removed) + len(self.changed)

    @property
    def hidden(self) -> int:
        """How many of them a page does not show."""
        return sum(max(len(part) - LISTED, 0) for part in (self.added, self.removed, self.changed))


def finished(repository: Repository) -> QuerySet[Scan]:
    """The finished scans of a repository, the newest first."""
    return repository.scans.filter(state=Scan.State.DONE).defer("scorecard").order_by("-pk")


def scan_of(repository: Repository, commit: str) -> Scan | None:
    """The newest finished scan of a commit, named whole."""
    return finished(repository).filter(commit=commit).first()


def offered(repository: Repository) -> list[Scan]:
    """The newest scan of each of the last commits of the branch whose inventory was kept."""
    known = finished(repository).filter(pull_request=None).exclude(tree_content__inventory=b"")
    newest: dict[str, Scan] = {}
    for scan in known.exclude(tree_content=None)[: 2 * OFFERED]:
        newest.setdefault(scan.commit, scan)
    return list(newest.values())[:OFFERED]


def former(repository: Repository, scan: Scan, offers: Sequence[Scan]) -> Former | None:
    """What to compare a scan with unless somebody says: its pull request's base is said, so this is about branches."""
    held = repository.reviews.filter(state__in=[state.value for state in HELD]).exclude(commit=scan.commit)
    review = held.order_by("-decided_at").first()
    approved = next((one for one in offers if review and one.commit == review.commit), None)
    if approved and review:
        return Former(approved, f"approved in review {review.number}")
    before = next((one for one in offers if one.pk < scan.pk and one.commit != scan.commit), None)
    return Former(before, "scanned before it") if before else None


def differences(before: Inventory, after: Inventory, was: LineUrl, now: LineUrl) -> list[Changed]:
    """What changed in each table. `was` and `now` give the addresses of lines at either commit."""
    return [changed(table, before.rows(table.name), after.rows(table.name), was, now) for table in TABLES.values()]


def changed(table: Table, before: Sequence[Row], after: Sequence[Row], was: LineUrl, now: LineUrl) -> Changed:
    """What changed in one table."""
    found = difference(before, after)
    return Changed(
        table,
        lines(table, found.added, now),
        lines(table, found.removed, was),
        [Pair(lines(table, [change.after], now)[0], _cells(table, change)) for change in found.changed],
    )


def _cells(table: Table, change: Change) -> tuple[tuple[Shown, Shown], ...]:
    titles = {column.name: column.title for column in table.columns}
    return tuple((_cell(change.before, name, titles), _cell(change.after, name, titles)) for name in change.columns)


def _cell(row: Row, name: str, titles: dict[str, str]) -> Shown:
    return cell(name, titles.get(name, name), row.cells.get(name, ""), row.marks.get(name, ""))


def as_table(table: Table) -> Table:
    """A table with a column before the others that says what became of a row."""
    return replace(table, columns=(CHANGE, *table.columns))


def as_rows(before: Sequence[Row], after: Sequence[Row]) -> Iterator[Row]:
    """The rows that changed, each with what became of it: added, removed, or as it was before and is after."""
    found = difference(before, after)
    yield from (_said(row, "added") for row in found.added)
    yield from (_said(row, "removed") for row in found.removed)
    for change in found.changed:
        yield from (_said(change.before, "before"), _said(change.after, "after"))


def _said(row: Row, what: str) -> Row:
    return replace(row, cells={CHANGE.name: what, **row.cells})
