"""Plimsoll takes its own medicine: its own tree, by its own rules, at the strictest tier."""

from functools import cache
from pathlib import Path

from reviews.checklist import Kind, Tier, joined, read
from reviews.outcomes import Evidence
from reviews.scoring import Scorecard, scorecard
from scanners import registry
from scanners.__main__ import check
from scanners.advisories import Advisories, load
from scanners.finding import Report

ROOT = Path(__file__).parent.parent
SNAPSHOTS = sorted((ROOT.parent / "shared" / "data" / "advisories").glob("*.tar.gz"))
ONE_RECORD = """{"id": "PYSEC-2023-212", "modified": "2023-10-17T20:15:00Z", "affected": [{
  "package": {"ecosystem": "PyPI", "name": "urllib3"},
  "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.26.18"}]}]}]}"""
"""Without a snapshot at hand one old record stands for all: the rule is then asked, and says little."""


def known() -> Advisories:
    """A snapshot of all advisories where one is at hand."""
    return load(SNAPSHOTS[-1]) if SNAPSHOTS else Advisories([ONE_RECORD])


@cache
def own() -> Report:
    """What `plimsoll check . --advisories SNAPSHOT` says."""
    return check(ROOT, "http-api", processes=2, known=known())


@cache
def card() -> Scorecard:
    """The scorecard of a service of tier A."""
    items = joined(read(), registry.rules().values())
    evidence = Evidence(own().counts, python_files=own().python_files, coverage=own().coverage)
    return scorecard(items.items, evidence, Tier.A, Kind.HTTP_API)


def test_no_item_fails_and_the_level_is_gold():
    held_back = [f"{item.ref} {item.reason}" for item in card().items if item.counted and item.outcome.holds_back]
    assert (held_back, card().level) == ([], "gold")


def test_nothing_grave_is_found_that_is_not_a_doubt():
    sure = [found for found in own().findings if found.confidence != "low" and found.severity in ("high", "critical")]
    assert [(found.rule, found.path, found.line) for found in sure] == []


def test_suppressions_are_few_reasoned_and_used():
    listed = own().suppressions
    assert [found for found in listed if not (found.reason and found.used)] == []
    assert len(listed) <= 5
