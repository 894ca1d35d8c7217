"""What is wrong with a dependency, as far as manifests and locks tell."""

from collections.abc import Sequence
from typing import NamedTuple

from scanners.dependencies.fitting import fit
from scanners.dependencies.locking import is_published
from scanners.dependencies.ranges import allows, installable
from scanners.dependencies.scopes import Pinned, Scope
from scanners.dependencies.undeclared import Import
from scanners.inventory.table import BAD, GOOD, UNKNOWN, Cell
from scanners.tree import Fact, Tree

OK, UNPINNED, NOT_LOCKED, UNHASHED = "ok", "unpinned", "not locked", "unhashed"
YANKED, NOT_DECLARED = "yanked", "not declared"


class State(NamedTuple):
    """The state of a dependency, None where it cannot be told, and what there is to say of it."""

    name: str | None
    why: str = ""


def state_of(name: str, pin: Pinned | None, scope: Scope, tree: Tree, missing: Sequence[Import]) -> State:
    """The gravest that there is to say. `missing` are imports of it that no manifest declares."""
    facts = scope.declared.get(name, [])
    if scope.lock is not None and facts:
        found = _in_lock(facts, scope.lock, pin)
        if found is not None:
            return found
    if pin is not None and pin.package.yanked:
        return State(YANKED)
    if missing:
        return State(NOT_DECLARED)
    copies = [fact for fact in scope.copies.get(name, ()) if pin is not None and not _agrees(fact, scope, name)]
    if copies:
        return State("out of step")
    if pin is None:
        return _unlocked(facts, tree)
    if any(fact["url"] and not fact["pinned"] for fact in facts) and scope.lock is None:
        return State(UNPINNED)
    return State(OK if pin.package.hashes or pin.package.source in ("path", "conda") else UNHASHED)


def _in_lock(facts: Sequence[Fact], lock: Fact, pin: Pinned | None) -> State | None:
    """What comparing with the lock tells, None for nothing wrong."""
    fits = [fit(fact, lock) for fact in facts if fact.path_class.kind in ("pyproject", "pipfile") or pin is not None]
    grave = next((found for found in fits if found.fault), None)
    if grave is not None:
        return State(grave.fault)
    if pin is None:
        return State(
            None, next((found.says for found in fits if found.says), "Nothing says whether the lock covers it.")
        )
    return None


def _agrees(copy: Fact, scope: Scope, name: str) -> bool:
    """Whether a pip file that was written out holds a version that the lock has as well."""
    versions = [pin.package.version for pin in scope.packages.get(name, ())]
    return copy["url"] != "" or any(allows(copy["specifier"], version) is not False for version in versions)


def _unlocked(facts: Sequence[Fact], tree: Tree) -> State:
    if all(fact["pinned"] for fact in facts):
        return State(UNHASHED)
    installed = [fact for fact in facts if fact["url"] or fact.path_class.kind in ("requirements", "constraints")]
    return State(UNPINNED if any(not fact["pinned"] for fact in installed) else NOT_LOCKED)


def is_given_by_design(facts: Sequence[Fact], tree: Tree) -> bool:
    """Whether ranges are what these manifests are there for: those of a library, or of what others install.

    What no server installs, by its markers, may be anything as well.
    """
    if facts and not any(installable([fact["marker"]] if fact["marker"] else []) for fact in facts):
        return True
    return tree.kind == "library" or all(is_published(tree, fact.path) for fact in facts)


def mark_of(state: Cell, by_design: bool) -> dict[str, str]:
    """The mark of a state. A pin without digests is neither good nor bad, and so is a range where it belongs."""
    if state is None:
        return {"state": UNKNOWN}
    if state == OK:
        return {"state": GOOD}
    return {} if state == UNHASHED or (state in (NOT_LOCKED, UNPINNED) and by_design) else {"state": BAD}
