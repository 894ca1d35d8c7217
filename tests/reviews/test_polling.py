"""Looks at real git servers: what nobody reported is scanned, in order, spread over time, and trouble has a name."""

import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from reviews import intake, polling, scanning
from reviews.models import Look, PullRequest, Repository, Scan, Team
from tests.factories import RepositoryFactory, ScanFactory
from tests.git_server import GitServer, Request, reply
from tests.origin import commit_files
from tests.reviews.running import leased, scanned

pytestmark = pytest.mark.django_db

MINUTE, LATER = timedelta(minutes=1), timedelta(minutes=20)
Trigger = Scan.Trigger


@pytest.fixture(autouse=True)
def _loopback(settings: Settings) -> None:
    settings.ALLOWED_SCHEMES, settings.ALLOWED_PRIVATE = ["http"], ["127.0.0.1"]


@pytest.fixture
def server(origin: Path) -> Iterator[GitServer]:
    commit_files(origin, {"pay.py": "VALUE = 1\n"})
    with GitServer(origin.parent) as running:
        yield running


@pytest.fixture
def repository(team: Team, server: GitServer) -> Repository:
    return RepositoryFactory(team=team, url=f"{server.url}/origin.git")


def after(moment: timedelta) -> None:
    """Time goes by: whatever happened is so much longer ago."""
    for look in Look.objects.all():
        for field in ("attempted_at", "until", "succeeded_at"):
            at = getattr(look, field)
            setattr(look, field, at and at - moment)
        look.save()
    for scan in Scan.objects.all():
        Scan.objects.filter(pk=scan.pk).update(
            started_at=scan.started_at and scan.started_at - moment,
            finished_at=scan.finished_at and scan.finished_at - moment,
        )


def looked() -> Look:
    """The one look there is, after another turn."""
    assert polling.look_at_one(seconds=5)
    return Look.objects.get()


def many(count: int, team: Team, url: str) -> None:
    """So many repositories, one for each directory of a big one."""
    for number in range(count):
        RepositoryFactory(team=team, url=url, sub_path=f"services/{number}")


def asked() -> list[tuple[str, str]]:
    return list(Scan.objects.filter(state="requested").values_list("trigger", "wanted_commit"))


class TestNews:
    def test_a_push_that_no_forge_reported_is_scanned(self, repository: Repository, origin: Path) -> None:
        scanned(repository)
        pushed = commit_files(origin, {"pay.py": "VALUE = 2\n"})
        after(LATER)
        look = looked()
        assert (look.head, look.code, look.until) == (pushed, "", None)
        assert look.succeeded_at is not None
        assert asked() == [("poll", "")]
        scanning.run(leased())
        repository.refresh_from_db()
        assert repository.latest_scan.commit == pushed

    def test_what_was_scanned_is_no_news(self, repository: Repository) -> None:
        scanned(repository)
        after(LATER)
        look = looked()
        assert (look.head, asked()) == (Scan.objects.get().commit, [])

    def test_the_head_that_history_ended_with_is_no_news(self, repository: Repository, origin: Path) -> None:
        head = commit_files(origin, {"pay.py": "VALUE = 2\n"})
        scanned(repository, head, Trigger.HISTORY)
        after(LATER)
        assert (looked().head, asked()) == (head, [])

    def test_a_repository_that_was_never_scanned_is(self, repository: Repository) -> None:
        looked()
        assert asked() == [("poll", "")]

    def test_a_branch_that_was_set_back_is_scanned(self, repository: Repository, origin: Path) -> None:
        first = scanned(repository).commit
        commit_files(origin, {"pay.py": "VALUE = 2\n"})
        scanned(repository)
        subprocess.run(["git", "-C", origin, "update-ref", "refs/heads/main", first], check=True)
        after(LATER)
        looked()
        assert asked() == [("poll", "")]

    def test_what_a_pull_request_proposes_is_not_the_branch(self, repository: Repository, origin: Path) -> None:
        scanned(repository)
        proposed = commit_files(origin, {"pay.py": "VALUE = 2\n"})
        seven = PullRequest.objects.create(repository=repository, number=7, target="main", ref="refs/pull/7/head")
        fields = {"pull_request": seven, "branch": seven.ref, "trigger": Trigger.PULL_REQUEST}
        ScanFactory(repository=repository, state="done", commit=proposed, started_at=timezone.now(), **fields)
        ScanFactory(repository=repository, **fields)
        after(LATER)
        looked()
        assert ("poll", "") in asked()

    def test_a_head_whose_scan_failed_is_tried_again_after_a_while(self, repository: Repository) -> None:
        looked()
        moments = [LATER, LATER, timedelta(hours=2)]
        wanted = []
        for moment in moments:
            Scan.objects.filter(state="requested").update(
                state="failed", started_at=timezone.now(), finished_at=timezone.now()
            )
            after(moment)
            looked()
            wanted.append(len(asked()))
        assert wanted == [0, 0, 1]


