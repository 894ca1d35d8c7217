from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from reviews.models import Scan
from reviews.status import status
from tests.factories import RepositoryFactory, ScanFactory
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
