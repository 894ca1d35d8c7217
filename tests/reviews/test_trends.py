from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from reviews import trends
from reviews.models import Scan
from reviews.trends import Standing, area_changes, before, changes, courses, thinned, trend, weekly
from tests.factories import RepositoryFactory
from tests.reviews.rows import finished

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def standing(day: float, low: float = 80, **fields) -> Standing:
    """What was so `day` days before NOW."""
    start = Standing(1, 1, NOW - timedelta(days=day), low, low + 2, "bronze", "rules-1", {"high": 2})
    return replace(start, **fields)


COURSE = [standing(60, 70), standing(31, 75), standing(10, 78), standing(0, 84)]


def test_what_was_so_then_is_the_last_word_before_it():
    assert before(COURSE, NOW - timedelta(days=30)).low == 75


def test_a_course_that_began_later_starts_at_its_first_word():
    assert before(COURSE[2:], NOW - timedelta(days=30)).low == 78


def test_without_a_word_nothing_was_so():
    assert before([], NOW) is None


def test_weeks_carry_the_last_score_on_and_are_empty_before_the_first():
    assert weekly(COURSE[1:], NOW, 6) == [None, 75, 75, 75, 78, 84]


def test_a_long_course_is_thinned_and_keeps_its_ends():
    long = [standing(day, low=day / 10) for day in range(500, 0, -1)]
    kept = thinned(long)
    assert len(kept) <= trends.POINTS
    assert (kept[0], kept[-1]) == (long[0], long[-1])


def test_a_short_course_is_kept_whole():
    assert thinned(COURSE) == COURSE


def test_a_level_that_is_reached_or_lost_is_an_event_with_its_effect():
    course = [standing(3), standing(2, 85, level="silver"), standing(1, 79, level="bronze")]
    assert [(event.short, event.effect) for event in changes(course)] == [("Silver", 5), ("Bronze", -6)]
    assert [event.text.split(",")[0] for event in changes(course)] == ["Reached silver", "Fell to bronze"]


def test_another_rule_set_is_an_event():
    assert [event.short for event in changes([standing(2), standing(1, rule_set="rules-2")])] == ["Rules"]


def test_the_same_again_is_no_event():
    assert changes([standing(2), standing(1, 90)]) == []


def test_areas_are_compared_by_what_a_page_shows_of_them():
    now = [{"area": "timeouts", "score": {"low": 86.0}}, {"area": "data", "score": None}]
    then = [{"area": "timeouts", "score": {"low": 75.9}}, {"area": "data", "score": {"low": 50.0}}]
    assert area_changes(now, then) == {"timeouts": 11}


@pytest.mark.django_db
def test_history_speaks_of_the_time_of_its_commit():
    repository = RepositoryFactory()
    old = NOW - timedelta(days=90)
    finished(repository, at=NOW, authored_at=old, trigger=Scan.Trigger.HISTORY, commit="1" * 40)
    finished(repository, at=NOW, authored_at=old, commit="2" * 40)
    assert [one.at for one in courses(repository.scans.all())[repository.pk]] == [old, NOW]


@pytest.mark.django_db
def test_unfinished_scans_are_no_points():
    repository = RepositoryFactory()
    finished(repository, at=NOW)
    repository.scans.update(state=Scan.State.FAILED)
    assert courses(repository.scans.all()) == {}


@pytest.mark.django_db
def test_the_trend_needs_two_scans():
    repository = RepositoryFactory()
    finished(repository, at=NOW)
    assert trend(repository, "all", NOW).score is None


@pytest.mark.django_db
def test_the_trend_shows_its_period():
    repository = RepositoryFactory()
    for day, bad in ((200, 9), (20, 6), (0, 3)):
        finished(repository, at=NOW - timedelta(days=day), bad=bad, commit=str(day).zfill(40))
    assert [len(trend(repository, period, NOW).standings) for period in ("30d", "26w", "all")] == [2, 2, 3]
    assert trend(repository, "30d", NOW).counts.labels[0].text == "High 3"
