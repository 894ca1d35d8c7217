"""What the past of a repository costs: earlier commits, one after the other, against one full scan of its newest.

`python -m benchmarks.fetch_corpus`, `python -m benchmarks.history [--commits 50] [--site]`. Measured are releases in a
row, and small commits: a package with two files changed in each. First the engine alone with a cache in memory, whose
CPU seconds are those of this process and its child; with `--site` all that a worker does, from the fetch to the rows
of the database. At the end one commit is scanned without a cache, and has to give the same report.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from benchmarks.fetch_corpus import CORPUS, checked, repository
from benchmarks.measuring import surroundings
from scanners.caches import MemoryCache
from scanners.finding import Progress, Report
from scanners.git.store import Store
from scanners.pool import Pool
from scanners.replay import sealing
from scanners.scan import scan_commit
from scanners.standing import Standing

RELEASES, SMALL = "django-pushes", "wagtail"
KIND = "http-api"


def small_commits(name: str, count: int, place: Path) -> Path:
    """A bare repository: the files of a package, then commits that add one line to two of them each."""
    store = place / f"{name}-small.git"
    subprocess.run(["git", "init", "-q", "--bare", "--initial-branch=main", store], check=True)
    root = checked(name)
    texts = {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*.py"))}
    paths = list(texts)
    changes = [texts]
    for number in range(count):
        chosen = (paths[(number * 37 + shift) % len(paths)] for shift in (0, 17))
        changes.append({path: texts[path] + b"\n# Change %d\n" % number for path in chosen})
    stream = b"".join(_commits(changes))
    subprocess.run(["git", f"--git-dir={store}", "fast-import", "--quiet"], input=stream, check=True)
    return store


def _commits(changes: Iterable[Mapping[str, bytes]]) -> Iterator[bytes]:
    for number, files in enumerate(changes):
        when = 1_700_000_000 + number * 3600
        yield b"commit refs/heads/main\ncommitter Ada <ada@example.org> %d +0000\ndata 6\nChange\n" % when
        for path, data in files.items():
            yield b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(data), data)


def commits_of(store: Path, count: int) -> list[str]:
    """The newest commit and `count` before it, the newest first."""
    command = ["git", f"--git-dir={store}", "rev-list", "--first-parent", f"--max-count={count + 1}", "main"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def look(store: Store, pool: Pool, commit: str, cache: MemoryCache, standing: Standing) -> Report:
    """One scan, as a worker does it that has scanned the repository before."""
    standing.folder = store.folder(commit, "", standing.folder)
    return scan_commit(
        commit,
        standing.folder,
        store.read,
        kind=KIND,
        children=pool,
        cache=cache,
        progress=_ignore,
        date=store.commit(commit).authored_at.date(),
        standing=standing,
    )


def spent() -> tuple[float, float]:
    """Wall and CPU seconds so far; those of a child count once it has ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return time.perf_counter(), sum(one.ru_utime + one.ru_stime for one in used)


def of_engine(title: str, place: Path, count: int) -> None:
    """Print what the past of a repository costs the engine."""
    newest, *earlier = commits_of(place, count)
    cache, standing = MemoryCache(), Standing(KIND)
    start = spent()
    with Store(place) as store, Pool(1) as pool:
        report = look(store, pool, newest, cache, standing)
    middle, known = spent(), len(cache.kept)
    with Store(place) as store, Pool(1) as pool:
        for commit in reversed(earlier):
            report = look(store, pool, commit, cache, standing)
    end, new = spent(), len(cache.kept) - known
    with Store(place) as store, Pool(1) as pool:
        again = look(store, pool, earlier[0], MemoryCache(), Standing(KIND))
    _say(title, report, len(earlier), new, (middle, start, end))
    if sealing.parts(report) != sealing.parts(again):
        raise SystemExit(f"{title}: the report from the cache is not that of a scan without one.")


def of_site(title: str, place: Path, count: int) -> None:
    """Print what the past of a repository costs a worker: fetch, scan, rows."""
    from_site = ["-m", "benchmarks.history_site", str(place), str(count), title]
    done = subprocess.run([sys.executable, *from_site], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    print(done.stdout, end="", flush=True)


def _say(title: str, report: Report, count: int, new: int, moments: tuple[tuple[float, float], ...]) -> None:
    middle, start, end = moments
    wall, cpu = ((end[which] - middle[which]) / (middle[which] - start[which]) for which in (0, 1))
    print(
        f"  {title:28} {report.python_files:5,} Python files, {new:5,} new blobs in {count} commits   full scan "
        f"{middle[1] - start[1]:.2f} s CPU   {cpu:.2f} full scans in CPU, {wall:.2f} in wall time",
        flush=True,
    )


def _ignore(_: Progress) -> None:
    """Nobody watches a benchmark."""


def main() -> None:
    """Measure both histories."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commits", type=int, default=50)
    parser.add_argument("--site", action="store_true", help="all that a worker does as well")
    options = parser.parse_args()
    print(f"{surroundings()}\n\nEarlier commits against one full scan:")
    with tempfile.TemporaryDirectory(dir=CORPUS) as scratch:
        small = small_commits(SMALL, options.commits, Path(scratch))
        checked(RELEASES)
        for title, place in ((f"{RELEASES}, releases", repository(RELEASES)), (f"{SMALL}, small commits", small)):
            of_engine(title, place, options.commits)
            if options.site:
                of_site(title, place, options.commits)


if __name__ == "__main__":
    main()
