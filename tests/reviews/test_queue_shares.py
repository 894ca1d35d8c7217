"""Who goes first: turns before teams, teams by their share, and never two scans of one repository at once."""

from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reviews import queue
from reviews.models import Repository, Scan, Team
from tests.factories import RepositoryFactory, ScanFactory, TeamFactory
from tests.reviews.running import leased

pytestmark = pytest.mark.django_db

Trigger = Scan.Trigger
LONG_AGO = timedelta(hours=1)
REPOSITORIES, MOST_WORKERS = 3, 4
calm = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

# (team, repository of the team, trigger) for each scan that waits; then who takes one (None) or ends one (which).
waiting = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, REPOSITORIES - 1), st.sampled_from(Trigger)), max_size=25
)
course = st.lists(st.none() | st.integers(0, MOST_WORKERS), max_size=30)


def _waits(repository: Repository, **fields: Any) -> Scan:
    commit = f"{Scan.objects.count():040}"
    return ScanFactory(repository=repository, **{"trigger": Trigger.WEBHOOK, "wanted_commit": commit} | fields)


def _teams(count: int) -> list[list[Repository]]:
    """The repositories of each team."""
    return [RepositoryFactory.create_batch(REPOSITORIES, team=TeamFactory()) for _ in range(count)]


@contextmanager
def undone() -> Iterator[None]:
    """What one example writes is gone for the next."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _end(scan: int) -> None:
    Scan.objects.filter(pk=scan).update(state=Scan.State.FAILED, finished_at=timezone.now())


def _standing(scan: Scan) -> tuple[int, tuple[int, int]]:
    """By what a scan is chosen: its turn, then what its team has running and has started."""
    started = Scan.objects.filter(repository__team=scan.repository.team_id, started_at__isnull=False)
    return scan.turn, (started.filter(state=Scan.State.RUNNING).count(), started.count())


class World:
    """Workers that take what waits and end it, whenever the course says so."""

    def __init__(self, scans: list[tuple[int, int, str]]) -> None:
        teams = _teams(4)
        for team, repository, trigger in scans:
            _waits(teams[team][repository], trigger=trigger)
        self.running: list[int] = []

    def go(self, which: int | None) -> None:
        """Take a scan, or end one."""
        self.take() if which is None else self.end(which)

    def take(self) -> None:
        could = {scan.pk: _standing(scan) for scan in queue.due().select_related("repository")}
        lease = queue.lease("w") if len(self.running) < MOST_WORKERS else None
        if lease:
            assert could[lease.scan] == min(could.values())
            self.running.append(lease.scan)
        else:
            assert not could or len(self.running) == MOST_WORKERS

    def end(self, which: int) -> None:
        for scan in self.running[which : which + 1]:
            self.running.remove(scan)
            _end(scan)

    def overlap(self) -> bool:
        busy = Scan.objects.filter(state=Scan.State.RUNNING).values_list("repository", flat=True)
        return len(busy) != len(set(busy))


class TestLaws:
    @calm
    @given(scans=waiting, course=course)
    def test_the_first_turn_and_then_the_team_with_the_least_goes_first(
        self, scans: list[tuple[int, int, str]], course: list[int | None]
    ) -> None:
        with undone():
            world = World(scans)
            for which in course:
                world.go(which)
                assert not world.overlap()

    @calm
    @given(loads=st.lists(st.integers(8, 20), min_size=2, max_size=4), workers=st.integers(1, MOST_WORKERS))
    def test_teams_with_enough_to_do_get_the_same_whatever_waits(self, loads: list[int], workers: int) -> None:
        with undone():
            for repositories, load in zip(_teams(len(loads)), loads, strict=True):
                for number in range(load):
                    _waits(repositories[number % REPOSITORIES])
            starts: Counter[int] = Counter({team.pk: 0 for team in Team.objects.all()})
            running = deque([_waits(RepositoryFactory()).pk for _ in range(workers - 1)])
            Scan.objects.filter(pk__in=running).update(state=Scan.State.RUNNING)
            for lease in islice(iter(lambda: queue.lease("w"), None), 8 * len(loads)):
                starts[Repository.objects.get(pk=lease.repository).team_id] += 1
                running.append(lease.scan)
                _end(running.popleft())
                assert max(starts.values()) - min(starts.values()) <= 1


class TestTurns:
    def test_people_then_forges_then_looks_then_news_of_advisories_then_history(self, team: Team) -> None:
        order = [Trigger.REVIEW, Trigger.REGISTERED, Trigger.PERSON]
        order += [Trigger.PULL_REQUEST, Trigger.WEBHOOK, Trigger.POLL, Trigger.ADVISORIES, Trigger.HISTORY]
        for number, trigger in enumerate(order):
            _waits(RepositoryFactory(team=team), trigger=trigger, available_at=timezone.now() - number * LONG_AGO)
        taken = [Scan.objects.get(pk=leased().scan).turn for _ in order]
        assert taken == [0, 0, 0, 1, 1, 2, 3, 4]

    def test_a_team_with_nothing_done_yet_does_not_go_before_people(self, team: Team) -> None:
        mine, other = RepositoryFactory.create_batch(2, team=team), RepositoryFactory()
        _waits(mine[0], trigger=Trigger.PERSON)
        leased()
        _waits(other)
        asked = _waits(mine[1], trigger=Trigger.PERSON)
        assert leased().scan == asked.pk

    def test_every_trigger_has_one_turn(self) -> None:
        assert sorted(trigger for turn in Scan.TURNS for trigger in turn) == sorted(Trigger)


class TestTeams:
    def test_one_team_does_not_wait_for_the_length_of_anothers_queue(self, team: Team) -> None:
        flood = RepositoryFactory.create_batch(30, team=team)
        for repository in flood:
            _waits(repository, available_at=timezone.now() - LONG_AGO)
        leased()
        asked = _waits(RepositoryFactory())
        assert leased().scan == asked.pk

    def test_what_started_a_while_ago_no_longer_counts(self, team: Team) -> None:
        mine, other = RepositoryFactory(team=team), RepositoryFactory()
        long_ago, lately = timezone.now() - timedelta(minutes=16), timezone.now() - timedelta(minutes=14)
        ScanFactory.create_batch(3, repository=mine, state=Scan.State.FAILED, started_at=long_ago)
        ScanFactory(repository=other, state=Scan.State.FAILED, started_at=lately)
        _waits(other, available_at=timezone.now() - LONG_AGO)
        asked = _waits(mine)
        assert leased().scan == asked.pk

    def test_a_team_whose_history_has_to_wait_holds_nobody_up(self, team: Team) -> None:
        mine, other = RepositoryFactory(team=team), RepositoryFactory()
        ScanFactory(repository=other, state=Scan.State.FAILED, started_at=timezone.now())
        _waits(mine, trigger=Trigger.HISTORY, available_at=timezone.now() + LONG_AGO)
        _waits(mine, trigger=Trigger.HISTORY)
        asked = _waits(other, trigger=Trigger.HISTORY)
        assert leased().scan == asked.pk

    def test_the_repository_of_a_team_that_waited_longest(self, team: Team) -> None:
        quiet, busy = RepositoryFactory.create_batch(2, team=team)
        _waits(busy)
        _end(leased().scan)
        _waits(busy, available_at=timezone.now() - LONG_AGO)
        asked = _waits(quiet)
        assert leased().scan == asked.pk
