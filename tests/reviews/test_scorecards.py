from datetime import timedelta

import pytest
from django.utils import timezone

from reviews.models import Repository
from reviews.scorecards import counted, first_fixes, rule_outcomes, standing, worst_items
from tests.factories import RepositoryFactory
from tests.reviews.rows import RULE, finished, fleet_of, found

pytestmark = pytest.mark.django_db


def stands(**fields):
    repository = RepositoryFactory(tier=fields.pop("tier", "A"))
    return standing(repository, finished(repository, **fields))


def area(standing, name):
    return next(line for line in standing.areas if line.area["area"] == name)


def test_an_area_shows_what_is_proved_what_is_in_doubt_and_its_sites():
    line = area(stands(good=41, bad=3, unresolved=2), "timeouts")
    assert [part.kind for part in line.bar] == ["accent", "unknown"]
    assert (line.area["good"], line.decided, line.area["unresolved"]) == (41, 44, 2)
    assert line.said == "1 item fails"
    assert line.words == "89 to 93"


def test_an_area_without_doubt_is_one_number():
    assert area(stands(bad=0, unresolved=0), "timeouts").words == "100"


def test_an_area_where_nothing_applies_says_so():
    line = area(stands(), "exceptions")
    assert (line.bar, line.said, line.area["score"]) == ((), "none applies", None)


def test_the_change_compares_with_thirty_days_ago():
    repository, now = RepositoryFactory(), timezone.now()
    for day, bad in ((60, 30), (35, 20), (5, 10)):
        finished(repository, at=now - timedelta(days=day), bad=bad, commit=str(day).zfill(40))
    newest = finished(repository, at=now, bad=3)
    found = standing(repository, newest)
    old = repository.scans.get(commit="35".zfill(40))
    assert found.change == int(newest.score_low) - int(old.score_low)
    assert area(found, "timeouts").change == found.change


def test_the_first_scan_has_changed_nothing():
    found = stands()
    assert (found.change, area(found, "timeouts").change) == (None, None)


def test_the_mark_stands_at_the_proved_score():
    found = stands()
    assert found.mark.top == round(88 - 0.8 * found.card["score"]["low"], 1)


@pytest.mark.parametrize(("number", "words"), [(1, "1 site is"), (1200, "1,200 sites are")])
def test_numbers_agree_with_their_words(number, words):
    assert counted(number, "site is", "sites are") == words


def test_the_first_fixes_are_the_worst_of_each_rule_and_never_doubtful():
    repository = RepositoryFactory()
    finished(repository)
    for line in (1, 2):
        found(repository, line=line)
    low = found(repository, rule="cause-dropped", severity="low")
    worst = found(repository, rule="secret-logged", severity="critical")
    found(repository, rule="doubtful", severity="critical", confidence="low")
    found(repository, rule="past", state="fixed")
    assert [finding.pk for finding in first_fixes(repository)] == [worst.pk, first_fixes(repository)[1].pk, low.pk]
    assert first_fixes(repository)[1].rule == RULE


def test_the_worst_items_of_a_team_are_those_most_repositories_fail(team):
    repositories = fleet_of(team, 2)
    (item,) = worst_items(Repository.objects.filter(team=team))
    assert set(item.repositories) == set(repositories)
    assert item.findings == 6


def test_rules_are_found_in_a_scorecard_by_id():
    repository = RepositoryFactory()
    outcome = rule_outcomes(finished(repository).scorecard)[RULE]
    assert (outcome["good"], outcome["bad"], outcome["unresolved"]) == (41, 3, 2)
