"""The locks of poetry and pdm, and pylock.toml (PEP 751)."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from scanners.dependencies.packages import Lock, Package, address, digests, edge, entries, named_in
from scanners.dependencies.requirements import group_of, normal, requirement, table, texts
from scanners.regex import regex

_MAIN: Final = frozenset({"main", "default"})
_NAME: Final = regex(r"^\s*([\w.-]+)")


def poetry_lock(data: Mapping[str, Any]) -> Lock:
    """A poetry.lock, of poetry 1 (one category each, digests at the end) or 2 (groups and markers each)."""
    meta = table(data, "metadata")
    listed = entries(data, "package")
    packages = [_poetry_package(entry, table(meta, "files"), table(data, "extras")) for entry in listed]
    python, digest = meta.get("python-versions", ""), meta.get("content-hash", "")
    return Lock(packages, str(python), str(digest))


def _poetry_package(entry: Mapping[str, Any], files: Mapping[str, Any], extras: Mapping[str, Any]) -> Package:
    source = table(entry, "source")
    kind = {"git": "git", "url": "url", "file": "path", "directory": "path"}.get(str(source.get("type", "")), "index")
    where = address(source.get("url"))
    if kind == "git":
        where += f"#{source.get('resolved_reference', '')}"
    own = entry.get("files")
    kept = digests(_files(own if isinstance(own, list) and own else files.get(entry["written"])))
    return Package(
        entry["name"],
        str(entry.get("version", "")),
        kind,
        where,
        tuple(sorted({normal(name) for name in table(entry, "dependencies")})),
        _groups(entry, extras),
        kept.files,
        kept.count or int(kind == "git" and bool(source.get("resolved_reference"))),
        _markers(entry.get("markers")),
        entry.get("yanked") is True,
    )


def _groups(entry: Mapping[str, Any], extras: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The groups that a lock gives a package; what only an extra installs belongs to the extra."""
    named = texts(entry, "groups") or ([str(entry["category"])] if entry.get("category") else [])
    found = {"" if name in _MAIN else group_of(name) for name in named}
    if "" in found and entry.get("optional") is True:
        found.discard("")
        holding = [group_of(extra) for extra in extras if entry["name"] in map(_first, texts(extras, extra))]
        found |= set(holding or ["optional"])
    return tuple(sorted(found)) or None


def _first(text: str) -> str:
    found = _NAME.match(text)
    return normal(found[1]) if found else ""


def _markers(given: Any) -> tuple[str, ...]:
    """A marker, or one for each group."""
    if isinstance(given, str) and given:
        return (given,)
    values = [value for value in given.values() if isinstance(value, str)] if isinstance(given, Mapping) else []
    return tuple(dict.fromkeys(values)) if values and all(values) else ()


def _files(listed: Any) -> Iterator[tuple[str, str]]:
    for entry in listed if isinstance(listed, list) else []:
        if isinstance(entry, Mapping):
            yield str(entry.get("file", entry.get("url", ""))), str(entry.get("hash", ""))


def pdm_lock(data: Mapping[str, Any]) -> Lock:
    """A pdm.lock. A distribution that is asked for with extras has an entry with them and one without."""
    meta = table(data, "metadata")
    merged: dict[tuple[str, str], Package] = {}
    for entry in entries(data, "package"):
        package = _pdm_package(entry, table(meta, "files"))
        other = merged.get((package.name, package.version))
        merged[package.name, package.version] = _both(package, other) if other else package
    targets = [str(target.get("requires_python", "")) for target in _tables(meta.get("targets"))]
    python = meta.get("requires_python") or next(iter(targets), "")
    return Lock([*merged.values()], str(python), str(meta.get("content_hash", "")))


def _pdm_package(entry: Mapping[str, Any], files: Mapping[str, Any]) -> Package:
    kind = "git" if entry.get("git") else "url" if entry.get("url") else "path" if entry.get("path") else "index"
    where = address(entry.get("git") or entry.get("url") or entry.get("path"))
    if kind == "git":
        where += f"#{entry.get('revision', '')}"
    own = entry.get("files")
    kept = digests(_files(own if own else files.get(f"{entry['written']} {entry.get('version', '')}")))
    needed = {found.name for text in texts(entry, "dependencies") if (found := requirement(text))}
    return Package(
        entry["name"],
        str(entry.get("version", "")),
        kind,
        where,
        tuple(sorted(needed - {entry["name"]})),
        _groups(entry, {}),
        kept.files,
        kept.count or int(kind == "git" and bool(entry.get("revision"))),
        _markers(entry.get("marker")),
        entry.get("yanked") is True,
    )


def _both(one: Package, other: Package) -> Package:
    groups = None if one.groups is None or other.groups is None else tuple(sorted({*one.groups, *other.groups}))
    first = one if one.hashes else other
    return Package(
        one.name, one.version, first.source, first.address, tuple(sorted({*one.requires, *other.requires})), groups,
        first.files, first.hashes, one.markers if one.markers and other.markers else (), first.yanked,
    )  # fmt: skip


def pylock(data: Mapping[str, Any]) -> Lock:
    """A pylock.toml. Who brings whom along is in it where the tool that wrote it says so."""
    listed = entries(data, "packages")
    count = Counter(entry["name"] for entry in listed)
    packages = [_pylock_package(entry, count) for entry in listed]
    python = data.get("requires-python", "")
    return Lock(packages, str(python), edges=any(package.requires for package in packages))


def _pylock_package(entry: Mapping[str, Any], count: Mapping[str, int]) -> Package:
    vcs, archive, directory = table(entry, "vcs"), table(entry, "archive"), table(entry, "directory")
    kind = "git" if vcs else "url" if archive else "path" if directory else "index"
    where = address(vcs.get("url") or archive.get("url") or directory.get("path") or archive.get("path"))
    if kind == "index":
        where = address(entry.get("index"))
    elif vcs:
        where = f"{where or vcs.get('path', '')}#{vcs.get('commit-id', '')}"
    kept = digests(_hashed([archive, table(entry, "sdist"), *_tables(entry.get("wheels"))]))
    return Package(
        entry["name"],
        str(entry.get("version", "")),
        kind,
        where,
        tuple(sorted({edge(one, count) for one in _tables(entry.get("dependencies")) if named_in(one)})),
        None,
        kept.files,
        kept.count or int(bool(vcs.get("commit-id"))),
        _markers(entry.get("marker")),
    )


def _tables(listed: Any) -> list[Mapping[str, Any]]:
    return [entry for entry in (listed if isinstance(listed, list) else []) if isinstance(entry, Mapping)]


def _hashed(files: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for entry in files:
        kinds = table(entry, "hashes")
        for kind in [name for name in ("sha256", "sha512", *kinds) if name in kinds][:1]:
            yield str(entry.get("name", entry.get("url", entry.get("path", "")))), f"{kind}:{kinds[kind]}"
