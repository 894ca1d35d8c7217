"""
What a push costs: 50 commits in a row, each against a full scan and against Ruff on a checkout, in the same run.

`uv sync --group bench`, `python -m benchmarks.fetch_corpus django-pushes`, `python -m benchmarks.pushes`. Two histories
of Django: its releases, which differ in more than commits do, and a synthetic one, in which the differences between
releases are split into commits of two files each. Ours is a warm worker in one process: list the tree, look up, scan
what is new, join, report. Ruff's is `git checkout` and a warm run, a new process each, as both are used. Other tools
run other rules: the same files, not the same work. What a push costs in the product: `benchmarks.main_job`.
"""

import argparse
import gc
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from importlib import metadata
from itertools import islice, pairwise
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.fetch_corpus import CORPUS, repository
from scanners import registry
from scanners.caches import MemoryCache
from scanners.finding import Progress, Report
from scanners.git.folders import Folder
from scanners.git.store import Store
from scanners.pool import Pool
from scanners.scan import scan_commit
from scanners.standing import Standing

RELEASES: Final = "django-pushes"
SYNTHETIC: Final = "django-commits"
FAMILIES: Final = "S,BLE,ASYNC,T20,G,LOG,TRY,PERF,B,DTZ,PLE,PLW"
RUFF: Final = str(Path(sys.executable).with_name("ruff"))
KIND: Final = "http-api"
_FILES_A_COMMIT: Final = 2
_SAME: Final = ("findings", "facts", "counts", "inventory", "suppressions", "skipped", "lines", "coverage")


class Push(NamedTuple):
    """One push: blobs that were scanned, findings, and seconds: of ours, of all our processes, of Ruff's two steps."""

    blobs: int
    findings: int
    ours: float
    checkout: float
    ruff: float


def git(name: str, *command: str, given: bytes | None = None) -> str:
    """What git says about a repository of the corpus. Raises CalledProcessError."""
    whole = ["git", f"--git-dir={repository(name)}", *command]
    return subprocess.run(whole, input=given, capture_output=True, check=True).stdout.decode()


def make_synthetic() -> None:
    """Split the differences between the releases into commits of a few files each, unless that was done."""
    if repository(SYNTHETIC).exists():
        return
    part = CORPUS / f"{SYNTHETIC}.part"
    shutil.rmtree(part, ignore_errors=True)
    subprocess.run(["git", "clone", "-q", "--bare", repository(RELEASES), part], check=True)
    releases = git(RELEASES, "rev-list", "--reverse", "main").split()
    first = git(RELEASES, "rev-list", "-1", "--grep=Release 5.2$", "main").strip()
    releases = releases[releases.index(first) :]
    commits = (one for old, new in pairwise(releases) for one in _split(old, new))
    stream = b"reset refs/heads/small\nfrom %s\n\n" % first.encode() + b"".join(commits)
    subprocess.run(["git", f"--git-dir={part}", "fast-import", "--quiet"], input=stream, check=True)
    subprocess.run(["git", f"--git-dir={part}", "symbolic-ref", "HEAD", "refs/heads/small"], check=True)
    part.rename(repository(SYNTHETIC))


def _split(old: str, new: str) -> Iterator[bytes]:
    """The difference of two releases as commits of `git fast-import`."""
    raw = git(RELEASES, "diff-tree", "-r", "-z", "--no-renames", old, new).split("\0")
    changes = iter(list(zip(raw[::2], raw[1::2], strict=False)))
    for number, some in enumerate(iter(lambda: list(islice(changes, _FILES_A_COMMIT)), [])):
        yield b"commit refs/heads/small\ncommitter Split <split@example.org> %d +0000\ndata 5\nsplit\n" % (number + 1)
        for fields, path in some:
            _, mode, _, sha, status = fields.split(" ")
            yield (f"D {path}\n" if status == "D" else f"M {mode} {sha} {path}\n").encode()
        yield b"\n"


