"""Requirements and locks: what a repository says it needs and what it pins, from the text of files to plain values.

Nothing here resolves or fetches. Names are normalised as package indexes do it (`Flask_Login` is `flask-login`).
"""

import configparser
import hashlib
import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Parsed
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

_COMMIT: Final = re.compile(r"@[0-9a-f]{40}(?:[#&]|$)|[#&](?:sha\d+|md5)=|--hash=")
_EGG: Final = re.compile(r"[#&]egg=([\w.-]+)")
_DEV_GROUP: Final = re.compile(
    r"dev|test|lint|doc|typing|type|ci|bench|format|style|release|build|tool|local|qa|check", re.IGNORECASE
)


_PYPI: Final = [{"name": "pypi", "url": "https://pypi.org/simple", "verify_ssl": True}]


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement as written. `specifier` is a version range, `url` an address instead of one.

    `group` is empty for what a service runs with, "dev" for tools, else the name of an extra.
    """

    name: str
    specifier: str = ""
    url: str = ""
    marker: str = ""
    group: str = ""
    line: int = 1
    hashed: bool = False

    @property
    def pinned(self) -> bool:
        """Whether it names one version, one commit or one content."""
        if self.url:
            return _COMMIT.search(self.url) is not None or self.hashed
        clauses = [clause.strip() for clause in self.specifier.split(",")]
        return any(clause.startswith("==") and not clause.endswith("*") for clause in clauses)


@dataclass(frozen=True, slots=True)
class Lock:
    """What a lock file pins: versions by name, none for a checkout. `roots` are the ranges that it was made from."""

    versions: Mapping[str, tuple[str, ...]]
    requires_python: str = ""
    content_hash: str = ""
    roots: Mapping[str, str] | None = None


def normal(name: str) -> str:
    """A distribution's name as package indexes compare it."""
    return canonicalize_name(name)


def is_dev_group(name: str) -> bool:
    """Whether a group, extra or file of this name is for working on the code, not for running it."""
    return _DEV_GROUP.search(name) is not None


def requirement(text: str, line: int = 1, group: str = "") -> Requirement | None:
    """A requirement in the notation of packages (`django>=4; python_version < "4"`), None for anything else."""
    try:
        parsed = Parsed(text.strip())
    except InvalidRequirement:
        return None
    return Requirement(
        normal(parsed.name), str(parsed.specifier), parsed.url or "", str(parsed.marker or ""), group, line
    )


def requirements(text: str, group: str = "") -> Iterator[Requirement]:
    """The requirements of a pip file. Options, local paths and other files that it includes are left out."""
    for number, line in _logical_lines(text):
        hashed = "--hash" in line
        body = re.split(r"\s--?[a-z]|\s#", f"{line} ", maxsplit=1)[0].strip() if not line.startswith("-") else line
        if line.startswith(("-e ", "--editable")):
            body = line.partition(" ")[2].strip()
        if body.startswith(("-", ".", "/", "#")) or not body:
            continue
        if "://" in body and " @ " not in body:
            egg = _EGG.search(body)
            name = (
                egg[1] if egg else body.split("#")[0].split("@")[0].rstrip("/").rpartition("/")[2].removesuffix(".git")
            )
            yield Requirement(normal(name), url=body, group=group, line=number, hashed=hashed)
        elif (found := requirement(body, number, group)) is not None:
            yield Requirement(found.name, found.specifier, found.url, found.marker, group, number, hashed)


def options(text: str) -> Iterator[tuple[int, str, str]]:
    """The options of a pip file as (line, name, value): `-r`, `-c`, `--index-url`, `--extra-index-url`, ..."""
    for number, line in _logical_lines(text):
        if line.startswith("-") and not line.startswith(("-e ", "--editable")):
            name, _, value = line.replace("=", " ", 1).partition(" ")
            yield (
                number,
                {"-i": "--index-url", "-r": "--requirement", "-c": "--constraint"}.get(name, name),
                value.strip(),
            )


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    held, start = "", 0
    for number, line in enumerate(text.split("\n"), 1):
        start = start or number
        if line.rstrip().endswith("\\"):
            held += line.rstrip()[:-1] + " "
            continue
        whole = (held + line).strip()
        if whole and not whole.startswith("#"):
            yield start, whole
        held, start = "", 0


def pyproject(data: Mapping[str, Any], text: str) -> Iterator[Requirement]:
    """The requirements of a pyproject.toml: [project], dependency groups, and what poetry, pdm and uv add."""
    project, tool, seen = _table(data, "project"), _table(data, "tool"), Counter[str]()
    sources = [("", item) for item in project.get("dependencies", ())]
    sources += [
        (_group(name), item) for name, items in _table(project, "optional-dependencies").items() for item in items
    ]
    sources += [("dev", item) for items in _table(data, "dependency-groups").values() for item in items]
    sources += [("dev", item) for items in _table(_table(tool, "pdm"), "dev-dependencies").values() for item in items]
    sources += [("dev", item) for item in _table(tool, "uv").get("dev-dependencies", ())]
    own = normal(str(project.get("name", "")))
    for group, item in [(group, item) for group, item in sources if isinstance(item, str)]:
        found = requirement(item, _line_of(text, item, seen[item]), group)
        seen[item] += 1
        if (
            found is not None and found.name != own
        ):  # An extra that asks for the project's other extras is no requirement.
            yield found
    poetry = _table(tool, "poetry")
    yield from _poetry(_table(poetry, "dependencies"), text, "")
    yield from _poetry(_table(poetry, "dev-dependencies"), text, "dev")
    for name, group_table in _table(poetry, "group").items():
        yield from _poetry(_table(group_table, "dependencies"), text, "dev" if is_dev_group(name) else name)


