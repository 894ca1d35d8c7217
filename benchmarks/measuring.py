"""
Runs commands side by side and says how they compare; used by the benchmarks of this folder.

    with round_of("django", 1):              # says the load before it, and whether wall times can be trusted
        ours = run([...])                    # Measured(wall, cpu, memory, output)
    print(ratios([(a.cpu, b.cpu), ...]))     # "1.80 (1.75 to 1.92)": the median of the ratios within a round
"""

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

CORES = len(os.sched_getaffinity(0))
_OWN_SHARE = 0.5  # What the benchmark itself adds to the load while every core is its own.


@dataclass(frozen=True, slots=True)
class Measured:
    """One process from start to end: seconds, seconds of CPU with its children, MiB of its largest process."""

    wall: float
    cpu: float
    memory: float
    output: str


@dataclass(frozen=True, slots=True)
class Round:
    """What each contender took in one round. A busy one says nothing of wall times."""

    took: dict[str, Measured]
    load: float

    @property
    def is_busy(self) -> bool:
        """Whether others wanted the cores as well."""
        return self.load > CORES + _OWN_SHARE


def run(command: Sequence[str | Path], **variables: str) -> Measured:
    """Run a command to its end, whatever its exit code; its errors are shown when it was killed or not found."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=errors, env=os.environ | variables)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        if process.returncode < 0 or process.returncode > 100:
            raise SystemExit(f"{command[0]} ended with {process.returncode}: {errors.read().decode()[-2000:]}")
        text = output.read().decode("utf-8", "replace")
    return Measured(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, text)


def warm(folder: Path) -> None:
    """Read every file once, so that no contender pays for the disk."""
    for path in folder.rglob("*.py"):
        path.read_bytes()


def round_of(contenders: dict[str, Sequence[str | Path]], variables: dict[str, dict[str, str]]) -> Round:
    """Run each contender once, in this order."""
    load = os.getloadavg()[0]
    return Round({name: run(command, **variables.get(name, {})) for name, command in contenders.items()}, load)


def compared(rounds: Iterable[Round], one: str, other: str) -> str:
    """How many times `other` the contender `one` takes, in CPU and in wall seconds."""
    listed = list(rounds)
    quiet = [found for found in listed if not found.is_busy]
    cpu = ratios((found.took[one].cpu, found.took[other].cpu) for found in listed)
    if not quiet:
        return f"{cpu} in CPU; wall void, load up to {max(found.load for found in listed):.1f} on {CORES} cores"
    wall = ratios((found.took[one].wall, found.took[other].wall) for found in quiet)
    return f"{cpu} in CPU, {wall} in wall time of {len(quiet)} quiet rounds"


def ratios(pairs: Iterable[tuple[float, float]]) -> str:
    """The median of the ratios, the least and the most."""
    found = [one / other for one, other in pairs]
    return f"{statistics.median(found):.2f} ({min(found):.2f} to {max(found):.2f})"


def median(values: Iterable[float]) -> float:
    """The median."""
    return statistics.median(list(values))


def surroundings(*packages: str) -> str:
    """The machine, its load, and the versions of what is measured."""
    model = next((line.partition(":")[2].strip() for line in _cpuinfo() if line.startswith("model name")), "unknown")
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("plimsoll", *packages))
    return (
        f"{CORES} cores of {model}, load {os.getloadavg()[0]:.1f}, {platform.system()} {platform.release()}, "
        f"Python {sys.version.split()[0]}, {versions}"
    )


def _cpuinfo() -> list[str]:
    place = Path("/proc/cpuinfo")
    return place.read_text(encoding="utf-8").splitlines() if place.exists() else []
