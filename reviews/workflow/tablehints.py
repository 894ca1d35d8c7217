"""
The rows of the inventory as hints beside questions, and what of them has changed since the last approval. Pure.

    rows("boundaries", matrix, ("timeout",), instead=of_facts)   # a source: one hint a row, or of the raw facts
    since("endpoints", "route")                                  # a source: what came, went and changed; for reading

An anchor is the key of a row with the cells that an answer rests on, never a place, a count or another cell. What
depends on another commit has no anchor, so that it voids no answer. A scan that is older than a table says what
`instead` makes of its facts. Cells hold no secrets: the tables see to that.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from reviews.workflow.hints import SINCE, Hint, Material, Row
from scanners.inventory.table import Row as TableRow
from scanners.inventory.table import difference

Source = Callable[[Material], Iterable[Hint]]
Text = Callable[[Row], str]
_PART = re.compile(r" \(\d+ of \d+\)")
_COUNT = re.compile(r" \(\d+\)")
_ASKED = {"none": "asks nobody who they are", "declared public": "declared public", None: "cannot be told who may call"}


def rows(table: str, text: Text, cells: Iterable[str] = (), *, instead: Source | None = None) -> Source:
    """A source of the rows of a table for which `text` says something; answers rest on `cells` beside the key."""
    kept = tuple(cells)

    def source(material: Material) -> Iterator[Hint]:
        listed = material.inventory.get(table)
        if listed is None:
            yield from instead(material) if instead is not None else ()
            return
        for row in listed:
            if said := text(row):
                anchor = " ".join([table, row["key"], *(f"{name}={bare(row['cells'].get(name))}" for name in kept)])
                yield Hint(anchor, f"{at(row)} {said}".strip())

    return source


def since(table: str, what: str, cells: Iterable[str] = ()) -> Source:
    """What the last approved commit has not, or with other `cells`, as lines without an anchor."""
    judged = tuple(cells)

    def source(material: Material) -> Iterator[Hint]:
        if table not in material.inventory or table not in material.before:
            return
        before = [TableRow.read(row) for row in material.before[table]]
        changes = difference(before, [TableRow.read(row) for row in material.inventory[table]])
        lines = [f"new {what} {row.key}" for row in changes.added]
        lines += [f"{what} {row.key} is gone" for row in changes.removed]
        for one in changes.changed:
            other = [name for name in one.columns if name in judged]
            lines += [f"{what} {one.after.key} has another {', '.join(other)}"] if other else []
        yield from (Hint("", f"{SINCE} {material.since}: {line}") for line in lines)

    return source


def bare(cell: Any) -> str:
    """A cell as an anchor holds it: without how often and in which order, so that one more of it changes nothing."""
    text = "?" if cell is None else ", ".join(cell) if isinstance(cell, list) else str(cell)
    return ", ".join(sorted(_COUNT.sub("", _PART.sub(" in part", text)).split(", ")))


def at(row: Row) -> str:
    """The place to open first, "" for a row that stands nowhere."""
    place = next(iter(row["places"]), None)
    return f"{place[0]}:{place[1]}" if place else ""


def _told(row: Row, name: str, without: str = "") -> str:
    """A cell for people."""
    cell = row["cells"].get(name)
    if cell is None:
        return "cannot be told"
    return (", ".join(cell) if isinstance(cell, list) else str(cell)) or without


def peer(row: Row) -> str:
    """What is talked to, by which library."""
    cells = row["cells"]
    target = cells["target"] or "an address that cannot be told"
    return f"{cells['kind']}: {target} by {cells['library']}"


def matrix(row: Row) -> str:
    """A boundary in one line: what bounds a call, what repeats it, what happens then, and who tried."""
    parts = (("timeout", "timeout"), ("retry", "retries"), ("fallback", "on failure"), ("tests", "tests"))
    told = [f"{said} {_told(row, name, 'none')}" for name, said in parts]
    return f"{peer(row)}: {', '.join(told)}"


def client(row: Row) -> str:
    """A boundary whose peer sets a quota: not what the service runs by itself."""
    return peer(row) if row["cells"]["kind"] in ("http", "rpc", "mail", "object store", "other") else ""


def hop(row: Row) -> str:
    """A boundary over which work goes on elsewhere."""
    return peer(row) if row["cells"]["kind"] in ("broker", "rpc", "http") else ""


def address(row: Row) -> str:
    """An endpoint by methods and path."""
    cells = row["cells"]
    return f"{' '.join(cells['methods'])} {cells['path'] or cells['handler']}".strip()


def route(row: Row) -> str:
    """An endpoint, and who is asked."""
    who = row["cells"].get("authentication")
    return f"{address(row)}, {_ASKED.get(who) or f'asks {who}'}"


def open_route(row: Row) -> str:
    """An endpoint that asks nobody, or of which that cannot be told."""
    return route(row) if row["cells"].get("authentication") in _ASKED else ""


def job(row: Row) -> str:
    """A job: how long it may take, when it is taken off its queue, how often it is tried."""
    parts = (("limit", "limit"), ("acknowledged", "acknowledged"), ("retries", "retries"))
    told = [f"{said} {_told(row, name, 'untold')}" for name, said in parts]
    return f"{row['cells']['kind']} {row['cells']['name']}: {', '.join(told)}"


def store(row: Row) -> str:
    """A store, where it is set up, and its versions."""
    cells = row["cells"]
    versions = f", {_told(row, 'versions')}" if cells.get("versions") else ""
    return f"{cells['engine']} ({cells['name'] or 'unnamed'}) in {cells['where']}{versions}"


def kept_here(row: Row) -> str:
    """A cache or a queue that dies with its process."""
    cells = row["cells"]
    return f"{cells['kind']} {cells['name']} lives in the process" if cells.get("shared") == "process" else ""


def cache(row: Row) -> str:
    """A cache and what bounds it."""
    return "" if _is_queue(row) else f"{_bounded(row)}, eviction {_told(row, 'eviction', 'none')}"


def queue(row: Row) -> str:
    """A queue or a pool of work and what bounds it."""
    return _bounded(row) if _is_queue(row) else ""


def _is_queue(row: Row) -> bool:
    return row["cells"]["kind"] in ("queue", "pool of work")


def _bounded(row: Row) -> str:
    return f"{row['cells']['kind']} {row['cells']['name']}: {_told(row, 'bound', 'unbounded')}"


def migration(row: Row) -> str:
    """A migration by app and name, with what it does."""
    cells = row["cells"]
    steps = cells["operations"]
    return f"{cells['app']} {cells['name']}: {', '.join(steps[:4])}{f' and {len(steps) - 4} more' if steps[4:] else ''}"


def irreversible(row: Row) -> str:
    """A recent migration without a way back."""
    cells = row["cells"]
    return f"{migration(row)}; no way back" if cells.get("recent") and cells.get("reversible") is False else ""


def locking(row: Row) -> str:
    """A recent migration that locks a table."""
    return (
        f"{migration(row)}; locks {_told(row, 'locks')}"
        if row["cells"].get("locks") and row["cells"].get("recent")
        else ""
    )


def secret(row: Row) -> str:
    """A variable that holds a secret, and who says so."""
    cells = row["cells"]
    if not cells.get("secret"):
        return ""
    default = ", has a default" if cells.get("default") else ""
    return f"{cells['name']}{default}, documented in {_told(row, 'documented', 'no file')}"


def dependency(row: Row) -> str:
    """A dependency that is not as its lock says."""
    state = row["cells"].get("state")
    return (
        f"{row['cells']['name']}: {state}"
        if row["cells"].get("group") == "run" and state not in ("ok", "unhashed")
        else ""
    )


def tested(row: Row) -> str:
    """A boundary and how tests meet it."""
    return f"{peer(row)}: {_told(row, 'tests', 'no tests')}" if row["cells"].get("role") != "script" else ""


def mocked(row: Row) -> str:
    """What tests put in the place of a boundary, and whether it fails there."""
    cells = row["cells"]
    if cells.get("side") != "boundary":
        return ""
    times = f"{cells['patches']} patch{'' if cells['patches'] == 1 else 'es'} in {cells['tests']} test"
    fails = "made to fail" if cells.get("failure") else "never made to fail"
    return f"{cells['target']}: {times}{'' if cells['tests'] == 1 else 's'}, {fails}"


def made_to_fail(row: Row) -> str:
    """A boundary that some test makes fail."""
    return f"{peer(row)} is made to fail" if "failure" in str(row["cells"].get("tests")) else ""
