"""What the facts cost: the same files with the rules alone, with the facts that rules join too, and with all facts.

`python -m benchmarks.fetch_corpus`, `python -m benchmarks.facts [--rounds N] [PACKAGE ...]`. All take turns in one
process. The second phase, the joined rules and the tables of the whole commit, is timed by itself.
"""

import argparse
import gc
import statistics
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.fetch_corpus import files, pins
from scanners import registry
from scanners.assemble import Looked, join, tree_of
from scanners.context import Context
from scanners.engine import Engine
from scanners.inventory import tables
from scanners.paths import PathClass, classify
from scanners.rule import Collector, Rule
from scanners.tree import Fact


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


def read_by_rules(listed: Sequence[tuple[str, PathClass, bytes]]) -> set[Collector]:
    """The collectors whose facts some rule asks for when it joins them."""
    made: dict[str, set[Collector]] = defaultdict(set)
    note = Context.fact

    def noted(ctx: Context, kind: str, *places: Any, **fields: Any) -> None:
        made[kind].add(ctx.collector)
        note(ctx, kind, *places, **fields)

    with patch.object(Context, "fact", noted):
        _, looked = walk(Engine(registry.collectors()), listed)
    asked: set[str] = set()
    tree = tree_of("http-api", looked)
    facts = tree.facts

    def told(kind: str, *, tests: bool = False) -> list[Fact]:
        asked.add(kind)
        return facts(kind, tests=tests)

    with patch.object(tree, "facts", told):
        join(registry.rules().values(), tree)
    return {collector for kind in asked for collector in made[kind] if not isinstance(collector, Rule)}


def compare(name: str, rounds: int) -> None:
    """Print the medians for one package; whoever begins a round changes from one to the next."""
    listed = sources(files(name))
    everything: tuple[Collector, ...] = registry.collectors()
    joined_facts = read_by_rules(listed)
    rules = tuple(one for one in everything if isinstance(one, Rule))
    some = tuple(one for one in everything if isinstance(one, Rule) or one in joined_facts)
    engines = {"rules": Engine(rules), "joined": Engine(some), "all": Engine(everything)}
    ratios: dict[str, list[float]] = defaultdict(list)
    rows = facts = 0
    for turn in range(rounds):
        spent = {}
        for kind in sorted(engines, reverse=bool(turn % 2)):
            gc.collect()
            spent[kind], looked = walk(engines[kind], listed)
            if kind == "all":
                joined, taken, rows = second_phase(looked)
                facts = sum(len(found) for file in looked for found in file.answer.get("facts", {}).values())
        ratios["joined"].append(spent["joined"] / spent["rules"])
        ratios["all"].append(spent["all"] / spent["rules"])
        ratios["tables"].append(spent["all"] / spent["joined"])
        ratios["second"].append((joined + taken) / spent["all"])
    print(
        f"{name:12} {len(listed):6} files, {facts:7,} facts, {rows:6,} rows | to the rules alone, facts that they join "
        f"add {_shown(ratios['joined'])}, all facts {_shown(ratios['all'])}; those of tables alone add "
        f"{_shown(ratios['tables'])} to the rest | second phase {statistics.median(ratios['second']):.1%} of the walk"
    )


def _shown(ratios: list[float]) -> str:
    return f"{statistics.median(ratios) - 1:.1%} ({min(ratios) - 1:.1%} to {max(ratios) - 1:.1%})"


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
