"""The lock of uv."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from scanners.dependencies.packages import Lock, Package, address, digests, edge, entries, named_in
from scanners.dependencies.requirements import group_of, normal, table, texts

_PATHS: Final = ("path", "directory", "editable", "virtual")


def read(data: Mapping[str, Any]) -> Lock:
    """A uv.lock. What lies in the repository itself, its project and the members of a workspace, asks for the rest."""
    listed = entries(data, "package")
    members = {normal(name) for name in texts(table(data, "manifest"), "members")}
    roots = [entry for entry in listed if _is_root(entry, members)]
    asked: dict[str, list[str]] = defaultdict(list)
    versions = _versions(listed)
    for group, wanted in (pair for root in roots for pair in _asked(root)):
        asked[group].append(edge(wanted, versions))
    markers = _markers(listed, versions)
    packages = [_package(entry, versions, markers.get(edge(entry, versions), ())) for entry in listed]
    first = next((root for root in roots if _path(root) == "."), roots[0] if roots else None)
    python = data.get("requires-python")
    return Lock(
        packages,
        python if isinstance(python, str) else "",
        roots=_requires_dist(first),
        asked={group: tuple(dict.fromkeys(names)) for group, names in asked.items()} if roots else None,
    )


def _versions(listed: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How many versions a name has."""
    count: dict[str, int] = defaultdict(int)
    for entry in listed:
        count[entry["name"]] += 1
    return count


def _path(entry: Mapping[str, Any]) -> str:
    source = table(entry, "source")
    return next((str(source[kind]) for kind in _PATHS if kind in source), "")


def _is_root(entry: Mapping[str, Any], members: set[str]) -> bool:
    source = table(entry, "source")
    if not {"virtual", "editable"} & set(source):
        return False
    return _path(entry) == "." or entry["name"] in members or (not members and not _path(entry).startswith(".."))


def _asked(root: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for wanted in _tables(root.get("dependencies")):
        yield "", wanted
    for kind in ("optional-dependencies", "dev-dependencies"):
        for group, listed in table(root, kind).items():
            for wanted in _tables(listed):
                yield group_of(group), wanted


def _tables(listed: Any) -> list[Mapping[str, Any]]:
    found = listed if isinstance(listed, list) else []
    return [entry for entry in found if isinstance(entry, Mapping) and named_in(entry)]


def _package(entry: Mapping[str, Any], versions: Mapping[str, int], markers: tuple[str, ...]) -> Package:
    source = table(entry, "source")
    kind = "git" if "git" in source else "url" if "url" in source else "path" if _path(entry) else "index"
    wanted = [*_tables(entry.get("dependencies"))]
    wanted += [one for listed in table(entry, "optional-dependencies").values() for one in _tables(listed)]
    files = [*_tables_of_files(entry.get("wheels"))]
    files += _tables_of_files([entry.get("sdist")])
    kept = digests(files)
    where = source.get("git") or source.get("url") or _path(entry) or source.get("registry")
    return Package(
        entry["name"],
        str(entry.get("version", "")),
        kind,
        address(where),
        tuple(sorted({edge(one, versions) for one in wanted})),
        None,
        kept.files,
        kept.count or int(kind == "git" and "#" in str(where)),
        markers,
    )


def _tables_of_files(listed: Any) -> list[tuple[str, str]]:
    found = [entry for entry in (listed if isinstance(listed, list) else []) if isinstance(entry, Mapping)]
    return [
        (str(entry.get("url", entry.get("path", entry.get("filename", "")))), str(entry.get("hash", "")))
        for entry in found
    ]


def _markers(listed: Sequence[Mapping[str, Any]], versions: Mapping[str, int]) -> dict[str, tuple[str, ...]]:
    """The markers under which packages are asked for, where each that asks gives one."""
    asked = defaultdict[str, list[str]](list)
    for entry in listed:
        groups = [*table(entry, "optional-dependencies").values(), *table(entry, "dev-dependencies").values()]
        for wanted in (one for group in [entry.get("dependencies"), *groups] for one in _tables(group)):
            marker = str(wanted.get("marker", ""))
            asked[edge(wanted, versions)].append("" if "extra " in marker else marker)
    return {name: tuple(dict.fromkeys(given)) for name, given in asked.items() if all(given)}


def _requires_dist(root: Mapping[str, Any] | None) -> Mapping[str, str] | None:
    metadata = table(root or {}, "metadata")
    if not isinstance(metadata.get("requires-dist"), list):
        return None
    roots: dict[str, str] = {}
    for entry in _tables(metadata["requires-dist"]):
        plain = not set(entry) & {"marker", "git", "url", "path", "directory", "editable"}
        roots[normal(entry["name"])] = str(entry.get("specifier", "")) if plain else "?"
    return roots
