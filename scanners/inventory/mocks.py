"""The table of mocks: what tests replace, whether that is the edge of the service or its own code."""

from collections.abc import Iterator
from typing import Final

from scanners.inventory.boundarytests import patches, replaced
from scanners.inventory.table import BAD, GOOD, Cell, Column, Place, Row, Table
from scanners.modules import module_of
from scanners.semantics.tests.mocks import BOUNDARY
from scanners.tree import Fact, Tree

_COLUMNS: Final = (
    Column("target", "Replaced", "What tests put a mock in the place of."),
    Column(
        "side", "Side", "boundary: it leaves the process; own code: the repository defines it; other: anything else."
    ),
    Column("boundary", "Boundary", "The boundary that it stands for."),
    Column("patches", "Patches", "How often it is replaced."),
    Column("tests", "Tests", "In how many tests."),
    Column("spec", "Keeps to its shape", "How many of the mocks accept only what the real thing accepts."),
    Column("failure", "Made to fail", "Whether some test has it fail."),
)
BOUNDARY_SIDE, OWN, OTHER = "boundary", "own code", "other"


def _rows(tree: Tree) -> Iterator[Row]:
    crossed = replaced(tree)
    defined = {module_of(path) for path in _defining(tree)}
    for target, facts in patches(tree).items():
        yield _row(target, facts, crossed[target], defined)


def _defining(tree: Tree) -> set[str]:
    """The files that define something that code of another file may name."""
    return tree.once("files that define", lambda: {fact.path for fact in tree.facts("defined")}, lasts=True)


def _row(target: str, facts: list[Fact], crossed: list[str], defined: set[str]) -> Row:
    side = BOUNDARY_SIDE if crossed or BOUNDARY.search(target) else OWN if _is_own(target, defined) else OTHER
    mocks = [fact for fact in facts if fact["mock"]]
    shaped = sum(fact["shaped"] for fact in mocks)
    fails = any(fact["fails"] for fact in facts)
    cells: dict[str, Cell] = {
        "target": target,
        "side": side,
        "boundary": "; ".join(crossed[:3]),
        "patches": len(facts),
        "tests": len({(fact.path, fact["inside"]) for fact in facts}),
        "spec": ""
        if not mocks
        else "all"
        if shaped == len(mocks)
        else f"{shaped} of {len(mocks)}"
        if shaped
        else "none",
        "failure": fails,
    }
    marks = {"failure": GOOD if fails else BAD} if side == BOUNDARY_SIDE else {}
    return Row(target, cells, [Place(fact.path, fact.line, fact["inside"]) for fact in facts], marks)


def _is_own(target: str, defined: set[str]) -> bool:
    """Whether the repository defines what is replaced, or the module that it stands in."""
    parts = target.split(".")
    return any(".".join(parts[:count]) in defined for count in range(len(parts) - 1, 0, -1))


TABLE = Table("mocks", "What tests replace", _COLUMNS, _rows)
