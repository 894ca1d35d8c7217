"""Workers are killed at random moments while a fleet is scanned: nothing is lost, done twice or left behind."""

import json
import os
import random
import statistics
import sys
import sysconfig
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count
from pytest_django import Settings

from reviews import intake, queue, scanning
from reviews.demo.origin import Commit, write
from reviews.models import FindingEvent, Repository, Scan, Team
from scanners.git.address import parse_source
from scanners.git.history import history
from scanners.git.policy import Policy
from scanners.git.scratch import is_held
from tests.factories import RepositoryFactory
from tests.kill.fleet import Fleet, adopt_orphans, bury
from tests.processes import below
from tests.services import database_url, wait_until

KILLS = int(os.environ.get("KILLS", "3"))
REPOSITORIES = min(12, 2 + KILLS)
COMMITS, FILES = 12, 60
PAUSE = (0, 0.3)  # Seconds between the moment when a scan runs and the next kill.
PATIENCE = 120  # Seconds without a kill after which a scan that has not ended is lost.
TIMES = {"PLIMSOLL_LEASE_SECONDS": "3", "PLIMSOLL_HEARTBEAT_SECONDS": "0.5", "PLIMSOLL_REQUEUE_SECONDS": "0.5"}
ALONE = {"PLIMSOLL_POLL_SECONDS": "0"}  # Nobody but the test asks for scans.
ENDED = (Scan.State.DONE, Scan.State.FAILED, Scan.State.SUPERSEDED)

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Ledger:
    """What happened: kills, the scans they hit, and how long each was in nobody's hands.

    A scan is back in the queue some time before a worker has it: after a kill, a new one has to start first.
    """

    kills: int = 0
    waiting: dict[int, tuple[int, float]] = field(default_factory=dict)
    requeued: dict[tuple[int, int], float] = field(default_factory=dict)
    recoveries: list[float] = field(default_factory=list)
    victims: set[int] = field(default_factory=set)

    def note(self, victims: set[int]) -> None:
        """A kill: which scans lost their worker?"""
        self.kills += 1
        self.victims |= victims
        now = time.monotonic()
        self.waiting |= {scan.pk: (scan.fence, now) for scan in _running() if _pid(scan) in victims}

    def alive(self) -> list[Scan]:
        """The running scans whose worker was not killed."""
        return [scan for scan in _running() if scan.pk not in self.waiting]

    def look_for(self, seconds: float) -> None:
        """Look again and again for some time."""
        end = time.monotonic() + seconds
        self.look_until(lambda: time.monotonic() > end)

    def look_until(self, what: Callable[[], object]) -> None:
        """Look again and again until `what` is true."""
        wait_until(lambda: self._look() or what(), PATIENCE)

    def _look(self) -> None:
        """Which of them are in somebody's hands again?"""
        bury(self.victims)
        for scan in Scan.objects.filter(pk__in=list(self.waiting)):
            fence, since = self.waiting[scan.pk]
            if scan.state == Scan.State.REQUESTED:
                self.requeued.setdefault((scan.pk, fence), time.monotonic() - since)
            if scan.fence > fence or scan.state in ENDED:
                self.recoveries.append(time.monotonic() - since)
                del self.waiting[scan.pk]

    def summary(self) -> dict[str, Any]:
        """The figures, in seconds."""
        states = Scan.objects.values_list("state").annotate(count=Count("pk")).order_by()
        return {
            "kills": self.kills,
            "hits": len(self.recoveries) + len(self.waiting),
            "requeued_median": round(statistics.median(self.requeued.values() or [0]), 2),
            "requeued_max": round(max(self.requeued.values(), default=0), 2),
            "recovery_median": round(statistics.median(self.recoveries or [0]), 2),
            "recovery_max": round(max(self.recoveries, default=0), 2),
            "scans": dict(states),
            "attempts": sum(Scan.objects.values_list("attempts", flat=True)),
        }


@pytest.fixture
def fleet(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Fleet]:
    data = tmp_path / "data"
    data.mkdir()
    brokers = {"postgresql": lambda: {"REDIS_URL": request.getfixturevalue("redis_url")}, "sqlite": dict}
    places = {"PLIMSOLL_DATA": str(data), "PLIMSOLL_LOCAL_ROOTS": str(tmp_path / "origins")}
    environment = os.environ | TIMES | ALONE | places | brokers[connection.vendor]() | {"DATABASE_URL": database_url()}
    adopt_orphans()
    started = Fleet(environment, log=data / "log")
    started.start()
    yield started
    started.stop()


