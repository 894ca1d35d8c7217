"""How labelled files are read, and that what is labelled can be."""

from pathlib import Path

import pytest

from benchmarks.accuracy.__main__ import LEAST, judge
from benchmarks.accuracy.labels import Mark, cases, rule_files
from scanners import registry

SOURCE = """A comment.

@@ Two files [worker]
@+ pay/run.py
def pay():
    print("paid")  #! bad
@+ README.md  #! ok
# Pay

@@ Another  #! bad
@+ app.py
print("x")
"""

LOCKED = """@@ Two pins
@+ requirements.txt
fastcart==1.0  #! bad
tinyhttp==2.0  #! ok
@+ .advisories/one.json
{"id": "PYSEC-1", "modified": "2026-05-01T00:00:00Z",
 "affected": [{"package": {"ecosystem": "PyPI", "name": "fastcart"}, "versions": ["1.0"]}]}
"""


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    source = tmp_path / "print-in-service.txt"
    source.write_text(SOURCE)
    return source


def test_cases_have_files_kinds_and_marks(labelled: Path) -> None:
    first, second = cases(labelled)
    assert (first.title, first.kind, list(first.files)) == ("Two files", "worker", ["pay/run.py", "README.md"])
    assert first.files["pay/run.py"] == 'def pay():\n    print("paid")\n'
    assert first.marks == [Mark(bad=True, path="pay/run.py", line=2), Mark(bad=False, path="README.md")]
    assert (second.kind, second.marks) == ("http-api", [Mark(bad=True)])


def test_a_place_at_fault_is_found_and_anything_else_is_wrong(labelled: Path) -> None:
    first, _ = cases(labelled)
    tally = judge("print-in-service", first)
    assert (tally.bad, tally.found, tally.right, tally.wrong) == (1, 1, 1, 0)
    first.marks = [Mark(bad=False, path="pay/run.py", line=2)]
    tally = judge("print-in-service", first)
    assert (tally.found, tally.wrong, tally.precision) == (0, 1, 0.0)


def test_advisories_are_no_files_of_the_case(tmp_path: Path) -> None:
    source = tmp_path / "vulnerable-dependency.txt"
    source.write_text(LOCKED)
    (case,) = cases(source)
    assert (list(case.files), len(case.advisories)) == (["requirements.txt"], 1)
    tally = judge("vulnerable-dependency", case)
    assert (tally.bad, tally.found, tally.right, tally.wrong) == (1, 1, 1, 0)


@pytest.mark.parametrize("text", ["@+ a.py\n", "@@ Title\nstray\n"])
def test_a_file_that_cannot_be_read_is_refused_with_its_line(tmp_path: Path, text: str) -> None:
    source = tmp_path / "x.txt"
    source.write_text(text)
    with pytest.raises(ValueError, match=r"x\.txt:\d"):
        cases(source)


@pytest.mark.parametrize("source", rule_files(), ids=lambda source: source.stem)
def test_every_labelled_file_is_about_a_rule_of_its_area(source: Path) -> None:
    assert registry.rules()[source.stem].area == source.parent.name
    assert cases(source)


@pytest.mark.parametrize("source", rule_files(), ids=lambda source: source.stem)
def test_no_rule_reports_what_is_labelled_as_right(source: Path) -> None:
    tallies = [judge(source.stem, case) for case in cases(source)]
    assert [miss for tally in tallies if tally.wrong for miss in tally.misses] == []


def test_every_rule_has_five_places_of_each_sort() -> None:
    marks = {source.stem: [mark.bad for case in cases(source) for mark in case.marks] for source in rule_files()}
    thin = [
        rule for rule in registry.rules() if min(sum(marks.get(rule, [])), marks.get(rule, []).count(False)) < LEAST
    ]
    assert thin == []
