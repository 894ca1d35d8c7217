"""The pages of a commit: which is the first, and whether any of them speaks of something."""

from pathlib import PurePosixPath
from typing import Final

from scanners.tree import Fact, Tree

_HOMES: Final = frozenset({".", ".github", "docs", "doc"})
_FRONTS: Final = ("pyproject", "requirements", "setup-cfg", "pipfile", "dockerfile", "compose", "python")


def pages(tree: Tree) -> list[Fact]:
    """The pages of the repository's own, the nearest to the top first."""
    return tree.once("pages", lambda: _pages(tree))


def _pages(tree: Tree) -> list[Fact]:
    own = [fact for fact in tree.facts("document") if fact.path_class.name == "service"]
    return sorted(own, key=lambda fact: (fact.path.count("/"), fact.path))


def readme(tree: Tree) -> Fact | None:
    """The page that a visitor sees first, None where there is none at the top."""
    found = (page for page in pages(tree) if page["kind"] == "readme")
    return next((page for page in found if PurePosixPath(page.path).parent.as_posix() in _HOMES), None)


def front(tree: Tree) -> str:
    """The path that stands for the whole repository in a finding: its README, its manifest, or its first file."""
    page = readme(tree)
    if page is not None:
        return page.path
    for kind in _FRONTS:
        found = sorted(tree.of_kind(kind), key=lambda path: (path.count("/"), path))
        if found:
            return found[0]
    return min(tree.files, key=lambda path: (path.count("/"), path), default="")


def speaking_of(tree: Tree, topic: str, *kinds: str) -> tuple[str, int] | None:
    """Where a page of one of these kinds stands, or one that covers the topic by a heading, a link or a command."""
    listed = [page for page in pages(tree) if _is_written(page)]
    own = next((page for page in listed if page["kind"] in kinds), None)
    if own is not None:
        return own.path, 1
    page = next((page for page in listed if topic in page["covers"]), None)
    return (page.path, page["covers"][topic]) if page else None


def _is_written(page: Fact) -> bool:
    """Whether a page of its own says anything, as neither a promise to write it nor the form for others does."""
    if page["unwritten"]:
        return False
    return "template" not in page.path.lower() or not PurePosixPath(page.path).stem.lower().endswith("template")


def points_elsewhere(tree: Tree) -> bool:
    """Whether the README sends its reader to a site of documentation that is not in the repository."""
    page = readme(tree)
    return page is not None and bool(page["elsewhere"])
