"""Imports and the distributions that they need: which of them no manifest declares."""

import sys
from collections.abc import Iterator
from typing import Final, NamedTuple

from scanners.dependencies.distributions import BROUGHT, SHOWN, distributions, is_brought
from scanners.dependencies.locking import is_aside
from scanners.dependencies.requirements import normal
from scanners.regex import regex
from scanners.tree import Fact, Tree

_TOOLING: Final = regex(r"(^|/)(setup|noxfile|fabfile|tasks|conf|conftest|manage)\.py$")
_NAME: Final = regex(r"[A-Za-z0-9][\w.-]*")
DECLARED, UNDECLARED, UNKNOWN = "declared", "undeclared", "unknown"


class Import(NamedTuple):
    """One import of another's module, and whether a manifest declares where it comes from.

    `distribution` is what brings an undeclared one; `brought` says whether a lock holds it for another package's sake,
    `shown` whether a declared package has its users import it.
    """

    fact: Fact
    top: str
    answer: str
    distribution: str = ""
    brought: bool = False
    shown: bool = False


def declared_names(tree: Tree) -> list[str]:
    """The distributions that manifests, environments and images name, in order."""
    names = {fact["name"] for fact in tree.facts("requirement", tests=True)}
    names.update(name for fact in tree.facts("environment", tests=True) for name in fact["names"])
    installed = (text for fact in tree.facts("install", tests=True) for text in fact["loose"])
    return sorted(names.union(normal(found[0]) for text in installed if (found := _NAME.match(text))) if names else ())


def imports(tree: Tree) -> Iterator[Import]:
    """Every import of the code that runs, in order; those of the repository itself and of tooling are left out."""
    declared = declared_names(tree)
    shown = {name for one in declared for name in SHOWN.get(one, ())}
    locked = {name for lock in tree.facts("lock") for name in lock["versions"]}
    locked |= {brought for name in declared for brought in BROUGHT.get(name, ())}
    own = tree.once("own modules", lambda: _own_modules(tree), lasts=True)
    sources: dict[str, str | None] = {}
    for fact in tree.facts("import"):
        top = fact["module"].partition(".")[0]
        if top in own or top.startswith("_") or _TOOLING.search(fact.path) or is_aside(fact.path):
            continue
        if top not in sources:
            sources[top] = None if is_brought(top, declared) else _source(top, locked)
        source = sources[top]
        if source is None or fact["optional"]:
            yield Import(fact, top, DECLARED)
        elif not source:
            yield Import(fact, top, UNKNOWN)
        else:
            yield Import(fact, top, UNDECLARED, source, source in locked, source in shown)


def _own_modules(tree: Tree) -> set[str]:
    names: set[str] = set(sys.stdlib_module_names)
    for path in tree.files_of("python"):
        *folders, name = path.split("/")
        names.update(folders, [name.partition(".")[0]])
    return names


def _source(top: str, locked: set[str]) -> str:
    """The distribution that a module comes from, as far as the lock or a table tells; empty when neither does."""
    held = next(
        (name for name in sorted(locked) if name in distributions(top) or name == top.lower().replace("_", "-")), ""
    )
    return held or next(iter(distributions(top)), "")
