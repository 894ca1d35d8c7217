"""
One requirement of a manifest, as plain values.

    requirement("Flask_Login>=0.6; python_version < '4'")     # Requirement("flask-login", ">=0.6", ...), or None

Nothing here resolves or fetches. Names are normalised as package indexes do it (`Flask_Login` is `flask-login`).
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Parsed
from packaging.utils import canonicalize_name

from scanners.regex import regex

_COMMIT: Final = regex(r"@[0-9a-f]{40}(?:[#&]|$)|[#&](?:sha\d+|md5)=|--hash=")
_CREDENTIALS: Final = regex(r"(://)[^/@\s'\"]+@(?=[^/@\s'\"]*[\w.\]-]+)")
_QUOTED: Final = regex(r"\"([^\"]*)\"|'([^']*)'")
_KEY: Final = regex(r"\s*[\"']?([\w.-]+)[\"']?\s*=")
_DEV_GROUP: Final = regex(
    r"test|lint|bench|typing|mypy|(?<![a-z])(?:dev|devel\w*|develop\w*|docs?|documentation|types?|ci|format\w*|style|release"
    r"|build|tool(?:s|ing)?|local|qa|checks?)(?![a-z])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement as written. `specifier` is a version range, `url` an address or a path instead of one.

    `group` is empty for what a service runs with, "dev" for tools, else the name of an extra or group. `source` is
    index, git, url or path; `via` names who a compiling tool says asked for it: distributions, files and projects.
    """

    name: str
    specifier: str = ""
    url: str = ""
    marker: str = ""
    group: str = ""
    line: int = 1
    hashed: bool = False
    extras: tuple[str, ...] = ()
    source: str = "index"
    via: tuple[str, ...] = ()
    hashes: tuple[str, ...] = ()

    @property
    def pinned(self) -> bool:
        """Whether it names one version, one commit or one content. What lies in the same commit is pinned by it."""
        if self.source == "path":
            return True
        if self.url:
            return _COMMIT.search(self.url) is not None or self.hashed
        clauses = [clause.strip() for clause in self.specifier.split(",")]
        return any(clause.startswith("==") and not clause.endswith("*") for clause in clauses)


def normal(name: str) -> str:
    """A distribution's name as package indexes compare it."""
    return canonicalize_name(name)


def is_dev_group(name: str) -> bool:
    """Whether a group, extra or file of this name is for working on the code, not for running it."""
    return _DEV_GROUP.search(name) is not None


def group_of(name: str) -> str:
    """What `Requirement.group` says of a group or an extra of this name."""
    return "dev" if is_dev_group(name) else name


def requirement(text: str, line: int = 1, group: str = "") -> Requirement | None:
    """A requirement in the notation of packages (`django>=4; python_version < "4"`), None for anything else."""
    try:
        parsed = Parsed(text.strip())
    except (InvalidRequirement, RecursionError):
        return None
    url = parsed.url or ""
    marker, extras = str(parsed.marker or ""), tuple(sorted(parsed.extras))
    return Requirement(
        normal(parsed.name), str(parsed.specifier), url, marker, group, line, extras=extras, source=source_of(url)
    )


def source_of(url: str) -> str:
    """Where an address leads: git (or another store of versions), path, url; index for no address."""
    if not url:
        return "index"
    if re.match(r"(git|hg|bzr|svn)(\+|:|@)", url) or re.search(r"\.git(@|#|$)", url):
        return "git"
    return "url" if "://" in url and not url.startswith("file:") else "path"


def without_credentials(text: str) -> str:
    """The same text, with what stands before the host of an address left out. `git@` names a user, and no secret."""
    return _CREDENTIALS.sub(lambda found: found[0] if found[0] == "://git@" else found[1], text)


def table(data: Any, name: str) -> Mapping[str, Any]:
    """The table of this name in parsed TOML or JSON, empty where it is none."""
    found = data.get(name) if isinstance(data, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def texts(data: Any, name: str) -> list[str]:
    """The texts of the list of this name in parsed TOML or JSON, empty where it is none."""
    found = data.get(name) if isinstance(data, Mapping) else None
    return [entry for entry in found if isinstance(entry, str)] if isinstance(found, list) else []


def line_of(text: str, needle: str, skip: int = 0) -> int:
    """The line of a quoted text, or of a line of its own, after `skip` earlier ones; 1 when it is nowhere."""
    found = _index(text).get(needle.strip(), [1])
    return found[min(skip, len(found) - 1)]


def line_of_key(text: str, name: str) -> int:
    """The line where a key of TOML gets its value first; 1 when it is nowhere."""
    return _keys(text).get(name, 1)


@lru_cache(maxsize=1)  # One manifest has thousands of questions.
def _index(text: str) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for number, line in enumerate(text.split("\n"), 1):
        for quoted in _QUOTED.finditer(line):
            found[quoted[1] if quoted[1] is not None else quoted[2]].append(number)
    bare: dict[str, list[int]] = defaultdict(list)
    for number, line in enumerate(text.split("\n"), 1):
        for part in {line.strip(), *(part.strip() for part in line.partition("=")[2].split(";"))}:
            bare[part].append(number)
    return {**bare, **found}


@lru_cache(maxsize=1)
def _keys(text: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        key = _KEY.match(line)
        if key is not None:
            found.setdefault(key[1], number)
    return found
