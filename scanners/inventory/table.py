"""
The shape of a table and of its rows, and what changed in one between two commits.

    table = Table("jobs", "Jobs", (Column("name", "Job"), Column("queue", "Queue")), rows)
    table.rows(tree)                       # list[Row], in order of key and place
    difference(before, after)              # Difference: rows that came, went and changed
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from scanners.tree import Tree

Cell = str | int | bool | list[str] | None
"""None where it cannot be told; an empty text or list where there is nothing."""

GOOD, BAD, UNKNOWN = "good", "bad", "unknown"
"""The marks of a cell: what production asks for, what it punishes, and what could not be told."""


class Place(NamedTuple):
    """Where a row stands: a line of a file, counted from 1, and what that place says of the row."""

    path: str
    line: int
    says: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `key` says what it is and stays the same wherever it stands; `marks` judges cells by their column.

    `places` has the place to open first at its head. `unresolved` says what of the row could not be told, and why.
    """

    key: str
    cells: Mapping[str, Cell]
    places: Sequence[Place] = ()
    marks: Mapping[str, str] = field(default_factory=dict)
    unresolved: str = ""

    def as_json(self) -> dict[str, Any]:
        """The row as plain JSON values."""
        cells = {name: cell.copy() if isinstance(cell, list) else cell for name, cell in self.cells.items()}
        places = [list(place) for place in self.places]
        return {
            "key": self.key,
            "cells": cells,
            "places": places,
            "marks": dict(self.marks),
            "unresolved": self.unresolved,
        }

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> "Row":
        """A row of what `as_json` gave."""
        places = tuple(Place(*place) for place in row["places"])
        return cls(row["key"], row["cells"], places, row["marks"], row["unresolved"])


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `about` says how its cells come about, for people."""

    name: str
    title: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the inventory. `make` joins facts into rows and parses nothing."""

    name: str
    title: str
    columns: tuple[Column, ...]
    make: Callable[[Tree], Iterable[Row]]

    def rows(self, tree: Tree) -> list[Row]:
        """The rows of a commit, the same for the same facts; made when one of these changes."""

        def make() -> list[Row]:
            return sorted(self.make(tree), key=lambda row: (row.key, row.places))

        return tree.once(f"rows of {self.name}", make, lasts=True)

    def plain(self, tree: Tree) -> list[dict[str, Any]]:
        """The rows as plain JSON values, likewise."""
        return tree.once(f"plain {self.name}", lambda: [row.as_json() for row in self.rows(tree)], lasts=True)


@dataclass(frozen=True, slots=True)
class Change:
    """A row that both commits have, with the columns whose cells differ."""

    before: Row
    after: Row
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed in a table between two commits."""

    added: tuple[Row, ...]
    removed: tuple[Row, ...]
    changed: tuple[Change, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


def difference(before: Iterable[Row], after: Iterable[Row]) -> Difference:
    """Compare rows by key; of equal keys the first with the first. Places alone are no change."""
    old, new = _numbered(before), _numbered(after)
    both = [(old[key], new[key]) for key in new if key in old]
    changes = [Change(was, now, _differing(was, now)) for was, now in both]
    return Difference(
        tuple(row for key, row in new.items() if key not in old),
        tuple(row for key, row in old.items() if key not in new),
        tuple(change for change in changes if change.columns),
    )


def _numbered(rows: Iterable[Row]) -> dict[tuple[str, int], Row]:
    seen: dict[str, int] = {}
    numbered = {}
    for row in rows:
        seen[row.key] = seen.get(row.key, 0) + 1
        numbered[(row.key, seen[row.key])] = row
    return numbered


def _differing(one: Row, other: Row) -> tuple[str, ...]:
    names = dict.fromkeys((*one.cells, *other.cells))
    return tuple(name for name in names if one.cells.get(name) != other.cells.get(name))
