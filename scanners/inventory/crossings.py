"""The facts about clients and calls of all files, put together to one crossing a boundary."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from scanners.facts.tests import absolute, module_of
from scanners.tree import Fact, Tree


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
    def facts(self) -> list[Fact]:
        """Everything that is known of it: clients first."""
        return [*self.made, *self.called]

    @property
    def calls(self) -> int | None:
        """How many calls are seen; None where a client is made and no call of it is in sight."""
        if self.called:
            return len(self.called)
        return len(self.made) if all(fact.get("client") == "" for fact in self.made) else None

    @property
    def reasons(self) -> list[str]:
        """Why the target is not known."""
        return [fact["why"] for fact in self.facts if fact.get("why")][:3]

    @property
    def serves(self) -> bool:
        """Whether the service itself goes there, and not only scripts and commands."""
        return any(fact.path_class.name != "script" for fact in self.facts)

    def places(self) -> Iterator[tuple[Fact, str]]:
        """Where it stands, the calls that the service makes first, with what each place says."""
        ordered = sorted(self.facts, key=lambda fact: (fact.path_class.name == "script", fact.path, fact.line))
        seen = set()
        for fact in ordered:
            if (fact.path, fact.line) not in seen:
                seen.add((fact.path, fact.line))
                yield fact, _says(fact)


def _says(fact: Fact) -> str:
    if "fallback" in fact.fields and fact.get("client") is not None and "pool" not in fact.fields:
        return fact.get("method") or fact.get("call") or "call"
    return "client"


def crossings(tree: Tree) -> list[Crossing]:
    """The boundaries of a commit."""
    known: dict[tuple[str, str, str], Crossing] = {}
    clients = Clients(tree)
    for fact in tree.facts("boundary-client"):
        _crossing(known, fact, clients).made.append(fact)
    for fact in tree.facts("boundary-call"):
        _crossing(known, fact, clients).called.append(fact)
    for fact in tree.facts("boundary-use"):
        client = clients.used(fact)
        if client is not None:
            _crossing(known, client, clients).called.append(fact)
    return [found for found in known.values() if not _is_covered(found)]


class Clients:
    """The clients of a commit by the names that other code has for them."""

    def __init__(self, tree: Tree) -> None:
        self._by_name: dict[str, Fact] = {}
        self._by_line: dict[tuple[str, int], Fact] = {}
        self._handed: dict[str, str] = {}
        for fact in tree.facts("boundary-client"):
            self._by_line[(fact.path, fact.line)] = fact
            if fact["client"].startswith(":"):
                self._by_name.setdefault(f"{module_of(fact.path)}.{fact['client'][1:]}", fact)
        for fact in tree.facts("handed-on"):
            name = f"{module_of(fact.path)}.{fact['name']}"
            target = fact["target"]
            self._handed[name] = (
                f"{module_of(fact.path)}.{target[1:]}" if target.startswith(":") else absolute(target, fact.path)
            )

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


def _crossing(known: dict[tuple[str, str, str], Crossing], fact: Fact, clients: Clients) -> Crossing:
    target = fact["target"]
    holder = "" if target else _holder(fact)
    key = (fact["kind"], fact["library"], target or holder)
    if key not in known:
        known[key] = Crossing(fact["kind"], fact["library"], target, holder)
    return known[key]


def _holder(fact: Fact) -> str:
    name = fact["client"]
    module = module_of(fact.path)
    return f"{module}.{name[1:]}" if name.startswith(":") else module


def _is_covered(found: Crossing) -> bool:
    """Whether a session alone is known of it, whose calls name addresses of their own."""
    return not found.called and not found.target and all(fact.get("session") for fact in found.made) and False
