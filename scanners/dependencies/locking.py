"""What of a commit's requirements is locked: the facts of manifests and locks, put together."""

from collections import defaultdict
from pathlib import PurePosixPath
from typing import Final

from scanners.dependencies.requirements import is_dev_group
from scanners.regex import regex
from scanners.tree import Fact, Tree

LOCKS: Final = ("uv-lock", "poetry-lock", "pdm-lock", "pylock", "pipfile-lock", "conda-lock")
_HOLDERS: Final = ("requirements", "req", "reqs")
_ASIDE: Final = regex(r"(^|/)(\.github|\.ci|ci|docs?|tests?|examples?|benchmarks?|tools?|scripts?)/")


def above(path: str, other: str) -> bool:
    """Whether `other` lies in the directory of `path` or in one above it."""
    directory, slash, _ = other.rpartition("/")
    return path.startswith(directory + slash)


def lock_of(tree: Tree, path: str) -> Fact | None:
    """The lock that speaks for the manifest at `path`: the nearest one at or above its directory."""
    near = [lock for lock in tree.facts("lock") if above(path, lock.path)]
    return max(near, key=lambda lock: lock.path.count("/"), default=None)


def locks_of(tree: Tree, path: str) -> list[Fact]:
    """All locks that speak for the manifest at `path`: the nearest one, and those beside it."""
    nearest = lock_of(tree, path)
    folder = nearest.path.rpartition("/")[0] if nearest is not None else None
    return [lock for lock in tree.facts("lock") if lock.path.rpartition("/")[0] == folder]


def unread_locks(tree: Tree) -> list[tuple[str, str]]:
    """The lock files that could not be read, each with the reason."""
    found = [(fact.path, str(fact["reason"])) for fact in tree.facts("unread") if fact.path_class.kind in LOCKS]
    large = [path for path, path_class in tree.too_large.items() if path_class.kind in LOCKS]
    return found + [(path, "It is over the size limit and was not read.") for path in sorted(large)]


def is_aside(path: str) -> bool:
    """Whether a manifest is for working on the code (`requirements-dev.txt`, `docs/...`), not for running it."""
    name = PurePosixPath(path).name
    held = PurePosixPath(path).parent.name in _HOLDERS or "requirements" in name or name.startswith("req")
    return _ASIDE.search(path) is not None or (held and is_dev_group(name.replace("requirements", "")))


def is_published(tree: Tree, path: str) -> bool:
    """Whether the manifest at `path` is the metadata of a distribution that others install beside their own things.

    Such a manifest gives ranges by design, and its lock is kept where it is built; a released archive leaves it out.
    """
    paths, dynamic = tree.once("published", lambda: _published(tree))
    return bool(tree.of_kind("archive")) or path in paths or not dynamic.isdisjoint(_folders(path))


def _published(tree: Tree) -> tuple[set[str], set[str]]:
    """The manifests that are published, and the folders of those whose requirements stand in other files."""
    public = [fact for fact in tree.facts("manifest") if fact["public"]]
    return {fact.path for fact in public}, {fact.path.rpartition("/")[0] for fact in public if fact["dynamic"]}


def _folders(path: str) -> list[str]:
    """The folder of a file and those above it, "" for the root."""
    parts = path.split("/")
    return ["/".join(parts[:end]) for end in range(len(parts))]


def pinned_names(tree: Tree, path: str) -> set[str]:
    """The names that something at or above the directory of `path` pins: a lock, constraints, requirements."""
    by_folder = tree.once("pinned by folder", lambda: _pinned(tree))
    return {name for folder in _folders(path) for name in by_folder.get(folder, ())}


def _pinned(tree: Tree) -> dict[str, set[str]]:
    names: dict[str, set[str]] = defaultdict(set)
    for lock in tree.facts("lock"):
        names[lock.path.rpartition("/")[0]].update(lock["versions"])
    for requirement in tree.facts("requirement"):
        if requirement["pinned"] and requirement.path_class.kind in ("requirements", "constraints"):
            names[requirement.path.rpartition("/")[0]].add(requirement["name"])
    return names


def main_manifests(tree: Tree) -> list[Fact]:
    """The manifests that say what the service runs with, the nearest to the root first."""
    found = [fact for fact in tree.facts("manifest") if (fact["count"] or fact["dynamic"]) and not is_aside(fact.path)]
    kept = [fact for fact in found if fact["kind"] != "constraints" and fact.path_class.name in ("service", "script")]
    return sorted(
        kept, key=lambda fact: (len(PurePosixPath(fact.path).parts), fact["kind"] != "requirements", fact.path)
    )
