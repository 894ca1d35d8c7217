"""
Published advisories (OSV records for PyPI), read from disk and matched against locked versions. Nothing is fetched.

    advisories = load(Path("pypi.zip"))       # a folder, a zip or tar archive, or one JSON or YAML file
    advisories.of("django", "3.2.1")          # tuple[Advisory], the open ones that cover this version
    advisories.knows("django")                # whether any record names the package
    advisories.date                           # the day of the newest record, None for no record

Records are parsed when their package is asked for: a snapshot of all of PyPI has tens of thousands.
"""

import datetime as dt
import json
import re
import tarfile
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Protocol

import yaml
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from scanners import cvss
from scanners.regex import regex

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SUFFIXES: Final = (".json", ".yaml", ".yml")
_LARGEST: Final = 5_000_000
_ORDER: Final = ("fixed", "introduced", "last_affected")
"""Events in the order in which those of one version take effect."""
_NAME: Final = regex(
    r"^[^\S\n]*+(?:-[^\S\n]*+)?\"?name\"?:\s*+[\"']?([A-Za-z0-9][\w.-]*)|\"name\":\s*\"([^\"]+)\"", re.MULTILINE
)
_MODIFIED: Final = regex(r"\"?\bmodified\"?:\s*[\"']?(\d{4})-(\d{2})-(\d{2})")


class AdvisoriesError(ValueError):
    """The advisories cannot be read. The message says what is expected."""


@dataclass(frozen=True, slots=True)
class Advisory:
    """One published fault. `names` are its id and aliases, `fixed` the first version after the given one without it.

    `severity` is low, medium, high or critical, empty where the record does not say.
    """

    id: str
    names: frozenset[str]
    summary: str
    fixed: str
    malicious: bool
    severity: str = ""


class Known(Protocol):
    """What rules and tables ask of advisories, wherever they are kept. `date` is the day up to which they reach."""

    date: dt.date | None

    def knows(self, name: str) -> bool:
        """Whether an open record names the package."""

    def of(self, name: str, version: str) -> tuple[Advisory, ...]:
        """The open advisories that cover a version, one for each fault."""


class Advisories:
    """Records by package, parsed on demand."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts: dict[str, list[str]] = defaultdict(list)
        self._parsed: dict[str, list[dict[str, Any]]] = {}
        self.date: dt.date | None = None
        for text in texts:
            names = {canonicalize_name(found[1] or found[2]) for found in _NAME.finditer(text)}
            for name in names:
                self._texts[name].append(text)
            days = [dt.date(*map(int, found.groups())) for found in _MODIFIED.finditer(text)]
            self.date = max([*days, *([self.date] if self.date else [])], default=None)

    @property
    def stamp(self) -> dict[str, str]:
        """What a report says of them: how far they reach."""
        return {"as_of": self.date.isoformat()} if self.date else {}

    def expect(self, names: Iterable[str]) -> None:
        """Packages that will be asked about: for those who fetch what they know."""

    def knows(self, name: str) -> bool:
        """Whether an open record names the package."""
        return any(True for _ in self._affected(canonicalize_name(name)))

    def of(self, name: str, version: str) -> tuple[Advisory, ...]:
        """The open advisories that cover a version, one for each fault: records that are aliases count once."""
        found: list[Advisory] = []
        for record, affected in self._affected(canonicalize_name(name)):
            if _covers(affected, version):
                advisory = _advisory(record, affected, version)
                same = next((known for known in found if known.names & advisory.names), None)
                if same is None:
                    found.append(advisory)
                else:
                    found[found.index(same)] = _merged(same, advisory)
        return tuple(sorted(found, key=lambda advisory: advisory.id))

    def _affected(self, name: str) -> Iterator[tuple[dict[str, Any], Mapping[str, Any]]]:
        """The open records of a package, each with what it says of that package."""
        for record in self._open(name):
            for affected in record.get("affected") or ():
                package = affected.get("package") or {}
                ours = str(package.get("ecosystem", "PyPI")).partition(":")[0] == "PyPI"
                if ours and canonicalize_name(str(package.get("name", ""))) == name:
                    yield record, affected

    def _open(self, name: str) -> list[dict[str, Any]]:
        """The records that name a package and were not withdrawn."""
        if name not in self._parsed:
            records = (record for text in self._texts.get(name, ()) for record in records_of(text))
            self._parsed[name] = [record for record in records if not record.get("withdrawn")]
        return self._parsed[name]


def load(path: Path) -> Advisories:
    """The advisories below a folder, in an archive or in one file. Raises AdvisoriesError, or OSError."""
    if path.is_dir():
        files = (file for file in sorted(path.rglob("*")) if file.suffix in _SUFFIXES and file.is_file())
        advisories = Advisories(file.read_text(encoding="utf-8") for file in files if file.stat().st_size <= _LARGEST)
    elif zipfile.is_zipfile(path):
        advisories = Advisories(_zipped(path))
    elif path.suffix in _SUFFIXES:
        advisories = Advisories([path.read_text(encoding="utf-8")])
    elif path.is_file() and tarfile.is_tarfile(path):
        advisories = Advisories(_tarred(path))
    else:
        raise AdvisoriesError(f"{path} is no folder, archive or JSON file. Give a download of OSV's records for PyPI.")
    if advisories.date is None:
        raise AdvisoriesError(f"{path} holds no advisory. Give a download of OSV's records for PyPI.")
    return advisories


def _zipped(path: Path) -> Iterator[str]:
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if member.filename.endswith(_SUFFIXES) and member.file_size <= _LARGEST:
                yield archive.read(member).decode("utf-8", "replace")


def _tarred(path: Path) -> Iterator[str]:
    with tarfile.open(path) as archive:
        for member in archive:
            held = archive.extractfile(member) if member.isfile() and member.size <= _LARGEST else None
            if held is not None and member.name.endswith(_SUFFIXES):
                yield held.read().decode("utf-8", "replace")


def records_of(text: str) -> list[dict[str, Any]]:
    """The records of a JSON or YAML file: one, or a list of them. What is no record is left out."""
    try:
        data = json.loads(text) if text.lstrip()[:1] in "[{" else _LOADER(text).get_single_data()
    except (ValueError, yaml.YAMLError):
        return []
    return [record for record in (data if isinstance(data, list) else [data]) if isinstance(record, dict)]


def _covers(affected: Mapping[str, Any], version: str) -> bool:
    """Whether a version is listed, or lies in a range. Ranges of commits say nothing of versions."""
    listed = [str(one) for one in affected.get("versions") or ()]
    wanted = _version(version)
    if wanted is None:
        return version in listed
    if version in listed or any(_version(one) in (wanted, _public(wanted)) for one in listed):
        return True
    ranges = (one for one in affected.get("ranges") or () if one.get("type") in ("ECOSYSTEM", "SEMVER"))
    return any(_in_range(one.get("events") or (), wanted) for one in ranges)


def _in_range(events: Sequence[Mapping[str, Any]], version: Version) -> bool:
    """Whether a version lies between events. A build of one's own of the last affected version is affected, too."""
    inside = False
    for edge, kind in _edges(events):
        if kind == "last_affected":
            inside = inside and not (edge is None or _public(version) > edge)
        elif edge is None or version >= edge:
            inside = kind == "introduced"
    return inside and _within_limits(events, version)


