"""
What happens when forges report faster than anybody scans?

    .venv/bin/python -m benchmarks.storm [--runs 5] [--seconds 10] [--only burst|up|hung|scans]
    DATABASE=postgresql .venv/bin/python -m benchmarks.storm

1. 1,000 valid deliveries over 32 connections while the broker is down: how many are taken, kept, and, once broker and
   workers run, sorted and scanned; how long each part takes.
2. 100 deliveries a second: the 99th percentile of the time to the 202, as a ratio to a view that does nothing on the
   same server. The two take turns, a second each, so that whatever else goes on meets both. Medians of the runs. Beside
   it the processor time that the web processes take for each of the two, which a busy machine changes least.
"""

import argparse
import asyncio
import os
import signal
import statistics
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet

from benchmarks import surroundings  # noqa: F401 - first, as it sets Django up
from benchmarks.storm import load
from benchmarks.storm.load import Answer
from benchmarks.storm.site import SECRET, Site, busy, wait_until
from reviews import intake
from reviews.models import Delivery, Hook, Scan
from tests.services import redis_program

BURST, CONNECTIONS = 1000, 32
RATE = 100
FILES = 40


@dataclass
class Taken:
    """The answers of some requests, and the processor time of the web processes meanwhile."""

    answers: list[Answer] = field(default_factory=list)
    cpu: float = 0


def percentile(answers: list[Answer], share: float) -> float:
    """In milliseconds."""
    return 1000 * sorted(answer.seconds for answer in answers)[round(share * (len(answers) - 1))]


def deliveries(hook: Hook, count: int) -> list[bytes]:
    """Requests that the hook believes."""
    return [load.request(f"/hooks/{hook.key}/", *load.push(SECRET)) for _ in range(count)]


def burst(site: Site, hook: Hook) -> None:
    """Print what becomes of a burst."""
    wanted = deliveries(hook, BURST)
    with site.running("web"):
        wait_until(lambda: warm(site, hook))
        before = Delivery.objects.count()
        start = time.perf_counter()
        answers = asyncio.run(load.paced(site.port, wanted, rate=1e6, connections=CONNECTIONS))
        seconds = time.perf_counter() - start
        statuses = dict(Counter(answer.status for answer in answers))
        rows = Delivery.objects.count() - before
        print(f"burst, broker down: {statuses} in {seconds:.1f} s, {rows} rows, max {percentile(answers, 1):.0f} ms")
        with site.running("redis", "worker", "errands", "beat"):
            sorted_ = wait_until(lambda: not Delivery.objects.filter(state="waiting").exists())
            done = sorted_ + wait_until(lambda: not open_scans().exists())
    states = dict(Counter(Delivery.objects.values_list("state", flat=True)))
    scans = Counter(Scan.objects.values_list("state", "error_code"))
    print(f"  from the start of broker and workers: all sorted {sorted_:.1f} s, scanned {done:.1f} s")
    print(f"  deliveries {states}, scans {dict(scans)}", flush=True)


def open_scans() -> QuerySet[Scan]:
    """Scans that have not ended."""
    return Scan.objects.filter(state__in=["requested", "running"])


def warm(site: Site, hook: Hook) -> bool:
    """Whether the site has answered a few of each kind."""
    empty = [load.request("/empty/", b"{}", {})] * 100
    return {a.status for a in asyncio.run(load.paced(site.port, deliveries(hook, 100) + empty, 200, 8))} == {202}


def turns(site: Site, hook: Hook, seconds: int) -> tuple[Taken, Taken]:
    """What the hook and the empty view took, a second each in turn."""
    mine, theirs = Taken(), Taken()
    for _ in range(seconds):
        asked = deliveries(hook, RATE)
        empty = [raw.replace(f"/hooks/{hook.key}/".encode(), b"/empty/", 1) for raw in asked]
        for taken, wanted in ((mine, asked), (theirs, empty)):
            before = site.web_seconds()
            taken.answers += asyncio.run(load.paced(site.port, wanted, RATE, 8))
            taken.cpu += site.web_seconds() - before
    return mine, theirs


