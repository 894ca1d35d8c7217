"""The drawing of the workflow says what the table says."""

import pytest

from reviews.rooms import drawing
from reviews.workflow.states import Action, State
from reviews.workflow.transitions import TRANSITIONS

WAYS = drawing.ways()


def test_every_state_has_a_row_of_its_own():
    rows = drawing.rows()
    assert {row.name for row in rows} == {state.label for state in State}
    assert len({row.y for row in rows}) == len(State)
    assert max(row.y for row in rows) < drawing.height()


def test_every_way_of_the_table_has_a_column_of_its_own():
    assert [way.number for way in WAYS] == list(range(1, len(TRANSITIONS) + 1))
    assert len({way.x for way in WAYS}) == len(TRANSITIONS)
    assert all(0 < way.x < 100 for way in WAYS)


@pytest.mark.parametrize(("way", "row"), list(zip(WAYS, TRANSITIONS, strict=True)))
def test_a_way_begins_and_ends_where_the_table_says(way, row):
    y = {one.name: one.y for one in drawing.rows()}
    assert way.end == y[row.target.label]
    assert set(way.rings) == {y[state.label] for state in row.sources} - {way.end}
    assert way.top == min(y[state.label] for state in (*row.sources, row.target))
    assert way.bottom == max(y[state.label] for state in (*row.sources, row.target))


def test_every_way_says_who_and_what_must_be_so():
    assert all(way.needs and all(way.needs) and way.does for way in WAYS)
    who = {way.action: way.who for way in WAYS}
    assert who[Action.SUBMIT.value] == "team"
    assert who[Action.CLAIM.value] == "reviewers"
    assert who[Action.REVOKE.value] == "authority"
    assert who[Action.EXPIRE.value] == "itself"


def test_each_tier_says_who_signs_and_how_long_it_holds():
    assert [(one.tier.value, len(one.places), one.valid_days) for one in drawing.demands()] == [
        ("A", 2, 90),
        ("B", 1, 180),
        ("C", 1, 365),
    ]
