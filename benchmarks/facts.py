"""What the facts cost: the same files with every rule and fact, and with the rules alone, in turns in one process.

`python -m benchmarks.fetch_corpus`, `python -m benchmarks.facts [--rounds N] [PACKAGE ...]`. Rules that join facts say
nothing without them, so `visit_tree` is timed as the second phase: the tables and joined rules of the whole commit.
"""

import argparse
import gc
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.fetch_corpus import files, pins
from scanners import registry
from scanners.assemble import Looked, join, tree_of
from scanners.engine import Engine
from scanners.inventory import tables
from scanners.paths import PathClass, classify
from scanners.rule import Collector, Rule


def sources(folder: Path) -> list[tuple[str, PathClass, bytes]]:
    """Every file below a folder that has a path class."""
    found = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        path_class = classify(name)
        if path_class is not None and path.is_file() and not path.is_symlink():
            found.append((name, path_class, path.read_bytes()))
    return found


def walk(engine: Engine, listed: Sequence[tuple[str, PathClass, bytes]]) -> tuple[float, list[Looked]]:
    """CPU seconds for all files, and their answers."""
    start = time.process_time()
    looked = [Looked(name, path_class, engine.answer(raw, path_class)) for name, path_class, raw in listed]
    return time.process_time() - start, looked


def second_phase(looked: Sequence[Looked]) -> tuple[float, float, int]:
    """CPU seconds for the rules that join facts and for the tables, and the rows of these."""
    tree = tree_of("http-api", looked)
    start = time.process_time()
    join(registry.rules().values(), tree)
    joined = time.process_time()
    rows = sum(len(found) for found in tables.take(tree).values())
    return joined - start, time.process_time() - joined, rows


def compare(name: str, rounds: int) -> None:
    """Print the medians for one package; the rounds of both kinds take turns, each first every other time."""
    listed = sources(files(name))
    everything: tuple[Collector, ...] = registry.collectors()
    rules = tuple(one for one in everything if isinstance(one, Rule))
    engines = {"all": Engine(everything), "rules": Engine(rules)}
    walked, joins, takes, rows, facts = [], [], [], 0, 0
    for turn in range(rounds):
        spent = {}
        for kind in sorted(engines, reverse=bool(turn % 2)):
            gc.collect()
            spent[kind], looked = walk(engines[kind], listed)
            if kind == "all":
                joined, taken, rows = second_phase(looked)
                facts = sum(len(found) for file in looked for found in file.answer.get("facts", {}).values())
        walked.append(spent["all"] / spent["rules"])
        joins.append(joined / spent["all"])
        takes.append(taken / spent["all"])
    print(
        f"{name:12} {len(listed):6} files, {facts:7,} facts, {rows:6,} rows | walk with facts "
        f"{statistics.median(walked):.3f} x rules alone ({min(walked):.3f} to {max(walked):.3f}) | joined rules "
        f"{statistics.median(joins):.1%} and tables {statistics.median(takes):.1%} of the walk"
    )


def main() -> None:
    """Compare the packages of the corpus."""
    parser = argparse.ArgumentParser()
    parser.add_argument("packages", nargs="*")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    gc.disable()
    for name in options.packages or pins():
        compare(name, options.rounds)


if __name__ == "__main__":
    main()
