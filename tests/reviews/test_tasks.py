"""What Celery's messages set off."""

import os
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from reviews import intake, queue, tasks
from reviews.deliveries import sorting
from reviews.models import (
    BlobResult,
    Delivery,
    Forge,
    Hook,
    OutboxMessage,
    Repository,
    Review,
    Scan,
    Team,
    User,
    Waiver,
)
from reviews.outbox import delivery
from reviews.webhooks import events
from tests.factories import MembershipFactory, RepositoryFactory, ScanFactory
from tests.mail_server import MailServer
from tests.origin import commit_files
from tests.reviews.deliveries.posting import hook_of
from tests.reviews.messages import Messages
from tests.reviews.posting import message
from tests.reviews.pull_rows import HEAD, proposal
from tests.reviews.readings import fresh, frozen
from tests.reviews.rows import COMMIT, finished

pytestmark = pytest.mark.django_db(transaction=True)

LONG_AGO = timedelta(days=40)
PUSH = events.as_json(events.Push("main", "c" * 40))


@pytest.fixture
def repository(team: Team, origin: Path) -> Repository:
    commit_files(origin, {"a.py": "A = 1\n"})
    return RepositoryFactory(team=team, url=f"file://{origin}")


class TestWake:
    def test_does_one_scan_and_wakes_others_for_the_rest(self, repository: Repository, messages: Messages) -> None:
        scan = intake.request_scan(repository, trigger=Scan.Trigger.PERSON)
        tasks.wake()
        scan.refresh_from_db()
        assert scan.state == "done"
        assert str(os.getpid()) in scan.leased_by
        assert len(messages.all()) == 4  # Two that wake, who is to be told, and who wrote what was found.

    def test_says_nothing_when_there_is_nothing_to_do(self, messages: Messages, db: None) -> None:
        tasks.wake()
        assert messages.all() == []

    def test_two_messages_do_one_scan_once(self, repository: Repository, messages: Messages) -> None:
        scan = intake.request_scan(repository, trigger=Scan.Trigger.PERSON)
        tasks.wake()
        tasks.wake()
        scan.refresh_from_db()
        assert scan.attempts == 1

    def test_takes_over_from_a_dead_worker_without_waiting_for_the_tick(self, repository: Repository) -> None:
        scan = intake.request_scan(repository, trigger=Scan.Trigger.PERSON)
        queue.lease("dead:1")
        Scan.objects.update(leased_until=timezone.now() - LONG_AGO)
        tasks.wake()
        scan.refresh_from_db()
        assert (scan.state, scan.attempts) == ("done", 2)


class TestRequeue:
    def test_takes_back_what_a_dead_worker_held_and_wakes_one(self, repository: Repository, messages: Messages) -> None:
        scan = intake.request_scan(repository, trigger=Scan.Trigger.PERSON)
        queue.lease("dead:1")
        Scan.objects.update(leased_until=timezone.now() - LONG_AGO)
        tasks.requeue()
        scan.refresh_from_db()
        assert scan.state == "requested"
        assert len(messages.all()) == 1

    def test_wakes_one_worker_for_each_due_scan_up_to_a_bound(self, team: Team, messages: Messages) -> None:
        for repository in RepositoryFactory.create_batch(40, team=team):
            intake.request_scan(repository, trigger=Scan.Trigger.PERSON)
        tasks.requeue()
        assert len(messages.all()) == 32

    def test_removes_what_a_dead_process_left_in_the_scratch_directory(self, settings: Settings, db: None) -> None:
        ours = settings.SCRATCH_DIR / f"fetch-{os.uname().nodename}-{os.getpid()}-abc"
        dead = settings.SCRATCH_DIR / f"fetch-{os.uname().nodename}-999999999-abc"
        ours.mkdir(parents=True)
        dead.mkdir()
        tasks.requeue()
        assert (ours.exists(), dead.exists()) == (True, False)
        ours.rmdir()


class TestDeliver:
    def test_sends_a_batch_and_asks_for_the_next(self, team: Team, mail_server: MailServer, messages: Messages) -> None:
        for number in range(51):
            message(team, f"m{number}")
        tasks.deliver()
        assert len(mail_server.mails) == 50
        assert len(messages.all()) == 1

    def test_asks_for_nothing_when_all_is_sent(self, team: Team, mail_server: MailServer, messages: Messages) -> None:
        message(team)
        tasks.deliver()
        assert (len(mail_server.mails), messages.all()) == (1, [])

    def test_ends_before_somebody_else_takes_its_messages(self, team: Team) -> None:
        message(team)
        delivery.claim()
        lease = OutboxMessage.objects.get().leased_until - timezone.now()
        assert tasks.deliver.soft_time_limit < tasks.deliver.time_limit < lease.total_seconds()


