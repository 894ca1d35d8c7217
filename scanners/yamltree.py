"""YAML as a tree of nodes with lines: composed, never constructed, so that neither types nor aliases can do harm."""

import re
from collections.abc import Iterator
from typing import Any, Final

import yaml

from scanners.regex import regex

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LARGEST: Final = 1_000_000  # Characters; composing takes about a second for so many.
_DEEPEST: Final = 100
_NESTED: Final = regex(rf"(?:[-?]\s+){{{_DEEPEST}}}|(?:[\[{{]\s*){{{_DEEPEST}}}")
_OPENING: Final = regex(r"(?<!\$)\{\{|\{%|\{#")
_CLOSING: Final = {"{{": "}}", "{%": "%}", "{#": "#}"}
_ALONE: Final = regex(r"^[ \t]*(?:- )?__template__[ \t]*$", re.MULTILINE)
TEMPLATED: Final = "__template__"
"""What stands where a template (Helm, Jinja) would put a value."""


class Yaml:
    """A node, or the lack of one: a chain of `get` over what is not there ends in a false node at line 1."""

    __slots__ = ("_node",)

    def __init__(self, node: Any = None) -> None:
        self._node = node

    def __bool__(self) -> bool:
        return self._node is not None

    @property
    def line(self) -> int:
        """Where it begins, from 1."""
        return self._node.start_mark.line + 1 if self._node is not None else 1

    @property
    def text(self) -> str:
        """The scalar as it is written, without quotes; empty for null and for anything that is no scalar."""
        if not isinstance(self._node, yaml.ScalarNode) or self._node.tag.endswith(":null"):
            return ""
        return str(self._node.value)

    @property
    def block_line(self) -> int:
        """The line on which the text itself begins: below the bar of a literal block."""
        return self.line + (getattr(self._node, "style", None) in ("|", ">"))

    @property
    def is_map(self) -> bool:
        """Whether it has keys."""
        return isinstance(self._node, yaml.MappingNode)

    @property
    def is_list(self) -> bool:
        """Whether it has items."""
        return isinstance(self._node, yaml.SequenceNode)

    @property
    def templated(self) -> bool:
        """Whether a template decides a part of it, at any depth that matters here (four)."""
        return _templated(self._node, 4)

    def pairs(self) -> list[tuple["Yaml", "Yaml"]]:
        """Keys and values, merged ones (`<<`) last; the first of equal keys counts."""
        found: dict[str, tuple[Yaml, Yaml]] = {}
        for key, value in _pairs(self._node, set()):
            found.setdefault(str(key.value), (Yaml(key), Yaml(value)))
        return list(found.values())

    def items(self) -> Iterator[tuple[str, "Yaml"]]:
        """Keys as text, and values."""
        return ((key.text, value) for key, value in self.pairs())

    def get(self, *keys: str) -> "Yaml":
        """The value below these keys, one below the other."""
        here = self
        for wanted in keys:
            here = next((value for key, value in here.pairs() if key.text == wanted), Yaml())
        return here

    def key(self, wanted: str) -> "Yaml":
        """The key itself: its line is the one to show."""
        return next((key for key, _ in self.pairs() if key.text == wanted), Yaml())

    def each(self) -> list["Yaml"]:
        """The items of a list; of anything else none."""
        return [Yaml(node) for node in self._node.value] if self.is_list else []

    def texts(self) -> list[str]:
        """The scalars of a list, or the scalar itself."""
        return [item.text for item in self.each()] if self.is_list else [self.text] if self.text else []


def documents(text: str) -> tuple[list[Yaml], str]:
    """The documents of a file, and why they are not whole: "" where they are.

    A template is looked at with `__template__` for what it would fill in; broken YAML up to the broken document.
    """
    if len(text) > _LARGEST:
        return [], "The file is too large to be read."
    if "{{" in text or "{%" in text:
        text = _ALONE.sub("", _filled(text))
    if _NESTED.search(text) or _too_deep(text):
        return [], "The file is nested too deeply to be read."
    found: list[Yaml] = []
    try:
        found.extend(Yaml(node) for node in yaml.compose_all(text, Loader=_LOADER) if node is not None)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        return found, f"It is not valid YAML{f' from line {mark.line + 1} on' if mark is not None else ''}."
    return found, ""


def _filled(text: str) -> str:
    """The text with `__template__` for each template in it, and with as many lines."""
    parts: list[str] = []
    unclosed: set[str] = set()
    done = at = 0
    while opening := _OPENING.search(text, at):
        end = -1 if opening[0] in unclosed else text.find(_CLOSING[opening[0]], opening.end())
        if end < 0:  # Then no later one is closed either: each of many would be followed to the end of the file.
            unclosed.add(opening[0])
            at = opening.start() + 1
        else:
            at = end + 2
            parts += [text[done : opening.start()], TEMPLATED, "\n" * text.count("\n", opening.start(), at)]
            done = at
    return "".join([*parts, text[done:]])


def _too_deep(text: str) -> bool:
    """Whether brackets open deeper than a parser that calls itself should follow; quotes are not minded."""
    depth = 0
    for char in re.findall(r"[\[{\]}]", text) if text.count("[") + text.count("{") > _DEEPEST else ():
        depth = depth + 1 if char in "[{" else max(depth - 1, 0)
        if depth > _DEEPEST:
            return True
    return False


def _pairs(node: Any, seen: set[int]) -> Iterator[tuple[Any, Any]]:
    if not isinstance(node, yaml.MappingNode) or id(node) in seen:
        return
    seen.add(id(node))
    merged: list[Any] = []
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            continue
        if key.value == "<<":
            merged += value.value if isinstance(value, yaml.SequenceNode) else [value]
        else:
            yield key, value
    for other in merged:
        yield from _pairs(other, seen)


def _templated(node: Any, depth: int) -> bool:
    if isinstance(node, yaml.ScalarNode):
        return TEMPLATED in node.value
    if depth == 0 or node is None:
        return False
    if isinstance(node, yaml.MappingNode):
        return any(_templated(part, depth - 1) for pair in node.value for part in pair)
    return any(_templated(part, depth - 1) for part in node.value)
