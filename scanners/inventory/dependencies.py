"""The table of dependencies: what is declared against what is locked, one row a distribution and version."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from scanners.advisories import Advisory
from scanners.dependencies import endoflife
from scanners.dependencies.including import inclusions
from scanners.dependencies.locking import LOCKS, is_aside
from scanners.dependencies.ranges import installable, order
from scanners.dependencies.reach import Reached
from scanners.dependencies.scopes import Pinned, Scope, group_in, scopes
from scanners.dependencies.undeclared import UNDECLARED, Import, imports
from scanners.inventory.dependencystate import (
    NOT_DECLARED,
    is_given_by_design,
    mark_of,
    state_of,
)
from scanners.inventory.table import BAD, GOOD, UNKNOWN, Cell, Column, Place, Row, Table
from scanners.tree import Fact, Tree

_NOT_LOCKED: Final = "No lock or pin gives it a version."


def _rows(tree: Tree) -> Iterator[Row]:
    found = scopes(tree)
    several = sum(scope.lock is not None for scope in found) > 1
    missing = _undeclared(tree)
    for scope in found:
        for row in _of_scope(scope, tree, missing):
            key = f"{row.key} in {scope.path}" if several and scope.path else row.key
            yield Row(key, row.cells, row.places, row.marks, row.unresolved)
    held = {name for scope in found for name in (*scope.packages, *scope.declared)}
    for name in sorted(set(missing) - held):
        yield _imported_only(missing[name])
    yield from _unread(tree)


def _undeclared(tree: Tree) -> dict[str, list[Import]]:
    """The imports that no manifest declares, by the distribution that they need."""
    found: dict[str, list[Import]] = {}
    for one in imports(tree) if tree.facts("requirement", tests=True) else ():
        if one.answer == UNDECLARED:
            found.setdefault(one.distribution, []).append(one)
    return found


def _of_scope(scope: Scope, tree: Tree, missing: Mapping[str, Sequence[Import]]) -> Iterator[Row]:
    own = {fact["name"] for fact in tree.facts("manifest") if fact["name"]}
    for name in sorted({*scope.packages, *scope.declared}):
        pins = sorted(scope.packages.get(name, ()), key=lambda pin: order(pin.package.version))
        if name in own and all(pin.package.source == "path" for pin in pins):
            continue  # The project itself.
        for pin in pins:
            yield _row(name, pin, scope, tree, missing.get(name, ()))
        if not pins:
            yield _row(name, None, scope, tree, missing.get(name, ()))


def _row(name: str, pin: Pinned | None, scope: Scope, tree: Tree, missing: Sequence[Import]) -> Row:
    facts = scope.declared.get(name, [])
    version = pin.package.version if pin else ""
    reached = scope.reached.get((name, version))
    direct = _direct(name, scope, facts)
    state = state_of(name, pin, scope, tree, [] if direct else missing)
    known = _advisories(name, pin, tree)
    end = endoflife.ends(name, version) if version else None
    cells: dict[str, Cell] = {
        "name": name,
        "wanted": _wanted(facts),
        "locked": version,
        "group": _group(pin, facts, reached),
        "direct": direct,
        "through": [] if direct else _through(scope, reached),
        "hashed": None if pin is None else pin.package.hashes > 0,
        "source": pin.package.source if pin else facts[0]["source"],
        "declared_in": list(dict.fromkeys(fact.path for fact in facts)),
        "locked_in": pin.path if pin else "",
        "state": state.name,
        "advisories": None if known is None else [_told(one) for one in known],
        "end_of_life": end.isoformat() if end else None if endoflife.covers(name) else "",
        "address": pin.package.address if pin else facts[0]["url"],
        "requires": list(pin.package.requires) if pin else [],
        "files": list(pin.package.files) if pin else [],
        "faults": [_fault(one) for one in known or ()],
    }
    marks = _marks(cells, pin, end, is_given_by_design(facts, tree), tree)
    return Row(name, cells, _places(name, pin, scope, missing), marks, state.why)


def _direct(name: str, scope: Scope, facts: Sequence[Fact]) -> bool | None:
    """Whether the project itself asks for it. What nothing asks for, and nobody brings along, cannot be told."""
    if facts or name in scope.asked_names:
        return True
    return False if scope.asked else None


def _through(scope: Scope, reached: Reached | None) -> list[str] | None:
    return list(reached.path) if reached is not None and scope.edges else None


def _wanted(facts: Sequence[Fact]) -> str:
    """The ranges as declared, each once, with the markers that tell several apart."""
    ranges = dict.fromkeys((fact["specifier"], fact["marker"]) for fact in facts)
    listed = [f"{text or 'any'}; {marker}" if marker and len(ranges) > 1 else text for text, marker in ranges]
    return " or ".join(dict.fromkeys(filter(None, listed)))


def _group(pin: Pinned | None, facts: Sequence[Fact], reached: Reached | None) -> str | None:
    """What it is installed with: "run" for always, else "dev" or the names of groups and extras."""
    groups = {group_in(fact) for fact in facts}
    groups |= set(pin.package.groups or ()) if pin else set()
    if groups == {"optional"} and reached is not None:
        groups = set(reached.groups)  # Who asks for it says for what.
    groups |= set(reached.groups) if reached is not None and not groups else set()
    if not groups:
        return None
    if "" in groups:
        return "dev" if pin is not None and is_aside(pin.path) else "run"
    return ", ".join(sorted(groups))


def _advisories(name: str, pin: Pinned | None, tree: Tree) -> Sequence[Advisory] | None:
    """The open advisories; None where nobody knows. What lies in the commit itself has none of its own."""
    if tree.advisories is None or pin is None or pin.package.source not in ("index", "path"):
        return None
    if pin.package.source == "path" or not pin.package.version:
        return [] if pin.package.source == "path" else None
    return tree.advisories.of(name, pin.package.version)


def _told(advisory: Advisory) -> str:
    return f"{advisory.id} fixed in {advisory.fixed}" if advisory.fixed else f"{advisory.id}, no fixed version"


def _fault(advisory: Advisory) -> str:
    """An advisory in words for a bill of materials: id, severity and fixed version ("-" for none), then its aliases."""
    aliases = sorted(advisory.names - {advisory.id})
    return " ".join((advisory.id, advisory.severity or "-", advisory.fixed or "-", *aliases))


def _marks(
    cells: Mapping[str, Cell], pin: Pinned | None, end: dt.date | None, by_design: bool, tree: Tree
) -> dict[str, str]:
    marks = mark_of(cells["state"], by_design)
    if cells["advisories"] is None:
        marks["advisories"] = UNKNOWN
    elif not cells["advisories"]:
        marks["advisories"] = GOOD
    elif pin is not None and installable(pin.package.markers):
        marks["advisories"] = BAD
    if end is not None:
        marks["end_of_life"] = BAD if end < (tree.date or endoflife.checked()) else GOOD
    return marks


def _places(name: str, pin: Pinned | None, scope: Scope, missing: Sequence[Import]) -> list[Place]:
    facts = scope.declared.get(name, [])
    found = [Place(fact.path, fact.line, _says(fact)) for fact in facts]
    if pin is not None:
        found.append(Place(pin.path, pin.line, f"locked at {pin.package.version}" if pin.package.version else "locked"))
    found += [Place(fact.path, fact.line, f"written out as {fact['specifier']}") for fact in scope.copies.get(name, ())]
    if not facts:
        found += [Place(one.fact.path, one.fact.line, "imported") for one in missing]
    return list({(place.path, place.line): place for place in reversed(found)}.values())[::-1]


def _says(fact: Fact) -> str:
    group = f" for {group_in(fact)}" if group_in(fact) else ""
    return f"asked for{group}" + (f" as {fact['specifier']}" if fact["specifier"] else "")


def _imported_only(missing: Sequence[Import]) -> Row:
    name = missing[0].distribution
    cells: dict[str, Cell] = {
        "name": name, "wanted": "", "locked": "", "group": "run", "direct": False, "through": None, "hashed": None,
        "source": None, "declared_in": [], "locked_in": "", "state": NOT_DECLARED, "advisories": None,
        "end_of_life": "", "address": "", "requires": [], "files": [],
    }  # fmt: skip
    places = [Place(one.fact.path, one.fact.line, "imported") for one in missing]
    return Row(name, cells, places, {"state": BAD}, _NOT_LOCKED)


def _unread(tree: Tree) -> Iterator[Row]:
    """A row for each file that could not be read: what it names is missing here."""
    reasons = [(fact.path, fact.line, str(fact["reason"])) for fact in tree.facts("unread")]
    reasons += [
        (path, 1, "It is over the size limit and was not read.")
        for path, path_class in sorted(tree.too_large.items())
        if path_class.kind in (*LOCKS, "requirements", "constraints", "pyproject", "pipfile")
    ]
    lost = [one for one in inclusions(tree) if one.target not in tree.files and one.target not in tree.too_large]
    reasons += [(one.by.path, one.by.line, f"It takes in {one.target}, which is not looked at.") for one in lost]
    for path, line, reason in reasons:
        cells: dict[str, Cell] = {"name": path, "state": None, "requires": [], "files": []}
        yield Row(path, cells, (Place(path, line, "not read"),), {"state": UNKNOWN}, reason)


TABLE = Table(
    "dependencies",
    "Dependencies",
    (
        Column("name", "Distribution"),
        Column("wanted", "Asked for", "The range that manifests declare, empty for any version."),
        Column("locked", "Locked", "The version that a lock file, or a pin of a requirements file, decides."),
        Column("group", "Group", "run: always installed; dev: for working on the code; else extras and groups."),
        Column("direct", "Direct", "Whether the project itself asks for it."),
        Column("through", "Through", "The shortest way from what the project asks for, as the lock tells it."),
        Column("state", "State", "Declared against locked; a pin that records no digest of its files is unhashed."),
        Column("advisories", "Advisories", "Published faults of the locked version. Unknown where none were loaded."),
        Column("end_of_life", "End of life", "The last day with fixes, where the project announces one."),
        Column("hashed", "Hashed", "Whether the lock records digests of its files."),
        Column("source", "Source", "index, git, url or path."),
        Column("declared_in", "Declared in"),
        Column("locked_in", "Locked in"),
    ),
    _rows,
)
