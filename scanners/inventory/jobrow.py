"""The row of a job: its columns, empty unless told."""

from collections.abc import Sequence
from typing import Final

from scanners.inventory.table import Cell, Column, Place, Row

COLUMNS: Final = (
    Column("name", "Job", "The name it is registered under, else that of its def or class."),
    Column("kind", "Kind", "What runs it."),
    Column("queue", "Queue", "Its own, that of the routes in the settings, that of its calls, else the default."),
    Column("schedule", "Schedule", "When it runs by itself."),
    Column("limit", "Time limit", "Its own, that of its base class, or one for all jobs."),
    Column("retries", "Retries", "How often, after how long and for what it is tried again."),
    Column("acknowledged", "Acknowledged", "Early: a killed worker loses the job. Late: another runs it again."),
    Column("overlap", "Overlap", "Whether the next run may start while one is under way."),
    Column("payload", "Payload", "What it is given, with types."),
    Column("enqueued_from", "Handed work by", "The number of calls that hand work to it."),
)


def job_row(
    kind: str,
    name: str,
    places: Sequence[Place],
    *,
    marks: dict[str, str] | None = None,
    unresolved: str = "",
    **cells: Cell,
) -> Row:
    """The row of a job of this kind and name. Marks that are empty are left out."""
    empty: dict[str, Cell] = {column.name: "" for column in COLUMNS} | {"enqueued_from": 0, "payload": []}
    judged = {column: mark for column, mark in (marks or {}).items() if mark}
    return Row(f"{kind} {name}", empty | {"kind": kind, "name": name} | cells, tuple(places), judged, unresolved)
