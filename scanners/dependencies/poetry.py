"""Poetry's own tables of requirements, and its ranges in standard notation."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from scanners.dependencies.requirements import Requirement, group_of, line_of_key, normal, source_of, table, texts


def requirements(poetry: Mapping[str, Any], text: str) -> Iterator[Requirement]:
    """The requirements of [tool.poetry]: those to run with, groups and extras."""
    extras = table(poetry, "extras")
    of_extra = {_name(item): group_of(extra) for extra in reversed([*extras]) for item in texts(extras, extra)}
    yield from _entries(table(poetry, "dependencies"), text, "", of_extra)
    yield from _entries(table(poetry, "dev-dependencies"), text, "dev", {})
    groups = table(poetry, "group")
    for name in groups:
        group = "" if name == "main" else group_of(name)
        yield from _entries(table(table(groups, name), "dependencies"), text, group, {})


def _name(item: str) -> str:
    found = re.match(r"[\w.-]+", item.strip())
    return normal(found[0]) if found else ""


def _entries(wanted: Mapping[str, Any], text: str, group: str, of_extra: Mapping[str, str]) -> Iterator[Requirement]:
    for key, value in wanted.items():
        if key == "python":
            continue
        several = [entry if isinstance(entry, Mapping) else {"version": entry} for entry in _several(value)]
        name, line = normal(key), line_of_key(text, key)
        optional = any(entry.get("optional") for entry in several)
        chosen = of_extra.get(name, "optional") if optional and not group else group
        for entry in several:
            yield _entry(name, entry, chosen, line)


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) and value else [value]


def _entry(name: str, given: Mapping[str, Any], group: str, line: int) -> Requirement:
    url = str(given.get("git") or given.get("url") or given.get("path") or "")
    at = given.get("rev") or given.get("tag") or given.get("branch")
    url += f"@{at}" if at else ""
    source = "git" if given.get("git") else "path" if given.get("path") else source_of(url)
    markers = [str(given["markers"])] if given.get("markers") else []
    if given.get("python"):
        markers.append(python_marker(str(given["python"])))
    if given.get("platform"):
        markers.append(f"sys_platform == '{given['platform']}'")
    marker = " and ".join(filter(None, markers))
    extras = tuple(texts(given, "extras"))
    specifier = poetry_range(str(given.get("version", "")))
    return Requirement(name, specifier, url, marker, group, line, extras=extras, source=source)


def python_marker(text: str) -> str:
    """A range of Pythons as a marker: `<3.12` is `python_version < '3.12'`; empty for what cannot be said in one."""
    clauses = re.findall(r"(>=|<=|==|!=|<|>)\s*([\d.]+)", poetry_range(text))
    return " and ".join(
        f"python_{'full_' if version.count('.') > 1 else ''}version {sign} '{version}'" for sign, version in clauses
    )


def poetry_range(text: str) -> str:
    """A version range of poetry as a standard one: `^1.2` is `>=1.2,<2`; empty for what allows anything.

    Ranges that are joined by "||" have no standard form: they are given as written.
    """
    if "||" in text or re.search(r"\d\s*\|\s*[\d<>=^~]", text):
        return text.strip()
    clauses = []
    for part in re.split(r",|(?<=[\w*])\s+(?=[<>=!~^])", text):
        word = part.strip()
        if word.startswith("^"):
            clauses += [f">={word[1:].strip()}", f"<{_next(word[1:])}"]
        elif word.startswith("~") and not word.startswith("~="):
            clauses += [f">={word[1:].strip()}", f"<{_bump(word[1:].strip().split('.')[:2])}"]
        elif word and word[0].isdigit():
            clauses.append(f"=={word}")
        elif word not in ("", "*"):
            clauses.append(f"={word}" if re.match(r"=\s*\d", word) else word)
    return ",".join(clauses)


def _next(version: str) -> str:
    parts = version.strip().split(".")
    keep = next((index for index, part in enumerate(parts) if part != "0"), len(parts) - 1)
    return _bump(parts[: keep + 1])


def _bump(parts: list[str]) -> str:
    number = re.match(r"\d+", parts[-1])
    return ".".join([*parts[:-1], str(int(number[0]) + 1 if number else 1)])
