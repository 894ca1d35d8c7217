"""Facts of the call graph joined: which def a dotted name means, and what it comes to block on."""

from collections import defaultdict
from collections.abc import Iterator, Set
from typing import Final, NamedTuple

from scanners.semantics.concurrency.blocking import BLOCKING
from scanners.tree import Fact, Tree

_DEPTH: Final = 8
_PLAIN: Final = frozenset(name for name, found in BLOCKING.items() if found.kind not in ("file", "input", "wait"))
"""What blocks whatever it is given, so that a call of it in another file than its client's is known to."""
Key = tuple[str, str]
"""A def: the path of its file and its name there. A call of a library has no path."""


class Step(NamedTuple):
    """A def on the way to a blocking call, and where it makes the next call of it."""

    name: str
    path: str
    line: int


class Chain(NamedTuple):
    """A call in a coroutine: the defs from the coroutine on, and the blocking call that it ends in, "" for none."""

    steps: tuple[Step, ...]
    blocks: str
    fact: Fact


class Names:
    """Which of the known defs of a repository a dotted name means."""

    def __init__(self, tree: Tree, known: Set[Key]) -> None:
        self.modules = tree.once("modules", lambda: dict(_modules(tree)), lasts=True)
        self.names = tree.once("names handed on", lambda: _handed_on(tree), lasts=True)
        self._packages = tree.once("packages", lambda: _packages(tree), lasts=True)
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
        return ("", target) if depth and ("", target) in self._known else None

    def module(self, target: str, path: str) -> str | None:
        """The file of the module that a dotted name stands for in the file at `path`."""
        return self.modules.get(self._absolute(target, path) if target.startswith(".") else target)

    def _within(self, path: str, name: str, depth: int) -> Key | None:
        for key in ((path, name), (path, f"{name}.__init__")):
            if key in self._known:
                return key
        parts = name.split(".")
        for cut in range(len(parts), 0, -1):
            for other, own in self.names.get((path, ".".join(parts[:cut])), ()):
                if cut < len(parts) and parts[cut] in own:
                    continue  # What a class overrides is not that of its base.
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
        self.blocks: dict[Key, Fact] = {}
        for fact in tree.facts("blocks"):
            self.blocks.setdefault((fact.path, fact["name"]), fact)
        super().__init__(tree, self.calls.keys() | self.blocks.keys() | {("", name) for name in _PLAIN})

    def called(self, fact: Fact) -> Iterator[tuple[Key, int]]:
        """What the def of a `calls` fact runs, and where: no coroutine, and no generator that it only makes."""
        for line, target, *consumed in fact["calls"]:
            key = self.meant(target, fact.path)
            if key is not None and not self._is(key, "async") and (consumed or not self._is(key, "lazy")):
                yield key, line

    def _is(self, key: Key, what: str) -> bool:
        known = self.calls.get(key) or self.blocks.get(key)
        return known is not None and bool(known.get(what))

    def blocking_ways(self, longest: int) -> dict[Key, tuple[tuple[Step, ...], str]]:
        """For each plain def that comes to block within so many calls, the shortest way to it and what blocks there."""
        callers: dict[Key, list[tuple[Key, int]]] = defaultdict(list)
        for key, fact in self.calls.items():
            if not fact["async"]:
                for callee, line in self.called(fact):
                    callers[callee].append((key, line))
        ways: dict[Key, tuple[tuple[Step, ...], str]] = {("", name): ((), name) for name in _PLAIN}
        ways |= {key: ((Step(key[1], key[0], fact.line),), fact["what"]) for key, fact in self.blocks.items()}
        edge = list(ways)
        for _ in range(longest - 1):
            following = []
            for key in edge:
                for caller, line in callers.get(key, ()):
                    if caller not in ways:
                        steps, what = ways[key]
                        ways[caller] = ((Step(caller[1], caller[0], line), *steps), what)
                        following.append(caller)
            edge = following
        return ways


def chains(tree: Tree, longest: int) -> Iterator[Chain]:
    """Every call of a plain def of the repository in a coroutine, and whether it ends in a blocking call."""
    graph = tree.once("graph of calls", lambda: Graph(tree))
    ways: dict[Key, tuple[tuple[Step, ...], str]] | None = None
    for (path, name), fact in graph.calls.items():
        if not fact["async"]:
            continue
        ways = graph.blocking_ways(longest - 1) if ways is None else ways
        for callee, line in graph.called(fact):
            steps, what = ways.get(callee, ((), ""))
            yield Chain((Step(name, path, line), *steps), what, fact)


def _handed_on(tree: Tree) -> dict[Key, list[tuple[str, frozenset[str]]]]:
    names: dict[Key, list[tuple[str, frozenset[str]]]] = {}
    for fact in tree.facts("handed-on"):
        names.setdefault((fact.path, fact["name"]), []).append((fact["target"], frozenset(fact.get("own", ()))))
    return names


def _packages(tree: Tree) -> dict[str, str]:
    modules = tree.once("modules", lambda: dict(_modules(tree)), lasts=True)
    return {path: module for module, path in reversed(modules.items())}


def _modules(tree: Tree) -> Iterator[tuple[str, str]]:
    """The dotted names by which each Python file may be imported: below each folder that is no package."""
    files = tree.files_of("python")
    for path in tree.of_kind("python"):
        parts = path.removesuffix(".py").split("/")
        folders = parts[:-1]
        if parts[-1] == "__init__":
            parts = folders
        for start in range(len(parts)):
            if start == 0 or "/".join([*folders[:start], "__init__.py"]) not in files:
                yield ".".join(parts[start:]), path
