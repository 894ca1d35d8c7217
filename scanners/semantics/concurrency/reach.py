"""Facts of the call graph joined: which def a dotted name means, and what it comes to block on."""

from collections import defaultdict
from collections.abc import Iterator, Set
from typing import Any, Final, NamedTuple

from scanners.tree import Fact, Tree

_DEPTH: Final = 8
Key = tuple[str, str]
"""A def: the path of its file and its name there."""


class Chain(NamedTuple):
    """A call in a coroutine that ends in a blocking one: `names` from the coroutine to the blocking call."""

    fact: Fact
    line: int
    names: tuple[str, ...]


class Names:
    """Which of the known defs of a repository a dotted name means."""

    def __init__(self, tree: Tree, known: Set[Key]) -> None:
        self.modules = dict(_modules(tree))
        self.names: dict[Key, list[str]] = defaultdict(list)
        for fact in tree.facts("handed-on"):
            self.names[(fact.path, fact["name"])].append(fact["target"])
        self._packages = {path: module for module, path in reversed(self.modules.items())}
        self._known = known

    def meant(self, target: str, path: str, depth: int = 0) -> Key | None:
        """The def that a target recorded in the file at `path` stands for, None for one of no interest."""
        if depth > _DEPTH:
            return None
        if target.startswith(":"):
            return self._within(path, target[1:], depth)
        if target.startswith("."):
            target = self._absolute(target, path)
        parts = target.split(".")
        for cut in range(len(parts) - 1, 0, -1):
            module = self.modules.get(".".join(parts[:cut]))
            if module is not None:
                return self._within(module, ".".join(parts[cut:]), depth)
        return None

    def _within(self, path: str, name: str, depth: int) -> Key | None:
        for key in ((path, name), (path, f"{name}.__init__")):
            if key in self._known:
                return key
        parts = name.split(".")
        for cut in range(len(parts), 0, -1):
            for other in self.names.get((path, ".".join(parts[:cut])), ()):
                found = self.meant(".".join([other, *parts[cut:]]), path, depth + 1)
                if found is not None:
                    return found
        return None

    def _absolute(self, target: str, path: str) -> str:
        level = len(target) - len(target.lstrip("."))
        package = self._packages.get(path, "").split(".")
        if path.endswith("__init__.py"):
            level -= 1
        return ".".join([*package[: len(package) - level], target.lstrip(".")])


class Graph(Names):
    """The defs of a repository by file and name, with what they call."""

    def __init__(self, tree: Tree) -> None:
        self.calls = {(fact.path, fact["name"]): fact for fact in tree.facts("calls")}
        self.blocks: dict[Key, str] = {}
        for fact in tree.facts("blocks"):
            self.blocks.setdefault((fact.path, fact["name"]), fact["what"])
        super().__init__(tree, self.calls.keys() | self.blocks.keys())

    def blocking_paths(self, longest: int) -> dict[Key, tuple[str, ...]]:
        """For each plain def that comes to block within so many calls, the names on the shortest way to it."""
        callers: dict[Key, list[Key]] = defaultdict(list)
        for key, fact in self.calls.items():
            if not fact["async"]:
                for _, target in fact["calls"]:
                    callee = self.meant(target, fact.path)
                    if callee is not None:
                        callers[callee].append(key)
        ways: dict[Key, tuple[str, ...]] = {key: (what,) for key, what in self.blocks.items()}
        edge = list(ways)
        for _ in range(longest - 1):
            following = []
            for key in edge:
                for caller in callers.get(key, ()):
                    if caller not in ways:
                        ways[caller] = (key[1], *ways[key])
                        following.append(caller)
            edge = following
        return ways


def chains(tree: Tree, longest: int) -> Iterator[tuple[Chain, bool]]:
    """Every call of a plain def of the repository in a coroutine, and whether it ends in a blocking call."""
    graph = Graph(tree)
    ways: dict[Any, tuple[str, ...]] | None = None
    for (_, name), fact in graph.calls.items():
        if not fact["async"]:
            continue
        ways = graph.blocking_paths(longest - 1) if ways is None else ways
        for line, target in fact["calls"]:
            callee = graph.meant(target, fact.path)
            called = graph.calls.get(callee) if callee is not None else None
            if callee is None or (called is not None and called["async"]):
                continue
            way = ways.get(callee)
            yield Chain(fact, line, (name, callee[1], *(way or ()))), way is not None


def _modules(tree: Tree) -> Iterator[tuple[str, str]]:
    """The dotted names by which each Python file may be imported: below each folder that is no package."""
    for path in tree.of_kind("python"):
        parts = path.removesuffix(".py").split("/")
        folders = parts[:-1]
        if parts[-1] == "__init__":
            parts = folders
        for start in range(len(parts)):
            if start == 0 or "/".join([*folders[:start], "__init__.py"]) not in tree.files:
                yield ".".join(parts[start:]), path
