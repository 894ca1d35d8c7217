"""Manipulated chains: what was done to them is found, named and located."""

import pytest

from reviews.audit.chain import GENESIS, digest
from reviews.audit.tampering import Kind, examine
from tests.reviews.corruptions import chained, corruption, forged, intact, told

ROWS = intact(200)
HEAD = (200, ROWS[-1].digest)


def found(rows, *heads):
    return told(examine(rows, heads).faults)


def altered(rows, *numbers, **values):
    """The rows, with other values in those of these numbers."""
    return [row._replace(**values) if row.seq in numbers else row for row in rows]


def test_an_intact_chain_has_no_fault():
    examined = examine(ROWS, [HEAD, (7, ROWS[6].digest)])
    assert (examined.count, examined.head, examined.faults) == (200, ROWS[-1].digest, ())


def test_an_empty_log_is_intact():
    assert examine([]) == examine([], [(0, GENESIS)])
    assert (examine([]).count, examine([]).head, examine([]).faults) == (0, GENESIS, ())


def test_a_thousand_random_corruptions_are_all_found_and_located():
    made = [(seed, corruption(ROWS, seed)) for seed in range(1000)]
    heads = {False: [], True: [HEAD]}
    answers = [(seed, found(one.rows, *heads[one.needs_head]), one.truth) for seed, one in made]
    assert [answer for answer in answers if answer[1] != answer[2]] == []


def test_a_head_changes_no_answer_that_the_rows_give():
    made = [corruption(ROWS, seed) for seed in range(150)]
    answers = [(found(one.rows, HEAD), one.truth) for one in made]
    assert [answer for answer in answers if answer[0] != answer[1]] == []


@pytest.mark.parametrize("seq", [1, 2, 100, 199, 200])
@pytest.mark.parametrize(
    "column", ["at", "actor_key", "actor", "kind", "subject", "text", "data", "previous", "digest"]
)
@pytest.mark.parametrize("value", ["x", "", None, 7, 0.5, b"\xff", "\udcff"])
def test_any_value_in_any_column_names_the_row(column, seq, value):
    assert found(altered(ROWS, seq, **{column: value})) == [(Kind.CHANGED, seq, seq)]


@pytest.mark.parametrize("value", [None, "x", b"1", 0.5])
def test_a_number_that_is_none_names_the_row_by_its_links(value):
    changed = [*ROWS[:9], *ROWS[10:], ROWS[9]._replace(seq=value)]
    assert found(changed) == [(Kind.MOVED, 10, 10)]
    assert found([*changed[:-1], changed[-1]._replace(text="x")]) == [(Kind.CHANGED, 10, 10)]


def test_values_that_have_no_digest_do_not_fit_an_empty_one():
    changed = [*ROWS[:9], ROWS[9]._replace(text=b"x", digest=""), *ROWS[10:]]
    assert found(changed) == [(Kind.CHANGED, 10, 10)]


def test_every_row_may_be_changed_at_once():
    assert len(found([row._replace(text="x") for row in ROWS[:50]])) == 50


def test_several_things_at_once_are_all_named():
    rows = [row for row in ROWS if row.seq not in (20, 21)]
    rows = altered(rows, 5, 19, text="x")
    rows[50], rows[60] = rows[60]._replace(seq=rows[50].seq), rows[50]._replace(seq=rows[60].seq)
    expected = [(Kind.CHANGED, 5, 5), (Kind.CHANGED, 19, 19), (Kind.MISSING, 20, 21), (Kind.SWAPPED, 53, 63)]
    assert found(rows) == expected


def test_three_rows_that_changed_places_in_a_ring_are_named():
    ring = [ROWS[3]._replace(seq=6), ROWS[4]._replace(seq=4), ROWS[5]._replace(seq=5)]
    rows = sorted([*ROWS[:3], *ring, *ROWS[6:]], key=lambda row: row.seq)
    assert found(rows) == [(Kind.MOVED, 4, 4), (Kind.MOVED, 5, 6)]


def test_a_forged_row_before_the_last_needs_a_head_to_be_told_from_the_last():
    rows = [*ROWS[:198], forged(ROWS[198]), ROWS[199]]
    assert found(rows) == [(Kind.BROKEN, 199, 200)]
    assert found(rows, HEAD) == [(Kind.CHANGED, 199, 199)]


def test_a_forged_row_that_rests_on_nothing_is_named_with_the_broken_link():
    rows = [*ROWS[:99], forged(ROWS[99]._replace(previous="e" * 64)), *ROWS[100:]]
    assert found(rows) == [(Kind.BROKEN, 99, 100), (Kind.CHANGED, 100, 100)]


def test_a_first_row_that_rests_on_another_is_no_first_row():
    assert found(chained(ROWS[:3], "e" * 64)) == [(Kind.BROKEN, 1, 1)]


def test_a_row_of_number_zero_was_inserted():
    zero = ROWS[0]._replace(seq=0)
    assert found([zero._replace(digest=digest(zero)), *ROWS]) == [(Kind.INSERTED, 0, 0)]


def test_the_oldest_head_that_does_not_fit_says_since_when():
    anew = [*ROWS[:50], *chained([row._replace(text="x") for row in ROWS[50:]], ROWS[49].digest)]
    faults = examine(anew, [(40, ROWS[39].digest), (60, ROWS[59].digest)]).faults
    assert told(faults) == [(Kind.REWRITTEN, 60, 60)]
    assert "row 40, which a head vouches for" in faults[0].text


def test_a_clock_that_was_set_back_is_a_remark_and_no_fault():
    rows = chained([row._replace(at=f"2026-01-0{1 + (row.seq != 3)}T00:00:00.000000+00:00") for row in ROWS[:5]])
    examined = examine(rows)
    assert examined.faults == ()
    assert told(examined.remarks) == [(Kind.CLOCK, 3, 3)]


def test_texts_say_what_happened_in_words():
    (fault,) = examine([*ROWS[:9], *ROWS[12:]]).faults
    assert fault.text == "Rows 10 to 12 are missing."
    (fault,) = examine([*ROWS[:9], *ROWS[10:]]).faults
    assert fault.text == "Row 10 is missing."
