"""What test files import, and which of them import a module."""

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
        self._of_name: dict[str, set[str]] = {}
        self._below: dict[str, set[str]] = {}
        for path, imported_ in names.items():
            for name in imported_:
                self._of_name.setdefault(name, set()).add(path)
        for name, paths in self._of_name.items():
            head = name
            while head:
                self._below.setdefault(head, set()).update(paths)
                head = head.rpartition(".")[0]

    def of(self, module: str) -> set[str]:
        """The files that import a module, also under a name that leaves out its first parts."""
        found, rest = set(self._below.get(module, ())), module
        while "." in rest:
            rest = rest.partition(".")[2]
            found |= self._of_name.get(rest, set())
        return found


def importers(tree: Tree) -> Importers:
    """Who of the test files of a commit imports what."""
    return tree.once("importers", lambda: Importers(imported(tree)), lasts=True)
