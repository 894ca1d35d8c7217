"""
Pins whose answer a snapshot of advisories gives by itself: what its records list as affected, or name as fixed.

The expected answers come from texts of the records alone, never from the code that is tested. OSV's own tools wrote the
`versions` lists, so a listed version is affected as a text, and a `fixed` event names one that is not. What a snapshot
lacks is made of these by what PEP 440 defines: a build of one's own (`1.2+shop`) is the version that it is made of, and
another epoch (`1!1.2`) is later than every version without one.
"""

import random
import re
import tarfile
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

SNAPSHOTS = sorted((Path(__file__).parents[3] / "shared" / "data" / "advisories").glob("*.tar.gz"))
_PRE = re.compile(r"^v?\d+(\.\d+)*[-_.]?(a|b|c|rc|alpha|beta|pre|dev)[-_.]?\d*$", re.IGNORECASE)
_POST = re.compile(r"\.?post\d+$", re.IGNORECASE)
_PLAIN = re.compile(r"^\d+(\.\d+)*$")


class Pin(NamedTuple):
    """One pinned version, the record that it is about, and why it was chosen."""

    name: str
    version: str
    record: str
    sort: str


@cache
def records(path: Path) -> tuple[dict[str, Any], ...]:
    """The records of a snapshot, as YAML gives them."""
    with tarfile.open(path) as archive:
        texts = [archive.extractfile(member).read() for member in archive if member.name.endswith(".yaml")]
    found = [yaml.load(text, yaml.CSafeLoader) for text in texts]
    return tuple(sorted((one for one in found if one.get("affected")), key=lambda record: record["id"]))


def listed(record: dict[str, Any]) -> list[str]:
    """The versions that a record lists as affected."""
    return [str(version) for version in record["affected"][0].get("versions") or ()]


def events(record: dict[str, Any], kind: str) -> list[str]:
    """The versions that events of a kind name."""
    ranges = [one for one in record["affected"][0].get("ranges") or () if one["type"] == "ECOSYSTEM"]
    return [str(event[kind]) for one in ranges for event in one["events"] if kind in event]


def _same_fault(record: dict[str, Any], by_name: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    names = {record["id"], *record.get("aliases", ())}
    others = by_name[record["affected"][0]["package"]["name"]]
    return [other for other in others if names & {other["id"], *other.get("aliases", ())}]


def _take(
    pool: Iterable[tuple[dict[str, Any], str]], count: int, sort: str, seed: int, made: Callable[[str], str] = str
) -> list[Pin]:
    """Some of (record, version), by a seeded choice, at most one of each record."""
    found = list({record["id"]: (record, version) for record, version in pool}.values())
    chosen = random.Random(seed).sample(found, min(count, len(found)))
    return [Pin(one["affected"][0]["package"]["name"], made(version), one["id"], sort) for one, version in chosen]


def affected(path: Path) -> list[Pin]:
    """A hundred pins that the snapshot says are affected."""
    living = [record for record in records(path) if not record.get("withdrawn") and listed(record)]
    pairs = [(record, version) for record in living for version in listed(record)]
    random.Random(1).shuffle(pairs)
    plain = [pair for pair in pairs if _PLAIN.match(pair[1])]
    found = _take([pair for pair in pairs if _PRE.match(pair[1])], 12, "pre-release", 2)
    found += _take([pair for pair in pairs if _POST.search(pair[1])], 12, "post-release", 3)
    found += _take([pair for pair in plain if len(events(pair[0], "introduced")) > 1], 12, "several ranges", 4)
    found += _take([pair for pair in plain if events(pair[0], "last_affected")], 5, "last_affected", 5)
    found += _take([pair for pair in plain if not pair[0]["affected"][0].get("ranges")], 5, "only versions", 6)
    found += _take([pair for pair in plain if re.search(r"[A-Z._]", _name(pair[0]))], 5, "name as written", 7)
    found += _take([pair for pair in pairs if "+" in pair[1]], 5, "no version at all", 8)
    found += _take(plain, 10, "local", 9, lambda version: f"{version}+shop.1")
    return found + _take(plain, 100 - len(found), "plain", 10)


def mended(path: Path) -> list[Pin]:
    """A hundred pins that the snapshot says are not affected by their record."""
    by_name: dict[str, list[dict[str, Any]]] = {}
    for record in records(path):
        by_name.setdefault(_name(record), []).append(record)
    living = [record for record in records(path) if not record.get("withdrawn")]
    gone = [record for record in records(path) if record.get("withdrawn")]
    pairs = [
        (record, version)
        for record in living
        for version in events(record, "fixed")
        if all(version not in listed(other) for other in _same_fault(record, by_name))
    ]
    pairs = [pair for pair in pairs if len(_same_fault(pair[0], by_name)) == 1]  # A second record may fix it later.
    random.Random(11).shuffle(pairs)
    plain = [pair for pair in pairs if _PLAIN.match(pair[1])]
    found = _take([(one, version) for one in gone for version in listed(one)], 10, "withdrawn", 12)
    found += _take([pair for pair in pairs if _PRE.match(pair[1])], 12, "pre-release", 13)
    found += _take([pair for pair in plain if len(events(pair[0], "introduced")) > 1], 15, "several ranges", 14)
    found += _take(plain, 12, "post-release", 15, lambda version: f"{version}.post1")
    found += _take(plain, 12, "epoch", 16, lambda version: f"1!{version}")
    found += _take(plain, 10, "local", 17, lambda version: f"{version}+shop.1")
    found += _take([pair for pair in plain if re.search(r"[A-Z._]", _name(pair[0]))], 5, "name as written", 18)
    return found + _take(plain, 100 - len(found), "plain", 19)


def _name(record: dict[str, Any]) -> str:
    return str(record["affected"][0]["package"]["name"])
