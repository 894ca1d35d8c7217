"""Which libraries at the boundary the patches of tests replace: by name, as a client of a module, or with a wrapper."""

import re
from collections import defaultdict
from typing import Final

from scanners.semantics.concurrency.reach import Names
from scanners.tree import Fact, Tree

_COMMON: Final = frozenset("get post put delete run main send load save call request open close client session".split())
"""Last names of which there are too many to know one again elsewhere."""


class Replaced:
    """What the patches of a repository stand for."""

    def __init__(self, tree: Tree) -> None:
        self.patches = tree.facts("patch", tests=True)
        self._names = Names(tree, frozenset())
        self._known: dict[str, set[str]] = {}
        self._outward: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        self._wrappers: dict[str, set[tuple[str, str]]] = defaultdict(set)
        for fact in tree.facts("outward"):
            name = fact["name"]
            self._outward[fact.path][name].add(fact["library"])
            self._wrappers[name.rpartition(".")[2]].add((fact.path, name))

    def of(self, libraries: set[str]) -> list[Fact]:
        """The patches that replace one of these libraries, a client of it, or what alone calls it."""
        return [patch for patch in self.patches if libraries & self._libraries(patch["target"])]

    def _libraries(self, target: str) -> set[str]:
        if target not in self._known:
            self._known[target] = self._standing_for(target)
        return self._known[target]

    def _standing_for(self, target: str) -> set[str]:
        found = set(re.split(r"[._]", target))
        parts = target.split(".")
        for cut in range(len(parts) - 1, 0, -1):
            path = self._names.modules.get(".".join(parts[:cut]))
            if path is not None:
                return found | self._of_module(path, parts[cut:])
        return found

    def _of_module(self, path: str, parts: list[str]) -> set[str]:
        """What a name of a module of the repository stands for: a client, a wrapper, or an imported wrapper."""
        name = ".".join(parts)
        outward = self._outward.get(path, {})
        found = set(outward.get(name, ()))
        for target, _ in self._names.names.get((path, parts[0]), ()):
            found.add(target.partition(".")[0])
        inside = [libraries for of, libraries in outward.items() if _holds(name, of)]
        found = found.union(*inside)
        meant = self._wrappers.get(parts[-1], set())
        if not found and len(meant) == 1 and parts[-1] not in _COMMON:
            where, of = next(iter(meant))
            found |= self._outward[where][of]
        return found


def _holds(name: str, other: str) -> bool:
    """Whether a patched class holds a method."""
    return other.startswith(f"{name}.")
