"""What a pyproject.toml requires: [project], dependency groups, and what poetry, pdm, uv and hatch add to them."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from scanners.dependencies import poetry
from scanners.dependencies.requirements import (
    Requirement,
    group_of,
    line_of,
    normal,
    requirement,
    source_of,
    table,
    texts,
)


def pyproject(data: Mapping[str, Any], text: str) -> Iterator[Requirement]:
    """The requirements of a pyproject.toml, each with the address that tools give it and its line."""
    project, tool, seen = table(data, "project"), table(data, "tool"), Counter[str]()
    own = normal(str(project.get("name", "")))
    addresses = _addresses(tool)
    names: set[str] = set()
    for group, item in _listed(data):
        found = requirement(item, line_of(text, item, seen[item]), group)
        seen[item] += 1
        if found is None or found.name == own:
            continue  # An extra that asks for the project's other extras is no requirement.
        names.add(found.name)
        yield _placed(found, addresses.get(found.name, ""))
    for found in poetry.requirements(table(tool, "poetry"), text):
        if found.name not in names:  # Where both name it, poetry's table only says where to take it from.
            yield found


def _listed(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every requirement in the notation of packages, with its group."""
    project, tool = table(data, "project"), table(data, "tool")
    yield from (("", item) for item in texts(project, "dependencies"))
    extras = table(project, "optional-dependencies")
    yield from ((group_of(name), item) for name in extras for item in texts(extras, name))
    groups = table(data, "dependency-groups")
    yield from ((group_of(name), item) for name in groups for item in texts(groups, name))
    tools = table(table(tool, "pdm"), "dev-dependencies")
    yield from (("dev", item) for name in tools for item in texts(tools, name))
    yield from (("dev", item) for item in texts(table(tool, "uv"), "dev-dependencies"))
    environments = table(table(tool, "hatch"), "envs")
    for name in environments:
        for kind in ("dependencies", "extra-dependencies"):
            yield from (("dev", item) for item in texts(table(environments, name), kind))


def _addresses(tool: Mapping[str, Any]) -> dict[str, str]:
    """Where uv and poetry take a requirement from instead of an index, by its name."""
    found = {}
    for name, given in [*table(table(tool, "uv"), "sources").items()]:
        entries = [entry for entry in (given if isinstance(given, list) else [given]) if isinstance(entry, Mapping)]
        address = next((address for entry in entries if (address := _address(entry))), "")
        if address:
            found[normal(name)] = address
    for name, given in table(table(tool, "poetry"), "dependencies").items():
        if isinstance(given, Mapping) and (address := _address(given)):
            found[normal(name)] = address
    return found


def _address(given: Mapping[str, Any]) -> str:
    if given.get("git"):
        at = given.get("rev") or given.get("tag") or given.get("branch")
        return f"git+{given['git']}" + (f"@{at}" if at else "")
    if given.get("workspace"):
        return "./"
    return str(given.get("url") or "") or (f"./{given['path']}" if given.get("path") else "")


def _placed(found: Requirement, address: str) -> Requirement:
    return replace(found, url=address, source=source_of(address)) if address and not found.url else found


def includes(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The files that a project without requirements of its own reads them from, each with the group it fills."""
    tool = table(data, "tool")
    dynamic = table(table(tool, "setuptools"), "dynamic")
    found = [("", name) for name in _files(table(dynamic, "dependencies"))]
    extras = table(dynamic, "optional-dependencies")
    found += [(group_of(extra), name) for extra in extras for name in _files(table(extras, extra))]
    hook = table(table(table(table(tool, "hatch"), "metadata"), "hooks"), "requirements_txt")
    found += [("", name) for name in _files(hook)] + [("", name) for name in texts(hook, "files")]
    more = table(hook, "optional-dependencies")
    found += [(group_of(extra), name) for extra in more for name in texts(more, extra)]
    return [(name, group) for group, name in found]


def _files(given: Mapping[str, Any]) -> list[str]:
    named = given.get("file", given.get("filename"))
    return [named] if isinstance(named, str) else texts(given, "file")
