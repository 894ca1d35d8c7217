"""Two hundred pins of a real snapshot, where one is at hand: what it calls affected and what it calls mended."""

import json
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

from scanners.advisories import Advisories, load
from tests.scanners.snapshot_pins import SNAPSHOTS, Pin, affected, mended, records

SNAPSHOT = pytest.mark.parametrize("path", SNAPSHOTS[-1:], ids=lambda path: path.name)


@cache
def whole(path: Path) -> Advisories:
    return load(path)


@cache
def ranges_only(path: Path) -> Advisories:
    """The same records of the chosen packages without their lists, so that only ranges can answer."""
    kept, names = [], {pin.name for pin in (*affected(path), *mended(path))}
    for record in (one for one in records(path) if one["affected"][0]["package"]["name"] in names):
        bare = [{key: value for key, value in one.items() if key != "versions"} for one in record["affected"]]
        kept.append(json.dumps(record | {"affected": bare}, default=str))
    return Advisories(kept)


def wrong(advisories: Advisories, pins: Iterable[Pin], expected: bool) -> list[Pin]:
    """The pins that are told otherwise; each is asked for under another spelling of its name."""
    asked = [(pin, advisories.of(pin.name.upper().replace("-", "_"), pin.version)) for pin in pins]
    return [pin for pin, found in asked if any(pin.record in one.names for one in found) is not expected]


@SNAPSHOT
def test_the_choice_covers_what_versions_can_look_like(path):
    sorts = Counter(pin.sort for pin in (*affected(path), *mended(path)))
    assert (len(affected(path)), len(mended(path))) == (100, 100)
    assert {"pre-release", "post-release", "local", "epoch", "several ranges", "withdrawn", "plain"} <= set(sorts)
    assert {"last_affected", "only versions", "name as written", "no version at all"} <= set(sorts)


@SNAPSHOT
def test_a_hundred_affected_versions_are_known(path):
    assert wrong(whole(path), affected(path), expected=True) == []


@SNAPSHOT
def test_a_hundred_mended_versions_are_not(path):
    assert wrong(whole(path), mended(path), expected=False) == []


@SNAPSHOT
def test_ranges_alone_say_the_same_of_what_can_be_ordered(path):
    ordered = [pin for pin in affected(path) if pin.sort not in ("only versions", "no version at all")]
    assert wrong(ranges_only(path), ordered, expected=True) == []
    assert wrong(ranges_only(path), mended(path), expected=False) == []