def _within_limits(events: Iterable[Mapping[str, Any]], version: Version) -> bool:
    """Whether a version is below one of the limits of a range; true where it has none."""
    limits = [str(event["limit"]) for event in events if "limit" in event]
    edges = [_version(limit) for limit in limits]
    return not limits or "*" in limits or any(edge is not None and version < edge for edge in edges)


def _edges(events: Iterable[Mapping[str, Any]]) -> list[tuple[Version | None, str]]:
    """The edges of a range in order, None for the very first version. Events may stand in any order."""
    edges = []
    for event in events:
        for kind in _ORDER:
            if kind in event:
                text = str(event[kind])
                edge = None if text == "0" else _version(text)
                if edge is not None or text == "0":
                    edges.append((edge, kind))
    return sorted(edges, key=lambda one: (one[0] is not None, one[0] or Version("0"), _ORDER.index(one[1])))


def _advisory(record: Mapping[str, Any], affected: Mapping[str, Any], version: str) -> Advisory:
    name = str(record.get("id", ""))
    names = frozenset({name, *map(str, record.get("aliases") or ())})
    text = str(record.get("summary") or record.get("details") or "").strip().split("\n")[0]
    malicious = any(one.startswith("MAL-") for one in names)
    summary, fixed = " ".join(text.split())[:160], _fixed(affected, version)
    return Advisory(name, names, summary, fixed, malicious, _severity(record, affected))


def _severity(record: Mapping[str, Any], affected: Mapping[str, Any]) -> str:
    """What the record says of its weight: in a word of its database, or as a vector."""
    for held in (record.get("database_specific"), affected.get("database_specific")):
        word = held.get("severity") if isinstance(held, Mapping) else None
        if isinstance(word, str) and word.lower() in cvss.WORDS:
            return cvss.WORDS[word.lower()]
    given = [held.get("severity") for held in (record, affected)]
    entries = [one for listed in given if isinstance(listed, list) for one in listed if isinstance(one, Mapping)]
    scores = [score for one in entries if (score := cvss.base_score(str(one.get("score")))) is not None]
    return cvss.rating(max(scores)) if scores else ""


def _fixed(affected: Mapping[str, Any], version: str) -> str:
    """The first fixed version after this one, empty when none is named."""
    here = _version(version)
    named = [
        edge
        for one in affected.get("ranges") or ()
        for edge, kind in _edges(one.get("events") or ())
        if kind == "fixed" and one.get("type") != "GIT"
    ]
    after = [edge for edge in named if edge is not None and (here is None or edge > here)]
    return str(min(after)) if after else ""


def _merged(one: Advisory, other: Advisory) -> Advisory:
    first, second = sorted((one, other), key=lambda advisory: (not advisory.malicious, advisory.id))
    fixed = first.fixed or second.fixed
    names, summary = one.names | other.names, first.summary or second.summary
    return Advisory(first.id, names, summary, fixed, first.malicious, first.severity or second.severity)


@lru_cache(maxsize=65536)
def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


def _public(version: Version) -> Version:
    return Version(version.public)
