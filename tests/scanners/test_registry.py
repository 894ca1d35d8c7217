"""Rules are found by walking their package; bad ones are refused at once."""

import re
from pathlib import Path
from typing import Any

import pytest

from scanners import registry
from scanners.finding import Effort, Severity
from scanners.registry import BadRuleError, refuse
from scanners.rule import AREAS, Example, Rule


class Sound(Rule):
    """
    Something breaks.

    Looks at something.
    """

    id = "sound-rule"
    area = "timeouts"
    item = "T1"
    title = "Sound"
    severity = Severity.LOW
    effort = Effort.MINUTES
    fix = "Mend it."
    bad = (Example("bad", {"a.py": "x"}, at=[("a.py", 1)]),)
    good = (Example("good", {"a.py": "y"}),)


HOME = "scanners.rules.timeouts.sound_rule"


def test_a_sound_rule_is_taken() -> None:
    refuse(Sound(), HOME, {})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"fix": ""}, "has no fix"),
        ({"good": ()}, "has no good"),
        ({"area": "weather"}, "belongs in rules/weather"),
        ({"id": "other-rule"}, "other_rule.py"),
        ({"__doc__": "One paragraph only."}, "docstring of two parts"),
    ],
)
def test_an_incomplete_rule_is_refused_with_what_to_mend(change: dict[str, Any], words: str) -> None:
    broken: Rule = type("Broken", (Sound,), {"__doc__": Sound.__doc__, **change})()
    with pytest.raises(BadRuleError, match=re.escape(words)):
        refuse(broken, HOME, {})


def test_an_id_is_given_once() -> None:
    with pytest.raises(BadRuleError, match="another rule has"):
        refuse(Sound(), HOME, {"sound-rule": Sound()})


def test_rules_come_in_the_order_of_areas() -> None:
    areas = [rule.area for rule in registry.rules().values()]
    assert areas == sorted(areas, key=AREAS.index)


@pytest.mark.parametrize("area", AREAS[:6])
def test_each_of_the_first_areas_has_five_rules_or_more(area: str) -> None:
    assert len([rule for rule in registry.rules().values() if rule.area == area]) >= 5


def test_the_digest_names_the_rule_set() -> None:
    assert re.fullmatch("[0-9a-f]{16}", registry.digest())


def _code(root: Path) -> Path:
    for name in ("engine.py", "parse.py", "rules/timeouts/slow.py", "semantics/names.py", "semantics/libraries.toml"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("SECONDS = 10\n")
    return root


@pytest.mark.parametrize(
    "changed", ["engine.py", "parse.py", "rules/timeouts/slow.py", "semantics/names.py", "semantics/libraries.toml"]
)
def test_whatever_changes_answers_changes_the_digest(tmp_path: Path, changed: str) -> None:
    before = registry.digest_of(_code(tmp_path), ["(3, 11)"])
    (tmp_path / changed).write_text("SECONDS = 11\n")
    assert registry.digest_of(tmp_path, ["(3, 11)"]) != before


@pytest.mark.parametrize("versions", [["(3, 12)", "packaging 26.0"], ["(3, 11)", "packaging 26.1"], ["(3, 11)"]])
def test_other_versions_of_what_parses_change_the_digest(tmp_path: Path, versions: list[str]) -> None:
    assert registry.digest_of(_code(tmp_path), versions) != registry.digest_of(tmp_path, ["(3, 11)", "packaging 26.0"])


def test_a_file_that_comes_or_goes_changes_the_digest(tmp_path: Path) -> None:
    before = registry.digest_of(_code(tmp_path), [])
    (tmp_path / "rules/timeouts/new.py").write_text("")
    assert registry.digest_of(tmp_path, []) != before


def test_the_same_code_has_the_same_digest_anywhere(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    assert registry.digest_of(_code(one), ["(3, 11)"]) == registry.digest_of(_code(other), ["(3, 11)"])
    (one / "git").mkdir()
    (one / "git/fetch.py").write_text("It moves bytes, and changes no answer.")
    assert registry.digest_of(one, ["(3, 11)"]) == registry.digest_of(other, ["(3, 11)"])
