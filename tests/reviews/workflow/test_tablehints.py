import pytest

from reviews.workflow import tablehints
from reviews.workflow.hints import Hint, Material
from reviews.workflow.tablehints import bare, rows, since
from tests.reviews.inventory_rows import BAD, GOOD, UNKNOWN, boundary, endpoint

FAILURE = rows("boundaries", tablehints.matrix, ("timeout", "retry"))


def material(*listed, table: str = "boundaries", **parts) -> Material:
    return Material(inventory={table: [row.as_json() for row in listed]}, **parts)


def anchors(*listed) -> set[str]:
    return {hint.anchor for hint in FAILURE(material(*listed))}


def test_a_row_is_told_with_its_first_place():
    [hint] = FAILURE(material(boundary(mark=GOOD)))
    assert hint.line == (
        "pay/bank.py:1 http: host1.example.org by requests: timeout 5 s, retries 3 tries, backoff, jitter, "
        "on failure cannot be told, tests none"
    )


def test_what_cannot_be_told_is_not_shown_as_none():
    [hint] = FAILURE(material(boundary(mark=UNKNOWN)))
    assert "timeout cannot be told" in hint.line


def test_an_anchor_holds_the_cells_that_matter_and_no_place():
    assert anchors(boundary(mark=GOOD)) == {
        "boundaries http requests host1.example.org timeout=5 s retry=3 tries, backoff, jitter"
    }
    assert anchors(boundary(mark=GOOD)) == anchors(boundary(mark=GOOD, places=()))
    assert anchors(boundary(mark=GOOD)) == anchors(boundary(mark=GOOD, cells={"calls": 9, "tests": "none"}))
    assert anchors(boundary(mark=GOOD)) != anchors(boundary(mark=BAD))


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("5 s (2 of 3)", "5 s in part"),
        ("logged (2), raises (3)", "logged, raises"),
        ("raises (3), logged (2)", "logged, raises"),
        (["b", "a"], "a, b"),
        (None, "?"),
        (False, "False"),
    ],
)
def test_how_often_and_in_which_order_is_no_part_of_an_anchor(cell, text):
    assert bare(cell) == text


def test_an_older_scan_says_what_its_facts_do():
    older = rows("boundaries", tablehints.matrix, instead=lambda _: [Hint("peer requests", "a.py:1 requests")])
    assert list(older(Material())) == [Hint("peer requests", "a.py:1 requests")]
    assert list(older(material())) == []


def test_what_has_changed_since_is_for_reading_only():
    now, then = (endpoint("/rates", GOOD), endpoint("/fees")), (endpoint("/rates"), endpoint("/old"))
    before = {"endpoints": [row.as_json() for row in then]}
    told = since("endpoints", "route", ("authentication",))(
        material(*now, table="endpoints", before=before, since="3.1.0")
    )
    assert list(told) == [
        Hint("", "Since 3.1.0: new route GET /fees"),
        Hint("", "Since 3.1.0: route GET /old is gone"),
        Hint("", "Since 3.1.0: route GET /rates has another authentication"),
    ]


def test_another_cell_than_those_asked_for_is_no_change():
    before = {"endpoints": [endpoint("/rates", handler="pay.web.rates").as_json()]}
    told = since("endpoints", "route", ("authentication",))
    assert list(told(material(endpoint("/rates"), table="endpoints", before=before, since="3.1.0"))) == []


def test_without_an_approved_commit_nothing_has_changed():
    assert list(since("endpoints", "route")(material(endpoint(), table="endpoints"))) == []
