"""
What a repository told by itself at a commit, read from the scan that kept it.

    told = read(scan)                      # Inventory; `kept` is False for scans that are older than it
    summaries(told)                        # a line for every table
    lines(table, rows, address)            # rows as pages show them, the worst first
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from reviews import trees
from reviews.advisories import age
from reviews.chapters import FACETS, PAGE_OF, WORDINGS
from reviews.codelinks import LineUrl
from reviews.models import Scan, ScanTree
from reviews.waived import today
from scanners.inventory.export import shown
from scanners.inventory.table import BAD, GOOD, UNKNOWN, Cell, Place, Row, Table
from scanners.inventory.tables import TABLES
from scanners.sbom import sbom

LONG = 22
_WORST = {BAD: 0, UNKNOWN: 1, GOOD: 2, "": 3}


@dataclass(frozen=True)
class Inventory:
    """The tables of one scan. `kept` is False when the scan was made before they were."""

    scan: Scan
    content: Mapping[str, Sequence[Mapping[str, Any]]]
    _read: dict[str, list[Row]] = field(default_factory=dict, compare=False)

    @property
    def kept(self) -> bool:
        """Whether the scan says anything of the kind."""
        return bool(self.content)

    def rows(self, table: str) -> list[Row]:
        """The rows of a table, in the order of their keys; none for a table that is younger than the scan."""
        rows = [Row.read(row) for row in self.content.get(table, ())]
        compared = self.scan.compared if table == "dependencies" else None
        old = compared is not None and age.is_old(compared.current_on, today())
        return [age.unproved(row) for row in rows] if old else rows

    def bill(self, name: str) -> str:
        """The bill of materials of the commit, as JSON of CycloneDX; `name` is that of the repository."""
        return sbom(self.rows("dependencies"), name=name, commit=self.scan.commit, made=self.scan.authored_at)


@dataclass(frozen=True, slots=True)
class Spot:
    """A place and its address at the forge; empty: it is shown as text."""

    place: Place
    href: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A cell of a page. `kind` is text, number, list, nothing or unknown; a list longer than a few is folded."""

    name: str
    title: str
    kind: str
    value: Any
    mark: str

    @property
    def long(self) -> bool:
        """Whether it has a word that must be broken to fit into a column."""
        texts = self.value if self.kind == "list" else [str(self.value)]
        return any(len(word) > LONG for text in texts for word in text.split())


@dataclass(frozen=True)
class Line:
    """A row of a page, the `number`-th of its key; `mark` is that of its worst cell. The rest is made on the page."""

    table: Table
    row: Row
    number: int
    mark: str
    address: LineUrl

    @cached_property
    def id(self) -> str:
        """What names it in addresses, as long as its key stays."""
        told = f"{self.table.name} {self.row.key} {self.number}"
        return "row-" + hashlib.sha256(told.encode()).hexdigest()[:10]

    @property
    def named(self) -> str:
        """What people call it; its key where the cells that name it are empty."""
        values = [self.row.cells.get(column) for column in WORDINGS[self.table.name].named]
        return " ".join(shown(value) for value in values if value not in (None, "", [])) or self.row.key

    @cached_property
    def cells(self) -> tuple[Shown, ...]:
        """Its cells in the order of the table's columns."""
        row = self.row
        return tuple(
            cell(column.name, column.title, row.cells.get(column.name, ""), row.marks.get(column.name, ""))
            for column in self.table.columns
        )

    @cached_property
    def spots(self) -> tuple[Spot, ...]:
        """Its places, the one to open first at the head."""
        return tuple(Spot(place, self.address(place.path, place.line)) for place in self.row.places)

    @property
    def others(self) -> tuple[Spot, ...]:
        """The places after the first."""
        return self.spots[1:]

    @cached_property
    def words(self) -> str:
        """All that it says, to look for words in it."""
        texts = [shown(cell) for cell in self.row.cells.values()]
        places = [f"{place.path} {place.says}" for place in self.row.places]
        return " ".join((self.row.key, *texts, self.row.unresolved, *places)).casefold()


@dataclass(frozen=True, slots=True)
class Summary:
    """A table in a line: how many rows there are, and what is wrong or not known with how many."""

    table: Table
    page: str
    rows: int
    bad: int
    unknown: int
    counted: str
    notes: tuple[tuple[str, str], ...]


