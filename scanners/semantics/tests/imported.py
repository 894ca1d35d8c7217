"""What test files import, and which of them import a module."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping

from scanners.modules import absolute
from scanners.tree import Tree


def imported(tree: Tree) -> Mapping[str, frozenset[str]]:
    """The absolute dotted names that each test file imports, by its path."""
    return tree.once("imports of tests", lambda: _imported(tree), lasts=True)


def _imported(tree: Tree) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for fact in tree.facts("test-imports", tests=True):
        path, names = fact.path, fact["names"]
        listed = frozenset(absolute(name, path) if name.startswith(".") else name for name in names)
        found[path] = found[path] | listed if path in found else listed
    return found


class Importers:
    """Which files import a module: it, or something in it."""

    def __init__(self, names: Mapping[str, Iterable[str]]) -> None:
        self._of_name: dict[str, list[str]] = {}
        for path, imported_ in names.items():
            for name in imported_:
                self._of_name.setdefault(name, []).append(path)
        self._names = sorted(self._of_name)

    def of(self, module: str) -> set[str]:
        """The files that import a module, also under a name that leaves out its first parts."""
        start, end = bisect_left(self._names, f"{module}."), bisect_left(self._names, f"{module}/")  # Next after ".".
        found = {path for name in (module, *self._names[start:end]) for path in self._of_name.get(name, ())}
        rest = module
        while "." in rest:
            rest = rest.partition(".")[2]
            found.update(self._of_name.get(rest, ()))
        return found


def importers(tree: Tree) -> Importers:
    """Who of the test files of a commit imports what."""
    return tree.once("importers", lambda: Importers(imported(tree)), lasts=True)
