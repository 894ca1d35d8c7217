"""What a lock file says, as plain values, whichever tool wrote it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from packaging.utils import canonicalize_name

from scanners.dependencies.requirements import without_credentials
from scanners.regex import regex

_ANY_PLATFORM: Final = regex(r"(-none-any\.whl|\.tar\.gz|\.zip|\.tar\.bz2)$")
_INDEXES: Final = frozenset({"https://pypi.org/simple", "https://pypi.python.org/simple", "https://pypi.org/pypi"})
_FEW: Final = 6


@dataclass(frozen=True, slots=True)
class Package:
    """One pinned distribution. `version` is empty for a checkout that has none, `address` for one from PyPI.

    `requires` names who it brings along, as "name" or, where the lock forks, "name version". `groups` are those that
    the lock itself gives it ("" to run with, "dev", or an extra), None where it gives none. `files` are those whose
    digest is recorded and that any platform may use, as "file sha256:...", of `hashes` in all. It is installed where
    one of `markers` holds; none stands for everywhere. `direct` says whether the lock tells that the project itself
    asks for it.
    """

    name: str
    version: str = ""
    source: str = "index"
    address: str = ""
    requires: tuple[str, ...] = ()
    groups: tuple[str, ...] | None = None
    files: tuple[str, ...] = ()
    hashes: int = 0
    markers: tuple[str, ...] = ()
    yanked: bool = False
    direct: bool | None = None
    line: int = 1


@dataclass(frozen=True, slots=True)
class Lock:
    """What a lock file pins. `roots` are the ranges that it was made from, by name; "?" for one that is no plain range.

    `asked` holds who the project itself asks for, by group, where the lock tells; `edges` whether it tells who brings
    whom along.
    """

    packages: Sequence[Package]
    requires_python: str = ""
    content_hash: str = ""
    roots: Mapping[str, str] | None = None
    asked: Mapping[str, tuple[str, ...]] | None = None
    edges: bool = True

    @property
    def versions(self) -> dict[str, tuple[str, ...]]:
        """The versions of each name, none for what comes from an address."""
        found: dict[str, tuple[str, ...]] = {}
        for package in self.packages:
            known = found.get(package.name, ())
            found[package.name] = (*known, package.version) if package.version and package.source == "index" else known
        return found

    @property
    def markers(self) -> dict[str, tuple[str, ...]]:
        """When a package is installed at all: one of these has to hold. A package that always is has no entry."""
        return {package.name: package.markers for package in self.packages if package.markers}


@dataclass(frozen=True, slots=True)
class Digests:
    """The digests of a package's files: those to keep, and how many there are."""

    files: tuple[str, ...] = ()
    count: int = 0


def digests(files: Iterable[tuple[str, str]]) -> Digests:
    """What to keep of (file, digest) pairs: what any platform may use; of files without a name, the digests of few."""
    listed = [(name.rpartition("/")[2].partition("#")[0], digest) for name, digest in files if ":" in digest]
    kept = [f"{name} {digest}" for name, digest in listed if _ANY_PLATFORM.search(name)]
    nameless = [digest for name, digest in listed if not name]
    kept += sorted(nameless) if len(nameless) <= _FEW else []
    return Digests(tuple(kept), len(listed))


def address(url: Any) -> str:
    """Where a package comes from, without credentials; empty for PyPI and for what is no text."""
    text = without_credentials(url) if isinstance(url, str) else ""
    return "" if text.rstrip("/") in _INDEXES else text


def entries(data: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """The packages of a lock in TOML, under normalised names; `written` is the name as it stands there.

    Raises TypeError where the list is none.
    """
    listed = data.get(key, [])
    if not isinstance(listed, list):
        raise TypeError(f"`{key}` is no list")
    named = [entry for entry in listed if isinstance(entry, Mapping) and named_in(entry)]
    return [{**entry, "name": canonicalize_name(entry["name"]), "written": entry["name"]} for entry in named]


def named_in(entry: Mapping[str, Any]) -> bool:
    """Whether an entry has a name."""
    return isinstance(entry.get("name"), str) and entry["name"].strip() != ""


def edge(wanted: Mapping[str, Any], versions: Mapping[str, int]) -> str:
    """Who is asked for: a name, or a name and a version where the lock has several."""
    name = canonicalize_name(wanted["name"])
    version = wanted.get("version")
    return f"{name} {version}" if isinstance(version, str) and versions.get(name, 1) > 1 else name
