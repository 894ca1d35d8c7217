"""Who brings a package along: the shortest way to it from what a project asks for, over the edges of a lock."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

_LONGEST: Final = 30
_MOST_GROUPS: Final = 50
"""Real projects have a dozen; all packages may be gone through for each."""
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
    for group in sorted(asked, key=lambda name: (name != "", name == "dev", name))[:_MOST_GROUPS]:
        comes_from = _walk(versions, edges, asked[group])
        for node in comes_from:
            if node in found:
                found[node][1].add(group)
            else:
                found[node] = (_path(node, comes_from), {group})
    return {node: Reached(path, tuple(sorted(groups))) for node, (path, groups) in found.items()}


def _walk(
    versions: Mapping[str, Sequence[str]], edges: Mapping[Node, Iterable[str]], start: Iterable[str]
) -> dict[Node, Node | None]:
    """What is reached, each with the package before it; None at the start."""
    comes_from: dict[Node, Node | None] = {}
    followed = set(start)
    waiting: deque[tuple[Node, Node | None]] = deque(
        (node, None) for wanted in sorted(followed) for node in nodes(wanted, versions)
    )
    while waiting:
        node, before = waiting.popleft()
        if node not in comes_from:
            comes_from[node] = before
            further = sorted(set(edges.get(node, ())) - followed)
            followed.update(further)
            waiting.extend((other, node) for wanted in further for other in nodes(wanted, versions))
    return comes_from


def _path(node: Node, comes_from: Mapping[Node, Node | None]) -> tuple[str, ...]:
    """The names on the way to a package; of a very long way its end."""
    names = [node[0]]
    before = comes_from[node]
    while before is not None and len(names) < _LONGEST:
        names.append(before[0])
        before = comes_from[before]
    return tuple(reversed(names if before is None else [*names, "..."]))


def nodes(wanted: str, versions: Mapping[str, Sequence[str]]) -> list[Node]:
    """The packages that an edge leads to: one version if it names one, else all of the name."""
    name, _, version = wanted.partition(" ")
    return [(name, one) for one in versions.get(name, ()) if not version or one == version]