def _group(name: str) -> str:
    return "dev" if is_dev_group(name) else name


def _poetry(table: Mapping[str, Any], text: str, group: str) -> Iterator[Requirement]:
    for name, wanted in table.items():
        if name == "python":
            continue
        first = wanted[0] if isinstance(wanted, list) and wanted else wanted
        given = first if isinstance(first, dict) else {"version": first}
        url = str(given.get("git", given.get("url", "")))
        if given.get("rev"):
            url += f"@{given['rev']}"
        if given.get("path"):
            continue
        line = _line_of_key(text, name)
        yield Requirement(normal(name), poetry_range(str(given.get("version", ""))), url, "", group, line)


def poetry_range(text: str) -> str:
    """A version range of poetry as a standard one: `^1.2` is `>=1.2,<2`; empty for what allows anything."""
    clauses = []
    for part in text.split(","):
        word = part.strip()
        if word.startswith("^"):
            clauses += [f">={word[1:]}", f"<{_next(word[1:])}"]
        elif word.startswith("~") and not word.startswith("~="):
            clauses += [f">={word[1:].strip()}", f"<{_bump(word[1:].strip().split('.')[:2])}"]
        elif word and word[0].isdigit():
            clauses.append(f"=={word}")
        elif word not in ("", "*"):
            clauses.append(word)
    return ",".join(clauses)


def _next(version: str) -> str:
    parts = version.strip().split(".")
    keep = next((index for index, part in enumerate(parts) if part != "0"), len(parts) - 1)
    return _bump(parts[: keep + 1])


def _bump(parts: list[str]) -> str:
    number = re.match(r"\d+", parts[-1])
    return ".".join([*parts[:-1], str(int(number[0]) + 1 if number else 1)])


def setup_cfg(text: str) -> Iterator[Requirement]:
    """The requirements of a setup.cfg."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return
    listed = [("", parser.get("options", "install_requires", fallback=""))]
    if parser.has_section("options.extras_require"):
        listed += [(_group(name), items) for name, items in parser.items("options.extras_require")]
    for group, items in listed:
        for item in re.split(r"[\n;](?!\s*(?:python|sys|os_|platform|extra|implementation))", items):
            found = requirement(item, _line_of(text, item.strip()), group) if item.strip() else None
            if found is not None:
                yield found


def pipfile(data: Mapping[str, Any], text: str) -> Iterator[Requirement]:
    """The requirements of a Pipfile."""
    for section, group in (("packages", ""), ("dev-packages", "dev")):
        for name, wanted in _table(data, section).items():
            given = wanted if isinstance(wanted, dict) else {"version": wanted}
            if given.get("path"):
                continue
            specifier = (
                str(given.get("version", "")).replace("*", "")
                if given.get("version") == "*"
                else given.get("version", "")
            )
            url = str(given.get("git", given.get("file", "")))
            url += f"@{given['ref']}" if given.get("ref") else ""
            yield Requirement(normal(name), str(specifier or ""), url, "", group, _line_of_key(text, name))


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
    meta = _table(data, "_meta")
    return Lock(versions, "", _table(meta, "hash").get("sha256", ""))


def _toml_lock(data: Mapping[str, Any]) -> Lock:
    packages = data.get("package", data.get("packages", []))
    versions: dict[str, tuple[str, ...]] = {}
    for entry in packages:
        checkout = (
            set(_table(entry, "source")) & {"git", "url", "path", "directory", "editable", "virtual"} or "vcs" in entry
        )
        known = versions.get(normal(entry["name"]), ())
        versions[normal(entry["name"])] = (
            known if checkout or "version" not in entry else (*known, str(entry["version"]))
        )
    meta = _table(data, "metadata")
    root = next((entry for entry in packages if set(_table(entry, "source")) & {"virtual", "editable"}), None)
    python = data.get("requires-python", meta.get("python-versions", meta.get("requires_python", "")))
    return Lock(versions, str(python), str(meta.get("content-hash", meta.get("content_hash", ""))), _roots(root))


def _roots(root: Mapping[str, Any] | None) -> Mapping[str, str] | None:
    metadata = _table(root or {}, "metadata")
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
    poetry, project = _table(_table(data, "tool"), "poetry"), _table(data, "project")
    legacy = ("dependencies", "source", "extras", "dev-dependencies")
    own = {
        name: project[name] for name in ("requires-python", "dependencies", "optional-dependencies") if name in project
    }
    hashes = []
    for groups in ({}, _table(data, "dependency-groups")):
        bare = not own and not groups
        tool = {name: poetry.get(name) for name in legacy if name in poetry or bare}
        tool |= {"group": poetry["group"]} if "group" in poetry else {}
        content: dict[str, Any] = ({"project": own} if own else {}) | ({"dependency-groups": groups} if groups else {})
        content = content | {"tool": {"poetry": tool}} if content else tool
        hashes.append(_sha256(content))
    return [*dict.fromkeys(hashes)]


def _sha256(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def _table(data: Any, name: str) -> Mapping[str, Any]:
    found = data.get(name) if isinstance(data, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _line_of(text: str, needle: str, skip: int = 0) -> int:
    """The line of a quoted (or, failing that, bare) text, after `skip` earlier ones; 1 when it is nowhere."""
    wanted = re.escape(needle.strip())
    found = [*re.finditer(f"[\"']{wanted}[\"']", text)] or [*re.finditer(wanted, text)]
    return text.count("\n", 0, found[min(skip, len(found) - 1)].start()) + 1 if found else 1


def _line_of_key(text: str, name: str) -> int:
    found = re.search(rf"^\s*[\"']?{re.escape(name)}[\"']?\s*=", text, re.MULTILINE)
    return text.count("\n", 0, found.end()) + 1 if found else 1
