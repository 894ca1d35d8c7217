"""
Commits from before a repository was registered, scanned so that its trend begins earlier.

    ask(repository, 50, every=1, seconds=10)    # list them and ask for a scan of each, oldest first, once
    standing(repository)                        # how far they are

They wait behind everything else in the queue of record, one repository's in their order, so nothing is lost when a
worker dies and no push waits for them. They add points to the trend; what is open today, and since when, stays.
"""

from dataclasses import dataclass

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Count

from reviews import intake
from reviews.models import Repository, Scan, User
from reviews.sources import credential, policy, until
from scanners.git.address import parse_source
from scanners.git.history import past
from scanners.git.scratch import scratch_dir

log = structlog.get_logger(__name__)
MOST = 200
FARTHEST = 5000
_UNDER_WAY = (Scan.State.REQUESTED, Scan.State.RUNNING)


class RefusedError(Exception):
    """The past cannot be asked for: a stable code, what is wrong, what to do next."""

    def __init__(self, code: str, message: str, next_step: str) -> None:
        super().__init__(code, message, next_step)
        self.code, self.message, self.next_step = code, message, next_step


@dataclass(frozen=True, slots=True)
class Asked:
    """How many earlier commits there are within what was asked for, and of how many a scan was asked for now."""

    listed: int
    asked: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How many scans of the past wait or run, are done, and failed."""

    waiting: int
    done: int
    failed: int

    @property
    def total(self) -> int:
        """All that were asked for."""
        return self.waiting + self.done + self.failed


def ask(repository: Repository, count: int, *, every: int = 1, seconds: float, by: User | None = None) -> Asked:
    """Ask for scans of `count` commits that lead to the newest one scanned, each `every`-th, on the first-parent line.

    Commits with a scan that is done or under way are not asked for again. Raises RefusedError, and SourceError when the
    server does not tell them within so many seconds.
    """
    head = _head(repository)
    _check(count, every)
    rules = policy()
    with scratch_dir(settings.SCRATCH_DIR) as scratch:
        commits = past(
            parse_source(repository.url, rules),
            head,
            scratch,
            limit=count,
            every=every,
            policy=rules,
            tick=until(seconds),
            credential=credential(repository),
        )
    with transaction.atomic():
        branch = repository.scans.filter(branch=repository.branch)
        known = set(branch.filter(state=Scan.State.DONE).values_list("commit", flat=True))
        known |= set(branch.filter(state__in=_UNDER_WAY).values_list("wanted_commit", flat=True))
        missing = [commit for commit in commits if commit not in known]
        for commit in missing:
            intake.request_scan(repository, trigger=Scan.Trigger.HISTORY, commit=commit, requested_by=by)
    log.info("past-asked", repository=repository.pk, listed=len(commits), asked=len(missing), by=by and by.pk)
    return Asked(len(commits), len(missing))


def standing(repository: Repository) -> Standing:
    """How far the scans of the past are."""
    rows = repository.scans.filter(trigger=Scan.Trigger.HISTORY).order_by().values_list("state")
    found = dict(rows.annotate(count=Count("pk")))
    waiting, failed = sum(found.get(state, 0) for state in _UNDER_WAY), found.get(Scan.State.FAILED, 0)
    return Standing(waiting, sum(found.values()) - waiting - failed, failed)


def _head(repository: Repository) -> str:
    if repository.latest_scan is None or not repository.latest_scan.commit:
        raise RefusedError("no_scan_yet", "No commit of the branch was scanned yet.", "Scan the branch first.")
    return repository.latest_scan.commit


def _check(count: int, every: int) -> None:
    if not 0 < count <= MOST or every < 1 or count * every > FARTHEST:
        raise RefusedError(
            "past_too_long",
            f"At most {MOST} commits can be asked for, out of the last {FARTHEST:,}.",
            "Ask for fewer, or for each tenth.",
        )
