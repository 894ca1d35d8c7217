"""The reads of variables of a repository, by the name of the variable."""

from collections.abc import Iterable

from scanners.tree import Fact


def reads_of(reads: Iterable[Fact]) -> dict[str, list[Fact]]:
    """The reads by name, those of services before those of scripts; reads of computed names are left out."""
    found: dict[str, list[Fact]] = {}
    for read in reads:
        if read["name"]:
            found.setdefault(read["name"], []).append(read)
    return {name: sorted(same, key=_rank) for name, same in found.items()}


def _rank(read: Fact) -> tuple[bool, bool, str, int]:
    """Settings first, then other code, scripts last."""
    return read.path_class.name == "script", not read.path_class.role.startswith("settings"), read.path, read.line
