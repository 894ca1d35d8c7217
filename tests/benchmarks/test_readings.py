"""The verdicts of people on findings of real packages."""

from pathlib import Path

import pytest

from benchmarks.accuracy.readings import Reading, readings, table
from scanners import registry


def test_every_verdict_is_about_a_rule_and_says_why() -> None:
    found = readings()
    assert {reading.rule for reading in found} <= registry.rules().keys()
    assert all(reading.why for reading in found)


def test_shares_are_counted_by_draw() -> None:
    right = Reading("after", "pay 1.0", "pay.py", 3, "weak-hash", "right", "md5 of a password")
    wrong = Reading("after", "pay 1.0", "pay.py", 9, "weak-hash", "wrong", "an etag")
    assert "after       2 findings read: 1 right (50%), 0 debatable (0%), 1 wrong (50%)" in table([right, wrong])


def test_an_unknown_verdict_is_refused_with_its_place(tmp_path: Path) -> None:
    source = tmp_path / "readings.toml"
    source.write_text(
        '[[finding]]\ndraw = "after"\npackage = "p"\npath = "a.py"\nline = 3\nrule = "r"\nverdict = "so"\nwhy = "x"\n'
    )
    with pytest.raises(ValueError, match=r"a\.py:3"):
        readings(source)
