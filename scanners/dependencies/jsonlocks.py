"""Locks that are no TOML: Pipfile.lock and conda-lock's."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from scanners import yamltree
from scanners.dependencies.packages import Lock, Package, address, digests, named_in
from scanners.dependencies.requirements import group_of, normal, table, texts
from scanners.yamltree import Yaml

_CONDA: Final = ("linux-64", "linux-aarch64")


def pipfile_lock(data: Mapping[str, Any]) -> Lock:
    """A Pipfile.lock: packages by section. Who brings whom along is not in it; `index` stands at what is asked for."""
    found: dict[str, Package] = {}
    for section in [name for name in data if name != "_meta"]:
        group = {"default": "", "develop": "dev"}.get(section, group_of(section))
        for name, entry in table(data, section).items():
            if isinstance(entry, Mapping) and name.strip():
                package = _pipfile_package(normal(name), group, entry)
                other = found.get(package.name)
                found[package.name] = _joined(other, package) if other else package
    digest = table(table(data, "_meta"), "hash").get("sha256", "")
    return Lock([*found.values()], "", str(digest), edges=False)


def _pipfile_package(name: str, group: str, entry: Mapping[str, Any]) -> Package:
    git, path = entry.get("git"), entry.get("path")
    url = str(entry.get("file", ""))
    kind = "git" if git else "path" if path or (url and "://" not in url) else "url" if url else "index"
    where = address(git or url or path)
    if git:
        where += f"#{entry.get('ref', '')}"
    kept = digests(("", digest) for digest in texts(entry, "hashes"))
    marker = entry.get("markers")
    return Package(
        name,
        str(entry.get("version", "")).removeprefix("=="),
        kind,
        where,
        (),
        (group,),
        kept.files,
        kept.count or int(bool(git and entry.get("ref"))),
        (marker,) if isinstance(marker, str) and marker else (),
        direct=True if "index" in entry or kind != "index" else None,
    )


def _joined(one: Package, other: Package) -> Package:
    groups = tuple(sorted({*(one.groups or ()), *(other.groups or ())}))
    return Package(
        one.name, one.version, one.source, one.address, (), groups, one.files, one.hashes,
        one.markers if one.markers and other.markers else (), direct=one.direct or other.direct,
    )  # fmt: skip


def conda_data(text: str) -> dict[str, Any]:
    """The packages of a conda-lock.yml, each a table of texts and of tables of texts. Raises ValueError."""
    documents, problem = yamltree.documents(text)
    if problem:
        raise ValueError(problem)
    listed = documents[0].get("package").each() if documents else ()
    return {"package": [{key: _plain(value) for key, value in entry.items()} for entry in listed]}


def _plain(value: Yaml) -> Any:
    return {key: inner.text for key, inner in value.items()} if value.is_map else value.text


def conda_lock(data: Mapping[str, Any]) -> Lock:
    """A conda-lock.yml: what it installs on Linux. What conda installs are its own builds, under its own names."""
    found: dict[str, Package] = {}
    for entry in _conda_entries(data):
        name, category = normal(str(entry["name"])), str(entry.get("category", "main"))
        kept = digests([(str(entry.get("url", "")), f"sha256:{table(entry, 'hash').get('sha256', '')}")])
        ours = entry.get("manager") == "pip"
        found.setdefault(
            name,
            Package(
                name,
                str(entry.get("version", "")),
                "index" if ours else "conda",
                "",
                tuple(sorted(normal(str(one)) for one in table(entry, "dependencies") if not str(one).startswith("_"))),
                ("" if category == "main" else group_of(category),),
                kept.files,
                kept.count,
            ),
        )
    return Lock([*found.values()])


def _conda_entries(data: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    listed = data.get("package")
    entries = [entry for entry in (listed if isinstance(listed, list) else []) if isinstance(entry, Mapping)]
    named = [entry for entry in entries if named_in(entry)]
    platforms = {str(entry.get("platform", "")) for entry in named}
    chosen = next((name for name in _CONDA if name in platforms), min(platforms, default=""))
    return (entry for entry in named if str(entry.get("platform", "")) == chosen)
