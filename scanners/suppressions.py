"""`# plimsoll: ignore[rule-id, ...] reason`: excuses a finding on its line or, alone on a line, on the next."""

import io
import tokenize
from bisect import bisect_left
from typing import Any, Final

from scanners.regex import regex

_COMMENT: Final = regex(r"#\s*plimsoll:\s*ignore\[([a-z0-9, -]+)\][ \t]*(.*)")

_HIDDEN: Final = regex(r"<!--(\s*plimsoll:.*?)-->")

Ignore = dict[str, Any]
"""Plain JSON: line, above (the line below a comment that stands alone, else 0), rules, reason, used."""


def in_python(source: str) -> list[Ignore]:
    """The suppressions of a Python file; what stands in a string is none."""
    found: list[Ignore] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT:
                found += _read(token.string, token.start[0], not token.line[: token.start[1]].strip())
    except (tokenize.TokenError, SyntaxError):
        return in_lines(source.split("\n"))  # Newer syntax than this tokenizer knows.
    return found


def in_lines(lines: list[str]) -> list[Ignore]:
    """The suppressions of a text file."""
    marked = [(number, line) for number, line in enumerate(lines, 1) if "plimsoll:" in line]
    return [ignore for number, line in marked for ignore in _read(line, number, line.lstrip().startswith("#"))]


def in_document(lines: list[str]) -> list[Ignore]:
    """The suppressions of a document, which stand in `<!-- -->`: elsewhere in it they are only spoken of."""
    hidden = [(number, match[1]) for number, line in enumerate(lines, 1) for match in _HIDDEN.finditer(line)]
    return [ignore for number, text in hidden for ignore in _read(f"#{text}", number, alone=True)]


def excuse(rule: str, line: int, end_line: int, ignores: list[Ignore]) -> bool:
    """Whether one of these, in order of line, excuses a finding of `rule` at these lines; the first is marked as used.

    One without a reason excuses nothing.
    """
    for number in range(bisect_left(ignores, line - 1, key=_line), len(ignores)):
        ignore = ignores[number]
        if ignore["line"] > end_line:
            break
        near = line <= ignore["line"] or ignore["above"] == line
        if near and rule in ignore["rules"] and ignore["reason"]:
            ignore["used"] = True
            return True
    return False


def _line(ignore: Ignore) -> int:
    return int(ignore["line"])


def _read(comment: str, line: int, alone: bool) -> list[Ignore]:
    match = _COMMENT.search(comment)
    if match is None:
        return []
    rules = [rule.strip() for rule in match[1].split(",") if rule.strip()]
    return [
        {"line": line, "above": line + 1 if alone else 0, "rules": rules, "reason": match[2].strip(), "used": False}
    ]
