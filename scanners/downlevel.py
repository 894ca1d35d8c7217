"""Syntax newer than the interpreter, rewritten to older syntax that has the same nodes on the same lines and columns.

Type parameters are blanked, `type X = ...` becomes an assignment, `except A, B:` reads `except A| B:`, `lazy import` is
an import, stars that unpack in a comprehension are blanked, and f-strings and t-strings become lists of what their
fields hold. `Older.restore` puts the rest back into the tree. Text in strings and comments is never read as code.
"""

import ast
import keyword
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from scanners.formatted import Formatted
from scanners.literals import Literal
from scanners.regex import regex
from scanners.uplevel import uplevel

_SPACE: Final = r"(?:[ \t\f]|\\\n)"
_PARAMETERS: Final = regex(rf"{_SPACE}*+\w+{_SPACE}*+\[")
_ALIAS: Final = regex(rf"({_SPACE}++)(\w+)({_SPACE}*+)(\[|=(?!=))")
_LAZY: Final = regex(rf"({_SPACE}++)(import|from)(?!\w)")
_GROUP: Final = regex(rf"{_SPACE}*+(?:\*{_SPACE}*+)?")
_HEADER: Final = regex(
    r"""#[^\n]*|"(?:[^"\\\n]|\\.)*+"|'(?:[^'\\\n]|\\.)*+'|[()\[\]{}]|[,:\n]|\\\n|(?<!\w)(?:as|except|lambda)(?!\w)"""
)
_IMPORTED: Final = regex(r"^[ \t]*(?:from[^\n]*?import|import)\b([^\n(]*(?:\([^)]*\))?)", re.MULTILINE)
_ASSIGNED: Final = regex(r"^(\w+)[ \t]*=(?!=)", re.MULTILINE)
_LOWER: Final = regex(r"[a-z_][a-z0-9_]*+\Z")
_NAMES: Final = regex(rf"(?:{_SPACE}*+[\w.]++{_SPACE}*+,)+(?:{_SPACE}*+[\w.]++)?{_SPACE}*+\Z")
_LAST_COMMA: Final = regex(rf",(?={_SPACE}*+\Z)")
_PYTHON_3: Final = regex(
    r"^[ \t]*+(?:async def |nonlocal |def [^\n]*\) *->|except *\*)|(?<!\w)[fF][\"'][^\n{]{0,80}\{", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Older:
    """A rewritten text, with as many lines as the original, and what its tree lacks."""

    text: str
    literals: list[Literal]
    unpacked: dict[int, tuple[int, str]]
    caught: dict[int, int]

    def restore(self, tree: ast.Module) -> None:
        """Give the tree of `text` its newer nodes. Raises SyntaxError for a string that stands where none may."""
        uplevel(tree, self.text, self.literals, self.unpacked, self.caught)


def downlevel(source: str) -> Older | None:
    """The rewritten source, or None when nothing newer than Python 3.11 was found in it.

    Raises SyntaxError for strings in strings more than 150 deep, as Python does.
    """
    rewriter = _Rewriter(source)
    if not rewriter.run():
        return None
    text = rewriter.rewritten()
    unpacked = {bracket: (at, star) for bracket, at, star in rewriter.unpacked}
    return Older(text, rewriter.literals, unpacked, rewriter.caught) if text != source else None


class _Rewriter(Formatted):
    """Adds to strings and comprehensions what begins a statement.

    `caught` says where the types of an except clause without parentheses will stand, and how many they are.
    """

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self.caught: dict[int, int] = {}

    def word(self, match: re.Match[str], at_statement: bool) -> int:
        """Rewrite what a keyword begins; where to go on from."""
        word = match["word"]
        if word in ("def", "class"):
            return self._parameters(match.end())
        if word == "except":
            return self._except(match.end())
        if not at_statement or not self._begins(match.start()):
            return match.end()
        return self._type(match) if word == "type" else self._lazy(match)

    def _begins(self, at: int) -> bool:
        """Whether a statement may start here: at the start of a line, after a colon or after a semicolon."""
        at -= 1
        while at >= 0 and self.source[at] in " \t\f":
            at -= 1
        return at < 0 or self.source[at] in "\n;:"

    def _parameters(self, at: int) -> int:
        match = _PARAMETERS.match(self.source, at)
        return at if match is None else self._blank_brackets(match.end() - 1)

    def _blank_brackets(self, at: int) -> int:
        end = self.closing(at)
        self.keep(at)
        self.blank(end, "\\\n")
        return end

    def _type(self, word: re.Match[str]) -> int:
        match = _ALIAS.match(self.source, word.end())
        if match is None or keyword.iskeyword(match[2]):
            return word.end()
        self.keep(word.start())
        spaced, bracket = match[1] + match[2], match.end() - 1
        if self.source[match.end(2)] in "=\\":
            self.put(f"{match[2]}{match[1]}    ", match.end(2))
            return self._blank_brackets(bracket) if match[4] == "[" else match.end()
        self.put(f"(   {spaced})", match.end(2) + 1)  # The name stays in its column.
        if match[4] == "[":
            self.blank(self.closing(bracket), "\\\n")
        return max(self.at, match.end())

    def _lazy(self, word: re.Match[str]) -> int:
        match = _LAZY.match(self.source, word.end())
        if match is None:
            return word.end()
        self.keep(word.start())
        continued = "\n" in match[1]  # What follows stays in its column.
        rest = match[1] + " " * len(match[2]) if continued else f"    {match[1]}"
        self.put(match[2] + rest, match.end())
        return match.end()

    def _except(self, at: int) -> int:
        group = _GROUP.match(self.source, at)
        start = group.end() if group else at
        end = self._end_of_header(start)
        if end is None:
            return at
        types = self.source[start:end]
        if _NAMES.match(types):
            self.keep(start)
            self.caught[self.size] = len(types.rstrip(", \t\f\\\n").split(","))
            self.put(_LAST_COMMA.sub(" ", types).replace(",", "|"), end)
            return end
        space = start > at and self.source[start - 1] in " \t"
        self.keep(start - 1 if space else start)
        self.put(f"({types})", end)
        return end

    def _end_of_header(self, start: int) -> int | None:
        """Where the colon of an except clause stands that names several exceptions without parentheses."""
        at, depth, lambdas, commas = start, 0, 0, []
        while match := _HEADER.search(self.source, at):
            at, mark = match.end(), match[0]
            if mark == "except" or (not depth and mark in ("\n", "as")):
                return None
            if mark in "([{":
                depth += 1
            elif mark in ")]}":
                depth -= 1
            elif not depth and mark == "lambda":
                lambdas += 1
            elif not depth and mark == ",":
                commas.append(match.start())
            elif not depth and mark == ":" and not lambdas:
                return match.start() if commas and not self._names_it(commas, match.start()) else None
            elif not depth and mark == ":":
                lambdas -= 1
        return None

    def _names_it(self, commas: list[int], end: int) -> bool:
        """Whether it is `except Error, error:` of Python 2, where the last name is for the exception."""
        last = self.source[commas[-1] + 1 : end].strip()
        named = len(commas) == 1 and _LOWER.match(last) is not None and last not in self._bound
        return named and not self._is_python_3

    @cached_property
    def _is_python_3(self) -> bool:
        """Whether the file holds what Python 2 never took."""
        return _PYTHON_3.search(self.source) is not None

    @cached_property
    def _bound(self) -> frozenset[str]:
        """The names that the file imports, or assigns at its top."""
        imported = {name for match in _IMPORTED.finditer(self.source) for name in re.findall(r"\w+", match[1])}
        return frozenset(imported | set(_ASSIGNED.findall(self.source)))
