"""
Looks at the head of each branch now and then, so that what a forge never reported is caught.

    look_at_one()     # at the branch whose last look is the longest ago; whether there was one to look at

A look asks the server for one commit id, and asks for a scan when that is not the one that was scanned last. As with
scans, the database knows who does what, by its own clock; nothing is locked while a server is waited for.
"""

from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from math import ceil
from types import TracebackType

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from reviews import intake
from reviews.models import Look, Repository, Scan
from reviews.sources import commit_at
from scanners.git.errors import SourceError

log = structlog.get_logger(__name__)

TICK = timedelta(seconds=10)  # How often a worker is woken to look; as many looks as it takes begin in each.
LOOK_SECONDS = 10
_HOLD = timedelta(seconds=120)  # Much longer than a look: whoever is silent for so long was killed.
_DOUBLINGS = 3
_RACES = 5
_UNDER_WAY = (Scan.State.REQUESTED, Scan.State.RUNNING)


def due() -> QuerySet[Repository]:
    """Repositories whose branch is to be looked at, the longest not looked at first.

    The attempt counts, not its success. A scan of the head was a look too, and one that waits will be. One that failed
    again and again is tried less and less often, at last every eighth time.
    """
    every = timedelta(seconds=settings.POLL_SECONDS)
    times = Q(look__attempted_at__gt=Now())  # The clock was set back.
    times |= Q(look=None) | Q(look__attempted_at__lte=Now() - every * 2**_DOUBLINGS)
    for doubled in range(_DOUBLINGS):
        times |= Q(look__failures__lte=doubled + 1, look__attempted_at__lte=Now() - every * 2**doubled)
    under_way = Scan.objects.filter(state__in=_UNDER_WAY, pull_request=None).values("repository")
    scans = Scan.objects.filter(Scan.OF_HEAD, repository=OuterRef("pk"), branch=OuterRef("branch"))
    seen = scans.filter(wanted_commit="", started_at__gt=Now() - every)
    found = Repository.objects.filter(times).exclude(look__in=_held()).exclude(pk__in=under_way).exclude(Exists(seen))
    return found.order_by(F("look__attempted_at").asc(nulls_first=True), "pk")


def look_at_one(seconds: float = LOOK_SECONDS) -> bool:
    """Look at the branch whose turn it is, for so many seconds at most. Returns whether there was one.

    At most POLL_CONCURRENCY looks run at once, and in each TICK only as many begin as it takes to get round in
    POLL_SECONDS, however many wait.
    """
    look = _claim() if settings.POLL_SECONDS else None
    if look is None:
        return False
    try:
        with ExitStack() as stack:
            stack.push(partial(_name_the_unexpected, look))
            _keep(look, commit_at(look.repository, look.repository.branch, seconds))
    except SourceError as failure:
        _fail(look, failure.code, f"{failure.message} {failure.next_step}")
    return True


def _held() -> QuerySet[Look]:
    """Those that somebody is at. None is held for longer than a hold, whatever the clock was."""
    return Look.objects.filter(until__gt=Now(), until__lte=Now() + _HOLD)


def _claim() -> Look | None:
    """Hold the next look, or None. Of several workers that want the same one, one gets it."""
    for _ in range(_RACES):
        if _held().count() >= settings.POLL_CONCURRENCY or _begun_lately() >= _budget():
            return None
        repository = due().select_related("look").first()
        if repository is None:
            return None
        before = getattr(repository, "look", None)
        held = _take(repository, before)
        if held and _held().count() <= settings.POLL_CONCURRENCY:
            return held
        if held:
            _give_back(held, before)
    return None


def _begun_lately() -> int:
    return Look.objects.filter(attempted_at__gt=Now() - TICK, attempted_at__lte=Now()).count()


def _budget() -> int:
    return ceil(Repository.objects.count() * TICK.total_seconds() / settings.POLL_SECONDS)


def _take(repository: Repository, before: Look | None) -> Look | None:
    held = {"attempted_at": Now(), "until": Now() + _HOLD}
    if before is not None:
        same = Look.objects.filter(pk=before.pk, attempted_at=before.attempted_at, until=before.until)
        return _fresh(before.pk) if same.update(**held) else None
    try:
        with transaction.atomic():
            return _fresh(Look.objects.create(repository=repository, **held).pk)
    except IntegrityError:  # somebody else was first, or the repository is gone
        return None


def _fresh(look: int) -> Look | None:
    return Look.objects.select_related("repository__latest_scan").filter(pk=look).first()


def _give_back(held: Look, before: Look | None) -> None:
    """Of too many that began at the same moment the last sees them all, so never more than allowed go on."""
    mine = _mine(held)
    if before is None:
        mine.delete()
    else:
        mine.update(attempted_at=before.attempted_at, until=before.until)


def _mine(held: Look) -> QuerySet[Look]:
    return Look.objects.filter(pk=held.pk, until=held.until)


def _keep(look: Look, head: str) -> None:
    """Write down what was found, and ask for a scan if it is news. What lost its hold writes nothing."""
    repository = look.repository
    with transaction.atomic():
        found = {"head": head, "succeeded_at": Now(), "failures": 0, "code": "", "problem": "", "until": None}
        if _mine(look).update(**found) and _is_news(repository, head, look.head):
            log.info("head-moved", repository=repository.pk, head=head)
            intake.request_scan(repository, trigger=Scan.Trigger.POLL)


def _is_news(repository: Repository, head: str, before: str) -> bool:
    """Whether a scan would say more than is known. `before` is what the look before this one found."""
    scans = repository.scans.filter(Scan.OF_HEAD, branch=repository.branch).defer("scorecard")
    newest = scans.order_by("-pk").first()
    if newest is None:
        latest = repository.latest_scan
        return latest is None or (latest.branch, latest.commit) != (repository.branch, head)
    if newest.commit or newest.state in _UNDER_WAY:
        return newest.commit not in ("", head)
    # The scan of this very head failed: it is tried again, but not at every look.
    long_ago = Now() - timedelta(seconds=settings.POLL_SECONDS) * 2**_DOUBLINGS
    return head != before or not scans.filter(pk=newest.pk, finished_at__gt=long_ago).exists()


def _fail(look: Look, code: str, problem: str) -> None:
    _mine(look).update(code=code, problem=problem, failures=look.failures + 1, until=None)
    log.warning("look-failed", repository=look.repository_id, code=code, failures=look.failures + 1)


def _name_the_unexpected(
    look: Look, _kind: type[BaseException] | None, failure: BaseException | None, _trace: TracebackType | None
) -> None:
    """Name what has no name of its own. The error itself goes on, to the worker's log."""
    if isinstance(failure, Exception) and not isinstance(failure, SourceError):
        said = (
            f"Plimsoll failed: {type(failure).__name__}. Look for repository {look.repository_id} in the worker's log."
        )
        _fail(look, "internal_error", said)
