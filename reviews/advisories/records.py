"""
OSV records as they are kept: checked, with what matching needs and nothing else.

    records = read(raw)          # list[Record]; [] for a file about something else. Raises UnreadableError

What a scan reads later must not surprise it, so a record of another shape than OSV's is refused here.
"""

import hashlib
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml
from packaging.utils import canonicalize_name

from scanners.advisories import records_of

Json = dict[str, Any]

_IDENT = re.compile(r"[A-Za-z0-9][\w.:+-]{0,199}")
_LONGEST_NAME = 200
_LONGEST_SUMMARY = 160


class UnreadableError(ValueError):
    """A file holds no record that can be read. The message says why."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record about packages of PyPI. `names` are those of the packages, as indexes compare them."""

    ident: str
    modified: date | None
    withdrawn: bool
    names: frozenset[str]
    packed: bytes
    digest: str


def read(raw: bytes) -> list[Record]:
    """The records of a file that are about PyPI. Raises UnreadableError where it is none of JSON, YAML or OSV."""
    try:
        text = raw.decode()
        _refuse_aliases(text)
        found = records_of(text)
    except (UnicodeDecodeError, RecursionError, yaml.YAMLError, ValueError) as error:
        raise UnreadableError(f"It is neither JSON nor YAML ({type(error).__name__}).") from error
    if not found:
        raise UnreadableError("It is neither JSON nor YAML, or empty.")
    try:
        kept = [_kept(record) for record in found if "id" in record or "affected" in record]
    except (TypeError, AttributeError, KeyError, ValueError, RecursionError) as error:
        raise UnreadableError("It is not of the form that OSV describes.") from error
    return [record for record in kept if record.names]


def unpack(packed: bytes | memoryview) -> Json:
    """The record that `Record.packed` holds, as matching reads it."""
    record: Json = json.loads(zlib.decompress(packed))
    return record


def _refuse_aliases(text: str) -> None:
    """An alias lets a few lines of YAML stand for gigabytes. No record has one."""
    if "&" in text and "*" in text and text.lstrip()[:1] not in "[{":
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            if isinstance(event, yaml.AliasEvent):
                raise UnreadableError("It has aliases.")


def _kept(record: Mapping[str, Any]) -> Record:
    ident = _text(record["id"])
    if not _IDENT.fullmatch(ident):
        raise ValueError("no id")
    affected = [_affected(one) for one in _list(record.get("affected")) if _is_ours(one)]
    names = frozenset(one["package"]["name"] for one in affected)
    if any(not 0 < len(name) <= _LONGEST_NAME for name in names):
        raise ValueError("no name of a package")
    summary = str(record.get("summary") or record.get("details") or "").strip().split("\n")[0]
    modified = record.get("modified")
    kept = {
        "id": ident,
        "aliases": [_text(alias) for alias in _list(record.get("aliases"))],
        "summary": " ".join(summary.split())[:_LONGEST_SUMMARY],
        "affected": affected,
    } | _weight(record)
    content = json.dumps(kept, sort_keys=True, separators=(",", ":")).encode()
    day, withdrawn = date.fromisoformat(str(modified)[:10]) if modified else None, bool(record.get("withdrawn"))
    digest = hashlib.sha256(content + f"{day} {withdrawn}".encode()).hexdigest()
    return Record(ident, day, withdrawn, names, zlib.compress(content), digest)


def _is_ours(affected: Mapping[str, Any]) -> bool:
    package = affected.get("package") or {}
    return str(package.get("ecosystem", "PyPI")).partition(":")[0] == "PyPI" and "name" in package


def _affected(affected: Mapping[str, Any]) -> Json:
    ranges = [one for one in _list(affected.get("ranges")) if one.get("type") in ("ECOSYSTEM", "SEMVER")]
    edges = [{"type": one["type"], "events": [_event(event) for event in _list(one["events"])]} for one in ranges]
    return {
        "package": {"ecosystem": "PyPI", "name": canonicalize_name(_text(affected["package"]["name"]))},
        "ranges": edges,
        "versions": [str(version) for version in _list(affected.get("versions"))],
    } | _weight(affected)


def _weight(held: Mapping[str, Any]) -> Json:
    """What a record, or its part about one package, says of its severity. It is only told, so slips are let be."""
    listed, own = held.get("severity"), held.get("database_specific")
    vectors = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    word = own.get("severity") if isinstance(own, dict) else None
    found: Json = {"severity": [{"score": str(one.get("score"))} for one in vectors]} if vectors else {}
    return found | ({"database_specific": {"severity": word}} if isinstance(word, str) else {})


def _event(event: Mapping[str, Any]) -> dict[str, str]:
    return {str(kind): str(edge) for kind, edge in event.items()}


def _list(value: object) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise TypeError("no list")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value