class Bench:
    """One history, with a warm worker of ours and a warm checkout of Ruff's."""

    def __init__(self, name: str, store: Store, pool: Pool, checkout: Path) -> None:
        self.name = name
        self._store = store
        self._pool = pool
        self._checkout = checkout
        self._cache = MemoryCache()
        self._standing = Standing(KIND)

    def full(self, commit: str) -> tuple[float, Report]:
        """The seconds of a scan for which nothing is known, and what it says."""
        return self._scan(commit, MemoryCache(), Standing(KIND))

    def push(self, commit: str) -> tuple[Push, Report]:
        """Scan a commit as the next push, and let Ruff look at it."""
        known = len(self._cache.kept)
        ours, report = self._scan(commit, self._cache, self._standing)
        checkout = _seconds(
            ["git", f"--git-dir={repository(self.name)}", "--work-tree=.", "checkout", "-q", "-f", commit, "--", "."],
            self._checkout,
        )
        ruff = [RUFF, "check", "--isolated", "-q", "--cache-dir", f"{self._checkout}.cache", "--select", FAMILIES]
        told = _seconds([*ruff, "--output-format", "concise", "-o", os.devnull, "."], self._checkout)
        return Push(len(self._cache.kept) - known, len(report.findings), ours, checkout, told), report

    def _listed(self, commit: str, standing: Standing) -> Folder:
        standing.folder = self._store.folder(commit, known=standing.folder)
        return standing.folder

    def _scan(self, commit: str, cache: MemoryCache, standing: Standing) -> tuple[float, Report]:
        gc.disable()  # As workers do.
        began = time.perf_counter()
        report = scan_commit(
            commit,
            self._listed(commit, standing),
            self._store.read,
            kind=KIND,
            children=self._pool,
            cache=cache,
            progress=_ignore,
            standing=standing,
        )
        seconds = time.perf_counter() - began
        gc.enable()
        return seconds, report


def run(name: str, count: int, rounds: int) -> bool:
    """Print what the pushes of one history cost. Returns whether all said the same as a full scan."""
    commits = git(name, "rev-list", "--reverse", "--first-parent", "HEAD").split()
    commits = commits[-count - 1 :]
    with tempfile.TemporaryDirectory() as scratch, Store(repository(name)) as store, Pool(1) as pool:
        checkout = Path(scratch, "checkout")
        checkout.mkdir()
        bench = Bench(name, store, pool, checkout)
        bench.push(commits[0])  # Starts the child, and gives all something to stand on.
        full = [bench.full(commits[0])[0] for _ in range(rounds)]
        pushes = [bench.push(commit) for commit in commits[1:]]
        whole = bench.full(commits[-1])[1]
    last = pushes[-1][1]
    same = all(getattr(last, field) == getattr(whole, field) for field in _SAME)
    _tell(name, [push for push, _ in pushes], full, last, same)
    return same


def _tell(name: str, pushes: Sequence[Push], full: Sequence[float], last: Report, same: bool) -> None:
    whole, ours = statistics.median(full), [push.ours for push in pushes]
    blobs = [push.blobs for push in pushes]
    times = [(push.checkout + push.ruff) / push.ours for push in pushes]
    print(
        f"{name}: {len(pushes)} pushes, {len(last.files):,} files ({last.python_files:,} Python), blobs a push "
        f"{statistics.median(blobs):g} (median), {max(blobs)} (max), {last.counts and len(last.findings):,} findings"
    )
    print(f"  full scan  {whole:8.3f} s ({min(full):.3f} to {max(full):.3f})")
    for title, found in (
        ("push", ours),
        ("checkout", [push.checkout for push in pushes]),
        ("ruff warm", [push.ruff for push in pushes]),
    ):
        ninth = statistics.quantiles(found, n=10)[-1]
        print(f"  {title:10} {statistics.median(found):8.3f} s median {ninth:8.3f} p90 {max(found):8.3f} max")
    print(
        f"  push of a full scan: median {statistics.median(ours) / whole:.2%}, p90 "
        f"{statistics.quantiles(ours, n=10)[-1] / whole:.2%}, max {max(ours) / whole:.2%} | checkout + ruff are "
        f"{statistics.median(times):.1f} x a push (median; {min(times):.1f} to {max(times):.1f}) | the same as a full "
        f"scan: {same}"
    )


def _seconds(command: Sequence[str], folder: Path) -> float:
    began = time.perf_counter()
    subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return time.perf_counter() - began


def _ignore(_: Progress) -> None:
    """Nobody watches a benchmark."""


def main() -> None:
    """Run both histories. Ends with 1 when a push said anything else than a full scan."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pushes", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3, help="full scans to take the median of")
    parser.add_argument("names", nargs="*", default=[RELEASES, SYNTHETIC])
    options = parser.parse_args()
    make_synthetic()
    versions = {tool: metadata.version(tool) for tool in ("plimsoll", "ruff")}
    print(f"{versions}, Python {sys.version.split()[0]}, {len(registry.rules())} rules, load {os.getloadavg()[0]:.1f}")
    same = [run(name, options.pushes, options.rounds) for name in options.names]
    sys.exit(not all(same))


if __name__ == "__main__":
    main()