def acks(name: str, site: Site, hook: Hook, wish: argparse.Namespace, meanwhile: Callable[[], str]) -> None:
    """Print the ratios of some runs under one condition."""
    warm(site, hook)
    runs = [turns(site, hook, wish.seconds) for _ in range(wish.runs)]
    p99, p50 = (
        statistics.median(percentile(mine.answers, share) / percentile(theirs.answers, share) for mine, theirs in runs)
        for share in (0.99, 0.5)
    )
    cpu = statistics.median(mine.cpu / theirs.cpu for mine, theirs in runs)
    print(f"ack, {name}: p99 x{p99:.2f}, p50 x{p50:.2f}, processor x{cpu:.2f}; {meanwhile()}")
    times = " ".join("/".join(f"{percentile(taken.answers, 0.99):.1f}" for taken in run) for run in runs)
    mine, theirs = (statistics.mean(taken.cpu for taken in side) for side in zip(*runs, strict=True))
    each = f"{1000 * mine / RATE / wish.seconds:.1f}/{1000 * theirs / RATE / wish.seconds:.1f}"
    bad = Counter(answer.status for mine, _ in runs for answer in mine.answers if answer.status != 202)
    print(f"  p99 in ms {times}; processor in ms {each}; not 202: {dict(bad)}", flush=True)


def with_broker(site: Site, hook: Hook, wish: argparse.Namespace) -> None:
    """Broker and workers do what they do."""
    with site.running("redis", "web", "worker", "errands", "beat"):
        warm(site, hook)
        wait_until(lambda: not Delivery.objects.filter(state="waiting").exists() and not open_scans().exists())
        acks("broker up", site, hook, wish, lambda: f"{Delivery.objects.filter(state='waiting').count()} wait")


def with_hung_broker(site: Site, hook: Hook, wish: argparse.Namespace) -> None:
    """The broker accepts connections and never answers."""
    with site.running("redis", "web") as processes:
        warm(site, hook)
        processes["redis"].send_signal(signal.SIGSTOP)
        acks("broker hung", site, hook, wish, lambda: f"{Delivery.objects.filter(state='waiting').count()} wait")
    Delivery.objects.all().delete()


def with_scans(site: Site, hook: Hook, wish: argparse.Namespace) -> None:
    """Two scans run all the time."""
    for name in ("one", "two"):
        repository = site.service(name, FILES, commits=wish.commits)
        for commit in log_of(repository.url):
            intake.request_scan(repository, trigger=Scan.Trigger.HISTORY, commit=commit)
    with site.running("redis", "web", "worker", "errands", "beat"):
        wait_until(lambda: busy() == 2)
        left = open_scans().count()
        acks("two scans running", site, hook, wish, lambda: f"{left} scans waited, {open_scans().count()} left")


def log_of(url: str) -> list[str]:
    """The commits of a repository, the oldest first."""
    command = ["git", f"--git-dir={url.removeprefix('file://')}", "rev-list", "--reverse", "main"]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.split()


def main() -> None:
    """Let it storm."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=10, help="of deliveries in each run")
    parser.add_argument("--commits", type=int, default=150, help="to be scanned of each of the two repositories")
    parser.add_argument("--only", choices=["burst", "up", "hung", "scans"])
    wish = parser.parse_args()
    site = Site(Path(settings.DATA_DIR), redis_program())
    hook = site.hook(site.service("pay", FILES))
    print(f"{connection.vendor}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}", flush=True)
    if wish.only in (None, "burst"):
        burst(site, hook)
    for name, storm in (("up", with_broker), ("hung", with_hung_broker), ("scans", with_scans)):
        if wish.only in (None, name):
            storm(site, hook, wish)


if __name__ == "__main__":
    main()
