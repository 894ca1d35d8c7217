"""Lock files: what they pin and what they record of the manifest they were made from, from text to plain values."""

import hashlib
import json
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from packaging.markers import InvalidMarker, Marker, UndefinedEnvironmentName
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from scanners.dependencies.requirements import normal, table

_LINUX: Final = {
    "sys_platform": "linux",
    "platform_system": "Linux",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
}
_PYPI: Final = [{"name": "pypi", "url": "https://pypi.org/simple", "verify_ssl": True}]


@dataclass(frozen=True, slots=True)
class Lock:
    """What a lock file pins: versions by name, none for a checkout. `roots` are the ranges that it was made from."""

    versions: Mapping[str, tuple[str, ...]]
    requires_python: str = ""
    content_hash: str = ""
    roots: Mapping[str, str] | None = None
    markers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """When a package is installed at all: one of these has to hold. A package that always is has no entry."""


_LINES: Final = re.compile(r"^name = \"([^\"\n]+)\"|^ {8}\"([\w.-]+)\": \{", re.MULTILINE)


def lines(text: str) -> dict[str, int]:
    """Where each package of a lock file stands, from 1, in one pass over the text."""
    found: dict[str, int] = {}
    line, end = 1, 0
    for entry in _LINES.finditer(text):
        line += text.count("\n", end, entry.start())
        end = entry.start()
        found.setdefault(normal(entry[1] or entry[2]), line)
    return found


def read_lock(kind: str, text: str) -> Lock | None:
    """A lock file of one of the kinds that `scanners.paths` names, None when it cannot be read."""
    try:
        if kind == "pipfile-lock":
            return _pipfile_lock(json.loads(text))
        if kind == "conda-lock":
            return Lock({normal(name): () for name in re.findall(r"^\s*-?\s*name:\s*([\w.-]+)", text, re.MULTILINE)})
        return _toml_lock(tomllib.loads(text))
    except (ValueError, AttributeError, TypeError):
        return None


def _pipfile_lock(data: Mapping[str, Any]) -> Lock:
    versions = {
        normal(name): (str(entry.get("version", "")).removeprefix("=="),)
        for section, entries in data.items()
        if section != "_meta"
        for name, entry in entries.items()
    }
    meta = table(data, "_meta")
    markers = {
        normal(name): (str(entry["markers"]),)
        for section, entries in data.items()
        if section != "_meta"
        for name, entry in entries.items()
        if entry.get("markers")
    }
    return Lock(versions, "", table(meta, "hash").get("sha256", ""), markers=markers)


def _toml_lock(data: Mapping[str, Any]) -> Lock:
    packages = data.get("package", data.get("packages", []))
    versions: dict[str, tuple[str, ...]] = {}
    for entry in packages:
        checkout = (
            set(table(entry, "source")) & {"git", "url", "path", "directory", "editable", "virtual"} or "vcs" in entry
        )
        known = versions.get(normal(entry["name"]), ())
        versions[normal(entry["name"])] = (
            known if checkout or "version" not in entry else (*known, str(entry["version"]))
        )
    meta = table(data, "metadata")
    root = next((entry for entry in packages if set(table(entry, "source")) & {"virtual", "editable"}), None)
    python = data.get("requires-python", meta.get("python-versions", meta.get("requires_python", "")))
    return Lock(
        versions,
        str(python),
        str(meta.get("content-hash", meta.get("content_hash", ""))),
        _roots(root),
        _markers(packages),
    )


def _markers(packages: Iterable[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    """The markers of packages: their own, or those of all that ask for them when each has one."""
    own, asked = {}, defaultdict[str, list[str]](list)
    for entry in packages:
        marker = entry.get("marker") or entry.get("markers")
        if isinstance(marker, str):
            own[normal(entry["name"])] = (marker,)
        groups = [*table(entry, "optional-dependencies").values(), *table(entry, "dev-dependencies").values()]
        for wanted in (
            one for group in [entry.get("dependencies"), *groups] if isinstance(group, list) for one in group
        ):
            if isinstance(wanted, Mapping) and "name" in wanted:
                asked[normal(wanted["name"])].append(str(wanted.get("marker", "")))
    return {name: tuple(given) for name, given in asked.items() if all(given)} | own


def installable(markers: Iterable[str]) -> bool:
    """Whether one of these markers can hold on a Linux server with some Python 3 of today; true for none."""
    listed = list(markers)
    if not listed:
        return True
    return any(_holds(marker, minor) for marker in listed for minor in range(9, 16))


def _holds(marker: str, minor: int) -> bool:
    python = {"python_version": f"3.{minor}", "python_full_version": f"3.{minor}.0"}
    try:
        return Marker(marker).evaluate({**_LINUX, **python})
    except (InvalidMarker, UndefinedEnvironmentName):
        return True


def _roots(root: Mapping[str, Any] | None) -> Mapping[str, str] | None:
    metadata = table(root or {}, "metadata")
    if "requires-dist" not in metadata:
        return None
    roots: dict[str, str] = {}
    for entry in metadata["requires-dist"]:
        plain = not set(entry) & {"marker", "git", "url", "path", "directory", "editable"}
        roots[normal(entry["name"])] = str(entry.get("specifier", "")) if plain else "?"
    return roots


def allows(specifier: str, version: str) -> bool | None:
    """Whether a range allows a version, None when either cannot be read."""
    try:
        return SpecifierSet(specifier).contains(Version(version), prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return None


def same_range(one: str, other: str) -> bool:
    """Whether two ranges say the same, in any order and spacing."""
    try:
        return SpecifierSet(one) == SpecifierSet(other)
    except InvalidSpecifier:
        return one.replace(" ", "") == other.replace(" ", "")


def pipfile_hash(data: Mapping[str, Any]) -> str:
    """The hash that pipenv records for a Pipfile."""
    content = {
        "_meta": {"sources": data.get("source", _PYPI), "requires": data.get("requires", {})},
        "default": data.get("packages", {}),
        "develop": data.get("dev-packages", {}),
    }
    known = ("source", "packages", "dev-packages", "requires", "scripts", "pipfile", "pipenv", "default", "develop")
    content |= {name: values for name, values in data.items() if name not in known}
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def poetry_hashes(data: Mapping[str, Any]) -> list[str]:
    """The hashes that poetry 2 and poetry 1 record for a pyproject.toml; empty for a project without poetry."""
    poetry, project = table(table(data, "tool"), "poetry"), table(data, "project")
    legacy = ("dependencies", "source", "extras", "dev-dependencies")
    own = {
        name: project[name] for name in ("requires-python", "dependencies", "optional-dependencies") if name in project
    }
    hashes = []
    for groups in ({}, table(data, "dependency-groups")):
        bare = not own and not groups
        tool = {name: poetry.get(name) for name in legacy if name in poetry or bare}
        tool |= {"group": poetry["group"]} if "group" in poetry else {}
        content: dict[str, Any] = ({"project": own} if own else {}) | ({"dependency-groups": groups} if groups else {})
        content = content | {"tool": {"poetry": tool}} if content else tool
        hashes.append(_sha256(content))
    return [*dict.fromkeys(hashes)]


def _sha256(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()
