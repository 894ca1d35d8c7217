from datetime import timedelta

import pytest
from django.utils import timezone

from reviews.fleet import Cell, cells, fleet, middle
from reviews.models import Scan, Waiver
from reviews.scorecards import scanned_areas
from tests.factories import RepositoryFactory, ScanFactory
from tests.reviews.rows import finished, fleet_of, found
from tests.reviews.waiver_rows import counted, in_days, waiver


@pytest.mark.parametrize(
    ("low", "step"), [(0, "1"), (49.9, "1"), (50, "2"), (70, "3"), (84.9, "3"), (85, "4"), (95, "5")]
)
def test_a_cell_is_as_warm_as_its_shown_score(low, step):
    assert Cell("timeouts", low, low).step == step


def test_an_area_without_items_has_no_warmth():
    assert Cell("timeouts").step == "x"


@pytest.mark.parametrize(("high", "doubtful"), [(85, False), (85.1, True)])
def test_more_than_five_points_of_doubt_are_marked(high, doubtful):
    assert Cell("timeouts", 80, high).doubtful is doubtful


def test_cells_stand_in_the_order_of_the_checklist_whatever_the_scan_knew():
    found = cells([{"area": "timeouts", "score": {"low": 86, "high": 91}}, {"area": "data", "score": None}])
    assert [cell.area for cell in found] == list(scanned_areas())
    assert [cell.area for cell in found if cell.low is not None] == ["timeouts"]


@pytest.mark.parametrize(("values", "expected"), [([], None), ([None], None), ([90, None, 60], 60), ([1, 2, 9], 2)])
def test_the_middle_is_a_number_that_some_repository_has(values, expected):
    assert middle(values) == expected


def test_one_sees_the_repositories_of_ones_teams_alone(team, viewer, stranger, admin):
    fleet_of(team, 2)
    assert [len(fleet(person).rows) for person in (viewer, stranger, admin)] == [2, 0, 2]


def test_a_team_stands_where_its_middle_repository_does(team, viewer):
    for bad in (0, 3, 30):
        finished(RepositoryFactory(team=team), bad=bad)
    (line,) = fleet(viewer).teams
    assert line.low == sorted(row.low for row in line.rows)[1]
    timeouts = [next(cell.low for cell in row.cells if cell.area == "timeouts") for row in line.rows]
    assert next(cell.low for cell in line.cells if cell.area == "timeouts") == sorted(timeouts)[1]


def test_levels_count_scanned_repositories_only(team, viewer):
    fleet_of(team, 2)
    RepositoryFactory(team=team)
    found = fleet(viewer)
    assert (len(found.rows), len(found.scanned), sum(count for _, count in found.levels)) == (3, 2, 2)


def test_a_tier_narrows_the_map(team, viewer):
    for tier in "AB":
        finished(RepositoryFactory(team=team, tier=tier))
    assert [len(fleet(viewer, tier=tier).rows) for tier in ("", "A", "C")] == [2, 1, 0]


def test_teams_can_stand_in_the_order_of_their_score(admin, team, stranger):
    finished(RepositoryFactory(team=team), bad=0)
    finished(RepositoryFactory(team=stranger.teams.get()), bad=30)
    assert [line.team.name for line in fleet(admin).teams] == ["Payments", "Search"]
    assert [line.team.name for line in fleet(admin, order="score").teams] == ["Search", "Payments"]


def test_the_newest_scan_of_each_repository_says_whether_it_failed_or_runs(team, viewer):
    failing, waiting, well = fleet_of(team, 3)
    ScanFactory(repository=failing, state=Scan.State.FAILED)
    ScanFactory(repository=waiting)
    ScanFactory(repository=well, state=Scan.State.FAILED)
    finished(well, commit="f" * 40)
    assert (fleet(viewer).failed, fleet(viewer).under_way) == (1, 1)


def test_the_course_of_twelve_weeks_is_a_line(team, viewer):
    repository = RepositoryFactory(team=team)
    for week in (5, 0):
        finished(repository, at=timezone.now() - timedelta(weeks=week, minutes=1), bad=week, commit=str(week).zfill(40))
    (row,) = fleet(viewer).rows
    assert [value is None for value in row.weeks] == [True] * 6 + [False] * 6
    assert row.spark.last > row.spark.first


def test_the_number_of_queries_does_not_grow_with_the_fleet(team, viewer, django_assert_max_num_queries):
    fleet_of(team, 8)
    with django_assert_max_num_queries(3):
        fleet(viewer)


def test_a_waiver_that_is_over_counts_no_more_though_no_job_ran(team, viewer, teammate, reviewer):
    repository = RepositoryFactory(team=team)
    found(repository, severity="medium")
    counted(repository)
    waiver(teammate, reviewer, repository, *repository.findings.all())
    (covered,) = fleet(viewer).rows
    Waiver.objects.update(ends_on=in_days(-1))
    Scan.objects.update(card_until=in_days(-1))
    (row,) = fleet(viewer).rows
    assert (covered.open, row.open) == ({}, {"medium": 1})
    assert row.low < covered.low
