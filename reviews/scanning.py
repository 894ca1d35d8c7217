"""3: a leased scan -> fetch -> rules -> findings, outcomes and scores, kept in one transaction."""

import gc
import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType

import structlog
from django.conf import settings
from django.db import transaction

from reviews import checklist, queue, results
from reviews.advisories import stored
from reviews.advisories.stored import Stored
from reviews.cache import DatabaseCache
from reviews.models import Repository, Scan
from reviews.pulls import fetching, keeping
from reviews.pulse import Pulse, TooLongError
from reviews.sources import credential, policy
from reviews.warm import pool, standing
from scanners import registry
from scanners.finding import Progress, Report
from scanners.git.address import parse_source
from scanners.git.errors import SourceError
from scanners.git.fetch import Fetched, fetch
from scanners.git.listing import Entry
from scanners.git.scratch import scratch_dir
from scanners.git.store import CommitInfo, Store
from scanners.scan import scan_commit
from scanners.standing import Standing

log = structlog.get_logger(__name__)
_NOTHING_THERE = ("sub_path_not_found", "sub_path_not_a_directory")


def run(lease: queue.Lease) -> None:
    """Do the leased scan. Every failure is kept with it under a name; one that has no name of its own is raised too."""
    try:
        _attempt(lease)
    except queue.LeaseLostError:
        log.warning("scan-lost", scan=lease.scan, repository=lease.repository, worker=lease.worker, fence=lease.fence)


def current_checklist() -> checklist.Checklist:
    """THE checklist, joined with the rules of this rule set."""
    return checklist.current()


def basis(repository: Repository) -> str:
    """A digest of what a scorecard depends on beside the commit, the rule set and the advisories."""
    parts = (repository.sub_path, repository.tier, repository.kind, current_checklist().digest)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _attempt(lease: queue.Lease) -> None:
    try:
        with ExitStack() as stack:
            stack.push(partial(_name_the_unexpected, lease))
            stack.enter_context(_collector_off())
            _scan(lease)
    except SourceError as error:
        queue.fail(lease, error.code, error.message, error.next_step, transient=error.retry, retry_in=error.retry_after)
    except TooLongError:
        message = f"The scan took longer than {settings.SCAN_SECONDS:.0f} seconds."
        queue.fail(
            lease, "scan_too_long", message, "Register sub-paths, or raise PLIMSOLL_SCAN_SECONDS.", transient=False
        )


@contextmanager
def _collector_off() -> Iterator[None]:
    """Answers are plain data without cycles, and so many that the collector would walk them again and again."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _name_the_unexpected(
    lease: queue.Lease, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
) -> None:
    """Give the scan back at once instead of when its lease runs out. The error itself goes on, to the worker's log."""
    if isinstance(error, Exception) and not isinstance(error, (SourceError, TooLongError, queue.LeaseLostError)):
        message = f"Plimsoll failed: {type(error).__name__}."
        queue.fail(lease, "internal_error", message, f"Look for scan {lease.scan} in the worker's log.", transient=True)


def _scan(lease: queue.Lease) -> None:
    scan = Scan.objects.select_related("repository", "pull_request").get(pk=lease.scan)
    pulse = Pulse(lease)
    with scratch_dir(settings.SCRATCH_DIR) as scratch:
        pulse.step(Scan.Step.FETCH)
        if scan.pull_request is None:
            _scan_branch(lease, scan, scratch, pulse)
        else:
            _scan_pull_request(lease, scan, scratch, pulse)


def _scan_branch(lease: queue.Lease, scan: Scan, scratch: Path, pulse: Pulse) -> None:
    fetched = _fetch(scan, scratch, pulse)
    with Store(fetched.git_dir, policy()) as store:
        commit = store.commit(fetched.commit)
        advisories = stored.current()
        known = _known(scan, commit, advisories)
        if known is not None:
            queue.supersede(lease, known, **_of_commit(commit), progress=pulse.summary())
            return
        report = _report(scan, store, commit, pulse.show, advisories)
    pulse.step(Scan.Step.SCORE)
    result = results.Result(commit, report, basis(scan.repository), advisories)
    _finish(lease, report, pulse, lambda: results.keep(scan, result))


