"""How fast the engine is: against its own parser, against other tools on the same files, and with a second process.

`uv sync --group bench`, `python -m benchmarks.fetch_corpus`, `python -m benchmarks.engine`. Contenders take turns in
a round, each in a fresh process; what counts is the median of the ratios within a round, as absolute times move with
the machine. Other tools run other rules, and Semgrep leaves out tests by itself: the same corpus, not the same work.
"""

import argparse
import functools
import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.fetch_corpus import HERE, checked, pins, tool
from benchmarks.measuring import CORES, Measured, compared, median, ratios, round_of, run, surroundings, warm
from scanners import registry

FAMILIES = "S,BLE,ASYNC,T20,G,LOG,TRY,PERF,B,DTZ,PLE,PLW"
_BIN = Path(sys.executable).parent
_ENGINE = [sys.executable, "-W", "ignore", "-m", "benchmarks.stage"]
_ONE_THREAD = {"RAYON_NUM_THREADS": "1"}
_FOUND = re.compile(r":\d+: (?:low|medium|high|critical) ")


def ours(folder: Path, processes: int) -> list[str | Path]:
    """The command line as people run it."""
    return [sys.executable, "-m", "scanners", "check", folder, "--kind", "library", "--processes", str(processes)]


def ruff(folder: Path) -> list[str | Path]:
    """Ruff with the families that look for similar faults, without its cache."""
    fixed = ["check", "--isolated", "--no-cache", "-q", "--output-format", "concise", "--select", FAMILIES]
    return [_BIN / "ruff", *fixed, folder]


def bandit(folder: Path) -> list[str | Path]:
    """Bandit with all its tests."""
    return [_BIN / "bandit", "-q", "-r", folder, "-f", "json"]


def semgrep(folder: Path) -> list[str | Path]:
    """Semgrep with our ten rules, offline."""
    fixed = [
        "scan",
        "--config",
        HERE / "semgrep.yaml",
        "--metrics",
        "off",
        "--disable-version-check",
        "--no-git-ignore",
    ]
    return [tool("semgrep"), *fixed, "--jobs", "1", "--json", "--quiet", folder]


def pylint(folder: Path) -> list[str | Path]:
    """Pylint as it comes, without a configuration."""
    return [_BIN / "pylint", "--rcfile", os.devnull, "-j1", "--recursive=y", "--score=n", folder]


def findings(name: str, output: str) -> int:
    """How many findings a tool printed."""
    if name in ("bandit", "semgrep"):
        return len(json.loads(output)["results"])
    if name.startswith("plimsoll"):
        return sum(map(bool, map(_FOUND.search, output.splitlines())))
    return sum(bool(re.match(r"[^:]+:\d+:\d+: ", line)) for line in output.splitlines())


def against_parser(name: str, rounds: int) -> None:
    """Print what a full scan in one process takes for each second of `ast.parse` alone."""
    folder = checked(name)
    warm(folder)
    pairs = []
    for _ in range(rounds):
        parse, scan = (json.loads(run([*_ENGINE, stage, folder]).output) for stage in ("parse", "scan"))
        pairs.append((scan["cpu"], parse["cpu"]))
    print(
        f"  {name:12} {scan['files']:5,} files {scan['lines']:8,} lines {scan['findings']:6,} findings "
        f"{scan['unparsed']:3} unparsed   parse {median(p for _, p in pairs):5.2f} s, scan "
        f"{median(s for s, _ in pairs):5.2f} s CPU   {ratios(pairs)}",
        flush=True,
    )


def side_by_side(
    title: str, folder: Path, contenders: dict[str, Callable[[Path], Sequence[str | Path]]], rounds: int
) -> None:
    """Print each contender against the first one."""
    warm(folder)
    commands = {name: command(folder) for name, command in contenders.items()}
    variables = {name: _ONE_THREAD for name in commands if name.endswith("1 thread")}
    done = [round_of(commands, variables) for _ in range(rounds)]
    base = next(iter(commands))
    print(f"  {title}, {rounds} rounds, load {', '.join(f'{one.load:.1f}' for one in done)}")
    for name in commands:
        took = [one.took[name] for one in done]
        said = "" if name == base else f"   {compared(done, name, base)} x {base}"
        print(f"    {name:22} {_absolute(took)} {findings(name, took[-1].output):6,} findings{said}", flush=True)


def _absolute(took: Sequence[Measured]) -> str:
    middle = [median(getattr(one, field) for one in took) for field in ("wall", "cpu", "memory")]
    return "{:6.2f} s wall {:6.2f} s CPU {:5.0f} MiB".format(*middle)


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=[name for name in pins() if not name.endswith("-pushes")])
    parser.add_argument("--rounds", type=int, default=5, help="of ours and Ruff")
    parser.add_argument("--slow-rounds", type=int, default=2, help="of Bandit, Semgrep and Pylint; 0 leaves them out")
    parser.add_argument("--peers", nargs="*", default=["django", "celery"], help="packages that others read as well")
    options = parser.parse_args()
    print(f"{surroundings('ruff', 'bandit', 'pylint')}, Semgrep {tool('semgrep').parents[1].name.rpartition('-')[2]}")
    print(f"{len(registry.rules())} rules, rule set {registry.digest()}. Ratios are medians (least to most).")
    print("\nFull scan against ast.parse alone, one process, CPU without start and reading:")
    for name in options.names:
        against_parser(name, options.rounds)
    print(f"\nPlimsoll with one process against two, and Ruff with one thread and with two ({CORES} cores):")
    one, two = (functools.partial(ours, processes=count) for count in (1, 2))
    fast = {"plimsoll 1 process": one, "plimsoll 2 processes": two, "ruff 1 thread": ruff, "ruff": ruff}
    for name in options.peers:
        side_by_side(name, checked(name), fast, options.rounds)
    if options.slow_rounds:
        print("\nPlimsoll with one process against Bandit, Semgrep and Pylint:")
        for name in options.peers:
            slow = {"plimsoll 1 process": one, "bandit": bandit, "semgrep": semgrep}
            side_by_side(name, checked(name), slow, options.slow_rounds)
        package = checked("celery") / "celery"
        side_by_side("celery/celery", package, {"plimsoll 1 process": one, "pylint": pylint}, options.slow_rounds)


if __name__ == "__main__":
    main()
