"""Whether a cell of the inventory says what a person read: right, partly, untold or wrong.

What the person wrote: "?" where nothing can be compared; "a|b" where either is right, and "a|?" where the tool may also
say that it cannot tell. A timeout is "5 s", "connect 5 s, read 30 s", "default 5 s", "none" or the name of the setting
that holds it. A retry is "none", or else how. On failure a call "raises", or else it is caught. A path has its
parameters in any framework's form; the method "any" is that of a view that does not ask. An input of "" is no body with
a schema.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from scanners.inventory.table import Row

RIGHT, PARTLY, UNTOLD, WRONG = "right", "partly", "untold", "wrong"
VERDICTS: Final = (RIGHT, PARTLY, UNTOLD, WRONG)
Verdict = Callable[[Any, Row], str]

_NUMBERS: Final = re.compile(r"\d+(?:\.\d+)?")
_UNKNOWN: Final = "…"
_PARAMETER: Final = re.compile(r"\(\?P<\w+>(?:[^()]|\([^()]*\))*\)|\{[^}]*\}|<[^>]*>")
_PARTS: Final = re.compile(r" \(\d+\),? ?")
_NOBODY: Final = ("none", "declared public")
_NO_SCHEMA: Final = ("path ", "query ", "header ", "cookie ", "body by hand")
_SILENT: Final = {"HEAD", "OPTIONS"}
_ANY: Final = {"any", "*"}


def target(wanted: str, row: Row) -> str:
    """Host, variable or setting, wherever in the cell it stands."""
    cell = row.cells.get("target")
    if cell is None:
        return RIGHT if "?" in wanted.split("|") else UNTOLD
    return RIGHT if any(choice.lower() in str(cell).lower() for choice in wanted.split("|")) else WRONG


def timeout(wanted: str, row: Row) -> str:
    """The same numbers, and default where it is the library's."""
    cell = row.cells.get("timeout")
    if cell is None:
        return UNTOLD
    text = str(cell).lower()
    if wanted == "none":
        return RIGHT if text.startswith("none") else PARTLY if "none" in text or " of " in text else WRONG
    if text.startswith("none"):
        return WRONG
    numbers, told = _numbers(wanted), _numbers(text)
    if numbers and not told:
        return PARTLY
    if not numbers <= told:
        return WRONG
    return RIGHT if ("default" in wanted) <= ("default" in text) else PARTLY


def retry(wanted: str, row: Row) -> str:
    """Whether it is tried again, and the same number of times where the person found one."""
    cell = row.cells.get("retry")
    if cell is None:
        return UNTOLD
    again = str(cell) not in ("", "none")
    if not again or wanted == "none":
        return RIGHT if again == (wanted != "none") else WRONG
    return RIGHT if set(_NUMBERS.findall(wanted)) <= set(_NUMBERS.findall(str(cell))) else PARTLY


def failure(wanted: str, row: Row) -> str:
    """Whether the function lets the failure out."""
    cell = row.cells.get("fallback")
    if cell is None:
        return UNTOLD
    parts = [part for part in _PARTS.split(str(cell)) if part]
    raises = {part.startswith(("raises", "wrapped")) for part in parts} or {True}
    if len(raises) > 1:
        return PARTLY
    return RIGHT if raises == {wanted == "raises"} else WRONG


def word(name: str) -> Verdict:
    """A cell with a word of its own: kind, library, framework."""

    def verdict(wanted: str, row: Row) -> str:
        cell = row.cells.get(name)
        if cell is None:
            return UNTOLD
        return RIGHT if any(choice.lower() in str(cell).lower() for choice in wanted.split("|")) else WRONG

    return verdict


def methods(wanted: list[str], row: Row) -> str:
    """The same methods; HEAD and OPTIONS come of themselves."""
    cell = row.cells.get("methods")
    if cell is None:
        return UNTOLD
    told = set(cell if isinstance(cell, list) else re.findall(r"[A-Za-z*]+", str(cell))) - _SILENT
    if wanted == ["any"]:
        return RIGHT if not told or {method.lower() for method in told} & _ANY else WRONG
    return RIGHT if told == set(wanted) else PARTLY if told & set(wanted) else WRONG


def path(wanted: Mapping[str, Any], row: Row) -> str:
    """The full path of `wanted`, a route; partly when only what its file says is told, untold with … for some of it."""
    cell = row.cells.get("path")
    if cell is None:
        return UNTOLD
    full, told = plain(wanted.get("full", wanted["path"])), plain(str(cell))
    alike = {told, told.replace(_UNKNOWN, "{}")}
    if full in alike:
        return RIGHT
    return PARTLY if plain(wanted["path"]) in alike else UNTOLD if _fits(told, full) else WRONG


def authentication(wanted: str, row: Row) -> str:
    """Who asks; partly when something else is named, wrong when nobody is said to ask though somebody does."""
    cells = [row.cells.get("authentication"), row.cells.get("permission")]
    named = " ".join(str(cell) for cell in cells if cell and str(cell).lower() not in _NOBODY)
    if cells[0] is None and not named:
        return UNTOLD
    if wanted == "none":
        return WRONG if named else RIGHT
    return RIGHT if wanted.lower() in named.lower() else PARTLY if named else WRONG


def schema(wanted: str, row: Row) -> str:
    """The class or field of the body. What comes with the address, or is read by hand, has no schema."""
    cell = row.cells.get("input")
    if cell is None:
        return UNTOLD
    if not wanted:
        return RIGHT if all(part.startswith(_NO_SCHEMA) for part in str(cell).split("; ") if part) else WRONG
    return RIGHT if wanted.lower() in str(cell).lower() else WRONG


def plain(text: str) -> str:
    """A path with {} for every parameter, without the signs of regular expressions and without slashes at its ends."""
    return _PARAMETER.sub("{}", text).replace("^", "").replace("$", "").replace("\\", "").strip("/")


def _fits(told: str, full: str) -> bool:
    """Whether a path is told as far as it is, with a sign for what is not known."""
    known = [re.escape(part) for part in told.split(_UNKNOWN)]
    return len(known) > 1 and re.fullmatch(".*".join(known), f"{full}/") is not None


def _numbers(text: str) -> set[float]:
    return {float(number) for number in _NUMBERS.findall(text)}


CALLS: Final[Mapping[str, Verdict]] = {
    "kind": word("kind"),
    "library": word("library"),
    "target": target,
    "timeout": timeout,
    "retry": retry,
    "failure": failure,
}
ROUTES: Final[Mapping[str, Verdict]] = {
    "framework": word("framework"),
    "methods": methods,
    "path": path,
    "authentication": authentication,
    "input": schema,
}


def compared(counted: Mapping[str, Any], row: Row, columns: Mapping[str, Verdict]) -> dict[str, str]:
    """The verdict on every column that the person filled; a path is told from its whole route."""
    found = {}
    for name, verdict in columns.items():
        wanted = counted if name == "path" else counted.get(name, "?")
        if wanted not in ("?", ["?"]):
            found[name] = verdict(wanted, row)
    return found
