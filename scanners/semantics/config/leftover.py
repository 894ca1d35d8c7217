"""Variables that are written down for whoever deploys, and that nothing reads any more."""

from collections.abc import Iterator, Set

from scanners.facts.environment import is_standard
from scanners.finding import Confidence
from scanners.tree import Fact, Tree


def left_over(tree: Tree, read: Set[str], computed: bool) -> Iterator[tuple[Fact, str, Confidence]]:
    """The variables of examples and of compose services built here that neither code nor a script reads.

    `read` are those that the code reads; where it computes names too, or another text has the name, it is a guess.
    """
    used = {name.upper() for fact in tree.facts("env-used") for name in fact["names"]}
    for example in tree.facts("env-example"):
        name = example["name"]
        if name not in read | used and not is_standard(name):
            guess = computed or name in _words(tree, ("env-example",))
            yield example, name, Confidence.LOW if guess else Confidence.MEDIUM
    run = {
        name.upper() for fact in tree.facts("env-used") if fact.path_class.kind != "compose" for name in fact["names"]
    }
    families, seen = {name.partition("_")[0] for name in read if "_" in name}, set[str]()
    for given in tree.facts("env-given"):
        name = given["name"].upper()
        family, _, rest = name.partition("_")
        ours = given["built"] and given.path_class.kind == "compose" and rest and family in families
        if ours and name not in read | run | seen and not is_standard(name) and "__" not in name:
            seen.add(name)
            guess = computed or name in _words(tree, ("env-example", "compose", "docs"))
            yield given, name, Confidence.LOW if guess else Confidence.MEDIUM


def _words(tree: Tree, without: tuple[str, ...]) -> set[str]:
    """The words in capitals of all texts but those of these kinds."""
    facts = [fact for fact in tree.facts("env-words") if fact.path_class.kind not in without]
    return {word for fact in facts for word in fact["words"]}
