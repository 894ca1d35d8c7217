"""Seconds and peak memory of one child for each hostile input: `python -m benchmarks.pathological [WORD]`.

Exits with 1 when one takes over 6 s of CPU, ends its child, or is answered in no named way.
"""

import sys
import time

import psutil

from benchmarks.hostile import Case, cases
from scanners.finding import BlobAnswer, BlobKey
from scanners.paths import classify
from scanners.pool import Pool
from scanners.scan import blob_sha

SECONDS = 6.0
PATIENCE = 120.0


def main(word: str = "") -> int:
    """Print a row for each input whose name holds `word`."""
    failed = 0
    for name, case in cases().items():
        if word in name:
            seconds, peak, answer = measured(case)
            outcome = answer["problem"]["code"] if answer["problem"] else "answered"
            bad = seconds > SECONDS or outcome in ("crashed", "took-too-long", "engine-error")
            failed += bad
            print(
                f"{seconds:7.2f} s {peak / 1024**2:7.0f} MiB  {outcome:14} {name}{'  <-- ' if bad else ''}", flush=True
            )
            if outcome == "engine-error":
                print(f"           {answer['problem']['message']}")
    return min(failed, 1)


def measured(case: Case) -> tuple[float, int, BlobAnswer]:
    """CPU seconds of the child for one input, its peak of memory in bytes, and what it answered."""
    path, make = case
    blobs = {blob_sha(raw): raw for raw in (b"x = 1\n", make())}
    path_class = classify(path)
    if path_class is None:
        raise ValueError(f"Nobody looks at {path}.")
    with Pool(1, PATIENCE) as pool:
        small, large = (BlobKey(sha, key) for sha, key in zip(blobs, ("python/service/", str(path_class)), strict=True))
        list(pool.answers(blobs.get, [small], lambda: None))
        (child,) = psutil.Process().children()
        before, peak = spent(child), 0

        def tick() -> None:
            nonlocal peak, now
            if child.is_running() and child.status() != psutil.STATUS_ZOMBIE:
                peak, now = max(peak, child.memory_info().rss), spent(child)

        now, started = before, time.monotonic()
        ((_, answer),) = pool.answers(blobs.get, [large], tick)
        seconds = now - before if child.is_running() else time.monotonic() - started
    return seconds, peak, answer


def spent(process: psutil.Process) -> float:
    """CPU seconds of a process so far."""
    times = process.cpu_times()
    return float(times.user + times.system)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
