"""Requirement files that others take in: by `-r`, or as the dynamic requirements of a project."""

import posixpath
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from scanners.tree import Fact, Tree


class Inclusion(NamedTuple):
    """One file that takes another in. `target` is its path below the root; `group` what a project takes it in for."""

    by: Fact
    target: str
    group: str


def inclusions(tree: Tree) -> Iterator[Inclusion]:
    """Every inclusion of a file of the repository. Addresses and names with variables are none of it."""
    for manifest in tree.facts("manifest"):
        for name, group in manifest["includes"]:
            if "://" not in name and "$" not in name and name.strip():
                target = posixpath.normpath(posixpath.join(posixpath.dirname(manifest.path), name.strip()))
                yield Inclusion(manifest, target, group)


def groups(tree: Tree) -> Mapping[str, str]:
    """What the requirement files are installed for that a project takes in, and those that these take in themselves.

    A file that only other requirement files take in keeps what its own name says. Circles do no harm.
    """
    taken: dict[str, list[str]] = defaultdict(list)
    found: dict[str, set[str]] = defaultdict(set)
    waiting: list[tuple[str, str]] = []
    for one in inclusions(tree):
        if one.by["kind"] in ("requirements", "constraints"):
            taken[one.by.path].append(one.target)
        else:
            waiting.append((one.target, one.group))
    while waiting:
        path, group = waiting.pop()
        if group not in found[path]:
            found[path].add(group)
            waiting += [(target, group) for target in taken[path]]
    return {path: "" if "" in listed else min(listed) for path, listed in found.items()}
