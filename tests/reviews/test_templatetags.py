from datetime import UTC, datetime, timedelta

import pytest
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone

from reviews.templatetags import code, plimsoll
from reviews.templatetags.plimsoll import DASH, MINUS
from scanners.rule import Example

NB = plimsoll.SPACE


@pytest.mark.parametrize(("number", "text"), [(None, DASH), (0, "0"), (1904, "1,904"), (-3, MINUS + "3")])
def test_numbers_have_thousands_and_a_true_minus(number, text):
    assert plimsoll.thousands(number) == text


@pytest.mark.parametrize(("value", "text"), [(None, DASH), (84.99, "84"), (99.9, "99"), (100.0, "100"), (0.0, "0")])
def test_a_score_is_rounded_down(value, text):
    assert plimsoll.score(value) == text


@pytest.mark.parametrize(("change", "text"), [(4, "+4"), (-2, MINUS + "2"), (0, "0"), (None, "0"), (0.4, "0")])
def test_a_change_has_its_sign(change, text):
    assert plimsoll.signed(change) == text


@pytest.mark.parametrize(("points", "text"), [(2.1, "+2.1"), (0, ""), (None, "")])
def test_a_gain_has_one_decimal(points, text):
    assert plimsoll.gained(points) == text


@pytest.mark.parametrize(("share", "text"), [(None, DASH), (1, f"100{NB}%"), (0.9999, f"99.9{NB}%"), (0.5, f"50{NB}%")])
def test_all_is_never_said_of_less(share, text):
    assert plimsoll.percent(share) == text


@pytest.mark.parametrize(
    ("age", "text"),
    [
        ({"seconds": 0}, "just now"),
        ({"seconds": 41}, f"41{NB}s ago"),
        ({"minutes": 2}, f"2{NB}min ago"),
        ({"hours": 23}, f"23{NB}h ago"),
        ({"days": 1}, f"1{NB}day ago"),
        ({"days": 13}, f"13{NB}days ago"),
        ({"days": 28}, f"4{NB}weeks ago"),
        ({"days": 31}, f"1{NB}month ago"),
        ({"days": 800}, f"2{NB}years ago"),
    ],
)
def test_an_age_is_said_in_its_largest_unit(age, text):
    assert plimsoll.ago(timezone.now() - timedelta(**age)) == text


def test_what_never_was_has_no_age():
    assert (plimsoll.ago(None), plimsoll.exact(None)) == ("never", "never")


def test_a_time_is_exact_to_the_second():
    assert plimsoll.exact(datetime(2026, 11, 20, 14, 3, 10, tzinfo=UTC)) == "20 Nov 2026, 14:03:10 UTC"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, DASH), (0.01, f"under 0.1{NB}s"), (0.44, f"0.4{NB}s"), (14.2, f"14{NB}s"), (200, f"3{NB}min 20{NB}s")],
)
def test_a_duration_is_as_fine_as_it_is_short(seconds, text):
    assert plimsoll.took(seconds) == text


@pytest.mark.parametrize(("seconds", "text"), [(40, f"in 40{NB}s"), (-5, "now")])
def test_what_is_due_says_when(seconds, text):
    assert plimsoll.until(timezone.now() + timedelta(seconds=seconds, milliseconds=100)) == text


def test_code_in_backticks_is_told_from_text():
    assert plimsoll.pieces("Pass `timeout=5` to it.") == [(False, "Pass "), (True, "timeout=5"), (False, " to it.")]


def test_paragraphs_are_one_line_each():
    assert plimsoll.paragraphs("One\n  line.\n\nAnother.\n") == ["One line.", "Another."]


def test_a_query_keeps_what_it_does_not_change():
    context = Context({"request": RequestFactory().get("/?tier=A&open=a&open=b")})
    toggle = Template("{% load plimsoll %}{% toggled 'open' 'b' %} {% toggled 'open' 'c' %}")
    assert toggle.render(context) == "?tier=A&amp;open=a ?tier=A&amp;open=a&amp;open=b&amp;open=c"


def test_a_snippet_is_dedented_and_its_tokens_have_classes():
    rows = code.lines([[7, "    def f():", False], [8, "        return 'x'  # c", True]], "a.py")
    assert [(row.number, row.marked) for row in rows] == [(7, False), (8, True)]
    assert rows[0].tokens[0] == ("k", "def")
    assert "".join(text for _, text in rows[1].tokens) == "    return 'x'  # c"
    assert {css for css, _ in rows[1].tokens} >= {"k", "s", "c"}


@pytest.mark.parametrize("path", ["Dockerfile", "compose.yaml", "pyproject.toml", "no-known-kind.xyz", "x"])
def test_any_kind_of_file_can_be_shown_line_by_line(path):
    rows = code.lines([[1, "FROM <b>x</b>", True], [2, "", False], [3, "RUN y", False]], path)
    assert ["".join(text for _, text in row.tokens) for row in rows] == ["FROM <b>x</b>", "", "RUN y"]


def test_text_over_several_lines_stays_text():
    rows = code.lines([[1, '"""one', False], [2, "two", True], [3, 'three"""', False]], "a.py")
    assert [row.tokens for row in rows][1] == (("s", "two"),)


def test_an_example_marks_what_the_rule_reports():
    example = Example("two", {"a.py": "x = 1\ny = 2\n", "b.py": "z = 3\n"}, at=[("a.py", 2)])
    assert [line.marked for line in code.example_lines("a.py", example)] == [False, True]
    assert [line.marked for line in code.example_lines("b.py", example)] == [False]


@pytest.mark.parametrize(("area", "heading"), [("api", "API"), ("docs", "Docs")])
def test_an_area_is_a_heading(area, heading):
    assert plimsoll.chapter(area) == heading
