"""The facts about clients and calls of all files, put together to one crossing a boundary."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from scanners.modules import absolute, module_of
from scanners.regex import regex
from scanners.tree import Fact, Tree

_EXAMPLE: Final = regex(r"example|sample|template|dist", re.IGNORECASE)
_FOR_TESTS: Final = regex(r"test|smoke|_dev|_local|/dev/|/local|(^|/)dev\.", re.IGNORECASE)
_ONCE: Final = regex(
    r"(alembic|migrations?)/([^/]+/)*env\.py$|^(contrib|tools|ci)/|(^|/)(setup|hatch_build|noxfile|versioneer|_version|_build)\.py$"
)
"""Files that are no part of what runs in production, though their paths are those of modules."""
_LAST: Final = 2
_NOTHING: Final = "No address is given here."


@dataclass(slots=True)
class Crossing:
    """One boundary: a group of calls of one library to one target, or through one client, or out of one module."""

    kind: str
    library: str
    target: str
    holder: str
    made: list[Fact] = field(default_factory=list)
    called: list[Fact] = field(default_factory=list)

    @property
    def key(self) -> str:
        """What it is, wherever it stands."""
        return f"{self.kind} {self.library} {self.target or self.holder}"

    @property
    def shown(self) -> str:
        """The target in the words of people: what a setting holds, where that is known."""
        held = [fact["shown"] for fact in self.made if fact.get("shown")]
        return held[0] if held else self.target

    @property
    def facts(self) -> list[Fact]:
        """Everything that is known of it: clients first."""
        return [*self.made, *self.called]

    @property
    def calls(self) -> int | None:
        """How many calls are seen; None where a client is made and no call of it is in sight."""
        if self.called:
            return sum(not fact.get("wait") for fact in self.called) or len(self.called)
        return len(self.made) if all(fact.get("client") == "" for fact in self.made) else None

    @property
    def reasons(self) -> list[str]:
        """Why the target is not known."""
        said = dict.fromkeys(fact["why"] for fact in self.facts if fact.get("why"))
        telling = [why for why in said if why != _NOTHING]
        return (telling or list(said))[:3]

    @property
    def serves(self) -> bool:
        """Whether the service itself goes there, and not only scripts and commands."""
        return any(fact.path_class.name != "script" and not _ONCE.search(fact.path) for fact in self.facts)

    def places(self) -> Iterator[tuple[Fact, str]]:
        """Where it stands, the calls that the service makes first, with what each place says."""
        ordered = sorted(self.facts, key=lambda fact: (fact.path_class.name == "script", fact.path, fact.line))
        seen = set()
        for fact in ordered:
            if (fact.path, fact.line) not in seen:
                seen.add((fact.path, fact.line))
                yield fact, _says(fact)


def _says(fact: Fact) -> str:
    if fact.get("setting"):
        return str(fact["setting"])
    if "fallback" in fact.fields and fact.get("client") is not None and "pool" not in fact.fields:
        return fact.get("method") or fact.get("call") or "call"
    return "client"


def crossings(tree: Tree) -> list[Crossing]:
    """The boundaries of a commit."""
    return tree.once("crossings", lambda: _crossings(tree))


def _crossings(tree: Tree) -> list[Crossing]:
    known: dict[tuple[str, str, str], Crossing] = {}
    held = _addresses(tree)
    clients = Clients(tree, held)
    for fact in tree.facts("boundary-call"):
        _crossing(known, _located(fact, held)).called.append(fact)
    for fact in tree.facts("boundary-use"):
        client = clients.used(fact)
        if client is not None:
            _crossing(known, client).called.append(fact)
    made = [_located(fact, held) for fact in _effective(tree.facts("boundary-client"))]
    brokers = [fact for fact in made if fact.get("setting") and fact["library"] == "celery"]
    for fact in made:
        if fact["library"] == "celery" and fact["why"] == _NOTHING and brokers:
            _crossing(known, brokers[0]).made.append(fact)  # The application reads its broker from the settings.
        elif not fact.get("used") or _key(fact) in known:
            _crossing(known, fact).made.append(fact)
    return list(known.values())


class Clients:
    """The clients of a commit by the names that other code has for them."""

    def __init__(self, tree: Tree, held: Mapping[str, str]) -> None:
        self._by_name: dict[str, Fact] = {}
        self._by_line: dict[tuple[str, int], Fact] = {}
        for fact in (_located(each, held) for each in tree.facts("boundary-client")):
            self._by_line[(fact.path, fact.line)] = fact
            if fact["client"].startswith(":"):
                self._by_name.setdefault(f"{module_of(fact.path)}.{fact['client'][1:]}", fact)
        self._handed = tree.once("targets handed on", lambda: _handed_on(tree), lasts=True)

    def used(self, fact: Fact) -> Fact | None:
        """The client that a use goes through, None where it is none of this repository's."""
        if fact["made"]:
            return self._by_line.get((fact.path, fact["made"]))
        name = fact["client"]
        return self.named(f"{module_of(fact.path)}.{name[1:]}" if name.startswith(":") else absolute(name, fact.path))

    def named(self, name: str) -> Fact | None:
        """The client of an absolute dotted name, through what packages and base classes hand on."""
        for _ in range(4):
            if name in self._by_name:
                return self._by_name[name]
            head, _, last = name.rpartition(".")
            if name in self._handed:
                name = self._handed[name]
            elif head in self._handed:
                name = f"{self._handed[head]}.{last}"
            else:
                return self._by_ending(name)
        return None

    def _by_ending(self, name: str) -> Fact | None:
        """The only client whose name ends alike: the root of the sources is not always that of the repository."""
        if name.count(".") < 1:
            return None
        found = [fact for known, fact in self._by_name.items() if known.endswith(f".{name}")]
        return found[0] if len(found) == 1 else None


