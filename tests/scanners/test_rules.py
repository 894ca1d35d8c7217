"""Each example of each rule is a test: the bad ones are reported where they say, the good ones not at all."""

import pytest

from scanners import registry
from scanners.advisories import Advisories
from scanners.rule import Example, Rule
from scanners.scan import scan_files

BAD = [
    pytest.param(rule, example, id=f"{rule.id}: {example.title}")
    for rule in registry.rules().values()
    for example in rule.bad
]
GOOD = [
    pytest.param(rule, example, id=f"{rule.id}: {example.title}")
    for rule in registry.rules().values()
    for example in rule.good
]


def found(rule: Rule, example: Example) -> list[tuple[str, int]]:
    """Where the rule reports something in the example, whatever else other rules say of it."""
    known = Advisories([example.advisories]) if example.advisories else None
    report = scan_files({path: text.encode() for path, text in example.files.items()}, example.kind, known)
    assert [file.path for file in report.files if file.problem] == []
    return [(finding.path, finding.line) for finding in report.findings if finding.rule == rule.id]


@pytest.mark.parametrize(("rule", "example"), BAD)
def test_a_bad_example_is_reported_where_it_says(rule: Rule, example: Example) -> None:
    assert found(rule, example) == list(example.at)


@pytest.mark.parametrize(("rule", "example"), GOOD)
def test_a_good_example_is_not_reported(rule: Rule, example: Example) -> None:
    assert found(rule, example) == []


@pytest.mark.parametrize("rule", registry.rules().values(), ids=lambda rule: rule.id)
def test_a_bad_example_says_where_and_both_sorts_are_there(rule: Rule) -> None:
    assert rule.good
    assert all(example.at for example in rule.bad)
