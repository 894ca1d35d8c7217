"""Who brings a package along: the shortest way to it from what a project asks for, over the edges of a lock."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

Node = tuple[str, str]
"""Name and version."""


class Reached(NamedTuple):
    """How a package comes in. `path` starts at what is asked for and ends at the package itself; `groups` are all that
    bring it."""

    path: tuple[str, ...]
    groups: tuple[str, ...]


def reach(
    versions: Mapping[str, Sequence[str]], edges: Mapping[Node, Iterable[str]], asked: Mapping[str, Iterable[str]]
) -> dict[Node, Reached]:
    """What is reached, by name and version. An edge is a name, or a name and a version. Circles do no harm.

    Of ways that are as short as each other the first in alphabet counts, and what a service runs with comes first.
    """
    found: dict[Node, tuple[tuple[str, ...], set[str]]] = {}
    for group in sorted(asked, key=lambda name: (name != "", name == "dev", name)):
        for node, path in _walk(versions, edges, asked[group]).items():
            known = found.setdefault(node, (path, set()))
            known[1].add(group)
    return {node: Reached(path, tuple(sorted(groups))) for node, (path, groups) in found.items()}


def _walk(
    versions: Mapping[str, Sequence[str]], edges: Mapping[Node, Iterable[str]], start: Iterable[str]
) -> dict[Node, tuple[str, ...]]:
    paths: dict[Node, tuple[str, ...]] = {}
    waiting: deque[tuple[Node, tuple[str, ...]]] = deque(
        (node, (node[0],)) for wanted in sorted(set(start)) for node in nodes(wanted, versions)
    )
    while waiting:
        node, path = waiting.popleft()
        if node in paths:
            continue
        paths[node] = path
        for wanted in sorted(edges.get(node, ())):
            waiting.extend((other, (*path, other[0])) for other in nodes(wanted, versions) if other not in paths)
    return paths


def nodes(wanted: str, versions: Mapping[str, Sequence[str]]) -> list[Node]:
    """The packages that an edge leads to: one version if it names one, else all of the name."""
    name, _, version = wanted.partition(" ")
    return [(name, one) for one in versions.get(name, ()) if not version or one == version]
