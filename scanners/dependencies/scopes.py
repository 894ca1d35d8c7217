"""
What each lock of a commit decides: its packages beside what asks for them. What pip files pin is one such scope, too.

    for scope in scopes(tree):
        scope.packages["django"]       # list[Package] as the lock has them
        scope.declared["django"]       # list[Fact], the requirements that ask for it
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

from scanners.dependencies.including import groups
from scanners.dependencies.locking import is_aside, locks_of
from scanners.dependencies.packages import Package
from scanners.dependencies.reach import Node, Reached, reach
from scanners.dependencies.requirements import normal
from scanners.tree import Fact, Tree

_PIP: Final = ("requirements", "constraints")


@dataclass(frozen=True, slots=True)
class Pinned:
    """A package with the file that pins it."""

    package: Package
    path: str
    line: int


@dataclass
class Scope:
    """One lock, or all pip files together (`lock` is None).

    `asked` holds the names that the project asks for, by group; `edges` says whether it is known who brings whom along,
    `reached` how each name and version comes in.
    """

    lock: Fact | None = None
    packages: dict[str, list[Pinned]] = field(default_factory=lambda: defaultdict(list))
    declared: dict[str, list[Fact]] = field(default_factory=lambda: defaultdict(list))
    copies: dict[str, list[Fact]] = field(default_factory=lambda: defaultdict(list))
    asked: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    edges: bool = True
    reached: Mapping[Node, Reached] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """The lock's, empty for pip files."""
        return self.lock.path if self.lock is not None else ""

    @cached_property
    def asked_names(self) -> frozenset[str]:
        """The names that the project asks for, once all that asks is known."""
        return frozenset(wanted.partition(" ")[0] for names in self.asked.values() for wanted in names)


def scopes(tree: Tree) -> tuple[Scope, ...]:
    """The scopes of a commit, in order of path; that of pip files, where there are any, stands last."""
    return tree.once("scopes", lambda: _scopes(tree))


def _scopes(tree: Tree) -> tuple[Scope, ...]:
    locks = {fact.path: _of_lock(fact) for fact in tree.facts("lock") if fact.path_class.name in ("service", "script")}
    pip = Scope()
    written_out = _compiled(tree)
    near: dict[str, list[Scope]] = {}
    brought: dict[str, set[str]] = defaultdict(set)
    placed = groups(tree)
    for found in tree.facts("requirement"):
        if found.path_class.name not in ("service", "script"):
            continue
        fact = _placed(found, placed[found.path]) if found.path in placed else found
        if fact.path not in near:
            near[fact.path] = [locks[lock.path] for lock in locks_of(tree, fact.path) if lock.path in locks]
        holding = [scope for scope in near[fact.path] if _belongs(fact, scope)]
        for scope in holding:
            (scope.copies if fact.path in written_out else scope.declared)[fact["name"]].append(fact)
        if not holding:
            _add_to(pip, fact, fact.path in written_out)
            for other in fact["via"]:
                brought[normal(other)].add(fact["name"])
    _finish(pip, brought, written_out)
    whole = [locks[path] for path in sorted(locks)]
    for scope in whole:
        _ask(scope)
        for facts in scope.declared.values():  # What the lock was made from comes first.
            facts.sort(key=lambda fact: fact.path_class.kind in _PIP)
    for scope in (*whole, pip):
        scope.reached = _reach(scope)
    return (*whole, pip) if pip.packages or pip.declared else tuple(whole)


def _placed(fact: Fact, group: str | None) -> Fact:
    return Fact(fact.path, fact.path_class, {**fact.fields, "placed": group})


def _reach(scope: Scope) -> Mapping[Node, Reached]:
    """How each package comes in."""
    versions = {name: [pin.package.version for pin in pins] for name, pins in scope.packages.items()}
    edges = {(name, pin.package.version): pin.package.requires for name, pins in scope.packages.items() for pin in pins}
    return reach(versions, edges, scope.asked)


def _compiled(tree: Tree) -> set[str]:
    """The pip files that a tool wrote: they name the closure, so that not each name in them is asked for."""
    return {fact.path for fact in tree.facts("manifest") if fact["generated"]}


def _belongs(fact: Fact, scope: Scope) -> bool:
    """Whether a lock speaks for a requirement: that of a project, or one of a pip file that the lock holds as well."""
    return fact.path_class.kind not in _PIP or fact["name"] in scope.packages


def _of_lock(lock: Fact) -> Scope:
    scope = Scope(lock, edges=lock["edges"])
    for fields in lock["packages"]:
        package = package_of(fields)
        scope.packages[package.name].append(Pinned(package, lock.path, package.line))
    return scope


def package_of(fields: Mapping[str, Any]) -> Package:
    """A package of a fact "lock"."""
    plain: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
    return Package(**plain)


def _ask(scope: Scope) -> None:
    """Who asks, as the lock tells it, or as the manifests do."""
    assert scope.lock is not None
    if scope.lock["asked"] is not None:
        scope.asked.update({group: list(names) for group, names in scope.lock["asked"].items()})
        return
    for name, facts in scope.declared.items():
        for group in {group_in(fact) for fact in facts}:
            scope.asked[group].append(name)
    for name, pinned in scope.packages.items():
        for one in pinned:
            if one.package.direct:
                scope.asked[next(iter(one.package.groups or ("",)))].append(name)


def _add_to(pip: Scope, fact: Fact, compiled: bool) -> None:
    kind, name = fact.path_class.kind, fact["name"]
    asked_for = kind != "constraints" and (not compiled or _says_direct(fact["via"]))
    if asked_for:
        pip.declared[name].append(fact)
    if kind in _PIP and fact["pinned"]:
        pip.packages[name].append(Pinned(_pin(fact), fact.path, fact.line))


def _says_direct(via: Iterable[str]) -> bool:
    return any(name.startswith(("-r", "-c")) or "(" in name or "/" in name for name in via)


def _pin(fact: Fact) -> Package:
    version = fact["specifier"].lstrip("=").strip() if not fact["url"] and "," not in fact["specifier"] else ""
    return Package(
        fact["name"],
        version,
        fact["source"],
        fact["url"],
        (),
        None,
        tuple(fact["hashes"]),
        int(fact["hashed"] or (fact["source"] == "git" and fact["pinned"])),
        (fact["marker"],) if fact["marker"] else (),
    )


def _finish(pip: Scope, brought: Mapping[str, set[str]], compiled: set[str]) -> None:
    """Keep one pin of each version, with who it brings along; a constraint pins only what something asks for."""
    for name in [*pip.packages]:
        requires = tuple(sorted(brought.get(name, ())))
        pins = [pin for pin in pip.packages[name] if pin.path in compiled or name in pip.declared]
        kept = {
            (pin.package.version, pin.package.address): replace(pin, package=replace(pin.package, requires=requires))
            for pin in sorted(pins, key=lambda pin: (is_aside(pin.path), pin.path), reverse=True)
        }
        if kept:
            pip.packages[name] = [kept[key] for key in sorted(kept)]
        else:
            del pip.packages[name]
    for name, facts in pip.declared.items():
        for group in {group_in(fact) for fact in facts}:
            pip.asked[group].append(name)
        pip.declared[name] = [fact for fact in facts if fact.path not in compiled] or facts
    if compiled and not brought:
        pip.edges = False


def group_in(fact: Fact) -> str:
    """The group of a requirement: that of whoever takes its file in; a pip file for working on the code is "dev"."""
    placed = fact.get("placed")
    if isinstance(placed, str):
        return placed
    return fact["group"] or ("dev" if is_aside(fact.path) else "")
