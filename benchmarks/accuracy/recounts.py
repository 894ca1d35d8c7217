"""The inventory beside what a person counted by hand: `recounts.toml`, twelve packages that nobody had scanned before.

`python -m benchmarks.accuracy.recounts [--misses] [--only PACKAGE ...] [FOLDER]` unpacks the source distributions below
FOLDER (benchmarks/.corpus/recounts), reads the facts of each whole package and looks at the rows of the counted files.

    [[file]]
    package, path                 the file; `about` says what makes it hard
    calls                         everything that goes out: line, kind, library, target, timeout, retry, failure
    routes                        line, methods, path (as the file has it), full (with the prefixes of other files, when
                                  they can be found), framework, authentication, input
    every_call, every_route       what all of them have, unless they say something else
    also                          lines that go out only through the package's own code or an ORM, or make a client
                                  without asking it anything: neither missed nor too much
    overlooked                    of a call: the person had not seen it, the inventory showed it

A call or a route is found when a row has a place at its line, missed otherwise; `missed` says why. A place at another
line of a counted file is too much. The rows that are found are judged column by column (recount_verdicts.py).
"""

import argparse
import hashlib
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin

import httpx

from benchmarks.accuracy.recount_verdicts import CALLS, PARTLY, RIGHT, ROUTES, UNTOLD, WRONG, compared, plain
from benchmarks.facts import sources, walk
from benchmarks.fetch_corpus import CORPUS, PYPI, members, releases_of
from scanners import registry
from scanners.assemble import tree_of
from scanners.engine import Engine
from scanners.inventory import tables
from scanners.inventory.table import Row
from scanners.rule import Rule

COUNTED: Final = Path(__file__).with_name("recounts.toml")
UNPACKED: Final = CORPUS / "recounts"
_TABLES: Final = {"calls": ("boundaries", CALLS), "routes": ("endpoints", ROUTES)}
_NEAR: Final = 2
_ABOVE: Final = 15
_TIMEOUT: Final = httpx.Timeout(120, connect=20)


