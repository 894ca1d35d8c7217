"""What is not the same, in words; and what cannot be compared with."""

from dataclasses import replace

import pytest

from scanners.replay import comparing, sealing
from scanners.scan import scan_files

ASKED = sealing.Asked("c" * 40, "d" * 40, "2026-03-01", "worker", "", "0123456789abcdef", compared=False)
CALL = b"import requests\nrequests.get('https://bank.example')\n"


def report(files: dict[str, bytes]):
    return scan_files(files, "worker")


def said(before, now, *, asked=ASKED, told=sealing.whole) -> list[str]:
    """What is not the same between two reports, of which the first is known as `told` writes it."""
    expected = comparing.read(told(ASKED, before).decode())
    return comparing.differences(expected, sealing.of_report(asked, now), sealing.parts(now))


def line(asked, made) -> bytes:
    return sealing.of_report(asked, made).line


def digest(asked, made) -> bytes:
    return sealing.of_report(asked, made).digest.encode()


@pytest.mark.parametrize("told", [sealing.whole, line, digest])
def test_an_equal_report_is_the_same_however_it_was_told(told) -> None:
    assert said(report({"a.py": CALL, "b.py": b"x = 1\n"}), report({"b.py": b"x = 1\n", "a.py": CALL}), told=told) == []


def test_whether_an_answer_was_kept_from_before_is_no_difference() -> None:
    fresh = report({"a.py": CALL})
    assert said(fresh, replace(fresh, files=tuple(replace(file, cached=True) for file in fresh.files))) == []


def test_rows_are_told_with_what_they_belong_to() -> None:
    found = said(report({"a.py": CALL}), report({"a.py": b"# Pay\n" + CALL}))
    assert any(row.startswith("findings: ") and row.endswith(" gone") for row in found)
    assert any(
        row.startswith("  + {") and '"line":3' in row and '"rule":"request-without-timeout"' in row for row in found
    )
    assert {"  - lines 3", "  + lines 4"} <= set(found)


def test_a_seal_tells_which_parts_differ_and_a_digest_only_that_they_do() -> None:
    before, now = report({"a.py": CALL}), report({"a.py": b"x = 1\n"})
    assert "findings: not the same; a report, instead of its seal, shows where" in said(before, now, told=line)
    assert len(said(before, now, told=digest)) == 1


def test_what_was_asked_is_compared_first() -> None:
    made = report({"a.py": CALL})
    assert said(made, made, asked=replace(ASKED, kind="cron")) == ['asked: kind is "cron", and was "worker"']


def test_another_order_is_a_difference_of_its_own() -> None:
    made = report({"a.py": CALL, "b.py": CALL})
    assert said(made, replace(made, files=made.files[::-1])) == ["files: the same, in another order"]


def test_many_rows_are_cut() -> None:
    found = said(report({}), report({f"{n}.py": CALL for n in range(20)}))
    assert sum(row.startswith("  + {") and '"rule"' in row for row in found) == comparing.SHOWN
    assert max(map(len, found)) < 400


@pytest.mark.parametrize(
    "text", ["", "abc", "[]", "{}", '{"seal": {}}', "f" * 63, '{"asked": {}, "digests": {}}', "null"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(comparing.UnreadableError):
        comparing.read(text)


def test_a_report_that_was_changed_later_is_refused_by_the_part() -> None:
    text = sealing.whole(ASKED, report({"a.py": CALL})).decode()
    with pytest.raises(comparing.UnreadableError, match="changed after it was written: totals"):
        comparing.read(text.replace('"python_files":1', '"python_files":2'))


def test_another_format_is_named() -> None:
    with pytest.raises(comparing.UnreadableError, match="format 2"):
        comparing.read(line(ASKED, report({})).decode().replace('"format":1', '"format":2'))