class TestTurns:
    def test_the_longest_not_looked_at_first_and_the_never_looked_at_before(self, team: Team) -> None:
        now = timezone.now()
        made = RepositoryFactory.create_batch(4, team=team)
        for repository, ago in zip(made[:3], (20, 60, 10), strict=True):
            Look.objects.create(repository=repository, attempted_at=now - ago * MINUTE)
        assert list(polling.due()) == [made[3], made[1], made[0]]

    def test_a_scan_of_the_head_was_a_look(self, repository: Repository) -> None:
        scanned(repository)
        assert not polling.look_at_one()
        after(LATER)
        assert polling.look_at_one()

    def test_a_scan_of_another_branch_was_none(self, repository: Repository) -> None:
        ScanFactory(repository=repository, branch="release", state="done", started_at=timezone.now())
        assert polling.look_at_one()

    @pytest.mark.parametrize("state", ["requested", "running"])
    @pytest.mark.parametrize("trigger", ["webhook", "history"])
    def test_nothing_is_looked_at_that_is_scanned_soon(self, repository: Repository, state: str, trigger: str) -> None:
        ScanFactory(repository=repository, state=state, trigger=trigger)
        assert not polling.look_at_one()

    def test_trouble_makes_looks_rare_and_never_ends_them(self, repository: Repository) -> None:
        waits = {0: 1, 1: 1, 2: 2, 3: 4, 4: 8, 50: 8}
        every, second = timedelta(seconds=900), timedelta(seconds=5)
        for failures, times in waits.items():
            for moment, due in ((every * times - second, False), (every * times + second, True)):
                values = {"attempted_at": timezone.now() - moment, "failures": failures}
                Look.objects.update_or_create(repository=repository, defaults=values)
                assert polling.due().exists() is due

    def test_a_clock_that_was_set_back_stops_nothing(self, repository: Repository) -> None:
        future = timezone.now() + timedelta(days=1)
        Look.objects.create(repository=repository, attempted_at=future, until=future + MINUTE)
        assert looked().succeeded_at is not None

    def test_off_with_zero(self, repository: Repository, settings: Settings) -> None:
        settings.POLL_SECONDS = 0
        assert not polling.look_at_one()
        assert not Look.objects.exists()


class TestSpread:
    def test_a_new_installation_does_not_look_at_everything_at_once(self, repository: Repository) -> None:
        Repository.objects.bulk_create(
            Repository(team=repository.team, name=f"r{n}", slug=f"r{n}", url=repository.url, branch=f"b{n}")
            for n in range(499)
        )
        looks = sum(polling.look_at_one(seconds=5) for _ in range(20))
        assert looks == 6  # 500 of them in 900 seconds, ten at a time

    def test_all_get_their_turn_within_the_interval(self, team: Team, server: GitServer, settings: Settings) -> None:
        settings.POLL_SECONDS = 60
        many(9, team, f"{server.url}/gone.git")
        for _ in range(6):
            assert sum(polling.look_at_one(seconds=5) for _ in range(9)) == 2 or not polling.due().exists()
            after(polling.TICK)
        assert Look.objects.count() == 9


