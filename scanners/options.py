"""What a repository says about itself, in `.plimsoll.toml` or `[tool.plimsoll]`, at the top of its sub-path."""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from scanners import tomltext
from scanners.regex import regex

NAMES: Final = (".plimsoll.toml", "pyproject.toml")
_MOST_PATTERNS: Final = 200  # Each is tried on each path.
_LONGEST: Final = 500
_WILD: Final = regex(r"((?:(?:^|(?<=/))\*\*/)+|\*{2,}|\*|\?)")
CLASSES: Final = frozenset({"service", "script", "test", "migration", "example", "generated", "vendored"})


@dataclass(frozen=True, slots=True)
class Options:
    """`excluded` paths are not looked at (and listed); `classes` give paths another class. Both are glob patterns."""

    source: str = ""
    excluded: tuple[re.Pattern[str], ...] = ()
    classes: tuple[tuple[re.Pattern[str], str], ...] = ()
    problems: tuple[str, ...] = field(default=())

    def excludes(self, path: str) -> bool:
        """Whether the repository asks to leave this path out."""
        return any(pattern.match(path) for pattern in self.excluded)

    def class_of(self, path: str) -> str | None:
        """The class that the repository gives this path, or None."""
        return next((name for pattern, name in self.classes if pattern.match(path)), None)


def read_options(texts: Mapping[str, Callable[[], bytes | None]]) -> Options:
    """The options of a repository. `texts` reads the files of NAMES that exist; the first with options wins.

    What cannot be understood is listed in `problems` and changes nothing.
    """
    for name in NAMES:
        raw = texts[name]() if name in texts else None
        if raw is None:
            continue
        try:
            table = tomltext.loads(raw.decode())
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            return Options(name, problems=(f"{name} cannot be read: {error}. Mend it; it has no effect as it is.",))
        chosen = table if name == ".plimsoll.toml" else table.get("tool", {}).get("plimsoll")
        if chosen is not None:
            return _options(name, chosen)
    return Options()


def _options(source: str, table: Mapping[str, Any]) -> Options:
    problems = [
        f"{source}: {key} is no option. Use exclude or classes." for key in table if key not in ("exclude", "classes")
    ]
    exclude, classes = table.get("exclude", []), table.get("classes", {})
    if not isinstance(exclude, list) or not all(isinstance(pattern, str) for pattern in exclude):
        problems.append(f"{source}: exclude is a list of patterns, such as ['generated/**'].")
        exclude = []
    if not isinstance(classes, dict) or not set(classes.values()) <= CLASSES:
        problems.append(f"{source}: classes gives patterns one of {', '.join(sorted(CLASSES))}.")
        classes = {}
    if len(exclude) + len(classes) > _MOST_PATTERNS or any(len(pattern) > _LONGEST for pattern in (*exclude, *classes)):
        problems.append(f"{source}: {_MOST_PATTERNS} patterns of {_LONGEST} characters are read at most; name folders.")
        exclude, classes = [], {}
    return Options(
        source,
        tuple(glob(pattern) for pattern in exclude),
        tuple((glob(pattern), name) for pattern, name in classes.items()),
        tuple(problems),
    )


def glob(pattern: str) -> re.Pattern[str]:
    """A path pattern: `*` within a name, `**` over directories, a directory stands for all below it. Use its `match`.

    What is between two wildcards is matched as early as it can be and never moved again, as a pattern of many would
    take hours otherwise; only behind `**` the next names are tried at each place.
    """
    first, *rest = _WILD.split(pattern.strip("/"))
    text, within, beyond = re.escape(first), 0, 0
    for wildcard, literal in zip(rest[::2], rest[1::2], strict=True):
        if wildcard == "?":
            text += "[^/]"
        elif wildcard == "*":
            text += ")" * within + "(?>[^/]*?"
            within = 1
        else:
            text += ")" * (within + beyond) + ("(?>(?:[^/]+/)*?" if wildcard.endswith("/") else "(?>.*?")
            within, beyond = 0, 1
        text += re.escape(literal)
    return re.compile(text + r"(?:/|\Z)" + ")" * (within + beyond), re.DOTALL)
