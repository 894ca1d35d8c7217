"""Plimsoll takes its own medicine: its own tree, by its own rules, at the strictest tier."""

from functools import cache
from pathlib import Path

from reviews.checklist import Kind, Tier, joined, read
from reviews.outcomes import Evidence
from reviews.scoring import Scorecard, scorecard
from scanners import registry
from scanners.__main__ import check
from scanners.finding import Report

ROOT = Path(__file__).parent.parent


@cache
def own() -> Report:
    """What `plimsoll check .` says."""
    return check(ROOT, "http-api", processes=2)


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