def _scan_pull_request(lease: queue.Lease, scan: Scan, scratch: Path, pulse: Pulse) -> None:
    """Nothing is known before: where it left the branch, waivers and answers may have changed since the last scan."""
    fetched = fetching.trees(scan, scratch, pulse.tick)
    advisories = stored.current()
    with Store(fetched.head.git_dir, policy()) as store:
        commit = store.commit(fetched.head.commit)
        head = _report(scan, store, commit, pulse.show, advisories)
        result = results.Result(commit, head, basis(scan.repository), advisories)
    base = head if fetched.base == fetched.head else _base(scan, fetched.base, commit, pulse, advisories)
    pulse.step(Scan.Step.SCORE)
    with transaction.atomic():
        keeping.lock(scan)
        newer = keeping.newer(scan)
        if newer is not None:
            queue.supersede(lease, newer, **_of_commit(commit), progress=pulse.summary())
        else:
            _finish(lease, head, pulse, lambda: keeping.keep(scan, result, base, fetched.start))


def _base(scan: Scan, fetched: Fetched, head: CommitInfo, pulse: Pulse, advisories: Stored | None) -> Report:
    """What the rules say about where it left the branch, as of the head's day and by the same advisories: neither time
    nor news must make a finding new."""
    with Store(fetched.git_dir, policy()) as store:
        commit = replace(store.commit(fetched.commit), authored_at=head.authored_at)
        return _report(scan, store, commit, lambda _: pulse.tick(), advisories, optional=True)


def _fetch(scan: Scan, scratch: Path, pulse: Pulse) -> Fetched:
    repository, rules = scan.repository, policy()
    return fetch(
        parse_source(repository.url, rules),
        scan.wanted_commit or scan.branch,
        scratch,
        policy=rules,
        tick=pulse.tick,
        credential=credential(repository),
    )


def _known(scan: Scan, commit: CommitInfo, advisories: Stored | None) -> Scan | None:
    """The finished scan that says all that this one could say."""
    compared = {"basis": basis(scan.repository), "advisories": advisories.row.digest if advisories else ""}
    done = Scan.objects.filter(repository=scan.repository, branch=scan.branch, state=Scan.State.DONE)
    return done.filter(commit=commit.sha, rule_set=registry.digest(), **compared).first()


def _report(
    scan: Scan,
    store: Store,
    commit: CommitInfo,
    progress: Callable[[Progress], None],
    advisories: Stored | None,
    *,
    optional: bool = False,
) -> Report:
    """What the rules say about a commit; with `optional` its sub-path need not be there."""
    known = standing(scan.repository)
    return scan_commit(
        commit.sha,
        _entries(store, commit.sha, scan.repository.sub_path, known, optional),
        store.read,
        kind=scan.repository.kind,
        children=pool(),
        cache=DatabaseCache(registry.digest()),
        progress=progress,
        date=commit.authored_at.date(),
        advisories=advisories,
        standing=known,
    )


def _entries(store: Store, commit: str, sub_path: str, known: Standing, optional: bool) -> Iterable[Entry]:
    try:
        known.folder = store.folder(commit, sub_path, known.folder)
    except SourceError as error:
        if not optional or error.code not in _NOTHING_THERE:
            raise
        return ()
    return known.folder


def _finish(lease: queue.Lease, report: Report, pulse: Pulse, keep: Callable[[], dict[str, object]]) -> None:
    files, cached = len(report.files), sum(file.cached for file in report.files)

    def store() -> dict[str, object]:
        counts = {"files": files, "total": files, "cached": cached, "scanned": files - cached}
        return keep() | {"progress": pulse.summary(**counts)}

    queue.finish(lease, store)


def _of_commit(commit: CommitInfo) -> dict[str, object]:
    return results.of_commit(commit) | {"rule_set": registry.digest()}
