"""f-strings and t-strings as a rewrite keeps them beside the text, and as nodes of the tree that comes of it.

In the rewritten text such a string is a list of what its fields hold, each on its line and column. `Literal` says what
stood around the fields, and `restored` makes the string of the list again.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from scanners.regex import regex

_ESCAPE: Final = regex(
    r"\\(?:\n|[\\'\"abfnrtv]|[0-7]{1,3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|N\{[^}\n]*\})"
)
_NO_CONVERSION: Final = -1


class TemplateStr(ast.expr):
    """A t-string, as Python 3.14 has it: constants and interpolations, put together by whoever is handed it."""

    _fields = ("values",)

    def __init__(self, values: list[ast.expr]) -> None:
        super().__init__()
        self.values = values


class Interpolation(ast.expr):
    """One field of a t-string."""

    _fields = ("value", "conversion", "format_spec")


@dataclass(frozen=True, slots=True)
class Field:
    """One field: how many elements of the list it has, whether they are a tuple, what stood around the value.

    `yields` is "", "yield" or "from"; `text` is what `=` writes before the value; `spec` is None without a colon.
    """

    items: int
    is_tuple: bool
    yields: str
    text: str
    conversion: int
    spec: "tuple[str | Field, ...] | None"


Part = str | Field


@dataclass(frozen=True, slots=True)
class Literal:
    """One string, or several written side by side: where its list starts in the rewritten text, and its parts."""

    at: int
    is_template: bool
    parts: tuple[Part, ...]


def unescaped(text: str, raw: bool) -> str:
    """What the source of a literal stands for. Raises SyntaxError for a character that has no such name."""
    if raw or "\\" not in text:
        return text
    try:
        return _ESCAPE.sub(_escaped, text)
    except UnicodeDecodeError as error:
        raise SyntaxError("(unicode error) unknown Unicode character name") from error


def _escaped(match: re.Match[str]) -> str:
    return "" if match[0] == "\\\n" else match[0].encode("ascii").decode("unicode_escape")


def restored(found: ast.List, literal: Literal) -> ast.expr:
    """The string that a list stands for. Raises SyntaxError when the list is not what was written."""
    if not isinstance(found.ctx, ast.Load):
        raise SyntaxError("cannot assign to f-string expression here", ("<blob>", found.lineno, 0, ""))
    elements = iter(found.elts)
    values = _values(literal.parts, elements, literal.is_template, found)
    if next(elements, None) is not None:
        raise SyntaxError("f-string: invalid syntax", ("<blob>", found.lineno, 0, ""))
    node = TemplateStr(values) if literal.is_template else ast.JoinedStr(values)
    return ast.copy_location(node, found)


def _values(parts: tuple[Part, ...], elements: Iterator[ast.expr], is_template: bool, at: ast.expr) -> list[ast.expr]:
    values: list[ast.expr] = []
    text: list[str] = []
    for part in parts:
        if isinstance(part, str):
            text.append(part)
            continue
        text.append(part.text)
        _flush(text, values, at)
        values.append(_field(part, elements, is_template, at))
    _flush(text, values, at)
    return values


def _flush(text: list[str], values: list[ast.expr], at: ast.expr) -> None:
    if joined := "".join(text):
        values.append(ast.copy_location(ast.Constant(joined, kind=None), at))
    text.clear()


def _field(field: Field, elements: Iterator[ast.expr], is_template: bool, at: ast.expr) -> ast.expr:
    held = [element for _, element in zip(range(field.items), elements, strict=False)]
    if len(held) < field.items:
        raise SyntaxError("f-string: invalid syntax", ("<blob>", at.lineno, 0, ""))
    value: ast.expr = held[0]
    if field.is_tuple:
        value = ast.copy_location(ast.Tuple(held, ast.Load()), held[0])
    if field.yields:
        bare = field.yields == "bare"
        made = ast.YieldFrom(value) if field.yields == "from" else ast.Yield(None if bare else value)
        value = ast.copy_location(made, value)
    spec = None
    if field.spec is not None:
        spec = ast.copy_location(ast.JoinedStr(_values(field.spec, elements, False, at)), at)
    conversion = field.conversion
    if field.text and spec is None and conversion == _NO_CONVERSION:
        conversion = ord("r")
    kind: Any = Interpolation if is_template else ast.FormattedValue
    node: ast.expr = kind(value, conversion, spec)
    return ast.copy_location(node, at)
