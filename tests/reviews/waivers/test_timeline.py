"""Where the ends stand on the line of days."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from reviews.waivers.timeline import timeline

TODAY = date(2026, 11, 20)


def line(*lefts: int):
    """The line of ends that are so many days away."""
    return timeline([TODAY + timedelta(days=left) for left in lefts], TODAY)


def test_nothing_that_ends_is_no_line():
    assert timeline([], TODAY) is None


def test_dots_stand_by_their_day_and_say_how_they_press():
    made = line(-1, 2, 10, 11, 60)
    assert [dot.kind for dot in made.dots] == ["fail", "warn", "warn", "waived", "waived"]
    assert [dot.x for dot in made.dots] == sorted(dot.x for dot in made.dots)
    assert made.dots[-1].x == 96
    assert [count.text for count in made.counts] == ["1 over", "2 within ten days", "2 later"]


def test_days_are_named_from_today_to_the_last():
    assert [day.text for day in line(60).days] == ["today", "10 Dec", "30 Dec", "19 Jan"]


def test_a_short_line_still_shows_a_month():
    assert line(1).days[-1].text == "20 Dec"


@given(st.lists(st.integers(-3000, 4000), min_size=1, max_size=30))
def test_every_dot_is_inside(lefts):
    assert all(0 <= dot.x <= 100 for dot in line(*lefts).dots)
