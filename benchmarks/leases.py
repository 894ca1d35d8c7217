"""What does a long queue cost the worker that takes the next scan from it?

    .venv/bin/python -m benchmarks.leases [--finished 100000]
    DATABASE=postgresql .venv/bin/python -m benchmarks.leases

Prints the milliseconds of `queue.lease`, median and 95th percentile, with 10 and with 5,000 scans waiting in 200 teams,
beside 100,000 finished ones, and the ratio of the medians. `--explain` prints the plans of the queries too.
"""

import argparse
import random
import statistics
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmarks import surroundings  # noqa: F401 - first, as it sets Django up
from reviews import queue
from reviews.models import Repository, Scan, Team

TEAMS, REPOSITORIES = 200, 1000
LOADS = (10, 5000)
RUNNING = 4
BATCH = 2000
SCORECARD = {"items": ["x" * 100] * 30}
CHANCE = random.Random(1)  # noqa: S311 - the same queue each time
WAITING = [Scan.Trigger.PERSON] + [Scan.Trigger.WEBHOOK] * 2 + [Scan.Trigger.PULL_REQUEST] + [Scan.Trigger.HISTORY] * 6


def fill(finished: int) -> list[int]:
    """Make the teams, their repositories and what they have scanned so far. Returns the repositories."""
    names = [f"team-{number}" for number in range(TEAMS)]
    teams = Team.objects.bulk_create([Team(name=name, slug=name) for name in names])
    owners = [teams[min(int(CHANCE.expovariate(8 / TEAMS)), TEAMS - 1)] for _ in range(REPOSITORIES)]
    made = Repository.objects.bulk_create(
        [Repository(team=team, name=f"r{n}", slug=f"r{n}", url=f"https://r{n}") for n, team in enumerate(owners)]
    )
    repositories = [repository.pk for repository in made]
    now = timezone.now()
    for first in range(0, finished, BATCH):
        numbers = range(first, min(first + BATCH, finished))
        Scan.objects.bulk_create([_done(repositories, number, now) for number in numbers])
    return repositories


def _done(repositories: list[int], number: int, now: datetime) -> Scan:
    ended = now - timedelta(seconds=10 * number)
    return Scan(
        repository_id=CHANCE.choice(repositories),
        state=Scan.State.DONE,
        branch="main",
        commit=f"{number:040x}",
        rule_set="r",
        available_at=ended,
        started_at=ended,
        finished_at=ended,
        scorecard=SCORECARD,
    )


def wait(repositories: list[int], count: int) -> None:
    """Let `count` scans wait."""
    Scan.objects.filter(state=Scan.State.REQUESTED).delete()
    Scan.objects.bulk_create(
        Scan(
            repository_id=CHANCE.choice(repositories),
            branch="main",
            wanted_commit=f"{number:040x}",
            trigger=CHANCE.choice(WAITING),
        )
        for number in range(count)
    )


def know() -> None:
    """Let PostgreSQL count its rows, as it does by itself now and then; SQLite does not."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def leases(rounds: int) -> Iterator[float]:
    """The seconds of each lease, with a few scans running. What was taken goes back."""
    for _ in range(RUNNING):
        queue.lease("busy")
    for _ in range(rounds):
        began = time.perf_counter()
        held = queue.lease("benchmark")
        yield time.perf_counter() - began
        assert held
        Scan.objects.filter(pk=held.scan).update(state=Scan.State.REQUESTED, available_at=Now(), started_at=None)
    Scan.objects.filter(state=Scan.State.RUNNING).update(state=Scan.State.FAILED)


def explain() -> None:
    """Print how the database goes about each query of a lease."""
    with CaptureQueriesContext(connection) as queries:
        queue.lease("benchmark")
    how = "EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN ANALYZE "
    for query in [one["sql"] for one in queries if one["sql"].startswith("SELECT")]:
        print(f"\n{query}\n")
        with connection.cursor() as cursor:
            cursor.execute(how + query)
            print("\n".join(str(row[-1]) for row in cursor.fetchall()))


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--finished", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--explain", action="store_true")
    wish = parser.parse_args()
    repositories = fill(wish.finished)
    medians = []
    for count in LOADS:
        wait(repositories, count)
        know()
        taken = sorted(1000 * seconds for seconds in leases(wish.rounds))
        medians.append(statistics.median(taken))
        print(f"{count:>6,} waiting: median {medians[-1]:6.1f} ms, p95 {taken[int(len(taken) * 0.95)]:6.1f} ms")
        if wish.explain:
            explain()
    print(f"{connection.vendor}, {wish.finished:,} finished: {medians[1] / medians[0]:.1f} times as long")


if __name__ == "__main__":
    main()
