"""Loggers of `logging` that modules of a repository keep, for the files that import them from there."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from scanners.regex import regex

_BOUND: Final = regex(
    r"^(\w{0,20}?log\w{0,20})[ \t]{0,9}(?::[^=\n]{1,80})?=[ \t]{0,9}((?:logging\.)?getLogger\()?",
    re.IGNORECASE | re.MULTILINE,
)
_WORD: Final = regex(r"\w+")


def shared_loggers(files: Iterable[tuple[str, bytes]]) -> dict[str, list[str]]:
    """The dotted names of loggers that modules, as (path, bytes), make at their top, by the last part of the module.

    A name that is something else in another module of the same last part is none.
    """
    made: dict[tuple[str, str], list[str]] = defaultdict(list)
    others = set()
    for path, raw in files:
        module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        last = module.rpartition(".")[2]
        for found in _BOUND.finditer(raw.decode("utf-8", "replace")):
            if found[2]:
                made[last, found[1]].append(f"{module}.{found[1]}")
            else:
                others.add((last, found[1]))
    shared: dict[str, list[str]] = defaultdict(list)
    for key, names in made.items():
        if key not in others:
            shared[key[0]] += names
    return shared


def imported_by(raw: bytes, shared: Mapping[str, list[str]]) -> tuple[str, ...]:
    """Those of the loggers that the lines of import in a file may mean."""
    lines = (line for line in raw.decode("utf-8", "replace").split("\n") if "import" in line)
    words = dict.fromkeys(word for line in lines for word in _WORD.findall(line))
    return tuple(name for word in words if word in shared for name in shared[word])
