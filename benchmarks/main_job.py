"""The main job on real code: fetch over HTTP, scan, match, score and store, all through the real queue.

`python -m benchmarks.main_job [NAME ...]` after `python -m benchmarks.fetch_corpus`. The repositories are served by
git's own backend on loopback. Prints a line for each package, then what successive pushes cost, fetch apart.
"""

import argparse
import statistics
import time
from collections import Counter

from benchmarks import surroundings  # noqa: F401 - first, as it sets Django up
from benchmarks.fetch_corpus import CORPUS, pins, repository
from reviews import intake, queue, scanning
from reviews.models import Repository, Scan, Team
from scanners.git.address import Source
from scanners.git.history import history
from scanners.git.policy import Policy
from tests.git_server import GitServer

PUSHES = "django-pushes"
SHOWN = ("exceptions", "logging", "config", "timeouts", "deps", "security")


def register(team: Team, server: GitServer, name: str) -> Repository:
    """Register a package as a service of kind http-api, to which most rules apply."""
    return intake.add(team, intake.Registration(name, f"{server.url}/{name}.git"))


def scanned(wanted: Repository, trigger: str, commit: str = "") -> tuple[Scan, float]:
    """Ask for a scan and do it. Returns it with the seconds from the lease to the end."""
    scan = intake.request_scan(wanted, trigger=trigger, commit=commit)
    began = time.perf_counter()
    lease = queue.lease("benchmark:0")
    if lease is None:
        raise SystemExit(f"{wanted.name} could not be leased.")
    scanning.run(lease)
    seconds = time.perf_counter() - began
    scan.refresh_from_db()
    return scan, seconds


def main_job(wanted: Repository) -> None:
    """Print the line of one package: its first scan, and one more of the same commit."""
    scan, first = scanned(wanted, Scan.Trigger.PERSON)
    if scan.state != Scan.State.DONE:
        print(f"{wanted.name:14}{scan.state}: {scan.error_code} {scan.error_message}")
        return
    _, again = scanned(wanted, Scan.Trigger.PERSON)
    areas = Counter(wanted.findings.values_list("area", flat=True))
    found = "".join(f"{areas[area]:>9,}" for area in SHOWN)
    numbers = f"{scan.progress['files']:>7,}{scan.lines:>10,}{1 - scan.coverage:>9.2%}"
    points = f"{scan.score_low:>6.1f}-{scan.score_high:<6.1f}{scan.level:<8}"
    print(f"{wanted.name:14}{numbers}{found}  {points}{first:>7.2f}{again:>7.2f}")


def pushes(wanted: Repository) -> None:
    """Print what each push after the first costs beside its fetch, and what the first cost."""
    path, policy = repository(wanted.name), Policy(local_roots=(CORPUS,))
    commits = history(Source(f"file://{path}", "file", path=str(path)), "main", 1000, policy=policy)
    costs: list[dict[str, float]] = []
    for commit in commits:
        scan, seconds = scanned(wanted, Scan.Trigger.HISTORY, commit.sha)
        costs.append({**scan.progress["steps"], "all": seconds, "scanned": scan.progress["scanned"]})
    first, later = costs[0], costs[1:]
    print(f"\n{len(later)} pushes of {wanted.name}; milliseconds, median and maximum; the first scan at the end")
    for step in ("fetch", "list", "scan", "match", "score", "all"):
        ms = [cost[step] * 1000 for cost in later]
        print(f"{step:8}{statistics.median(ms):>9.0f}{max(ms):>9.0f}{first[step] * 1000:>9.0f}")
    blobs = [cost["scanned"] for cost in later]
    print(f"{'blobs':8}{statistics.median(blobs):>9.0f}{max(blobs):>9.0f}{first['scanned']:>9.0f}")


def main() -> None:
    """Scan the corpus."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    wanted = parser.parse_args().names or list(pins())
    team = Team.objects.create(name="Corpus", slug="corpus")
    areas = "".join(f"{area[:8]:>9}" for area in SHOWN)
    print(f"{'':14}{'files':>7}{'lines':>10}{'unread':>9}{areas}  score, level, seconds, seconds of a second scan")
    with GitServer(CORPUS) as server:
        for name in wanted:
            if name != PUSHES:
                main_job(register(team, server, name))
        if PUSHES in wanted:
            pushes(register(team, server, PUSHES))


if __name__ == "__main__":
    main()