@pytest.fixture
def repositories(tmp_path: Path, team: Team) -> dict[Repository, list[str]]:
    """Repositories of real code, each with the ids of its commits, of which every one changes half of the files."""
    sources = sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py"))[:FILES]
    texts = {path.name: path.read_text(encoding="utf-8") for path in sources}
    policy = Policy(local_roots=(tmp_path,))
    made = {}
    for number in range(REPOSITORIES):
        path = tmp_path / "origins" / f"{number}.git"
        write(path, [_commit(texts, number, step) for step in range(COMMITS)])
        repository = RepositoryFactory(team=team, url=f"file://{path}")
        commits = history(parse_source(repository.url, policy), "main", COMMITS, policy=policy)
        made[repository] = [commit.sha for commit in commits]
    return made


def _commit(texts: dict[str, str], number: int, step: int) -> Commit:
    changed = list(texts.items())[step % 2 :: 2] if step else texts.items()
    files = {name: f"# {number}.{step}\n{text}" for name, text in changed}
    return Commit(f"Step {step}", "Ada Author <ada@example.org>", datetime(2026, 1, 1 + step, tzinfo=UTC), files)


def test_nothing_is_lost_doubled_or_left(
    fleet: Fleet, repositories: dict[Repository, list[str]], settings: Settings, tmp_path: Path
) -> None:
    settings.LOCAL_ROOTS = [tmp_path / "origins"]
    ledger, warm = Ledger(), set(below(os.getpid(), "scanners.worker"))
    asked = _kill_while_scanning(fleet, repositories, ledger)
    ledger.look_until(lambda: not Scan.objects.exclude(state__in=ENDED).exists())
    ledger.look_until(lambda: not _left_behind(tmp_path))
    fleet.stop()
    wait_until(lambda: not set(below(os.getpid(), "scanners") + below(os.getpid(), "celery")) - warm, PATIENCE)
    print(json.dumps(ledger.summary()), file=sys.stderr)
    assert set(Scan.objects.values_list("pk", flat=True)) == asked
    assert not _doubled()
    assert [_story(repository) for repository in repositories] == [
        _undisturbed(repository) for repository in repositories
    ]


def _kill_while_scanning(fleet: Fleet, repositories: dict[Repository, list[str]], ledger: Ledger) -> set[int]:
    """Keep a few commits of each repository in the queue until all kills are done. Returns the scans asked for."""
    chance = random.Random(20)
    left = {repository: iter(commits) for repository, commits in repositories.items()}
    asked: set[int] = set()
    while ledger.kills < KILLS:
        for repository, commits in left.items():
            waiting = Scan.objects.filter(repository=repository).exclude(state__in=ENDED).count()
            for commit in islice(commits, max(0, 2 - waiting)):
                asked.add(intake.request_scan(repository, trigger=Scan.Trigger.HISTORY, commit=commit).pk)
        ledger.look_until(fleet.is_complete)
        ledger.look_until(ledger.alive)
        ledger.look_for(chance.uniform(*PAUSE))
        kill = chance.choice([fleet.kill_child, fleet.kill_worker])
        for scan in ledger.alive()[:1]:
            ledger.note(kill(_pid(scan)))
    return asked


def _running() -> list[Scan]:
    return list(Scan.objects.filter(state=Scan.State.RUNNING))


def _left_behind(place: Path) -> list[Path]:
    """Where nobody works. Who looks for the commits that wrote findings may do so for minutes."""
    return [path for path in (place / "data" / "scratch").glob("*") if not is_held(path)]


def _doubled() -> list[Any]:
    """Results of one commit that exist more than once."""
    done = Scan.objects.filter(state=Scan.State.DONE).values_list("repository", "commit", "rule_set")
    return [key for key, times in Counter(done).items() if times > 1]


def _story(repository: Repository) -> list[tuple[Any, ...]]:
    """Everything that became of the findings of a repository, in order."""
    fields = (
        "scan__commit",
        "finding__rule",
        "finding__path",
        "finding__qualname",
        "finding__ordinal",
        "kind",
        "detail",
    )
    return sorted(FindingEvent.objects.filter(finding__repository=repository).values_list(*fields))


def _undisturbed(repository: Repository) -> list[tuple[Any, ...]]:
    """The same story when the scans that ended well are done by one worker without any kill."""
    twin = RepositoryFactory(url=repository.url)
    for scan in repository.scans.filter(state=Scan.State.DONE).order_by("pk"):
        intake.request_scan(twin, trigger=Scan.Trigger.HISTORY, commit=scan.commit)
        held = queue.lease("undisturbed:0")
        assert held
        scanning.run(held)
    return _story(twin)


def _pid(scan: Scan) -> int:
    return int(scan.leased_by.rpartition(":")[2])
