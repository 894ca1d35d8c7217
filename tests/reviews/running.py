"""Does scans the way a worker does."""

from reviews import intake, queue, scanning
from reviews.models import Repository, Scan


def leased(worker: str = "w") -> queue.Lease:
    """The next due scan, held by `worker`."""
    lease = queue.lease(worker)
    assert lease
    return lease


def scanned(repository: Repository, commit: str = "", trigger: str = Scan.Trigger.PERSON) -> Scan:
    """Ask for a scan and do it; both rows are fresh afterwards."""
    scan = intake.request_scan(repository, trigger=trigger, commit=commit)
    scanning.run(leased())
    scan.refresh_from_db()
    repository.refresh_from_db()
    return scan
