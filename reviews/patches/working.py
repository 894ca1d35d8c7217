"""A worker's turn: take a patch, work it out, and go on with the others of the same commit while it is at hand."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from types import TracebackType

import structlog
from django.conf import settings

from reviews.models import Patch, Repository, Scan
from reviews.patches import turns
from reviews.patches.asking import is_scanned
from reviews.patches.making import Answer, TooLargeError, answer
from reviews.patches.questions import Question, Stock
from reviews.patches.workshop import Workshop
from scanners.git.errors import SourceError
from scanners.git.scratch import scratch_dir

log = structlog.get_logger(__name__)
_SHOW_EVERY = 1.0


class TooLongError(Exception):
    """The patch used up SCAN_SECONDS."""


class Pulse:
    """The heartbeat of the patch in hand. Every call may raise turns.LostError or TooLongError, which end the work."""

    def __init__(self, held: turns.Held) -> None:
        self.held = held
        self._began = self._beaten = time.monotonic()
        self._done = self._total = 0

    @property
    def seconds(self) -> float:
        """Since the first patch was taken."""
        return time.monotonic() - self._began

    def turn_to(self, held: turns.Held) -> None:
        """The next patch is in hand."""
        self.held, self._done, self._total = held, 0, 0

    def tick(self) -> None:
        """Still there."""
        self._beat_after(settings.HEARTBEAT_SECONDS)

    def show(self, done: int, total: int) -> None:
        """So many files of so many are done."""
        self._done, self._total = done, total
        self._beat_after(min(_SHOW_EVERY, settings.HEARTBEAT_SECONDS))

    def _beat_after(self, seconds: float) -> None:
        if self.seconds > settings.SCAN_SECONDS:
            raise TooLongError
        if time.monotonic() - self._beaten >= seconds:
            turns.beat(self.held, self._done, self._total)
            self._beaten = time.monotonic()


def do_one() -> bool:
    """Work out the next patch, and those of the same commit. Returns whether there was one; failures are kept."""
    turns.requeue_expired()
    held = turns.take()
    if held is None:
        return False
    try:
        _work(held)
    except turns.LostError:
        log.warning("patch-lost", patch=held.patch, repository=held.repository, fence=held.fence)
    return True


def _work(first: turns.Held) -> None:
    held: turns.Held | None = first
    pulse, scan = Pulse(first), _scan(first)
    if scan is None:
        turns.fail(first, "other_rules", "The newest scan was made with other rules.", "Scan the repository again.")
        return
    with scratch_dir(settings.SCRATCH_DIR) as scratch, Workshop(scan, scratch, pulse.tick) as shop:
        while held is not None and _attempt(held, shop, pulse):
            held = _next(scan, pulse)


def _scan(held: turns.Held) -> Scan | None:
    """The newest scan of the repository; None when its findings cannot be looked up by the rules in force."""
    repository = Repository.objects.select_related("team", "latest_scan").get(pk=held.repository)
    if repository.latest_scan is None or not is_scanned(repository):
        return None
    repository.latest_scan.repository = repository
    return repository.latest_scan


def _next(scan: Scan, pulse: Pulse) -> turns.Held | None:
    """Another patch of the repository, unless that was scanned again since or the worker is long at it."""
    still = Repository.objects.filter(pk=scan.repository_id, latest_scan=scan.pk).exists()
    held = turns.take(scan.repository_id) if still and pulse.seconds < settings.SCAN_SECONDS / 2 else None
    if held is not None:
        pulse.turn_to(held)
    return held


def _attempt(held: turns.Held, shop: Workshop, pulse: Pulse) -> bool:
    """One patch to its end. Returns whether the commit can be used for another one."""
    fail: Callable[..., None] = partial(turns.fail, held)
    try:
        with ExitStack() as stack:
            stack.push(partial(_name_the_unexpected, held))
            _work_out(held, shop, pulse)
    except SourceError as error:
        fail(error.code, error.message, error.next_step, retry=error.retry, retry_in=error.retry_after)
        turns.share(held)
        return False
    except TooLargeError as error:
        fail("patch_too_large", str(error), "Ask for the patches of single rules.")
    except TooLongError:
        message = f"It took longer than {settings.SCAN_SECONDS:.0f} seconds."
        fail("patch_too_long", message, "Ask for the patches of single rules, or of single findings.")
        return False
    except turns.LostError:
        log.warning("patch-lost", patch=held.patch, repository=held.repository, fence=held.fence)
    return True


def _work_out(held: turns.Held, shop: Workshop, pulse: Pulse) -> None:
    row = Patch.objects.defer("body").filter(pk=held.patch).first()
    if row is None:
        raise turns.LostError
    job = Stock(shop.scan.repository).job(Question.of(row))
    made: Answer = answer(job, shop, pulse.show)
    commit = shop.scan.commit
    turns.finish(
        held,
        made.state,
        body=made.body,
        files=made.files,
        fixed=made.fixed,
        refused=made.refused,
        commit=commit,
        holds_at=commit,
        rule_set=shop.scan.rule_set,
        basis=job.basis,
    )


def _name_the_unexpected(
    held: turns.Held, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
) -> None:
    """Give the patch back at once instead of when its lease runs out. The error itself goes on, to the worker's log."""
    known = (SourceError, TooLargeError, TooLongError, turns.LostError)
    if isinstance(error, Exception) and not isinstance(error, known):
        message = f"Plimsoll failed: {type(error).__name__}."
        turns.fail(held, "internal_error", message, f"Look for patch {held.patch} in the worker's log.", retry=True)
