"""Celery's way in. A message carries nothing: what there is to do stands in the database."""

import os
import socket
from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from reviews import introducing, polling, queue, scanning
from reviews.advisories import reading as advisories
from reviews.advisories import settling
from reviews.cache import drop_unused
from reviews.deliveries import clearing, sorting
from reviews.forges import delivery as telling
from reviews.gate import statuses
from reviews.outbox import delivery
from reviews.patches import asking, turns, working
from reviews.pulls import telling as pull_requests
from reviews.signoff import deciding, freezing, reading
from reviews.waivers import ending
from scanners.git.scratch import remove_stale

_MOST_WAKES = 32
_TOLD_SECONDS = 10
_ADVISED_SECONDS = 60
_UNUSED_BLOBS = timedelta(days=30)
_OLD_REQUESTS = timedelta(days=30)
_OLD_PATCHES = timedelta(days=30)


@shared_task
def wake() -> None:
    """Do one due scan; wake others before and after, so that a queue keeps every worker busy until it is empty."""
    queue.requeue_expired()  # The tick for it may wait in a line of its own while all workers are busy.
    lease = queue.lease(f"{socket.gethostname()}:{os.getpid()}")
    if lease is not None:
        wake.delay()
        scanning.run(lease)
        freezing.follow_scans()
        _prepare_patches(lease)
        tell_due.delay()
        wake.delay()


@shared_task
def sort() -> None:
    """Do what forges reported, a batch at a time, and wake workers for the scans that it asked for."""
    started = timezone.now()
    if sorting.sort_some():
        wake.delay()
        if sorting.is_more(started):
            sort.delay()


@shared_task(soft_time_limit=60, time_limit=100)
def look() -> None:
    """Look at the head of the branch whose turn it is; wake another for the next."""
    if polling.look_at_one():
        look.delay()


@shared_task
def read_for_reviews() -> None:
    """Read what one review waits for in its repository: authors, files, newer commits; wake another for the next."""
    if reading.do_one():
        read_for_reviews.delay()


@shared_task
def make_patches() -> None:
    """Work out the patches of one repository that somebody waits for; wake another for the next."""
    if working.do_one():
        make_patches.delay()


@shared_task
def trace_introductions() -> None:
    """Look for the commits that wrote the findings of one repository; wake another for the next."""
    if introducing.do_one():
        trace_introductions.delay()


@shared_task
def requeue() -> None:
    """Take back what dead workers left behind, and wake one worker for each due scan."""
    queue.requeue_expired()
    turns.requeue_expired()
    remove_stale(settings.SCRATCH_DIR, older_than=2 * settings.SCAN_SECONDS)
    for _ in range(min(queue.due().count(), _MOST_WAKES)):
        wake.apply_async(expires=settings.REQUEUE_SECONDS)
    _wake_readers()


@shared_task
def tend_advisories() -> None:
    """Compare repositories with new advisories, and wake a worker to read newer ones when it is time."""
    if settling.settle().asked:
        wake.delay()
    if advisories.is_due():
        read_advisories.apply_async(expires=_ADVISED_SECONDS)


@shared_task
def read_advisories() -> None:
    """Read the source of advisories again; a mirror takes as long to fetch as a large repository."""
    if advisories.read_again():
        tend_advisories.delay()


@shared_task
def review_ends() -> None:
    """Move reviews on whose scan has ended, and write down what time did to approvals."""
    freezing.follow_scans()
    deciding.draw_due(timezone.now())


@shared_task
def waiver_ends() -> None:
    """Warn of what ends soon, and write down what time did to waivers and scorecards."""
    ending.tend()


@shared_task(soft_time_limit=60, time_limit=100)
def deliver() -> None:
    """Send what people are to be told, a batch at a time, and wake another for what forges are to be told."""
    _wake_tellers()
    if delivery.deliver():
        deliver.delay()


@shared_task(soft_time_limit=60, time_limit=100)
def tell_forges() -> None:
    """Send what forges are to be told, a batch at a time. On its own, as one of them may be slow."""
    if telling.deliver():
        tell_forges.delay()


@shared_task
def tell_due() -> None:
    """Put into the outbox what forges are to be told of the gate, and of scans that failed."""
    pull_requests.tell_failures()
    statuses.tell_due(timezone.now())
    _wake_tellers()


@shared_task
def clean() -> None:
    """Drop what nobody asks for any more."""
    drop_unused(_UNUSED_BLOBS)
    queue.drop_superseded(_OLD_REQUESTS)
    delivery.drop_old()
    clearing.drop_old()
    turns.drop_old(_OLD_PATCHES)


def _wake_tellers() -> None:
    if telling.due().exists():
        tell_forges.apply_async(expires=_TOLD_SECONDS)


def _prepare_patches(lease: queue.Lease) -> None:
    """Also wakes whoever reads or mends."""
    asking.prepare(lease.scan)
    _wake_readers()


def _wake_readers() -> None:
    if reading.due().exists():
        read_for_reviews.apply_async(expires=settings.REQUEUE_SECONDS)
    if turns.due().exists():
        make_patches.apply_async(expires=settings.REQUEUE_SECONDS)
    if introducing.due().exists():
        trace_introductions.apply_async(expires=settings.REQUEUE_SECONDS)
