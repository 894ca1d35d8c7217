"""Every figure of how fast the engine is, with what it was measured on: `make bench`, `make bench ONLY=engine`.

Each section is a module of its own and can be run by itself with more rounds: `python -m benchmarks.engine --help`.
A section that fails is named at the end, and the exit code is 1.
"""

import argparse
import subprocess
import sys
import time
from importlib.util import find_spec

SECTIONS: dict[str, tuple[str, list[str]]] = {
    "engine": ("a full scan against its parser, against other tools, and with two processes", ["--rounds", "3"]),
    "pushes": ("from push to push", []),
    "memory": ("how much memory many files take", []),
    "history": ("earlier commits from the cache", ["--site"]),
    "pathological": ("files made to be slow, deep or endless", []),
    "identity": ("findings known again after code moved", []),
    "fixes": ("mending by rule: what is offered, and what a second scan proves", []),
}


def main() -> int:
    """Run the sections asked for, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", metavar="SECTION", help=f"{', '.join(SECTIONS)}; all if none is named")
    parser.add_argument("--quick", action="store_true", help="one round of the engine: to see that all runs")
    options = parser.parse_args()
    unknown = sorted(set(options.only) - SECTIONS.keys())
    if unknown:
        parser.error(f"there is no section {', '.join(unknown)}. There are {', '.join(SECTIONS)}.")
    failed = [name for name in SECTIONS if name in (options.only or SECTIONS) and not _run(name, options.quick)]
    if failed:
        print(f"\nFailed: {', '.join(failed)}.", file=sys.stderr)
    return int(bool(failed))


def _run(name: str, quick: bool) -> bool:
    title, arguments = SECTIONS[name]
    print(f"\n## {name}: {title}\n", flush=True)
    if find_spec(f"benchmarks.{name}") is None:
        print(f"There is no benchmarks/{name}.py.", file=sys.stderr)
        return False
    if quick and name == "engine":
        arguments = ["celery", "--rounds", "1", "--slow-rounds", "1", "--peers", "celery"]
    start = time.monotonic()
    done = subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *arguments], check=False)
    print(f"\n{name} took {time.monotonic() - start:.0f} s.", flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
