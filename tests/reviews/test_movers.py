from datetime import timedelta

from django.utils import timezone

from reviews.fleet import fleet
from reviews.movers import movers
from tests.factories import RepositoryFactory
from tests.reviews.rows import RULE, changed, finished, found


def test_a_mover_says_what_its_scans_found_meanwhile(team, viewer):
    repository = RepositoryFactory(team=team)
    now = timezone.now()
    finished(repository, at=now - timedelta(days=40), bad=20, commit="1" * 40)
    newest = finished(repository, at=now, bad=2, commit="2" * 40)
    for line in (1, 2):
        changed(found(repository, line=line, state="fixed"), newest, "fixed")
    changed(found(repository, line=3), newest, "moved")
    (mover,) = movers(fleet(viewer))
    assert mover.row.change > 0
    assert [(cause.what, cause.rule, cause.count) for cause in mover.causes] == [("fixed", RULE, 2)]
    assert not mover.rules_changed


def test_a_repository_that_stood_still_is_no_mover(team, viewer):
    repository = RepositoryFactory(team=team)
    for day in (40, 0):
        finished(repository, at=timezone.now() - timedelta(days=day), commit=str(day).zfill(40))
    assert movers(fleet(viewer)) == []


def test_many_movers_take_one_query(team, viewer, django_assert_num_queries):
    for bad in (1, 2, 5):
        repository = RepositoryFactory(team=team)
        for day, number in ((40, 20), (0, bad)):
            at = timezone.now() - timedelta(days=day)
            finished(repository, at=at, bad=number, commit=str(number).zfill(40))
    whole = fleet(viewer)
    with django_assert_num_queries(1):
        assert len(movers(whole)) == 3
