"""Rows of the inventory as other programs and terminals read them: CSV, JSON, text."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import Final

from scanners.inventory.table import Cell, Row, Table

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""


def as_csv(table: Table, rows: Iterable[Row]) -> str:
    """One line a row, headed by the names of the columns; nothing in it is a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*(column.name for column in table.columns), "unresolved", "path", "line", "places"])
    for row in rows:
        cells = [shown(row.cells.get(column.name)) for column in table.columns]
        path, line = row.places[0][:2] if row.places else ("", "")
        writer.writerow([_plain(cell) for cell in [*cells, row.unresolved, path, str(line), str(len(row.places))]])
    return out.getvalue()


def as_json(tables: Iterable[tuple[Table, Sequence[Row]]]) -> str:
    """Every table with its columns and rows."""
    content = {
        table.name: {
            "title": table.title,
            "columns": [{"name": column.name, "title": column.title} for column in table.columns],
            "rows": [row.as_json() for row in rows],
        }
        for table, rows in tables
    }
    return json.dumps(content, indent=2) + "\n"


def as_text(tables: Iterable[tuple[Table, Sequence[Row]]]) -> str:
    """For a terminal: where each row stands, then its cells, without the empty ones."""
    lines = []
    for table, rows in tables:
        lines.append(f"{table.title}: {len(rows)}")
        for row in rows:
            lines.append("  " + (f"{row.places[0].path}:{row.places[0].line}" if row.places else row.key))
            lines += [
                f"      {column.title}: {shown(row.cells.get(column.name))}{_mark(row.marks.get(column.name, ''))}"
                for column in table.columns
                if row.cells.get(column.name) not in ("", [])
            ]
            lines += [f"      Not resolved: {row.unresolved}"] if row.unresolved else []
    return "\n".join(lines) + "\n"


def shown(cell: Cell) -> str:
    """A cell as text."""
    if cell is None:
        return "?"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return ", ".join(cell) if isinstance(cell, list) else str(cell)


def _mark(mark: str) -> str:
    return f"  [{mark}]" if mark else ""


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
