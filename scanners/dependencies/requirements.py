"""What a repository says it needs: the requirements of its manifests, from text to plain values.

Nothing here resolves or fetches. Names are normalised as package indexes do it (`Flask_Login` is `flask-login`).
"""

import configparser
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Parsed
from packaging.utils import canonicalize_name

_COMMIT: Final = re.compile(r"@[0-9a-f]{40}(?:[#&]|$)|[#&](?:sha\d+|md5)=|--hash=")


_EGG: Final = re.compile(r"[#&]egg=([\w.-]+)")


_DEV_GROUP: Final = re.compile(
    r"dev|test|lint|doc|typing|type|ci|bench|format|style|release|build|tool|local|qa|check", re.IGNORECASE
)


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
            last = body.partition("#")[0].rstrip("/").rpartition("/")[2].partition("@")[0]
            name = egg[1] if egg else last.removesuffix(".git")
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
    project, tool, seen = table(data, "project"), table(data, "tool"), Counter[str]()
    sources = [("", item) for item in project.get("dependencies", ())]
    sources += [
        (_group(name), item) for name, items in table(project, "optional-dependencies").items() for item in items
    ]
    sources += [("dev", item) for items in table(data, "dependency-groups").values() for item in items]
    sources += [("dev", item) for items in table(table(tool, "pdm"), "dev-dependencies").values() for item in items]
    sources += [("dev", item) for item in table(tool, "uv").get("dev-dependencies", ())]
    own = normal(str(project.get("name", "")))
    for group, item in [(group, item) for group, item in sources if isinstance(item, str)]:
        found = requirement(item, _line_of(text, item, seen[item]), group)
        seen[item] += 1
        if (
            found is not None and found.name != own
        ):  # An extra that asks for the project's other extras is no requirement.
            yield found
    poetry = table(tool, "poetry")
    yield from _poetry(table(poetry, "dependencies"), text, "")
    yield from _poetry(table(poetry, "dev-dependencies"), text, "dev")
    for name, group_table in table(poetry, "group").items():
        yield from _poetry(table(group_table, "dependencies"), text, "dev" if is_dev_group(name) else name)


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
        for name, wanted in table(data, section).items():
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


def table(data: Any, name: str) -> Mapping[str, Any]:
    """The table of this name in parsed TOML or JSON, empty where it is none."""
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
