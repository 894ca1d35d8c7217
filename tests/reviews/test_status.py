from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from reviews.models import Look, OutboxMessage, Repository, Scan
from reviews.status import failed_looks, outbox, reported, status
from tests.factories import RepositoryFactory, ScanFactory, TeamFactory
from tests.reviews.deliveries.posting import hook_of
from tests.reviews.posting import message
from tests.reviews.rows import finished

pytestmark = pytest.mark.django_db


def ago(**time):
    return timezone.now() - timedelta(**time)


def test_an_idle_queue_is_well():
    found = status(Scan.objects.all())
    assert found.well
    assert (found.waiting_count, found.oldest, found.median_seconds) == (0, None, None)


@pytest.mark.parametrize(("seconds", "late"), [(30, False), (90, True)])
def test_a_scan_that_waits_for_more_than_a_minute_is_late(seconds, late):
    ScanFactory(requested_at=ago(seconds=seconds))
    assert (status(Scan.objects.all()).late, status(Scan.objects.all()).well) == (late, not late)


def test_a_retry_that_is_not_due_is_not_late():
    ScanFactory(requested_at=ago(hours=1), available_at=ago(seconds=-60))
    assert status(Scan.objects.all()).well


def test_a_worker_that_was_not_heard_is_silent():
    left = settings.LEASE_SECONDS - 3 * settings.HEARTBEAT_SECONDS
    ScanFactory(state=Scan.State.RUNNING, leased_by="scan-1", leased_until=ago(seconds=-left))
    found = status(Scan.objects.all())
    assert [(worker.name, worker.silent) for worker in found.workers] == [("scan-1", True)]
    assert not found.well


def test_the_last_day_is_counted():
    finished(RepositoryFactory())
    finished(RepositoryFactory(), at=ago(days=2))
    failed = ScanFactory(state=Scan.State.FAILED, finished_at=ago(hours=1))
    ScanFactory(state=Scan.State.FAILED, finished_at=ago(days=2))
    found = status(Scan.objects.all())
    assert (found.done, found.failed, found.median_seconds, list(found.failures)) == (1, 1, 14, [failed])


@pytest.mark.parametrize(("seconds", "late"), [(30, False), (90, True), (-60, False)])
def test_a_delivery_that_nobody_takes_in_hand_for_a_minute_is_late(team, seconds, late):
    hook = hook_of(RepositoryFactory(team=team))
    hook.deliveries.create(key="w", event="push", available_at=ago(seconds=seconds))
    hook.deliveries.create(key="f", event="push", state="failed", settled_at=ago(hours=1))
    hook.deliveries.create(key="o", event="push", state="failed", settled_at=ago(days=2))
    found = reported(hook.deliveries.all())
    assert (found.waiting, found.failed, found.late) == (1, 1, late)


def outbox_of(team):
    """What the status page shows of the team's messages."""
    return outbox(OutboxMessage.objects.filter(team=team))


def test_an_empty_outbox_is_well(team):
    found = outbox_of(team)
    assert found.well
    assert (found.configured, found.waiting, found.oldest, found.failed, found.last_sent) == (False, 0, None, 0, None)


def test_the_outbox_counts_what_waits_and_what_failed_today(team, settings):
    settings.EMAIL_HOST = "mail.example.org"
    message(team, "old", created_at=ago(hours=3))
    message(team, "held", state="sending", created_at=ago(hours=2))
    failed = message(team, "gone", state="failed", finished_at=ago(hours=1), problem="550 no such mailbox")
    message(team, "long-gone", state="failed", finished_at=ago(days=2))
    sent = message(team, "sent", state="sent", finished_at=ago(minutes=5))
    message(TeamFactory(), "elsewhere")
    found = outbox_of(team)
    assert (found.configured, found.waiting, found.failed, found.last_sent) == (True, 2, 1, sent.finished_at)
    assert timedelta(hours=3) <= timezone.now() - found.oldest < timedelta(hours=4)
    assert (found.troubled, found.well) == ([failed], False)


def test_a_message_that_waits_for_another_attempt_is_in_trouble(team):
    again = message(team, problem="451 greylisted", available_at=ago(minutes=-9))
    assert outbox_of(team).troubled == [again]


def test_the_page_says_what_is_not_delivered_and_what_to_set(team, viewer, client):
    message(team, "gone", state="failed", finished_at=ago(hours=1), problem="550 no such mailbox", attempts=1)
    message(TeamFactory(), "secret", state="failed", finished_at=ago(hours=1))
    client.force_login(viewer)
    page = client.get("/status/").content.decode()
    for words in ("about gone", "550 no such mailbox", "Given up", "<code>PLIMSOLL_SMTP_URL</code>"):
        assert words in page
    assert "secret" not in page


def test_the_page_shows_what_waits_once_there_is_a_server(team, viewer, client, settings):
    settings.EMAIL_HOST = "mail.example.org"
    message(team, created_at=ago(hours=3))
    client.force_login(viewer)
    page = client.get("/status/").content.decode()
    assert "PLIMSOLL_SMTP_URL" not in page
    assert "Waiting messages" in page
    assert "3\N{NO-BREAK SPACE}h ago" in page


def test_the_page_shows_what_a_forge_was_not_told_without_a_mail_server(team, viewer, client):
    fields = {
        "channel": "status",
        "state": "failed",
        "finished_at": ago(hours=1),
        "recipient": "GitHub: acme/pay@7ac01d9",
    }
    message(team, "gone", **fields, problem="The forge does not accept the access token.")
    client.force_login(viewer)
    page = client.get("/status/").content.decode()
    for words in ("GitHub: acme/pay@7ac01d9", "The forge does not accept the access token.", "Failed in 24 h"):
        assert words in page
    assert "Send again" not in page


def test_a_maintainer_sends_what_failed_lately_again(team, owner, client):
    message(team, "gone", state="failed", finished_at=ago(hours=1))
    message(team, "long-gone", state="failed", finished_at=ago(days=2))
    message(TeamFactory(), "elsewhere", state="failed", finished_at=ago(hours=1))
    client.force_login(owner)
    page = client.get("/status/").content.decode()
    assert page.count("Send again") == 1
    assert "1 message of Payments failed in 24 h." in page
    page = client.post("/teams/payments/outbox/send/", follow=True).content.decode()
    assert "1 message of Payments will be sent again." in page
    assert sorted(OutboxMessage.objects.values_list("key", "state")) == [
        ("elsewhere", "failed"),
        ("gone", "waiting"),
        ("long-gone", "failed"),
    ]


def test_there_may_be_nothing_to_send_again(team, owner, client):
    client.force_login(owner)
    page = client.post("/teams/payments/outbox/send/", follow=True).content.decode()
    assert "Of Payments no message failed in the last day" in page


def test_branches_that_cannot_be_looked_at_are_named_to_those_who_may_see_them(client, viewer, team):
    mine, other = RepositoryFactory(team=team, name="pay"), RepositoryFactory(name="search")
    trouble = {"attempted_at": ago(minutes=3), "code": "credential_refused", "problem": "Make a new token."}
    Look.objects.bulk_create(Look(repository=one, failures=2, **trouble) for one in (mine, other))
    Look.objects.create(repository=RepositoryFactory(team=team), attempted_at=ago(minutes=3))
    assert [look.repository for look in failed_looks(Repository.objects.filter(team=team))] == [mine]
    client.force_login(viewer)
    text = client.get("/status/").content.decode()
    assert "Branches that cannot be looked at" in text
    assert "Make a new token." in text
    assert "search" not in text.split('id="looks"')[1].split("</section>")[0]
