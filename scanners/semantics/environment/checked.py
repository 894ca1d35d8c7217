"""Whether a step of a pipeline checks something, itself or in what it calls."""

import posixpath
from typing import Final

from scanners.regex import regex
from scanners.tree import Fact, Tree

_NAMED: Final = {
    "tests": regex(r"test|check|ci\b|verify"),
    "static": regex(r"lint|check|typ|static|style|qa|format"),
}


def calls_unseen(step: Fact, tree: Tree) -> bool:
    """Whether a step calls a script or a recipe that was not read."""
    recipes = tree.facts("recipe", tests=True)
    parts = [call.partition(":") for call in step["calls"] if not call.endswith(".py")]
    kinds = {recipe["kind"] for recipe in recipes}
    return any(
        kind not in kinds or (kind == "file" and not any(_is(recipe, kind, name) for recipe in recipes))
        for kind, _, name in parts
    )


def front_of(tree: Tree, code: list[str]) -> str:
    """The file that stands for the repository: where it declares what it is, or else the nearest code."""
    declared = [fact.path for fact in tree.facts("manifest")]
    return min(declared or code, key=lambda path: (path.count("/"), path))


def runs(fact: Fact, sort: str, tree: Tree, depth: int) -> bool:
    """Whether a step or a recipe checks this, itself or in what it calls."""
    if fact[sort]:
        return True
    for call in fact["calls"] if depth else ():
        kind, _, name = call.partition(":")
        recipes = [recipe for recipe in tree.facts("recipe", tests=True) if _is(recipe, kind, name)]
        if any(runs(recipe, sort, tree, depth - 1) for recipe in recipes):
            return True
        if not recipes and _NAMED[sort].search(
            name if kind in ("make", "file") else name + ("test" if sort == "tests" else "")
        ):
            return True
    return False


def _is(recipe: Fact, kind: str, name: str) -> bool:
    if recipe["kind"] != kind:
        return False
    if kind == "make":
        return bool(recipe["name"] == name)
    return kind != "file" or posixpath.basename(recipe.path) == posixpath.basename(name)
