"""Which quotes a file writes its texts in."""

from collections.abc import Sequence
from typing import Final

from scanners.regex import regex

_SINGLE: Final = regex(r"'[^'\"]*'")
_DOUBLE: Final = regex(r'"[^\'"]+"')


def single(lines: Sequence[str]) -> int:
    """How many more texts of a file are in single quotes than in double ones."""
    return sum(len(_SINGLE.findall(line)) - len(_DOUBLE.findall(line)) for line in lines)


def in_quotes(text: str, lines: Sequence[str]) -> str:
    """A plain text as a literal, in the quotes of the file."""
    return f"'{text}'" if single(lines) > 0 else f'"{text}"'
