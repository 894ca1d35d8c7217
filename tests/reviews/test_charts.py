import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviews import charts
from reviews.charts import Part, Point, apart, bar, count_chart, dates, hull, marks, nice, score_chart, spark

START = datetime(2026, 1, 1, tzinfo=UTC)


def at(days: float) -> datetime:
    return START + timedelta(days=days)


def points(*lows: float, **open_: int) -> list[Point]:
    return [Point(at(day), low, low + 2, open_) for day, low in enumerate(lows)]


def test_a_bar_lays_its_parts_end_to_end_and_leaves_out_nothing():
    assert bar([("accent", 30), ("fail", 0), ("unknown", 10)], 50) == (Part("accent", 0, 60), Part("unknown", 60, 20))


def test_a_bar_of_nothing_is_empty():
    assert bar([("accent", 0)], 0) == ()


@given(st.lists(st.tuples(st.sampled_from(["accent", "fail"]), st.integers(0, 10_000)), max_size=6))
def test_a_bar_never_leaves_its_track(parts):
    laid = bar(parts, sum(amount for _, amount in parts))
    assert all(part.x >= 0 and part.x + part.width <= 100.2 for part in laid)


def test_a_sparkline_rises_with_its_values_and_ends_at_its_dot():
    line = spark([10, 20, 30])
    assert line.path == "M2 17 L39 10 L76 3"
    assert (line.x, line.y, line.first, line.last) == (76, 3, 10, 30)


def test_a_sparkline_of_equal_values_is_level():
    assert spark([5, 5]).path == "M2 10 L76 10"


@pytest.mark.parametrize("values", [[], [84]])
def test_fewer_than_two_values_have_no_course(values):
    assert spark(values) is None


def test_the_mark_is_filled_to_the_score_and_hatched_up_to_what_it_may_be():
    mark = hull(84, 86)
    assert (mark.top, mark.depth) == (20.8, 67.2)
    assert (mark.band_top, mark.band) == (19.2, 1.6)


def test_the_line_of_a_full_hull_stays_in_the_picture():
    assert (hull(100, 100).left, hull(100, 100).right) == (46, 50)


def test_the_score_axis_starts_at_the_ten_below_and_says_so():
    chart = score_chart(points(71, 84))
    assert [tick.text for tick in chart.grid] == ["70", "80", "90", "100"]
    assert chart.grid[0].at == charts.SCORE_BASE


def test_a_wide_axis_has_few_lines():
    assert [tick.text for tick in score_chart(points(3, 84)).grid] == ["0", "20", "40", "60", "80", "100"]


def test_the_score_line_goes_from_the_first_to_the_last_point():
    chart = score_chart(points(80, 100))
    assert chart.line == "M0 168 L1000 8"
    assert chart.end_y == 8


def test_doubt_is_named_beside_the_score():
    assert [label.text for label in score_chart(points(80, 84)).labels] == ["84", "to 86"]


def test_a_score_without_doubt_is_one_number():
    sure = [Point(at(day), 84.2, 84.9, {}) for day in range(2)]
    assert [label.text for label in score_chart(sure).labels] == ["84"]


def test_areas_are_stacked_with_the_most_severe_at_the_bottom():
    chart = count_chart(points(80, 80, critical=1, low=1))
    by_severity = dict(chart.areas)
    assert list(by_severity) == ["critical", "high", "medium", "low"]
    assert by_severity["critical"].endswith("L1000 116 L0 116 Z")
    assert by_severity["low"].startswith("M0 4 ")


def test_only_what_is_there_is_named():
    assert [label.text for label in count_chart(points(80, 80, high=9, low=20)).labels] == ["High 9", "Low 20"]


@given(st.lists(st.integers(0, 5000), min_size=4, max_size=4))
def test_labels_of_areas_never_overlap(counts):
    open_ = dict(zip(charts.SEVERITIES, counts, strict=True))
    heights = [label.y for label in count_chart(points(80, 80, **open_)).labels]
    assert all(lower - upper >= charts.LABEL_GAP - 0.1 for lower, upper in itertools.pairwise(heights))


def test_labels_that_are_far_apart_stay_at_their_place():
    assert [label.y for label in apart([(100, "a", ""), (20, "b", "")])] == [104, 24]


@pytest.mark.parametrize(("highest", "top"), [(0, 2), (1, 2), (3, 4), (46, 60), (73, 80), (100, 200), (401, 600)])
def test_an_axis_ends_at_an_even_number(highest, top):
    assert nice(highest) == top


def test_both_ends_of_the_time_axis_are_always_named():
    ticks = dates(at(0), at(90))
    assert [(tick.text, tick.anchor) for tick in (ticks[0], ticks[-1])] == [("1 Jan", "start"), ("1 Apr", "end")]
    assert [tick.thin for tick in ticks] == [False, True, True, False]


def test_a_time_axis_of_hours_shows_the_time():
    assert [tick.text for tick in dates(at(0), at(0.5))] == ["1 Jan 00:00", "1 Jan 12:00"]


def test_events_are_numbered_and_a_label_that_would_touch_the_next_is_dropped():
    found = marks([(at(10), "Rules"), (at(12), "Gold"), (at(80), "Silver")], at(0), at(100))
    assert [(mark.x, mark.number, mark.text) for mark in found] == [(10, 1, ""), (12, 2, "Gold"), (80, 3, "Silver")]
