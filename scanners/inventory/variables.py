"""The table of variables: what the program can be told by its environment, and where that is written down."""

from collections.abc import Iterator
from typing import Any, Final

from scanners.facts.environment import is_standard
from scanners.finding import Confidence
from scanners.inventory.table import BAD, GOOD, UNKNOWN, Cell, Column, Place, Row, Table
from scanners.inventory.variablenotes import Notes, notes
from scanners.inventory.variablereads import reads_of
from scanners.semantics.config.allreads import all_reads
from scanners.semantics.config.defaults import COMPUTED, HIDDEN
from scanners.semantics.config.leftover import left_over
from scanners.semantics.secrets import is_secret_name
from scanners.tree import Fact, Tree

_MOST: Final = 8
_FORMS: Final = {
    "index": "must be set here",
    "asked": "asked whether it is set",
    "field": "field",
    "option": "option of a command",
}


def _rows(tree: Tree) -> Iterator[Row]:
    known = notes(tree)
    reads_in_code = all_reads(tree)
    found = reads_of(reads_in_code)
    for name, reads in found.items():
        yield _row(name, reads, known)
    read, computed = {name.upper() for name in found}, any(not one["name"] for one in reads_in_code)
    for fact, name, sure in left_over(tree, read, computed) if found else ():
        cells: dict[str, Cell] = _cells(name) | {"documented": known.documents(name), "read": 0}
        cells["set_in"] = known.given(name)
        says = f"set by {fact['where']}" if "where" in fact.fields else "set in the example"
        mark = UNKNOWN if sure is Confidence.LOW else BAD
        yield Row(name, cells, (Place(fact.path, fact.line, says),), {"read": mark})


_SWITCHES: Final = ("flag", "bool", "int", "float")
"""What keeps no secret, whatever it is about."""


def _cells(name: str) -> dict[str, Cell]:
    return {
        "name": name, "default": "", "required": False, "type": "", "secret": is_secret_name(name),
        "validator": "", "documented": [], "set_in": [], "read": 0,
    }  # fmt: skip


def _row(name: str, reads: list[Fact], known: Notes) -> Row:
    defaults = list(dict.fromkeys(read["default"] for read in reads if read["default"]))
    required = _required(reads)
    documented = known.documents(name)
    doubts = []
    if len(defaults) > 1:
        doubts.append("Its defaults differ: which one holds depends on where it is read.")
    if required is None:
        doubts.append("It must be set in one place, and need not be in another.")
    cells = _cells(name) | {
        "default": " or ".join(defaults) if defaults else "",
        "required": required,
        "type": _type(reads),
        "validator": _first(reads, "validator"),
        "documented": _shortened(documented),
        "set_in": known.given(name),
        "read": len(reads),
    }
    named = is_secret_name(name) and cells["type"] not in _SWITCHES
    cells["secret"] = named or any("Secret" in read["type"] for read in reads)
    if cells["secret"]:
        cells["default"] = _hidden(defaults)
    return Row(
        name, cells, tuple(_place(read) for read in reads), _marks(name, cells, defaults, known), " ".join(doubts)
    )


def _required(reads: list[Fact]) -> bool | None:
    told = {bool(read["required"]) for read in reads if read["form"] != "asked"}
    if not told:
        return any(read["required"] for read in reads)
    return None if len(told) > 1 else told.pop()


def _hidden(defaults: list[str]) -> str:
    if not defaults:
        return ""
    return COMPUTED if all(text.startswith(COMPUTED) for text in defaults) else HIDDEN


def _type(reads: list[Fact]) -> str:
    reads = [read for read in reads if read["form"] != "asked"] or reads
    told = list(dict.fromkeys(read["type"] for read in reads if read["type"] and read["type"] != "flag"))
    return told[0] if told else _first(reads, "type")


def _first(reads: list[Fact], column: str) -> str:
    return next((str(read[column]) for read in reads if read[column]), "")


def _place(read: Fact) -> Place:
    words = [_FORMS.get(read["form"], "read")]
    if read["default"] is not None and read["form"] != "asked":
        words.append("with an empty default" if read["default"] == "" else "with a default")
    if read["feeds"]:
        words.append(f"for {', '.join(read['feeds'])}")
    return Place(read.path, read.line, " ".join(words))


def _marks(name: str, cells: dict[str, Cell], defaults: list[str], known: Notes) -> dict[str, str]:
    marks: dict[str, Any] = {}
    if cells["documented"]:
        marks["documented"] = GOOD
    elif cells["required"] and not is_standard(name):
        marks["documented"] = BAD
    if (cells["secret"] and cells["default"] == HIDDEN) or (len(defaults) > 1 and not is_standard(name)):
        marks["default"] = BAD
    if cells["required"] is None:
        marks["required"] = UNKNOWN
    return marks


def _shortened(paths: list[str]) -> list[str]:
    return paths if len(paths) <= _MOST else [*paths[:_MOST], f"and {len(paths) - _MOST} more"]


TABLE = Table(
    "variables",
    "Configuration",
    (
        Column("name", "Variable"),
        Column("default", "Default", "What the program goes on with where it is not set; never shown for a secret."),
        Column("required", "Required", "Whether the program refuses to go on where it is not set."),
        Column("type", "Type", "What it is made into; a flag is only compared or tested."),
        Column("secret", "Secret", "By its name or its type."),
        Column("validator", "Checked by"),
        Column("documented", "Documented in", "Examples, documents, images, compose files and manifests that name it."),
        Column("set_in", "Set in", "What images, compose files and manifests set it to."),
        Column("read", "Reads", "In how many places the code reads it."),
    ),
    _rows,
)
