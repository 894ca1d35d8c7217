from datetime import timedelta

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from reviews.models import Look, Scan
from tests.factories import RepositoryFactory, ScanFactory
from tests.reviews.rows import changed, finished, found, tree

pytestmark = pytest.mark.django_db


@pytest.fixture
def repository(team):
    return RepositoryFactory(team=team, name="pay")


@pytest.fixture
def running(repository) -> Scan:
    """A scan that has seen 400 of 412 files."""
    now = timezone.now()
    return ScanFactory(
        repository=repository,
        state=Scan.State.RUNNING,
        step=Scan.Step.SCAN,
        started_at=now,
        leased_by="scan-1",
        leased_until=now + timedelta(seconds=settings.LEASE_SECONDS),
        progress={"total": 412, "cached": 373, "scanned": 27, "steps": {"fetch": 1.8}},
    )


def page(client, person, url) -> str:
    client.force_login(person)
    return client.get(url).content.decode()


def test_a_running_scan_polls_for_its_progress(client, viewer, running):
    text = page(client, viewer, reverse("scan", args=[running.pk]))
    assert f'hx-get="{reverse("scan-progress", args=[running.pk])}" hx-trigger="every 1s"' in text
    assert "400 of 412 files" in text
    assert "373 unchanged, results kept" in text


def test_progress_ends_the_polling_when_the_scan_has_ended(client, viewer, running):
    client.force_login(viewer)
    url = reverse("scan-progress", args=[running.pk])
    assert client.get(url).status_code == 200
    Scan.objects.update(state=Scan.State.DONE)
    ended = client.get(url)
    assert ended.status_code == 286
    assert "hx-trigger" not in ended.content.decode()
    assert "Show what it found" in ended.content.decode()


def test_a_failed_scan_names_the_error_the_next_step_and_the_way_on(client, teammate, repository):
    scan = ScanFactory(
        repository=repository,
        state=Scan.State.FAILED,
        step=Scan.Step.FETCH,
        error_code="credential_refused",
        error_message="The server does not accept the access token.",
        error_next="Make a new token.",
    )
    text = page(client, teammate, reverse("scan", args=[scan.pk]))
    for said in (
        "does not accept the access token",
        "Make a new token.",
        "credential_refused",
        "Scan again",
        "stopped here",
    ):
        assert said in text


def test_a_scan_that_waits_for_its_next_attempt_says_when(client, viewer, repository):
    soon = timezone.now() + timedelta(seconds=40)
    scan = ScanFactory(
        repository=repository, attempts=1, available_at=soon, error_message="The name server does not answer."
    )
    text = page(client, viewer, reverse("scan", args=[scan.pk]))
    assert "Attempt 1 failed: The name server does not answer." in text
    assert "It is tried again in " in text


def test_a_superseded_scan_leads_to_the_one_that_answers(client, viewer, repository):
    newer = ScanFactory(repository=repository)
    older = ScanFactory(repository=repository, state=Scan.State.SUPERSEDED, superseded_by=newer)
    assert f'<a href="{reverse("scan", args=[newer.pk])}">' in page(client, viewer, reverse("scan", args=[older.pk]))


def test_a_finished_scan_says_what_changed_and_what_it_could_not_read(client, viewer, repository):
    scan = finished(repository)
    tree(scan)
    changed(found(repository), scan)
    changed(found(repository, line=9, state="fixed"), scan, "fixed")
    text = page(client, viewer, reverse("scan", args=[scan.pk]))
    for said in ("1 opened, 0 reopened, 1 fixed, 0 gone", "legacy.py", "Python 2 syntax. in line 14", "vendor/six.py"):
        assert said in text
    assert "the peer closes after 5 s" in text
    assert "99.1\N{NO-BREAK SPACE}%" in text


def test_scans_can_be_narrowed_to_a_state(client, viewer, repository):
    done = finished(repository)
    failed = ScanFactory(repository=repository, state=Scan.State.FAILED)
    for url in (reverse("scans"), reverse("repository-scans", args=["payments", "pay"])):
        assert reverse("scan", args=[done.pk]) in page(client, viewer, url)
        narrowed = page(client, viewer, url + "?state=failed")
        assert reverse("scan", args=[failed.pk]) in narrowed
        assert f'<a data-open href="{reverse("scan", args=[done.pk])}">' not in narrowed
    assert "No scan is running" in page(client, viewer, reverse("scans") + "?state=running")


def test_a_button_asks_for_a_scan_once(client, teammate, repository):
    client.force_login(teammate)
    for _ in range(2):
        response = client.post(reverse("request-scan", args=["payments", "pay"]))
    scan = Scan.objects.get()
    assert response.headers["Location"] == reverse("scan", args=[scan.pk])
    assert (scan.requested_by, scan.trigger) == (teammate, Scan.Trigger.PERSON)


def test_the_last_look_at_the_branch_is_shown(client, viewer, repository):
    now, url = timezone.now(), reverse("repository-scans", args=["payments", "pay"])
    assert "look at" not in page(client, viewer, url)
    Look.objects.create(repository=repository, attempted_at=now, succeeded_at=now, head="7ac01d9" * 5)
    assert "Last look at main" in page(client, viewer, url)
    problem = "The server does not accept the access token. Make a new token that may read this repository."
    Look.objects.update(code="credential_refused", problem=problem)
    text = page(client, viewer, url)
    assert "The last look at main failed" in text
    assert problem in text
    assert "credential_refused" in text