def read(scan: Scan) -> Inventory:
    """The inventory that a scan kept."""
    packed = ScanTree.objects.filter(scan=scan).values_list("inventory", flat=True).first()
    return Inventory(scan, trees.unpack(packed or b""))


def summaries(told: Inventory) -> list[Summary]:
    """A line for every table, also for those without a row."""
    return [summary(table, told.rows(table.name)) for table in TABLES.values()]


def standing(scan: Scan) -> list[Summary]:
    """A line for every table that has a row; nothing for a scan that kept none."""
    return [one for one in summaries(read(scan)) if one.rows]


def summary(table: Table, rows: Sequence[Row]) -> Summary:
    """The line of one table."""
    wording, marks = WORDINGS[table.name], [worst(row) for row in rows]
    unknown = marks.count(UNKNOWN)
    notes = []
    for column in table.columns:
        count = sum(row.marks.get(column.name) == BAD for row in rows)
        said = wording.bad.get(column.name, f"with an unsound {column.title.lower()}")
        notes += [(BAD, f"{count:,} {said}")] if count else []
    notes += [(UNKNOWN, f"{unknown:,} not fully known")] if unknown else []
    counted = f"{len(rows):,} {wording.one if len(rows) == 1 else wording.many}"
    return Summary(table, PAGE_OF[table.name], len(rows), marks.count(BAD), unknown, counted, tuple(notes))


def lines(table: Table, rows: Iterable[Row], address: LineUrl) -> list[Line]:
    """Rows as a page shows them: those with something bad first, then those that could not be told, then by key."""
    seen: dict[str, int] = {}
    made = []
    for row in rows:
        seen[row.key] = seen.get(row.key, 0) + 1
        made.append(Line(table, row, seen[row.key], worst(row), address))
    return sorted(made, key=lambda one: _WORST[one.mark])


def cell(name: str, title: str, value: Cell, mark: str) -> Shown:
    """One cell. What cannot be told is unknown whatever its mark says, so that it never looks good."""
    if value is None:
        return Shown(name, title, "unknown", "", UNKNOWN)
    if value in ("", []):
        return Shown(name, title, "nothing", "", mark)
    if isinstance(value, list):
        return Shown(name, title, "list", value, mark)
    number = isinstance(value, int) and not isinstance(value, bool)
    return Shown(name, title, "number" if number else "text", value if number else shown(value), mark)


def worst(row: Row) -> str:
    """The worst mark of a row; unknown when anything of it could not be told."""
    marks = set(row.marks.values())
    if BAD in marks:
        return BAD
    if UNKNOWN in marks or row.unresolved or None in row.cells.values():
        return UNKNOWN
    return GOOD if GOOD in marks else ""


@dataclass(frozen=True, slots=True)
class Wish:
    """What of a table is asked for: words, a mark, one value of its facet, or one row by its id."""

    words: str = ""
    mark: str = ""
    facet: str = ""
    row: str = ""

    def __bool__(self) -> bool:
        return bool(self.words or self.mark or self.facet or self.row)


def narrowed(table: str, of: Iterable[Line], wish: Wish) -> list[Line]:
    """The lines that a wish asks for, in their order."""
    words = wish.words.casefold().split()
    return [
        one
        for one in of
        if (not wish.mark or one.mark == wish.mark)
        and (not wish.facet or wish.facet == facet(table, one.row))
        and (not wish.row or wish.row == one.id)
        and all(word in one.words for word in words)
    ]


def facet(table: str, row: Row) -> str:
    """The value of a row that its table is narrowed by, as people read it."""
    column = WORDINGS[table].facet
    value = row.cells.get(column, "")
    if isinstance(value, bool) and column in FACETS:
        return FACETS[column][0 if value else 1]
    return "not known" if value is None else shown(value)


def facets(table: str, rows: Iterable[Row]) -> dict[str, int]:
    """How many rows there are of each value of the facet, in the order of their names. Empty for fewer than two."""
    found: dict[str, int] = {}
    for row in rows:
        value = facet(table, row)
        found[value] = found.get(value, 0) + 1
    return dict(sorted(found.items())) if len(found) > 1 else {}