class TestSort:
    @pytest.fixture
    def hook(self, repository: Repository) -> Hook:
        return hook_of(repository)

    def test_sorts_and_wakes_a_worker_for_the_scan(self, hook: Hook, messages: Messages) -> None:
        hook.deliveries.create(key="d", event="push", asks=PUSH)
        tasks.sort()
        assert hook.deliveries.get().state == "done"
        assert [path.suffixes[-2] for path in messages.all()] == [".scans"]

    def test_goes_on_with_what_was_there_before(self, hook: Hook, messages: Messages) -> None:
        rows = (Delivery(hook=hook, key=f"d-{number}", event="push", asks=PUSH) for number in range(sorting.BATCH + 1))
        Delivery.objects.bulk_create(rows)
        Delivery.objects.update(available_at=timezone.now() - timedelta(seconds=1))
        tasks.sort()
        assert sorted(path.suffixes[-2] for path in messages.all()) == [".errands", ".scans"]

    def test_says_nothing_when_nothing_was_reported(self, hook: Hook, messages: Messages) -> None:
        tasks.sort()
        assert messages.all() == []


class TestReadForReviews:
    @pytest.fixture
    def review(self, repository: Repository, teammate: User) -> Review:
        return frozen(repository, teammate)

    def test_reads_what_one_review_waits_for_and_wakes_another(self, review: Review, messages: Messages) -> None:
        tasks.read_for_reviews()
        assert (fresh(review).authors_state, len(messages.all())) == ("known", 1)
        tasks.read_for_reviews()
        assert len(messages.all()) == 1

    def test_the_tick_wakes_one_while_there_is_something(self, review: Review, messages: Messages) -> None:
        review.repository.findings.all().delete()  # Nobody is to ask who wrote them.
        tasks.requeue()
        assert len(messages.all()) == 1
        tasks.read_for_reviews()
        tasks.requeue()
        assert len(messages.all()) == 2


class TestTellDue:
    def test_puts_the_gate_and_what_failed_into_the_outbox(self, repository: Repository, messages: Messages) -> None:
        repository.provider = "github"
        Forge.objects.create(repository=repository, posts_statuses=True)
        finished(repository)
        pull = proposal(repository)
        ScanFactory(repository=repository, pull_request=pull, branch=pull.ref, state="failed", error_message="No.")
        tasks.tell_due()
        tasks.tell_due()
        topics = OutboxMessage.objects.order_by("pk").values_list("topic", flat=True)
        assert list(topics) == [f"status:{HEAD}:plimsoll/pull-request", f"status:{COMMIT}:plimsoll/gate"]


class TestClean:
    def test_drops_messages_that_ended_long_ago(self, team: Team) -> None:
        message(team, state="sent", finished_at=timezone.now() - LONG_AGO)
        message(team, "young", state="sent", finished_at=timezone.now())
        tasks.clean()
        assert [left.key for left in OutboxMessage.objects.all()] == ["young"]

    def test_drops_answers_that_nobody_uses(self, db: None) -> None:
        for sha, age in (("old", LONG_AGO), ("new", timedelta(0))):
            row = BlobResult.objects.create(sha=sha, path_class="x", rule_set="r", result=b"")
            BlobResult.objects.filter(pk=row.pk).update(used_at=timezone.now() - age)
        tasks.clean()
        assert list(BlobResult.objects.values_list("sha", flat=True)) == ["new"]

    def test_drops_old_requests_that_others_took_the_place_of(self, repository: Repository) -> None:
        done = ScanFactory(repository=repository, state=Scan.State.DONE)
        ended = timezone.now() - LONG_AGO
        for field in ("", "c" * 40):
            ScanFactory(
                repository=repository, state=Scan.State.SUPERSEDED, superseded_by=done, finished_at=ended, commit=field
            )
        ScanFactory(repository=repository, state=Scan.State.SUPERSEDED, superseded_by=done, finished_at=timezone.now())
        tasks.clean()
        left = repository.scans.order_by("pk").values_list("state", "commit")
        assert list(left) == [("done", ""), ("superseded", "c" * 40), ("superseded", "")]


def test_waivers_are_tended(team: Team) -> None:
    repository = RepositoryFactory(team=team)
    asker, approver = MembershipFactory(team=team).user, MembershipFactory(team=team, role="reviewer").user
    over = Waiver.objects.create(
        repository=repository,
        scope="item",
        item="T1",
        severity="low",
        state="approved",
        ends_on=date(2026, 1, 1),
        requested_by=asker,
        decided_by=approver,
    )
    tasks.waiver_ends()
    over.refresh_from_db()
    assert over.state == "ended"
