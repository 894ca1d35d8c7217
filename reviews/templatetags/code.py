"""Snippets of scanned code as lines of coloured tokens. Only text goes in and out; templates escape it."""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import dedent

from django import template
from pygments.lexer import Lexer
from pygments.lexers import PythonLexer, get_lexer_for_filename
from pygments.lexers.special import TextLexer
from pygments.token import Comment, Keyword, Name, Number, String, Token, _TokenType
from pygments.util import ClassNotFound

from reviews.patches.diff import FileDiff
from scanners.rule import Example

register = template.Library()

_CODE = ("add", "del", "same")
_SIGNS = {
    "same": ("", "", ""),
    "add": ("add", "+", "added"),
    "del": ("del", "\N{MINUS SIGN}", "removed"),
    "hunk": ("skip-line", "", ""),
    "note": ("skip-line", "", ""),
}
_CLASSES = ((Comment, "c"), (Keyword, "k"), (String, "s"), (Number, "n"), (Name.Decorator, "k"), (Token, ""))


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its number, whether it is at fault, and (class, text) tokens."""

    number: int
    marked: bool
    tokens: tuple[tuple[str, str], ...]


@register.filter
def lines(snippet: Sequence[Sequence[object]], path: str) -> list[Line]:
    """The lines of a stored snippet, [line, text, marked] each, coloured by the kind of file that `path` names."""
    text = dedent("\n".join(str(line[1]) for line in snippet))
    return [
        Line(int(str(number)), bool(marked), tokens)
        for (number, _, marked), tokens in zip(snippet, coloured(text, path), strict=False)
    ]


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of a diff: its style, its sign, what a screen reader says for that, and (class, text) tokens."""

    style: str
    sign: str
    said: str
    number: int | None
    tokens: tuple[tuple[str, str], ...]


@register.filter
def diff_lines(file: FileDiff) -> list[DiffLine]:
    """The rows of a file of a patch, both sides coloured, without the white space that all of them begin with."""
    code = [row.text for row in file.rows if row.kind in _CODE]
    colours = iter(coloured(dedent("\n".join(code)), file.path)) if code else iter(())
    return [
        DiffLine(*_SIGNS[row.kind], row.number, next(colours, ()) if row.kind in _CODE else (("", row.text),))
        for row in file.rows
    ]


@register.filter
def marked(example: Example, path: str) -> list[int]:
    """The lines of one file of an example that the rule reports."""
    return [line for reported, line in example.at if reported == path]


@register.filter
def example_lines(path: str, example: Example) -> list[Line]:
    """All lines of one file of an example, the reported ones marked."""
    at = marked(example, path)
    text = example.files[path].rstrip("\n")
    return [Line(number, number in at, tokens) for number, tokens in enumerate(coloured(text, path), start=1)]


def coloured(text: str, path: str) -> list[tuple[tuple[str, str], ...]]:
    """The tokens of each line of `text`. Unknown kinds of file stay without colour."""
    rows: list[list[tuple[str, str]]] = [[]]
    for token, value in lexer(path).get_tokens(text):
        for index, piece in enumerate(value.split("\n")):
            if index:
                rows.append([])
            if piece:
                rows[-1].append((css_class(token), piece))
    return [tuple(row) for row in rows[: text.count("\n") + 1]]


def lexer(path: str) -> Lexer:
    """The lexer for a path; it keeps leading and trailing blank lines, so that lines can be counted."""
    if path.endswith(".py"):
        return PythonLexer(stripnl=False)
    try:
        return get_lexer_for_filename(path, stripnl=False)
    except ClassNotFound:
        return TextLexer(stripnl=False)


def css_class(token: _TokenType) -> str:
    """The one-letter class of a token, or nothing."""
    return next(name for kind, name in _CLASSES if token in kind)
