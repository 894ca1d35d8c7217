"""What the pages of facts show of an inventory: its sections, its map, and the way through its chapters."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.core.paginator import Page, Paginator

from reviews import servicemap
from reviews.chapters import CHAPTERS, WORDINGS, Chapter, Wording
from reviews.codelinks import LineUrl
from reviews.inventory import Inventory, Line, Shown, Summary, Wish, facets, lines, narrowed, summary
from reviews.servicemap import End
from scanners.inventory.table import BAD, GOOD, UNKNOWN, Row, Table
from scanners.inventory.tables import TABLES

PER_PAGE, FIRST = 100, 40
"""How many rows a table has that stands alone, and how many one among others."""


@dataclass(frozen=True, slots=True)
class Section:
    """A table of a page. `table` has the columns that some row fills; `found` are the rows that were asked for."""

    table: Table
    wording: Wording
    summary: Summary
    facets: Mapping[str, int]
    found: Sequence[Line]
    page: Page[Line]
    alone: bool

    @property
    def facet_title(self) -> str:
        """The head of the column that rows can be narrowed by."""
        return next((one.title for one in self.table.columns if one.name == self.wording.facet), "")

    @property
    def more(self) -> int:
        """How many rows were asked for that a table among others does not show."""
        return 0 if self.alone else max(len(self.found) - FIRST, 0)


@dataclass(frozen=True, slots=True)
class Stop:
    """A chapter as the way through them shows it."""

    chapter: Chapter
    rows: int
    bad: int


def sections(told: Inventory, tables: Sequence[str], wish: Wish, page: str | None, address: LineUrl) -> list[Section]:
    """The sections of some tables; one that stands alone has pages."""
    return [_section(TABLES[name], told.rows(name), wish, page, address, len(tables) == 1) for name in tables]


def _section(table: Table, rows: Sequence[Row], wish: Wish, page: str | None, address: LineUrl, alone: bool) -> Section:
    filled = replace(table, columns=tuple(one for one in table.columns if _filled(one.name, rows))) if rows else table
    found = narrowed(table.name, lines(filled, rows, address), wish)
    pages = Paginator(found, PER_PAGE if alone else FIRST)
    return Section(
        filled,
        WORDINGS[table.name],
        summary(table, rows),
        facets(table.name, rows),
        found,
        pages.get_page(page if alone else 1),
        alone,
    )


def _filled(column: str, rows: Sequence[Row]) -> bool:
    return any(row.cells.get(column, "") not in ("", []) or row.marks.get(column) for row in rows)


def stops(told: Inventory) -> list[Stop]:
    """The chapters, each with the number of its rows and of those at fault."""
    return [
        Stop(chapter, sum(one.rows for one in of), sum(one.bad for one in of))
        for chapter in CHAPTERS.values()
        for of in [[summary(TABLES[name], told.rows(name)) for name in chapter.tables]]
    ]


def drawings(
    name: str, section: Section, row_url: Callable[[Line], str], kind_url: Callable[[str], str]
) -> dict[str, Any]:
    """The maps of the boundaries that were asked for: a wide one and one for phones."""
    groups = servicemap.grouped([_end(line, row_url(line)) for line in section.found], kind_url)
    narrow = servicemap.narrow(name, groups)
    looks = ((servicemap.wide(name, groups), "wide", ""), (narrow, "narrow", servicemap.trunk(narrow)))
    return {"looks": looks, "said": _said(name, section.found)}


def _end(line: Line, href: str) -> End:
    cells = {cell.name: cell for cell in line.cells}
    library, target = _text(cells.get("library")), _text(cells.get("target"))
    bounds = [f"{name} {_text(cells[name]) or 'not known'}" for name in ("timeout", "retry") if _told(cells.get(name))]
    title = target or library or line.row.key
    nowhere = ["target not known"] if "target" in cells and not target else []
    by = [library] if library and library != title else []
    detail = " · ".join([*by, *nowhere, *bounds])
    return End(_text(cells.get("kind")) or "other", title, detail, _state(line), href)


def _told(cell: Shown | None) -> bool:
    """Whether there is something to say of a cell, if only that it is not known."""
    return cell is not None and cell.kind != "nothing"


def _text(cell: Shown | None) -> str:
    return "" if cell is None else ", ".join(cell.value) if cell.kind == "list" else str(cell.value)


def _state(line: Line) -> str:
    """The worst of timeout and retry. What cannot be told is not good."""
    marks = {cell.mark for cell in line.cells if cell.name in ("timeout", "retry")}
    return next((mark for mark in (BAD, UNKNOWN, GOOD) if mark in marks), servicemap.PLAIN)


def _said(name: str, found: Sequence[Line]) -> str:
    """The finding of the map in a sentence."""
    states = [_state(line) for line in found]
    bad, unknown = states.count(BAD), states.count(UNKNOWN)
    parts = [f"{bad:,} with a timeout or retry at fault"] if bad else []
    parts += [f"{unknown:,} where that is not known"] if unknown else []
    return f"{name} talks to {len(found):,} other{'' if len(found) == 1 else 's'}" + (
        f", {' and '.join(parts)}." if parts else "."
    )
