"""A non-Python file as rules see it."""

import re
import tomllib
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from scanners import dockerfile, tomltext, yamltree
from scanners.paths import PathClass
from scanners.yamltree import Yaml


class TextFile:
    """A file of a kind that `scanners.paths` knows. `role` is dev, test, production or empty, from its path."""

    def __init__(self, text: str, path_class: PathClass) -> None:
        self.text = text
        self.kind = path_class.kind
        self.role = path_class.role

    @cached_property
    def lines(self) -> list[str]:
        """The lines, without their ends."""
        return self.text.split("\n")

    @cached_property
    def toml(self) -> dict[str, Any]:
        """The content as TOML; empty when it is not."""
        try:
            return tomltext.loads(self.text)
        except tomllib.TOMLDecodeError:
            return {}

    @cached_property
    def yaml(self) -> list[Yaml]:
        """The documents of a YAML file, with lines; those before the break when it is broken."""
        return self._composed[0]

    @property
    def yaml_problem(self) -> str:
        """Why the YAML is not whole; empty where it is."""
        return self._composed[1]

    @cached_property
    def _composed(self) -> tuple[list[Yaml], str]:
        return yamltree.documents(self.text)

    @cached_property
    def dockerfile(self) -> dockerfile.Dockerfile:
        """The content as a Dockerfile."""
        return dockerfile.read(self.text)

    def line_of(self, needle: str) -> int:
        """The first line that holds `needle`, from 1; 1 when none does."""
        return next((number for number, line in enumerate(self.lines, 1) if needle in line), 1)


def words_before(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    """The word right before each match of a pattern, words and matches taken once, as `(\\w+)pattern` finds them.

    A pattern that starts with a fixed text is found many times faster than one that starts with any word.
    """
    free = 0
    for match in pattern.finditer(text):
        end = start = match.start()
        while start > free and (text[start - 1].isalnum() or text[start - 1] == "_"):
            start -= 1
        if start < end:
            yield text[start:end]
            free = match.end()


def matches(pattern: re.Pattern[str], start: str, text: str) -> Iterator[re.Match[str]]:
    """The matches of a pattern that begin with a fixed text, which is found faster than the pattern."""
    at = text.find(start)
    while at >= 0:
        match = pattern.match(text, at)
        if match is not None:
            yield match
        at = text.find(start, at + len(start))


def words_with(text: str, parts: tuple[str, ...], lowered: str) -> list[str]:
    """Every word of a text that holds one of these small parts in any case, as often as it stands there.

    `lowered` is the text in small letters.
    """
    if len(lowered) != len(text):  # Some letters are two when they are small.
        text = lowered
    found = set()
    for part in parts:
        at = lowered.find(part)
        while at >= 0:
            start, end = at, at + len(part)
            while start and (text[start - 1].isalnum() or text[start - 1] == "_"):
                start -= 1
            while end < len(text) and (text[end].isalnum() or text[end] == "_"):
                end += 1
            found.add((start, end))
            at = lowered.find(part, end)
    return [text[start:end] for start, end in sorted(found)]


def lines_with(text: str, words: tuple[str, ...], lowered: str = "") -> list[tuple[int, int]]:
    """Where the lines start and end that hold one of these small words in any case, to search these alone.

    `lowered` is the text in small letters, where that is at hand.
    """
    lowered = lowered or text.lower()
    if len(lowered) != len(text):  # Some letters are two when they are small.
        return [(0, len(text))] if any(word in lowered for word in words) else []
    found = set()
    for word in words:
        at = lowered.find(word)
        while at >= 0:
            end = lowered.find("\n", at)
            end = end if end >= 0 else len(lowered)
            found.add((lowered.rfind("\n", 0, at) + 1, end))
            at = lowered.find(word, end)
    return sorted(found)
