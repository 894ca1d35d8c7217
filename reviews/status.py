"""Whether scans get done, read from the queue of record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from django.conf import settings
from django.db.models import Count, Max, Min, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from reviews.models import Delivery, Look, OutboxMessage, Repository, Scan, Team
from reviews.outbox import holding

DAY = timedelta(days=1)
LATE = timedelta(seconds=60)
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Worker:
    """Who holds a scan. `heard` is the last heartbeat; silent means that the lease will soon be taken back."""

    name: str
    scan: Scan
    heard: datetime
    silent: bool


@dataclass(frozen=True, slots=True)
class Status:
    """The queue as a person may see it. Times are in seconds."""

    waiting: Sequence[Scan]
    waiting_count: int
    oldest: datetime | None
    late: bool
    workers: Sequence[Worker]
    done: int
    failed: int
    median_seconds: float | None
    failures: Sequence[Scan]

    @property
    def well(self) -> bool:
        """Nothing waits for long and nobody fell silent."""
        return not self.late and not any(worker.silent for worker in self.workers)


@dataclass(frozen=True, slots=True)
class Outbox:
    """What people and forges are to be told. `troubled` failed in the last day, or waits for another attempt.

    `configured` tells of a mail server; `used` that there is something to show.
    """

    configured: bool
    used: bool
    waiting: int
    oldest: datetime | None
    failed: int
    last_sent: datetime | None
    troubled: Sequence[OutboxMessage]

    @property
    def well(self) -> bool:
        """Nothing that was tried is undelivered."""
        return not self.troubled


@dataclass(frozen=True, slots=True)
class Reported:
    """What forges reported: how much waits, since when, and what failed in the last day."""

    waiting: int
    oldest: datetime | None
    failed: int
    late: bool


def status(scans: QuerySet[Scan]) -> Status:
    """The state of the queue, in five queries."""
    now = timezone.now()
    rows = scans.select_related("repository__team").defer("scorecard")
    due = rows.filter(state=Scan.State.REQUESTED).order_by("available_at")
    waiting = list(due[:SHOWN])
    oldest = waiting[0].available_at if waiting else None
    running = rows.filter(state=Scan.State.RUNNING).order_by("leased_by")
    ended = scans.filter(finished_at__gte=now - DAY)
    spans = ended.filter(state=Scan.State.DONE, started_at__isnull=False).values_list("started_at", "finished_at")
    seconds = [(end - start).total_seconds() for start, end in spans if start and end]
    failures = rows.filter(state=Scan.State.FAILED, finished_at__gte=now - DAY).order_by("-finished_at")
    return Status(
        waiting=waiting,
        waiting_count=due.count(),
        oldest=oldest,
        late=oldest is not None and now - oldest > LATE,
        workers=[worker(scan, now) for scan in running],
        done=len(seconds),
        failed=failures.count(),
        median_seconds=median(seconds) if seconds else None,
        failures=list(failures[:SHOWN]),
    )


def outbox(messages: QuerySet[OutboxMessage]) -> Outbox:
    """The state of the outbox, in two queries."""
    waiting = Q(state__in=(OutboxMessage.State.WAITING, OutboxMessage.State.SENDING))
    failed = _failed()
    counts = messages.aggregate(
        to_forges=Count("pk", filter=~Q(channel=OutboxMessage.Channel.EMAIL)),
        waiting=Count("pk", filter=waiting),
        oldest=Min("created_at", filter=waiting),
        failed=Count("pk", filter=failed),
        last_sent=Max("finished_at", filter=Q(state=OutboxMessage.State.SENT)),
    )
    troubled = messages.filter(failed | waiting & ~Q(problem="")).order_by("-pk")[:SHOWN]
    configured = bool(settings.EMAIL_HOST)
    used = bool(counts.pop("to_forges")) or configured
    return Outbox(configured=configured, used=used, troubled=list(troubled), **counts)


def reported(deliveries: QuerySet[Delivery]) -> Reported:
    """The state of the deliveries, in one query. Late is what nobody took in hand for a minute after it was due."""
    now = timezone.now()
    waiting = Q(state=Delivery.State.WAITING)
    counts = deliveries.aggregate(
        waiting=Count("pk", filter=waiting),
        oldest=Min("available_at", filter=waiting),
        failed=Count("pk", filter=Q(state=Delivery.State.FAILED, settled_at__gte=now - DAY)),
    )
    return Reported(**counts, late=counts["oldest"] is not None and now - counts["oldest"] > LATE)


def failed_looks(repositories: QuerySet[Repository]) -> Sequence[Look]:
    """The last looks at these repositories' branches that failed, the longest troubled first."""
    failed = Look.objects.filter(repository__in=repositories).exclude(code="").select_related("repository__team")
    return list(failed.order_by("-failures", "pk")[:SHOWN])


def failed_of(teams: QuerySet[Team]) -> QuerySet[Team]:
    """Those of `teams` whose messages failed in the last day, each with their number in `failed`."""
    failed = OutboxMessage.objects.filter(_failed(), team=OuterRef("pk")).order_by().values("team")
    counted = failed.annotate(number=Count("pk")).values("number")
    return teams.annotate(failed=Subquery(counted)).filter(failed__gt=0).order_by("name")


def send_again(team: Team) -> int:
    """Let the team's messages that failed in the last day wait once more. Returns how many do."""
    return holding.again(OutboxMessage.objects.filter(_failed(), team=team))


def _failed() -> Q:
    return Q(state=OutboxMessage.State.FAILED, finished_at__gte=timezone.now() - DAY)


def worker(scan: Scan, now: datetime) -> Worker:
    """The worker that holds a running scan."""
    heard = (scan.leased_until or now) - timedelta(seconds=settings.LEASE_SECONDS)
    return Worker(scan.leased_by, scan, heard, (now - heard).total_seconds() > 2 * settings.HEARTBEAT_SECONDS)
