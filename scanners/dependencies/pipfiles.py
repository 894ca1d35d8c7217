"""The files that pip installs from, and Pipfiles: requirements, options, and the remarks of compiling tools."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from scanners.dependencies.requirements import (
    Requirement,
    group_of,
    line_of_key,
    normal,
    requirement,
    source_of,
    table,
)
from scanners.regex import regex

_EGG: Final = regex(r"[#&]egg=([\w.-]+)")
_HASH: Final = regex(r"--hash[= ]([a-z0-9]+:[0-9A-Za-z+/=]+)")
_LONG: Final = {"-i": "--index-url", "-r": "--requirement", "-c": "--constraint", "-f": "--find-links"}
_LOCAL: Final = regex(r"^(\.{0,2}/|\.{1,2}(\[|$)|file:|[\w.-]+/|[\w./-]+\.(whl|tar\.gz|zip)(\s|$))")
_OPTION: Final = regex(r"^(-[a-z](?=[^-\s=])|[^\s=]+)[\s=]*(.*)$", re.DOTALL)
_PROJECT: Final = regex(r"^\.?/?(\[[^\]]*\])?$")


class _Line(NamedTuple):
    """One logical line: its first number, its text, and the names of its `# via` remark."""

    number: int
    text: str
    via: tuple[str, ...]


def requirements(text: str, group: str = "") -> Iterator[Requirement]:
    """The requirements of a pip file. Options, and the project itself, are left out."""
    for number, line, via in _logical_lines(text):
        found = _read(line, number, group)
        if found is not None:
            hashes = tuple(_HASH.findall(line))
            yield Requirement(
                found.name, found.specifier, found.url, found.marker, group, number, bool(hashes),
                found.extras, found.source, via, hashes,
            )  # fmt: skip


def _read(line: str, number: int, group: str) -> Requirement | None:
    editable = re.match(r"^(?:-e|--editable)[ =]\s*(.*)", line)
    body = editable[1] if editable else line
    body = re.split(r"\s--[a-z]", f"{body} ", maxsplit=1)[0].strip()
    body = body.strip("\"'") if body.startswith(('"', "'")) else body
    if body.startswith("-") or not body or _PROJECT.match(body):
        return None
    named = requirement(body, number, group)
    if named is not None:
        return named
    if _LOCAL.match(body) and not re.match(r"^[\w.-]+\s*@", body):
        return _path(body, number, group)
    if "://" in body or body.startswith("git@"):
        address = body.partition(" ;")[0].strip()
        egg = _EGG.search(address)
        last = address.partition("#")[0].rstrip("/").rpartition("/")[2].partition("@")[0]
        name = egg[1] if egg else last.removesuffix(".git")
        return Requirement(normal(name), url=address, group=group, line=number, source=source_of(address))
    return None


def _path(body: str, number: int, group: str) -> Requirement | None:
    path = re.sub(r"\[[^\[\]]*\]$", "", body.partition(" ;")[0].partition("#")[0].strip()).removeprefix("file://")
    last = re.sub(r"-\d.*|\.(whl|tar\.gz|zip)$", "", path.rstrip("/").rpartition("/")[2])
    return Requirement(normal(last), url=path, group=group, line=number, source="path") if last.strip(".") else None


def options(text: str) -> Iterator[tuple[int, str, str]]:
    """The options of a pip file as (line, name, value): `-r`, `-c`, `--index-url`, `--extra-index-url`, ..."""
    for number, line, _ in _logical_lines(text):
        if line.startswith("-") and not re.match(r"-e\b|--editable\b", line):
            found = _OPTION.match(line)
            name, value = (found[1], found[2]) if found else (line, "")
            yield number, _LONG.get(name, name), value.strip()


def _logical_lines(text: str) -> Iterator[_Line]:
    """Lines as pip joins them, without remarks; the names of a `# via` remark go to the line that they belong to."""
    held: _Line | None = None
    names: list[str] = []
    for number, body in _joined(text.split("\n")):
        code, _, remark = f" {body}".partition(" #")
        if held is not None and (code.strip() or not remark.strip()):
            yield held._replace(via=tuple(filter(None, names)))
            held, names = None, []
        if code.strip():
            held = _Line(number, code.strip(), ())
        remark = remark.strip()
        if held is not None and ((names and not body.startswith("#")) or re.match(r"via\b", remark)):
            names += [name.strip() for name in re.sub(r"^via\b", "", remark).split(",")]
    if held is not None:
        yield held._replace(via=tuple(filter(None, names)))


def _joined(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Lines with those that a backslash continues, each with the number of its first."""
    parts: list[str] = []
    for number, line in enumerate(lines, 1):
        body = line.rstrip()
        goes_on = body.endswith("\\") and not body.lstrip().startswith("#")
        parts.append(body[:-1] if goes_on else body)
        if not goes_on:
            yield number - len(parts) + 1, " ".join(parts)
            parts = []
    if parts:
        yield len(lines) - len(parts) + 1, " ".join(parts)


def pipfile(data: Mapping[str, Any], text: str) -> Iterator[Requirement]:
    """The requirements of a Pipfile: packages, dev-packages, and the categories that a project names itself."""
    settings = ("source", "requires", "pipenv", "scripts", "pipfile")
    for section in [name for name in data if name not in settings]:
        group = {"packages": "", "dev-packages": "dev"}.get(section, group_of(section))
        for name, wanted in table(data, section).items():
            given = wanted if isinstance(wanted, Mapping) else {"version": wanted}
            yield from _wanted(name, given, group, line_of_key(text, name))


def _wanted(name: str, given: Mapping[str, Any], group: str, line: int) -> Iterator[Requirement]:
    version = given.get("version", "")
    specifier = version if isinstance(version, str) and version != "*" else ""
    git, other = given.get("git"), given.get("file") or given.get("path")
    url = str(git or other or "") + (f"@{given['ref']}" if given.get("ref") else "")
    source = "git" if git else "path" if given.get("path") else source_of(url)
    marker = str(given.get("markers", ""))
    if source != "path" or str(given["path"]).strip("./"):
        extras = given.get("extras")
        extras = tuple(map(str, extras)) if isinstance(extras, list) else ()
        yield Requirement(normal(name), specifier, url, marker, group, line, extras=extras, source=source)
