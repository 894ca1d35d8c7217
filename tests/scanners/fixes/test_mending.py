"""Mending one file: bytes outside the change stay, proofs decide, hostile files are refused by name."""

import pytest

from scanners.fixes.mending import MAX_BYTES, MAX_DEPTH, answer
from tests.scanners.fixes.mended import ENGINE, after, class_of, found, mended

RULE = "request-without-timeout"
CALL = "import requests\n\nrequests.get(url)\n"


def test_everything_outside_the_change_keeps_its_bytes() -> None:
    raw = (
        b"#!/usr/bin/env python\r\n# -*- coding: latin-1 -*-\r\nimport requests\r\n\r\n"
        b"NAME   =  'caf\xe9'  # two  blanks\r\n\x0c\r\nrequests.get( url )\t# why not\r\nif NAME :\r\n\tpass"
    )
    assert after(mended(raw, RULE)) == raw.replace(b"get( url )", b"get( url, timeout=(3.05, 10) )")


def test_a_byte_order_mark_and_wide_characters_before_the_call_stay() -> None:
    raw = "\ufeffimport requests\nname = '\U0001f600', requests.get(url)\n".encode()
    assert after(mended(raw, RULE)) == raw.replace(b"get(url)", b"get(url, timeout=(3.05, 10))")


def test_hunks_have_no_names_and_tell_of_a_missing_line_end() -> None:
    said = mended("import requests\nrequests.get(url)", RULE)
    assert said["hunks"].splitlines() == [
        "@@ -1,2 +1,2 @@",
        " import requests",
        "-requests.get(url)",
        "\\ No newline at end of file",
        "+requests.get(url, timeout=(3.05, 10))",
        "\\ No newline at end of file",
    ]


def test_a_finding_is_gone_in_the_answer_for_the_new_bytes() -> None:
    said = mended(CALL, RULE)
    assert [one["rule"] for one in said["fixed"]] == [RULE]
    assert RULE not in [one["rule"] for one in said["answer"]["findings"]]


def test_two_fixes_at_one_call_hold_together() -> None:
    source = "import random, requests\n\n\ndef go(url):\n    token = random.choice(requests.get(url).text)\n"
    said = mended(source)
    assert b"timeout=(3.05, 10)" in after(said)
    assert found(after(said), RULE) == 0


def test_a_suppressed_finding_is_left_alone() -> None:
    source = "import requests\n\nrequests.get(url)  # plimsoll: ignore[request-without-timeout] the queue has one\n"
    assert after(mended(source, RULE)).decode() == source


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (f"{CALL}x = {'(' * 90}1{')' * 90}\nx = {'-' * (MAX_DEPTH + 5)}1\n", "nested too deeply"),
        (f"{CALL}x = '{'a' * MAX_BYTES}'\n", "larger than"),
        (f"{CALL}x = {' + '.join(['1'] * (MAX_DEPTH + 5))}\n", "nested too deeply"),
    ],
    ids=["deep", "large", "a long chain"],
)
def test_what_libcst_cannot_take_is_refused_by_name(source: str, why: str) -> None:
    said = mended(source, RULE)
    assert after(said).decode() == source
    assert why in said["refused"][0]["why"]


def test_syntax_newer_than_the_interpreter_is_mended_too() -> None:
    source = "import requests\n\n\ndef first[T](rows: list[T]) -> T:\n    requests.get(rows)\n    return rows[0]\n"
    assert after(mended(source, RULE)).decode() == source.replace("get(rows)", "get(rows, timeout=(3.05, 10))")


def test_a_file_that_does_not_parse_has_a_problem() -> None:
    request = {"path_class": str(class_of("app.py")), "wanted": [[RULE, "", "a", 0]]}
    assert answer(ENGINE, request, b"def f(:\n")["problem"]["code"] == "syntax-error"


def test_findings_that_are_not_there_or_have_no_fix_are_refused() -> None:
    request = {
        "path_class": str(class_of("app.py")),
        "wanted": [[RULE, "gone", "a", 0], ["health-endpoint-missing", "", "a", 0]],
    }
    whys = [one["why"] for one in answer(ENGINE, request, CALL.encode())["refused"]]
    assert whys == ["The file alone does not show the finding.", "No program can mend health-endpoint-missing."]