def _effective(made: list[Fact]) -> list[Fact]:
    """The clients; of a setting that several files make those of production, else of examples, else of tests."""
    best: dict[str, int] = {}
    for fact in made:
        name = _setting(fact)
        best[name] = min(_rank(fact.path), best.get(name, _LAST))
    return [fact for fact in made if not _setting(fact) or _rank(fact.path) == best[_setting(fact)]]


def _handed_on(tree: Tree) -> dict[str, str]:
    """What dotted names of the repository stand for, by themselves and absolute."""
    handed = {}
    for fact in tree.facts("handed-on"):
        module, target = module_of(fact.path), fact["target"]
        here = f"{module}.{target[1:]}" if target.startswith(":") else absolute(target, fact.path)
        handed[f"{module}.{fact['name']}"] = here
    return handed


def _addresses(tree: Tree) -> dict[str, str]:
    """Where the constants of the repository lead, by their dotted names."""
    return {
        f"{module_of(fact.path)}.{name}": where
        for fact in tree.facts("boundary-addresses")
        for name, where in fact["names"].items()
    }


def _located(fact: Fact, held: Mapping[str, str]) -> Fact:
    """A fact with what a constant of another file holds as its target, where it names one."""
    given = absolute(fact["given"], fact.path) if fact["given"] else ""
    where = held.get(given, "")
    if not where:
        return fact
    return Fact(fact.path, fact.path_class, {**fact.fields, "target": where, "why": ""})


def _setting(fact: Fact) -> str:
    return str(fact.get("setting", "")).partition(".")[0]


def _rank(path: str) -> int:
    name = path.rpartition("/")[2]
    return _LAST if _FOR_TESTS.search(path) else 1 if _EXAMPLE.search(name) else 0


def _key(fact: Fact) -> tuple[str, str, str]:
    return fact["kind"], fact["library"], fact["target"] or _holder(fact)


def _crossing(known: dict[tuple[str, str, str], Crossing], fact: Fact) -> Crossing:
    """The group that a fact belongs to."""
    key = _key(fact)
    if key not in known:
        known[key] = Crossing(fact["kind"], fact["library"], fact["target"], "" if fact["target"] else key[2])
    return known[key]


def _holder(fact: Fact) -> str:
    name = fact["client"]
    module = module_of(fact.path)
    return f"{module}.{name[1:]}" if name.startswith(":") else module
