"""
What scans leave in memory: of the child that looks at blobs, and of the worker that keeps what stands.

`python -m benchmarks.fetch_corpus`, `python -m benchmarks.memory [--rounds 3]`. A round has a child of its own, which
gets 5,000 files of the corpus, and a worker of its own, which scans all repositories of the corpus one after the other.
RSS in MB, after 500 and 5,000 files; what stands is bounded by `reviews.warm.MOST_BYTES`.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from benchmarks.fetch_corpus import FILES
from scanners.finding import BlobAnswer, BlobKey
from scanners.paths import classify
from scanners.pool import Pool
from scanners.scan import blob_sha, report
from scanners.standing import Standing

_FEW, _MANY = 500, 5_000
_MB: Final = 1024


def resident(pid: int | str) -> float:
    """MB that a process holds now."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / _MB for line in lines if line.startswith("VmRSS"))


def sources() -> Iterator[tuple[str, bytes]]:
    """Python files of the corpus by path, each content once."""
    seen = set()
    for file in sorted(FILES.rglob("*.py")):
        raw = file.read_bytes()
        if blob_sha(raw) not in seen:
            seen.add(blob_sha(raw))
            yield file.relative_to(FILES).as_posix(), raw


def measure() -> dict[str, float]:
    """One round: RSS of the child, and of this process with what stands."""
    blobs: dict[str, bytes] = {}
    wanted: dict[str, BlobKey] = {}
    for path, raw in islice(sources(), _MANY):
        path_class = classify(path)
        if path_class is not None and len(raw) < 1_000_000:
            blobs[blob_sha(raw)] = raw
            wanted[path] = BlobKey(blob_sha(raw), str(path_class))
    found: dict[str, float] = {"files": len(wanted)}
    standing, answers = Standing("http-api"), dict[BlobKey, BlobAnswer]()
    with Pool(1) as pool:
        for number, (key, answer) in enumerate(pool.answers(blobs.get, wanted.values(), lambda: None), 1):
            answers[key] = answer
            if number in (_FEW, len(wanted)):
                child = subprocess.run(["pgrep", "-P", str(os.getpid())], capture_output=True, text=True, check=False)
                pids = child.stdout.split()
                found["child few" if number == _FEW else "child many"] = max(map(resident, pids))
    blobs.clear()
    before = resident("self")
    standing.missing(wanted)
    report("", wanted, [], answers, (), standing)
    found |= {"worker": resident("self") - before, "standing": standing.size / _MB / _MB}
    return found


def main() -> None:
    """Measure in processes of their own, and print medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--once", action="store_true", help="one round, as JSON")
    options = parser.parse_args()
    if options.once:
        print(json.dumps(measure()))
        return
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.memory", "--once"]
    done = [subprocess.run(command, capture_output=True, text=True, check=True) for _ in range(options.rounds)]
    rounds = [json.loads(one.stdout) for one in done]
    median = {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}
    ratios = [one["child many"] / one["child few"] for one in rounds]
    print(
        f"{median['files']:.0f} files | child {median['child few']:.0f} MB after {_FEW}, {median['child many']:.0f} MB "
        f"after all: {statistics.median(ratios):.2f} x ({min(ratios):.2f} to {max(ratios):.2f}) | worker: what stands "
        f"takes {median['worker']:.0f} MB, counted as {median['standing']:.0f} MB"
    )


if __name__ == "__main__":
    main()
