"""Whether a regular expression can take exponential time: a repeat that can cut the same text in many ways."""

import re
from collections.abc import Callable
from functools import lru_cache
from re import _constants, _parser  # type: ignore[attr-defined]  # The only parser that reads what `re` runs.
from typing import Any, Final

_REPEATS: Final = (_constants.MAX_REPEAT, _constants.MIN_REPEAT)
_LONGEST: Final = 4000
_SAMPLES: Final = [chr(number) for number in range(32, 127)] + ["\n", "\t", "\u00e9"]


@lru_cache(maxsize=512)
def explodes(pattern: str, whole: bool = False) -> str:
    """The repeat that can take exponential time, in a few words; empty for none. `whole` for a fullmatch."""
    if len(pattern) > _LONGEST or not re.search(r"\)[*+{]", pattern):
        return ""
    try:
        parsed = _parser.parse(pattern)
    except (re.error, RecursionError, OverflowError, ValueError):
        return ""
    return _search(list(parsed), can_fail=whole)


def _search(items: list[Any], can_fail: bool) -> str:
    for number, (kind, value) in enumerate(items):
        rest = items[number + 1 :]
        fails = can_fail or any(not _nullable(item) for item in rest)
        if kind in _REPEATS:
            low, high, body = value
            del low
            told = (
                (_ambiguous(list(body)) or _repeats_itself(list(body)))
                if high is _constants.MAXREPEAT and fails
                else ""
            )
            found = told or _search(list(body), fails)
        else:
            found = next(filter(None, (_search(list(part), fails) for part in _parts(kind, value))), "")
        if found:
            return found
    return ""


def _parts(kind: Any, value: Any) -> list[Any]:
    if kind is _constants.SUBPATTERN:
        return [value[3]]
    if kind is _constants.BRANCH:
        return list(value[1])
    if kind in (_constants.ASSERT, _constants.ASSERT_NOT):
        return [value[1]]
    return []


def _ambiguous(body: list[Any]) -> str:
    """Why an unbounded repeat of this body is ambiguous."""
    body = _unwrapped(body)
    if len(body) == 1 and body[0][0] is _constants.BRANCH:
        branches = [list(branch) for branch in body[0][1][1]]
        for number, one in enumerate(branches):
            told = _ambiguous(one)
            if told:
                return told
            if any(_same_single(one, other) for other in branches[number + 1 :]):
                return "two alternatives under a repeat match the same text"
        return ""
    for number, (kind, value) in enumerate(body):
        others = body[:number] + body[number + 1 :]
        if kind in _REPEATS and value[1] is _constants.MAXREPEAT and all(_nullable(item) for item in others):
            inner = _first(_unwrapped(list(value[2])))
            if inner:
                return "a repeat stands inside a repeat, with nothing between them that must match"
        if kind is _constants.SUBPATTERN and all(_nullable(item) for item in others):
            told = _ambiguous(list(value[3]))
            if told:
                return told
    return ""


def _unwrapped(items: list[Any]) -> list[Any]:
    while len(items) == 1 and items[0][0] is _constants.SUBPATTERN:
        items = list(items[0][1][3])
    return items


def _nullable(item: Any) -> bool:
    kind, value = item
    if kind in _REPEATS or kind is _constants.POSSESSIVE_REPEAT:
        return value[0] == 0 or all(_nullable(inner) for inner in value[2])
    if kind is _constants.SUBPATTERN:
        return all(_nullable(inner) for inner in value[3])
    if kind is _constants.BRANCH:
        return any(all(_nullable(inner) for inner in branch) for branch in value[1])
    if kind is _constants.AT:
        return value not in (_constants.AT_END, _constants.AT_END_STRING, _constants.AT_END_LINE)
    return kind in (_constants.ASSERT, _constants.ASSERT_NOT, _constants.GROUPREF)


def _same_single(one: list[Any], other: list[Any]) -> bool:
    """Whether two alternatives of one character each, or repeats of one, can match the same character."""
    return len(one) == len(other) == 1 and bool(_first(one) & _first(other))


def _repeats_itself(body: list[Any]) -> str:
    """Why one of two fixed alternatives may be the other several times over: `a|aa`, which is parsed as `a(|a)`."""
    *start, (kind, value) = _unwrapped(body) or [(None, None)]
    if kind is not _constants.BRANCH or not start or any(kind is not _constants.LITERAL for kind, _ in start):
        return ""
    branches = [list(branch) for branch in value[1]]
    again = any(branch and start * (len(branch) // len(start)) == branch for branch in branches)
    return "two alternatives under a repeat match the same text" if again and [] in branches else ""


def _first(items: list[Any]) -> frozenset[str]:
    """The characters of a sample that a single item matches."""
    if not items:
        return frozenset()
    kind, value = items[0]
    if kind in _REPEATS:
        return _first(_unwrapped(list(value[2])))
    if kind is _constants.SUBPATTERN:
        return _first(list(value[3]))
    if kind is _constants.LITERAL:
        return frozenset({chr(value)})
    if kind is _constants.NOT_LITERAL:
        return frozenset(_SAMPLES) - {chr(value)}
    if kind is _constants.ANY:
        return frozenset(_SAMPLES) - {"\n"}
    return frozenset(filter(lambda char: _in(value, char), _SAMPLES)) if kind is _constants.IN else frozenset()


_CATEGORIES: Final[dict[Any, Callable[[str], bool]]] = {
    _constants.CATEGORY_DIGIT: str.isdigit,
    _constants.CATEGORY_SPACE: str.isspace,
    _constants.CATEGORY_WORD: lambda char: char.isalnum() or char == "_",
    _constants.CATEGORY_NOT_DIGIT: lambda char: not char.isdigit(),
    _constants.CATEGORY_NOT_SPACE: lambda char: not char.isspace(),
    _constants.CATEGORY_NOT_WORD: lambda char: not (char.isalnum() or char == "_"),
}


def _in(members: list[Any], char: str) -> bool:
    negated, found = False, False
    for kind, value in members:
        if kind is _constants.NEGATE:
            negated = True
        elif kind is _constants.LITERAL:
            found |= value == ord(char)
        elif kind is _constants.RANGE:
            found |= value[0] <= ord(char) <= value[1]
        elif kind is _constants.CATEGORY:
            found |= _CATEGORIES[value](char)
    return found != negated
