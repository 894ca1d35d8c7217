"""
Lock files: what they pin, who asks for whom, and what they record of the manifest they were made from.

    lock = read_lock("uv-lock", text)          # raises UnreadableLock, which says why
    lock.packages                              # what is pinned, in the order of the file
    lock.versions["django"]                    # ("5.2.1",), more for a lock that forks, none for a checkout
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from scanners import tomltext
from scanners.dependencies import jsonlocks, tomllocks, uvlock
from scanners.dependencies.packages import Lock
from scanners.dependencies.requirements import normal
from scanners.regex import regex

_LINES: Final = regex(
    r"^name = \"([^\"\n]+)\"|^ {8}\"([\w.-]+)\": \{|^[^\S\n]*+(?:-[^\S\n]*+)?name: [\"']?([\w.-]+)", re.MULTILINE
)
_READERS: Final[Mapping[str, tuple[Callable[[str], Any], Callable[[Mapping[str, Any]], Lock]]]] = {
    "uv-lock": (tomltext.loads, uvlock.read),
    "poetry-lock": (tomltext.loads, tomllocks.poetry_lock),
    "pdm-lock": (tomltext.loads, tomllocks.pdm_lock),
    "pylock": (tomltext.loads, tomllocks.pylock),
    "pipfile-lock": (json.loads, jsonlocks.pipfile_lock),
    "conda-lock": (jsonlocks.conda_data, jsonlocks.conda_lock),
}


class UnreadableLock(ValueError):
    """A lock file is not what its name says. The message says how."""


def read_lock(kind: str, text: str) -> Lock:
    """A lock file of one of the kinds that `scanners.paths` names. Raises UnreadableLock."""
    parse, read = _READERS[kind]
    try:
        data = parse(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableLock(f"It cannot be parsed: {' '.join(str(error).split())[:120]}.") from None
    if not isinstance(data, Mapping):
        raise UnreadableLock("It holds no table of packages.")
    try:
        lock = read(data)
    except (TypeError, AttributeError, ValueError, KeyError) as error:
        raise UnreadableLock(f"It is not built as such a lock is: {str(error)[:120]}.") from None
    where = _lines(text)
    return replace(lock, packages=[replace(one, line=_next(where, one.name)) for one in lock.packages])


def _lines(text: str) -> dict[str, list[int]]:
    """Where each package of a lock file stands, from 1, in one pass over the text."""
    found: dict[str, list[int]] = defaultdict(list)
    line, end = 1, 0
    for entry in _LINES.finditer(text):
        start = entry.start(entry.lastindex or 0)
        line += text.count("\n", end, start)
        end = start
        found[normal(entry[entry.lastindex or 0])].append(line)
    return found


def _next(where: Mapping[str, list[int]], name: str) -> int:
    """The line of a package, that of the second for the second of a name."""
    lines = where.get(name, [1])
    return lines.pop(0) if len(lines) > 1 else lines[0]