@dataclass(slots=True)
class Score:
    """What became of the calls or the routes of one package."""

    found: int = 0
    missed: int = 0
    extra: int = 0
    columns: dict[str, Counter[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, other: "Score") -> None:
        """Count another one in."""
        self.found += other.found
        self.missed += other.missed
        self.extra += other.extra
        self.notes += other.notes
        for name, verdicts in other.columns.items():
            self.columns.setdefault(name, Counter()).update(verdicts)


def counted(source: Path = COUNTED) -> list[dict[str, Any]]:
    """The files, with what all calls and routes of a file share written into each."""
    files: list[dict[str, Any]] = tomllib.loads(source.read_text(encoding="utf-8"))["file"]
    for file in files:
        for what, every in (("calls", "every_call"), ("routes", "every_route")):
            file[what] = [file.get(every, {}) | one for one in file.get(what, ())]
    return files


def score(what: str, file: Mapping[str, Any], rows: Iterable[Row]) -> Score:
    """Compare the calls or the routes of one file with the rows of the package."""
    columns = _TABLES[what][1]
    here = {
        (place.line, number): row
        for number, row in enumerate(rows)
        for place in row.places
        if place.path == file["path"]
    }
    left, told = sorted(((line, row) for (line, _), row in here.items()), key=lambda pair: pair[0]), Score()
    for one in file[what]:
        pair = _nearest(what, one, left)
        if pair is None:
            told.missed += 1
            told.notes.append(f"missed  {file['path']}:{one['line']} {one.get('missed', 'nobody said why')}")
            continue
        left = [other for other in left if other is not pair]
        told.found += 1
        for name, verdict in compared(one, pair[1], columns).items():
            told.columns.setdefault(name, Counter())[verdict] += 1
            if verdict != RIGHT:
                cells = pair[1].cells
                cell = cells.get({"failure": "fallback"}.get(name, name))
                told.notes.append(f"{verdict:7} {file['path']}:{one['line']} {name}: {one.get(name)!r}, told {cell!r}")
    if file[what]:
        known = [*file.get("also", ()), *(one["line"] for one in file[what])]
        extra = sorted({line for line, _ in left if not _about(what, line, known)})
        told.extra = len(extra)
        told.notes += [f"extra   {file['path']}:{line}" for line in extra]
    return told


def _about(what: str, line: int, known: Sequence[int]) -> bool:
    """Whether a place belongs to a line that was counted: for a route also what stands below its decorator."""
    below = _ABOVE if what == "routes" else _NEAR
    return any(start - _NEAR <= line <= start + below for start in known)


def _nearest(what: str, one: Mapping[str, Any], left: Sequence[tuple[int, Row]]) -> tuple[int, Row] | None:
    """The row for a counted line: of several for a route the one with its path and methods."""
    close = [pair for pair in left if _about(what, pair[0], [one["line"]])]
    if what == "calls":
        return min(close, key=lambda pair: abs(pair[0] - one["line"]), default=None)
    paths = {plain(one["path"]), plain(one.get("full", one["path"]))}
    alike = [pair for pair in close if plain(str(pair[1].cells.get("path"))) in paths]
    exact = [pair for pair in alike or close if set(one["methods"]) & set(_words(pair[1].cells.get("methods")))]
    same = [pair for pair in close if abs(pair[0] - one["line"]) <= _NEAR]
    return min(exact or alike or same, key=lambda pair: abs(pair[0] - one["line"]), default=None)


def _words(cell: object) -> list[str]:
    return cell if isinstance(cell, list) else str(cell).replace(",", " ").split()


def inventory(folder: Path) -> dict[str, list[Row]]:
    """The tables of an unpacked package, from its facts alone."""
    facts = tuple(one for one in registry.collectors() if not isinstance(one, Rule))
    return tables.take(tree_of("http-api", walk(Engine(facts), sources(folder))[1]))


def unpack(name: str, pin: Mapping[str, str], below: Path) -> Path:
    """The folder of a package, fetched from PyPI unless it is there. Raises SystemExit when it is another one."""
    folder = below / f"{name}-{pin['version']}"
    if folder.exists():
        return folder
    with httpx.Client(timeout=_TIMEOUT, follow_redirects=True) as client:
        upload = releases_of(client, name)[pin["version"]]
        archive = client.get(urljoin(PYPI, upload["url"])).raise_for_status().content
    if hashlib.sha256(archive).hexdigest() != pin["sha256"]:
        raise SystemExit(f"{name} {pin['version']} is not what recounts.toml pins. Find out who changed it.")
    part = below / f"{folder.name}.part"
    for path, data in members(archive):
        (part / path).parent.mkdir(parents=True, exist_ok=True)
        (part / path).write_bytes(data)
    part.rename(folder)
    return folder


def line(name: str, told: Score) -> str:
    """One line: found of all, too much, and right, partly, untold and wrong of every column."""
    columns = "  ".join(
        f"{column} {'/'.join(str(verdicts[verdict]) for verdict in (RIGHT, PARTLY, UNTOLD, WRONG))}"
        for column, verdicts in told.columns.items()
    )
    total = told.found + told.missed
    return f"{name:16} {told.found:3} of {total:3} found, {told.missed:3} missed, {told.extra:3} extra  {columns}"


def main() -> None:
    """Compare and print, with what was not right under --misses."""
    parser = argparse.ArgumentParser(prog="recounts")
    parser.add_argument("folder", nargs="?", type=Path, default=UNPACKED)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--misses", action="store_true")
    options = parser.parse_args()
    pins, files = tomllib.loads(COUNTED.read_text(encoding="utf-8"))["packages"], counted()
    totals = {what: Score() for what in _TABLES}
    notes = []
    print("right/partly/untold/wrong in each column")
    for name in options.only or pins:
        taken = inventory(unpack(name, pins[name], options.folder))
        for what, (table, _) in _TABLES.items():
            told = Score()
            for file in files:
                if file["package"] == name:
                    told.add(score(what, file, taken[table]))
            totals[what].add(told)
            if told.found + told.missed:
                print(line(f"{name} {what}"[:24], told))
                notes += [f"{name}: {note}" for note in told.notes]
    for what, told in totals.items():
        print(line(f"all {what}", told))
    print("\n".join(notes) if options.misses else "", end="\n" if options.misses else "")


if __name__ == "__main__":
    main()
