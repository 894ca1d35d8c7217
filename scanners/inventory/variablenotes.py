"""Where variables are written down and set."""

from typing import Final, NamedTuple

from scanners.tree import Tree

_ORDER: Final = ("env-example", "compose", "manifest", "dockerfile", "docs", "config-file", "yaml")


class Notes(NamedTuple):
    """What is known beside the code: files that name a word, and what sets a variable to what."""

    words: dict[str, list[str]]
    set_to: dict[str, list[str]]

    def documents(self, name: str) -> list[str]:
        """The files that name a variable, examples first."""
        return self.words.get(name) or self.words.get(name.upper(), [])

    def given(self, name: str) -> list[str]:
        """What sets a variable, each with its value where that is fixed and no secret."""
        return self.set_to.get(name) or self.set_to.get(name.upper(), [])


def notes(tree: Tree) -> Notes:
    """What the texts of a repository say of variables."""
    named: dict[str, list[tuple[int, str]]] = {}
    for fact in tree.facts("env-words"):
        kind = fact.path_class.kind
        rank = _ORDER.index(kind) * 2 - (fact.path_class.role == "readme") if kind in _ORDER else 99
        for word in fact["words"]:
            named.setdefault(word, []).append((rank, fact.path))
    given: dict[str, list[str]] = {}
    for fact in tree.facts("env-given"):
        text = f"{fact.path}: {fact['value']}" if fact["value"] else fact.path
        listed = given.setdefault(fact["name"], [])
        if text not in listed:
            listed.append(text)
    return Notes({word: [path for _, path in sorted(found)] for word, found in named.items()}, given)
