"""How fast the engine is: against its own parser, against other tools on the same files, and from push to push.

`uv sync --group bench`, `python -m benchmarks.fetch_corpus`, `python -m benchmarks.engine`. Each round runs all,
in a fresh process; what is printed are medians of the ratios within a round, as absolute times move with the machine.
Other tools run other rules: the same corpus, not the same work.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path

from benchmarks.fetch_corpus import files, pins, repository
from scanners import registry
from scanners.finding import BlobAnswer, BlobKey, Progress, Report
from scanners.git.store import Store
from scanners.pool import Pool
from scanners.scan import scan_commit

FAMILIES = "S,BLE,ASYNC,T20,G,LOG,TRY,PERF,B,DTZ,PLE,PLW"
ENGINE = [sys.executable, "-W", "ignore", "-m", "benchmarks.stage"]


def contenders(folder: Path) -> dict[str, list[str]]:
    """The commands of one round."""
    ruff = ["ruff", "check", "--isolated", "--no-cache", "-q", "--output-format", "concise", "-o", os.devnull]
    return {
        "parse": [*ENGINE, "parse", str(folder)],
        "scan": [*ENGINE, "scan", str(folder)],
        "ruff": [*ruff, "--select", FAMILIES, str(folder)],
        "bandit": ["bandit", "-q", "-r", str(folder), "-f", "json", "-o", os.devnull],
    }


def cpu_seconds(command: list[str]) -> float:
    """Run to the end and return user and system seconds of the process and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = os.environ | {"RAYON_NUM_THREADS": "1"}
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def stage_seconds(command: list[str]) -> dict[str, float]:
    """What a stage of our own says of itself: CPU seconds without imports and reading, findings, files."""
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


def compare(name: str, rounds: int) -> None:
    """Print the ratios of a full scan of the newest release of one package."""
    commands = contenders(files(name))
    against_parse, against_others = [], {"ruff": [], "bandit": []}
    for _ in range(rounds):
        parse, scan = stage_seconds(commands["parse"]), stage_seconds(commands["scan"])
        against_parse.append(scan["cpu"] / parse["cpu"])
        whole = cpu_seconds(commands["scan"])
        for tool, ratios in against_others.items():
            ratios.append(cpu_seconds(commands[tool]) / whole)
    print(
        f"{name:12} {scan['files']:6.0f} files {scan['lines']:8.0f} lines  {scan['findings']:5.0f} findings "
        f"{scan['unparsed']:3.0f} unparsed | scan {scan['cpu']:5.2f} s CPU = {_shown(against_parse)} x parse alone | "
        f"ruff {_shown(against_others['ruff'])} x scan | bandit {_shown(against_others['bandit'])} x scan"
    )


def _shown(ratios: list[float]) -> str:
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


class Memory:
    """The cache of a live worker."""

    def __init__(self) -> None:
        self.kept: dict[BlobKey, BlobAnswer] = {}

    def get_many(self, keys: Iterable[BlobKey]) -> dict[BlobKey, BlobAnswer]:
        """The answers that are known."""
        return {key: self.kept[key] for key in keys if key in self.kept}

    def put_many(self, answers: Mapping[BlobKey, BlobAnswer]) -> None:
        """Keep these answers."""
        self.kept.update(answers)


def pushes(name: str) -> None:
    """Print what a push costs against a full scan, over every release of one package in a row."""
    git = ["git", f"--git-dir={repository(name)}", "rev-list", "--reverse", "main"]
    commits = subprocess.run(git, capture_output=True, text=True, check=True).stdout.split()
    with Store(repository(name)) as store, Pool(1) as pool:
        full = [_timed(store, pool, commits[0], Memory())[0] for _ in range(3)]
        cache = Memory()
        _timed(store, pool, commits[0], cache)
        times, changed = [], []
        for commit in commits[1:]:
            known = len(cache.kept)
            seconds, report = _timed(store, pool, commit, cache)
            times.append(seconds)
            changed.append(len(cache.kept) - known)
        _, again = _timed(store, pool, commits[-1], Memory())
    whole, median, ninth = statistics.median(full), statistics.median(times), statistics.quantiles(times, n=10)[-1]
    same = (report.findings, report.counts, report.facts) == (again.findings, again.counts, again.facts)
    print(
        f"{name}: {len(times)} pushes, {report.python_files:,} Python files, {statistics.median(changed):.0f} new "
        f"(median) | full scan {whole:.2f} s | push median {median * 1000:.0f} ms = {median / whole:.1%}, "
        f"p90 {ninth / whole:.1%}, worst {max(times) / whole:.1%} | equal to a full scan: {same}"
    )


def _timed(store: Store, pool: Pool, commit: str, cache: Memory) -> tuple[float, Report]:
    start = time.perf_counter()
    entries = store.entries(commit)
    report = scan_commit(commit, entries, store.read, kind="library", children=pool, cache=cache, progress=_ignore)
    return time.perf_counter() - start, report


def _ignore(_: Progress) -> None:
    """Nobody watches a benchmark."""


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=[name for name in pins() if not name.endswith("-pushes")])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pushes", default="django-pushes")
    options = parser.parse_args()
    versions = {tool: metadata.version(tool) for tool in ("plimsoll", "ruff", "bandit")}
    print(f"{versions}, Python {sys.version.split()[0]}, {len(registry.rules())} rules, load {os.getloadavg()[0]:.1f}")
    for name in options.names:
        compare(name, options.rounds)
    pushes(options.pushes)


if __name__ == "__main__":
    main()
