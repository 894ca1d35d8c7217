"""
When findings were introduced, by blame of their lines: looked for after the scan, so that no gate waits for it.

    due()            # repositories with findings whose introduction nobody looked for yet
    do_one()         # look for those of one of them; whether there was one

The database is the queue: an open finding without an Introduction is work, until the attempt at this scan ended. What
is done twice is written once. History is fetched as deep as the limits allow; what is older than that is said to be.
"""

import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import structlog
from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from reviews.models import Finding, Introduction, Repository, Scan, Tracing
from reviews.queue import retry_delay
from reviews.sources import credential, policy
from scanners.git.address import parse_source
from scanners.git.blame import Origin, blame, fetch_content
from scanners.git.errors import SourceError
from scanners.git.scratch import scratch_dir

log = structlog.get_logger(__name__)

DEPTHS = (2000, 100)
_FILE_SECONDS = 20.0
_WHOLE_SECONDS = 300.0
_BATCH = 500
_NO_LINE = "It is about the whole repository or a file, not about a line of it."
_UNTOLD = "git could not tell who wrote the line within its limits."
State = Introduction.State


def due() -> QuerySet[Repository]:
    """The repositories that a worker could look at now."""
    open_ = Finding.objects.filter(repository=OuterRef("pk"), state=Finding.State.OPEN, introduction=None)
    busy = Scan.objects.filter(repository=OuterRef("pk"), state__in=[Scan.State.REQUESTED, Scan.State.RUNNING])
    ended = Tracing.objects.filter(repository=OuterRef("pk"), ended=OuterRef("latest_scan"))
    free = Q(tracing=None) | Q(tracing__available_at__lte=Now())
    found = Repository.objects.filter(free, Exists(open_), ~Exists(busy), ~Exists(ended))
    return found.exclude(latest_scan=None).order_by("latest_scan")


def do_one() -> bool:
    """Look for the introductions of one repository. Returns whether there was one; failures are tried again later."""
    held = _take()
    if held is None:
        return False
    try:
        with scratch_dir(settings.SCRATCH_DIR) as scratch:
            _end(held, ended=_trace(held.repository, scratch))
    except SourceError as error:
        _fail(held, error)
    return True


def _take() -> Tracing | None:
    """The next repository's, held until its time is over; None when another worker was faster."""
    repository = due().first()
    if repository is None:
        return None
    row, _ = Tracing.objects.get_or_create(repository=repository)
    still = Tracing.objects.filter(pk=row.pk, attempts=row.attempts, available_at__lte=Now())
    held_until = Now() + timedelta(seconds=_WHOLE_SECONDS + settings.LEASE_SECONDS + settings.SCAN_SECONDS)
    if not still.update(attempts=row.attempts + 1, available_at=held_until):
        return None
    return Tracing.objects.select_related("repository__latest_scan").get(pk=row.pk)


def _end(held: Tracing, *, ended: bool) -> None:
    scan = held.repository.latest_scan if ended else None
    Tracing.objects.filter(pk=held.pk, attempts=held.attempts).update(
        attempts=0, available_at=Now(), ended=scan, error_code="", error_message=""
    )


def _fail(held: Tracing, error: SourceError) -> None:
    """Keep why, and wait longer each time; what no repetition mends is left until the next scan."""
    over = not error.retry or held.attempts >= settings.MAX_ATTEMPTS
    wait = 0 if over else retry_delay(held.attempts, error.retry_after)
    Tracing.objects.filter(pk=held.pk, attempts=held.attempts).update(
        attempts=0 if over else held.attempts,
        available_at=Now() + timedelta(seconds=wait),
        ended=held.repository.latest_scan if over else None,
        error_code=error.code,
        error_message=f"{error.message} {error.next_step}",
    )
    log.warning("introductions-unknown", repository=held.repository_id, code=error.code, again=not over)


def _trace(repository: Repository, scratch: Path) -> bool:
    """Look for all, the newest findings first. Returns whether time was enough; what was found is kept anyway."""
    scan = repository.latest_scan
    wanted = Finding.objects.filter(repository=repository, state=Finding.State.OPEN, introduction=None)
    at_lines, aside = _sorted_out(wanted.filter(Finding.seen_by(scan)).order_by("-pk"))
    _keep([Introduction(finding=one, state=State.UNKNOWN, why=_NO_LINE) for one in aside])
    if scan is None or not at_lines:
        return True
    until, rules = time.monotonic() + _WHOLE_SECONDS, policy()

    def tick() -> None:
        """Nothing is to be told while git works: the row is held for as long as this may take."""

    source = parse_source(repository.url, rules)
    key = credential(repository)
    store = fetch_content(source, scan.commit, scratch, depths=DEPTHS, policy=rules, tick=tick, credential=key)
    below = f"{repository.sub_path.strip('/')}/" if repository.sub_path.strip("/") else ""
    for path, findings in at_lines.items():
        lines = {finding.line for finding in findings}
        seconds = min(_FILE_SECONDS, max(until - time.monotonic(), 1))
        said = blame(store, scan.commit, below + path, lines, policy=rules, tick=tick, seconds=seconds)
        _keep([_introduction(finding, said.get(finding.line)) for finding in findings])
        if time.monotonic() > until:
            return False
    return True


def _sorted_out(found: QuerySet[Finding]) -> tuple[dict[str, list[Finding]], list[Finding]]:
    """Findings by file, and those that are about no line."""
    by_path, aside = defaultdict(list), []
    for finding in found:
        if any(marked for *_, marked in finding.snippet):
            by_path[finding.path].append(finding)
        else:
            aside.append(finding)
    return by_path, aside


def _introduction(finding: Finding, origin: Origin | None) -> Introduction:
    """The row to keep. The oldest commit that was fetched is never named: it need not have written the line."""
    if origin is None:
        return Introduction(finding=finding, state=State.UNKNOWN, why=_UNTOLD)
    if not origin.is_whole:
        return Introduction(finding=finding, state=State.OLDER, authored_at=origin.authored_at)
    at = {"commit": origin.commit, "author": origin.author, "authored_at": origin.authored_at}
    return Introduction(finding=finding, state=State.KNOWN, **at)


def _keep(rows: Sequence[Introduction]) -> None:
    Introduction.objects.bulk_create(rows, batch_size=_BATCH, ignore_conflicts=True)
