"""Tell the workers that there is something to do."""

from django.db import transaction

from reviews import tasks


def wake_workers() -> None:
    """Send the hint after the commit. A broker that is down costs a moment: the scan is in the queue of record."""
    transaction.on_commit(tasks.wake.delay, robust=True)


def wake_delivery() -> None:
    """Likewise for what people are to be told, which stands in the outbox."""
    transaction.on_commit(tasks.deliver.delay, robust=True)


def wake_readers() -> None:
    """Likewise for what reviews wait for in their repositories."""
    transaction.on_commit(tasks.read_for_reviews.delay, robust=True)
