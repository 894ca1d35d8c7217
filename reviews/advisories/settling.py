"""
After new advisories: which repositories they say something new about.

    settled = settle()      # Settled(same=998, asked=2); running it twice does no harm

Each scan keeps what it asked of the advisories and was told. Where the newest ones answer the same, the scan holds as
it is, and its age counts from them; where they do not, or nobody knows what was asked, a new scan is asked for. Pull
requests are left as they are: the next push, or a person, looks at them again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from reviews import intake, trees
from reviews.advisories import age
from reviews.advisories.loading import newest
from reviews.advisories.stored import Stored, answers_differ, names_in
from reviews.models import AdvisoryLoad, Repository, Scan, ScanTree
from reviews.waived import today

log = structlog.get_logger(__name__)

_CHUNK = 200


@dataclass(frozen=True, slots=True)
class Settled:
    """For how many repositories the newest advisories say the same, and for how many a scan was asked for."""

    same: int = 0
    asked: int = 0


def settle() -> Settled:
    """Compare the newest scan of each repository with the newest advisories."""
    row = newest()
    if row is None:
        return Settled()
    if row.settled_at is None:
        _count_again(Scan.objects.filter(compared=row))
    same = asked = 0
    for some in _behind(row):
        holds, news = _sorted(some, Stored(row))
        _hold(holds, row)
        for repository in news:
            intake.request_scan(repository, trigger=Scan.Trigger.ADVISORIES)
        same, asked = same + len(holds), asked + len(news)
    if row.settled_at is None:
        AdvisoryLoad.objects.filter(pk=row.pk, loaded_at=row.loaded_at).update(settled_at=timezone.now())
    if same or asked:
        log.info("advisories-settled", same=same, asked=asked)
    return Settled(same, asked)


def _behind(row: AdvisoryLoad) -> Iterator[Sequence[Repository]]:
    """Repositories whose newest scan was compared with others, some at a time.

    Not those that wait for a scan, which will be compared with the newest, nor those that got one for these already.
    """
    scans = Scan.objects.filter(repository=OuterRef("pk"), branch=OuterRef("branch"), pull_request=None)
    waiting = scans.filter(~Scan.APART, state=Scan.State.REQUESTED)
    asked = scans.filter(trigger=Scan.Trigger.ADVISORIES, requested_at__gte=row.loaded_at)
    others = ~Q(latest_scan__compared=row) | Q(latest_scan__compared=None)
    found = Repository.objects.filter(others, latest_scan__isnull=False).exclude(Exists(waiting)).exclude(Exists(asked))
    keys = list(found.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(keys), _CHUNK):
        yield _with_scans(Repository.objects.filter(pk__in=keys[start : start + _CHUNK]))


def _with_scans(repositories: QuerySet[Repository]) -> list[Repository]:
    related = repositories.select_related("latest_scan__compared")
    return list(related.defer("latest_scan__scorecard", "latest_scan__progress"))


def _sorted(some: Sequence[Repository], known: Stored) -> tuple[list[Repository], list[Repository]]:
    """Those for which nothing is new, and the others."""
    rows = ScanTree.objects.filter(scan__in=[one.latest_scan_id for one in some]).values_list("scan", "asked")
    asked = {scan: trees.unpack(packed) for scan, packed in rows}
    known.expect({name for one in asked.values() for name in names_in(one)})
    holds: list[Repository] = []
    news: list[Repository] = []
    for repository in some:
        before = asked.get(repository.latest_scan_id or 0)
        (news if not before or answers_differ(before, known) else holds).append(repository)
    return holds, news


def _hold(repositories: Sequence[Repository], row: AdvisoryLoad) -> None:
    """Let the age of what their scans say count from these advisories."""
    scans = [one.latest_scan for one in repositories if one.latest_scan]
    old = [scan.pk for scan in scans if scan.compared is None or age.is_old(scan.compared.current_on, today())]
    Scan.objects.filter(pk__in=[scan.pk for scan in scans]).update(compared=row)
    _count_again(Scan.objects.filter(pk__in=old))


def _count_again(scans: QuerySet[Scan]) -> None:
    """Old advisories hid what was good. From now on pages count these scans anew; a job writes it down, one by one."""
    scans.update(card_until=today() - timedelta(days=1))
