"""The queue of record: who gets a scan, who keeps it, and what becomes of it when its worker dies."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from reviews import queue
from reviews.models import FindingEvent, Repository, Scan, Team
from tests.factories import RepositoryFactory
from tests.reviews.running import leased

pytestmark = pytest.mark.django_db

LONG_AGO = timedelta(hours=1)


@pytest.fixture
def repository(team: Team) -> Repository:
    return _repository(team, "payments-api")


def _repository(team: Team, name: str) -> Repository:
    return RepositoryFactory(team=team, name=name)


def _scan(repository: Repository, **fields: Any) -> Scan:
    return Scan.objects.create(repository=repository, branch="main", **fields)


def _let_expire(lease: queue.Lease) -> None:
    Scan.objects.filter(pk=lease.scan).update(leased_until=timezone.now() - LONG_AGO)


def _leased_after_crashes(crashes: int) -> queue.Lease:
    for _ in range(crashes):
        _let_expire(leased())
        queue.requeue_expired()
    return leased()


class TestLease:
    def test_takes_a_requested_scan_and_says_so(self, repository: Repository) -> None:
        scan = _scan(repository)
        assert leased("host:1") == queue.Lease(scan.pk, repository.pk, fence=1, attempt=1, worker="host:1")
        scan.refresh_from_db()
        assert (scan.state, scan.leased_by, scan.fence, scan.attempts) == ("running", "host:1", 1, 1)
        assert scan.leased_until > timezone.now()
        assert scan.started_at is not None

    def test_nothing_requested(self, repository: Repository) -> None:
        _scan(repository, state=Scan.State.SUPERSEDED)
        assert queue.lease("w") is None

    def test_waits_until_a_scan_is_available(self, repository: Repository) -> None:
        _scan(repository, available_at=timezone.now() + timedelta(minutes=1))
        assert queue.lease("w") is None

    def test_one_scan_of_a_repository_at_a_time(self, repository: Repository) -> None:
        _scan(repository, wanted_commit="a" * 40)
        _scan(repository, wanted_commit="b" * 40)
        assert queue.lease("w") is not None
        assert queue.lease("w") is None

    def test_the_oldest_first(self, team: Team) -> None:
        younger = _scan(_repository(team, "a"))
        older = _scan(_repository(team, "b"), available_at=timezone.now() - LONG_AGO)
        assert [leased().scan, leased().scan] == [older.pk, younger.pk]

    def test_people_before_history(self, team: Team) -> None:
        history = _scan(_repository(team, "a"), trigger=Scan.Trigger.HISTORY, available_at=timezone.now() - LONG_AGO)
        person = _scan(_repository(team, "b"))
        assert [leased().scan, leased().scan] == [person.pk, history.pk]

    def test_what_lost_its_worker_is_next(self, team: Team) -> None:
        lost = _scan(_repository(team, "a"))
        lease = leased()
        _scan(_repository(team, "b"), available_at=timezone.now() - LONG_AGO)
        _let_expire(lease)
        queue.requeue_expired()
        assert leased().scan == lost.pk

    def test_history_is_done_in_order_even_when_one_has_to_wait(self, repository: Repository) -> None:
        soon = timezone.now() + timedelta(minutes=1)
        _scan(repository, trigger=Scan.Trigger.HISTORY, wanted_commit="a" * 40, available_at=soon)
        _scan(repository, trigger=Scan.Trigger.HISTORY, wanted_commit="b" * 40)
        assert queue.lease("w") is None

    def test_the_repository_that_waited_longest_first(self, team: Team) -> None:
        busy, quiet = _repository(team, "a"), _repository(team, "b")
        _scan(busy, state=Scan.State.DONE, started_at=timezone.now())
        _scan(busy, available_at=timezone.now() - LONG_AGO)
        waiting = _scan(quiet)
        assert leased().scan == waiting.pk


@pytest.mark.django_db(transaction=True)
class TestRace:
    def test_many_workers_want_one_scan_and_one_gets_it(self, repository: Repository) -> None:
        for commit in "abcdef":
            _scan(repository, wanted_commit=commit * 40)
        assert len([lease for lease in _at_once(8) if lease]) == 1

    def test_many_workers_share_many_scans_without_doubles(self, team: Team) -> None:
        scans = {_scan(_repository(team, f"r{number}")).pk for number in range(8)}
        leases = [lease for lease in _at_once(8) if lease]
        rest = list(iter(lambda: queue.lease("late"), None))
        taken = [lease.scan for lease in leases + rest]
        assert sorted(taken) == sorted(scans)


def _at_once(workers: int) -> list[queue.Lease | None]:
    def work(number: int) -> queue.Lease | None:
        try:
            return queue.lease(f"w{number}")
        finally:
            connection.close()

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(work, range(workers)))


class TestHeartbeat:
    def test_prolongs_the_lease_and_shows_progress(self, repository: Repository) -> None:
        scan = _scan(repository)
        lease = leased()
        Scan.objects.filter(pk=scan.pk).update(leased_until=timezone.now())
        queue.heartbeat(lease, Scan.Step.SCAN, {"files": 3})
        scan.refresh_from_db()
        assert scan.leased_until > timezone.now() + timedelta(seconds=1)
        assert (scan.step, scan.progress) == ("scan", {"files": 3})

    def test_fails_once_the_scan_was_taken_back(self, repository: Repository) -> None:
        _scan(repository)
        lease = leased()
        _let_expire(lease)
        queue.requeue_expired()
        with pytest.raises(queue.LeaseLostError):
            queue.heartbeat(lease, Scan.Step.SCAN, {})

    def test_fails_once_somebody_else_has_the_scan(self, repository: Repository) -> None:
        scan = _scan(repository)
        late = leased("late")
        _let_expire(late)
        queue.requeue_expired()
        queue.lease("next")
        with pytest.raises(queue.LeaseLostError):
            queue.heartbeat(late, Scan.Step.SCAN, {"files": 1})
        scan.refresh_from_db()
        assert (scan.leased_by, scan.progress) == ("next", {})


class TestFinish:
    def test_keeps_the_result_and_ends_the_lease(self, repository: Repository) -> None:
        scan = _scan(repository, error_code="remote_timeout")
        queue.finish(leased(), lambda: {"commit": "c" * 40, "score_low": 71.5})
        scan.refresh_from_db()
        assert (scan.state, scan.commit, scan.score_low, scan.error_code) == ("done", "c" * 40, 71.5, "")
        assert scan.leased_until is None
        assert scan.finished_at is not None

    def test_a_late_worker_writes_nothing(self, repository: Repository) -> None:
        scan = _scan(repository)
        late = leased("late")
        _let_expire(late)
        queue.requeue_expired()
        queue.finish(leased("next"), lambda: {"commit": "c" * 40})
        with pytest.raises(queue.LeaseLostError):
            queue.finish(late, lambda: {"commit": "d" * 40})
        scan.refresh_from_db()
        assert scan.commit == "c" * 40

    def test_all_or_nothing(self, repository: Repository) -> None:
        scan = _scan(repository)

        def store() -> dict[str, Any]:
            Team.objects.create(name="half", slug="half")
            FindingEvent.objects.get(pk=-1)
            return {}

        with pytest.raises(FindingEvent.DoesNotExist):
            queue.finish(leased(), store)
        scan.refresh_from_db()
        assert scan.state == "running"
        assert not Team.objects.filter(slug="half").exists()


class TestSupersede:
    def test_names_the_scan_that_answers(self, repository: Repository) -> None:
        answer = _scan(repository, state=Scan.State.DONE, commit="c" * 40)
        scan = _scan(repository)
        queue.supersede(leased(), answer, commit="c" * 40)
        scan.refresh_from_db()
        assert (scan.state, scan.superseded_by, scan.commit) == ("superseded", answer, "c" * 40)


class TestFail:
    def test_for_good(self, repository: Repository) -> None:
        scan = _scan(repository)
        queue.fail(leased(), "branch_not_found", "No such branch.", "Choose one.", transient=False)
        scan.refresh_from_db()
        assert (scan.state, scan.attempts) == ("failed", 1)
        said = (scan.error_code, scan.error_message, scan.error_next)
        assert said == ("branch_not_found", "No such branch.", "Choose one.")

    def test_a_passing_trouble_is_tried_again_later(self, repository: Repository) -> None:
        scan = _scan(repository)
        queue.fail(leased(), "remote_timeout", "Silent.", "Wait.", transient=True)
        scan.refresh_from_db()
        assert (scan.state, scan.error_code, scan.leased_until) == ("requested", "remote_timeout", None)
        assert scan.available_at > timezone.now() + timedelta(seconds=5)

    def test_gives_up_after_the_last_attempt(self, repository: Repository, settings: Settings) -> None:
        scan = _scan(repository)
        for _ in range(settings.MAX_ATTEMPTS):
            Scan.objects.update(available_at=timezone.now() - LONG_AGO)
            queue.fail(leased(), "remote_timeout", "Silent.", "Wait.", transient=True)
        scan.refresh_from_db()
        assert (scan.state, scan.attempts, scan.error_code) == ("failed", settings.MAX_ATTEMPTS, "remote_timeout")

    def test_a_newer_request_makes_the_next_attempt_needless(self, repository: Repository) -> None:
        scan = _scan(repository)
        lease = leased()
        newer = _scan(repository)
        queue.fail(lease, "remote_timeout", "Silent.", "Wait.", transient=True)
        scan.refresh_from_db()
        assert (scan.state, scan.superseded_by) == ("superseded", newer)

    def test_a_late_worker_cannot_fail_the_scan_of_the_next(self, repository: Repository) -> None:
        scan = _scan(repository)
        late = leased("late")
        _let_expire(late)
        queue.requeue_expired()
        queue.lease("next")
        with pytest.raises(queue.LeaseLostError):
            queue.fail(late, "remote_timeout", "Silent.", "Wait.", transient=True)
        scan.refresh_from_db()
        assert (scan.state, scan.leased_by) == ("running", "next")


class TestRetryDelay:
    @pytest.mark.parametrize(("attempt", "least", "most"), [(1, 15, 22.5), (2, 30, 45), (3, 60, 90), (20, 3600, 3600)])
    def test_doubles_up_to_an_hour(self, attempt: int, least: float, most: float) -> None:
        assert least <= queue.retry_delay(attempt) <= most

    def test_honours_what_the_server_asks(self) -> None:
        assert queue.retry_delay(1, 600) == 600

    def test_is_never_shorter_than_our_own(self) -> None:
        assert queue.retry_delay(1, 1) >= 15


class TestRequeueExpired:
    def test_a_silent_worker_loses_its_scan(self, repository: Repository) -> None:
        scan = _scan(repository)
        _let_expire(leased())
        assert queue.requeue_expired() == 1
        scan.refresh_from_db()
        assert (scan.state, scan.leased_until) == ("requested", None)
        assert leased("next").attempt == 2

    def test_a_working_one_keeps_it(self, repository: Repository) -> None:
        scan = _scan(repository)
        queue.lease("w")
        assert queue.requeue_expired() == 0
        scan.refresh_from_db()
        assert scan.state == "running"

    def test_a_scan_that_kills_every_worker_has_crashed(self, repository: Repository, settings: Settings) -> None:
        scan = _scan(repository)
        lease = _leased_after_crashes(settings.MAX_ATTEMPTS - 1)
        queue.heartbeat(lease, Scan.Step.MATCH, {})
        _let_expire(lease)
        assert queue.requeue_expired() == 1
        scan.refresh_from_db()
        assert (scan.state, scan.error_code) == ("failed", "crashed")
        assert "attempt 3 of 3, in the step Match" in scan.error_message
        assert queue.lease("w") is None

    def test_makes_room_for_a_newer_request(self, repository: Repository) -> None:
        scan = _scan(repository)
        lease = leased()
        newer = _scan(repository)
        _let_expire(lease)
        queue.requeue_expired()
        scan.refresh_from_db()
        assert (scan.state, scan.superseded_by) == ("superseded", newer)

    def test_history_is_not_given_up_for_a_newer_commit(self, repository: Repository) -> None:
        scan = _scan(repository, trigger=Scan.Trigger.HISTORY, wanted_commit="a" * 40)
        lease = leased()
        _scan(repository)
        _let_expire(lease)
        queue.requeue_expired()
        scan.refresh_from_db()
        assert scan.state == "requested"