class TestTrouble:
    def test_a_deleted_branch(self, repository: Repository) -> None:
        repository.branch = "trunk"
        repository.save()
        look = looked()
        assert (look.code, look.failures, look.until, look.succeeded_at) == ("branch_not_found", 1, None, None)
        assert look.problem == "The repository has no such branch. Choose a branch that exists."
        assert not Scan.objects.exists()

    def test_a_token_that_the_server_does_not_accept(self, repository: Repository, server: GitServer) -> None:
        server.token = "sesame"
        repository.credential = "canary-token"
        repository.save()
        look = looked()
        assert look.code == "credential_refused"
        assert "canary" not in look.problem

    def test_the_token_of_the_repository_is_used(self, repository: Repository, server: GitServer) -> None:
        server.token = repository.credential = "sesame"
        repository.save()
        assert looked().code == ""

    def test_a_server_that_hangs_is_named_in_time(self, repository: Repository, server: GitServer) -> None:
        free = threading.Event()
        server.hook = lambda _: free.wait(30) and False
        began = time.monotonic()
        assert polling.look_at_one(seconds=1)
        assert time.monotonic() - began < 20
        assert Look.objects.get().code == "remote_timeout"
        free.set()

    def test_success_ends_the_count_of_failures(self, repository: Repository, server: GitServer) -> None:
        server.hook = refuse
        looked()
        after(LATER)
        assert looked().failures == 2
        server.hook = None
        after(2 * LATER)
        look = looked()
        assert (look.failures, look.code, look.problem) == (0, "", "")

    def test_an_address_that_is_no_longer_allowed(self, repository: Repository, settings: Settings) -> None:
        settings.ALLOWED_PRIVATE = []
        assert looked().code == "address_not_public"

    def test_an_error_without_a_name_gets_one_and_goes_on(self, repository: Repository, settings: Settings) -> None:
        settings.SCRATCH_DIR = Path("/proc/none")
        with pytest.raises(FileNotFoundError):
            polling.look_at_one()
        look = Look.objects.get()
        assert (look.code, look.until) == ("internal_error", None)


def refuse(request: Request) -> bool:
    return reply(request, 503)


@pytest.mark.django_db(transaction=True)
class TestWorkers:
    def test_many_at_once_look_at_each_once(self, team: Team, server: GitServer, settings: Settings) -> None:
        settings.POLL_SECONDS, settings.POLL_CONCURRENCY = 5, 8
        many(6, team, f"{server.url}/gone.git")
        looked_at = sum(at_once(8) + [polling.look_at_one(seconds=5) for _ in range(6)])
        assert looked_at == len(server.requests) == Look.objects.count() == 6

    def test_never_more_than_allowed(self, team: Team, server: GitServer, settings: Settings) -> None:
        settings.POLL_SECONDS, settings.POLL_CONCURRENCY = 1, 2
        inside, most, lock = [0], [0], threading.Lock()

        def count(request: Request) -> bool:
            with lock:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
            time.sleep(0.2)
            with lock:
                inside[0] -= 1
            return reply(request, 503)

        server.hook = count
        many(8, team, f"{server.url}/origin.git")
        at_once(8)
        assert 1 <= most[0] <= 2

    def test_whoever_was_killed_loses_its_look(self, repository: Repository, settings: Settings) -> None:
        settings.POLL_SECONDS, settings.POLL_CONCURRENCY = 1, 1
        now = timezone.now()
        Look.objects.create(repository=repository, attempted_at=now - MINUTE, until=now + MINUTE)
        assert not polling.look_at_one()
        after(MINUTE)
        assert looked().succeeded_at is not None

    def test_whoever_was_too_slow_writes_nothing(self, repository: Repository, server: GitServer) -> None:
        def take_over(request: Request) -> bool:
            Look.objects.update(until=timezone.now() + MINUTE)
            connection.close()
            return False

        server.hook = take_over
        assert polling.look_at_one(seconds=5)
        look = Look.objects.get()
        assert (look.succeeded_at, look.code) == (None, "")
        assert not Scan.objects.exists()

    def test_a_push_is_asked_for_once(self, repository: Repository) -> None:
        looked()
        intake.request_scan(repository, trigger=Trigger.WEBHOOK)
        assert Scan.objects.filter(state="requested").count() == 1


def at_once(workers: int) -> list[bool]:
    def work(_: int) -> bool:
        try:
            return polling.look_at_one(seconds=5)
        finally:
            connection.close()

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(work, range(workers)))
