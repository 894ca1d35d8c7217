"""The table of migrations: what each does, whether it can be undone, what it locks, what it drops."""

from collections.abc import Iterator
from typing import Any, Final

from scanners.inventory.operationtexts import changes_of, texts_of
from scanners.inventory.table import BAD, UNKNOWN, Cell, Column, Place, Row, Table
from scanners.semantics.data.lineage import Line, lines, stem
from scanners.semantics.data.locking import lock_of
from scanners.semantics.data.unsafeops import Repository
from scanners.tree import Fact, Tree

_NEW: Final = ("CreateModel", "create_table")
_DROPS: Final = frozenset({"RemoveField", "DeleteModel", "drop_column", "drop_table"})
_MOST: Final = 25
"""A first migration may make a hundred tables; more than these are only counted."""


def _rows(tree: Tree) -> Iterator[Row]:
    engines = frozenset(fact["engine"] for fact in tree.facts("database-engine"))
    declared = {
        fact["table"].lower(): {name.lower() for name in fact["fields"]}
        for fact in tree.facts("model")
        if fact["table"]
    }
    for line in lines(tree):
        own = frozenset({"sqlite"}) if "/sqlite/" in line.migrations[0].path else engines
        yield from _line(line, Repository(own, declared, {}))


def _line(line: Line, known: Repository) -> Iterator[Row]:
    new: set[str] = set()
    for migration in line.migrations:
        recent = migration in line.recent and not migration["initial"]
        made_here = {made["table"] for made in migration["operations"] if made["op"] in _NEW}
        fresh = made_here | new if recent else made_here
        locks: list[str | None] = []
        for made in migration["operations"]:
            if made["state"] != "state" and made["table"] not in fresh:
                locks.append("" if migration["initial"] else lock_of(made, known))
            _learn(made, known.fields)
        new |= made_here if recent else set()
        yield _row(migration, line, recent, locks, known)


def _learn(made: dict[str, Any], fields: dict[tuple[str, str], dict[str, Any]]) -> None:
    for column in made.get("columns", [made] if made["op"] in ("AddField", "AlterField") else []):
        fields[(made["table"], column["column"])] = column


def _row(migration: Fact, line: Line, recent: bool, locks: list[str | None], known: Repository) -> Row:
    held, unclear = list(dict.fromkeys(lock for lock in locks if lock)), None in locks
    back, changes = _back(migration), changes_of(migration)
    drops = [_dropped(made) for made in migration["operations"] if made["op"] in _DROPS and made["state"] != "state"]
    read = [text for made, text in zip(_dropping(migration), drops, strict=True) if _is_declared(made, known)]
    cells: dict[str, Cell] = {
        "app": app_of(migration),
        "name": stem(migration),
        "operations": _shortened(texts_of(migration)),
        "reversible": back,
        "locks": held if held or not unclear else None,
        "changes": changes,
        "drops": _shortened(drops),
        "recent": recent,
    }
    marks = {
        "reversible": {False: BAD, None: UNKNOWN}.get(back, ""),
        "locks": BAD if held and recent else UNKNOWN if unclear and recent else "",
        "drops": BAD if read else "",
        "changes": UNKNOWN if changes is None else "",
    }
    key = f"{app_of(migration)}.{migration.get('revision') or stem(migration)}"
    place = Place(migration.path, migration.line, "alembic" if line.framework == "alembic" else "Django")
    return Row(key, cells, (place, *_places(migration)), {name: mark for name, mark in marks.items() if mark},
               "; ".join(_doubts(unclear and not held, back, changes)))  # fmt: skip


def _doubts(unclear: bool, back: bool | None, changes: str | None) -> Iterator[str]:
    if unclear:
        yield "What it locks: which database is used cannot be told."
    if back is None:
        yield "The way back may be among unpacked arguments."
    if changes is None:
        yield "Its SQL is computed."


def app_of(migration: Fact) -> str:
    """The application of a migration, or the folder that a line of revisions stands in."""
    parts = migration.path.split("/")[:-1]
    plain = [part for part in parts if part not in ("migrations", "versions", "src")]
    return plain[-1] if plain else parts[-1] if parts else ""


def _back(migration: Fact) -> bool | None:
    if migration["framework"] == "alembic":
        return bool(migration["back"])
    if migration["initial"] or migration["replaces"]:
        return True
    ways = [made["back"] for made in migration["operations"] if "back" in made]
    return False if False in ways else None if None in ways else True


def _dropping(migration: Fact) -> list[dict[str, Any]]:
    return [made for made in migration["operations"] if made["op"] in _DROPS and made["state"] != "state"]


def _dropped(made: dict[str, Any]) -> str:
    return f"{made['table']}.{made['column']}" if made["column"] else str(made["table"])


def _is_declared(made: dict[str, Any], known: Repository) -> bool:
    """Whether a model still declares what a revision drops."""
    columns = known.declared.get(made["table"])
    whole = made["op"] == "drop_table"
    return made["op"] in ("drop_column", "drop_table") and columns is not None and (whole or made["column"] in columns)


def _places(migration: Fact) -> Iterator[Place]:
    for made in migration["operations"]:
        if made.get("back") is False and not migration["initial"] and not migration["replaces"]:
            yield Place(migration.path, made["line"], f"{made['op']} without a way back")


def _shortened(texts: list[str]) -> list[str]:
    if len(texts) <= _MOST:
        return texts
    return [*texts[:_MOST], f"and {len(texts) - _MOST} more"]


TABLE = Table(
    "migrations",
    "Migrations",
    (
        Column("app", "Application", "The application of Django, or the folder of a line of revisions."),
        Column("name", "Migration"),
        Column("operations", "Operations"),
        Column("reversible", "Can be undone", "RunPython, RunSQL and downgrade() say how to go back."),
        Column(
            "locks", "Locks", "What holds a table of PostgreSQL for long; tables made by the migration are left out."
        ),
        Column("changes", "Changes", "The schema, the data or both."),
        Column("drops", "Drops", "Columns and tables; marked where a model still declares one."),
        Column("recent", "Recent", "Among the last three of its line, within 120 days of the newest."),
    ),
    _rows,
)
