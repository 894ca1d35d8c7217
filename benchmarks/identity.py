"""
How many findings keep their identity through what people do to code, and how many are taken for another one.

    python -m benchmarks.identity [--only WORDS] [--processes COUNT] [FOLDER ...]

Each folder (by default the packages of the corpus below) is scanned, changed, scanned again and matched as after a
push. Where every line was is known, because the change itself kept it. `kept` is the share of findings that are still
reported at their place and were known again; `wrong` counts pairs of two different places, `not there` what the change
took away. Needs black and yapf on the PATH. A line a package says how each kind of change fared; then all of them.
"""

import argparse
import gc
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from benchmarks.changes import CHANGES
from benchmarks.fetch_corpus import CORPUS, FILES
from benchmarks.reshaping import Change, Changed
from reviews.matching import Ground, Pair, Seen, match
from reviews.renaming import renames, unchanged
from scanners import registry
from scanners.engine import Engine
from scanners.finding import BlobAnswer, BlobKey, Report
from scanners.folder import Folder
from scanners.options import Options
from scanners.scan import blob_sha, report
from scanners.standing import Standing
from scanners.wanted import class_of, sort_entry

PACKAGES = (
    *("flask", "httpx", "requests", "calibreweb-0.6.27", "celery-director-0.10.0", "lnbits-1.6.2", "maubot-0.6.0"),
    *("swh.deposit-3.0.1", "tiled-0.2.20", "whoogle-search-1.2.4"),
)
"""Of the corpus: libraries and services, small enough to be scanned some twenty times each."""

Answers = dict[BlobKey, BlobAnswer]


@dataclass
class Tally:
    """What became of findings: `known` are those that are still there to be found, `right` those that were."""

    known: int = 0
    right: int = 0
    wrong: int = 0
    left: int = 0
    examples: list[str] = field(default_factory=list)

    def __iadd__(self, other: "Tally") -> "Tally":
        for name in ("known", "right", "wrong", "left", "examples"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        return self

    @property
    def kept(self) -> float:
        """The share of findings that were known again, in per cent."""
        return 100 * self.right / self.known if self.known else 100.0

    def row(self, name: str) -> str:
        """As a line of the table."""
        return f"{name:42} {self.known:8,} {self.kept:8.2f} % {self.wrong:6} {self.left:8,}"


class Scanner:
    """Scans packages in memory; answers are kept, so that what a change left alone is not looked at again."""

    def __init__(self) -> None:
        self._engine = Engine(registry.collectors())
        self._answers: Answers = {}

    def scan(self, files: Mapping[str, bytes]) -> Report:
        """Look at a package."""
        wanted: dict[str, BlobKey] = {}
        for path, raw in files.items():
            path_class = class_of(path, Options())
            if path_class is not None:
                wanted[path] = key = BlobKey(blob_sha(raw), str(path_class))
                if key not in self._answers:
                    self._answers[key] = self._engine.answer(raw, path_class)
        return report("", wanted, [], self._answers, (), Standing("http-api"))


def package(root: Path) -> dict[str, bytes]:
    """What of a folder is looked at."""
    folder = Folder(root)
    keys = {entry.path: sort_entry(entry, Options()) for entry in folder.entries()}
    return {path: folder.read(key.sha) or b"" for path, key in keys.items() if isinstance(key, BlobKey)}


def seen_in(found: Report) -> list[Seen]:
    """The findings as they are followed, each with its index as the key, told apart as scans do."""
    taken: Counter[tuple[str, ...]] = Counter()
    seen = []
    for index, one in enumerate(found.findings):
        site = (one.rule, one.path, one.qualname, one.anchor)
        seen.append(Seen(*site, taken[site], one.line, one.line_hash, key=index))
        taken[site] += 1
    return seen


def measure(files: Mapping[str, bytes], before: Report, change: Change, whole: bool, scanner: Scanner) -> Tally:
    """Apply one change to a package, the whole of it or the files with findings, and match what is found then."""
    faulty = {found.path for found in before.findings}
    chosen = {path: raw for path, raw in files.items() if whole or path in faulty}
    changed = change(chosen)
    rest = {path: raw for path, raw in files.items() if path not in chosen}
    now = scanner.scan(rest | changed.files)
    known, new = seen_in(before), seen_in(now)
    read = frozenset(file.path for file in now.files if not file.problem)
    shas = {file.path: file.sha for file in before.files}
    moves = renames(shas, now, known, new)
    ground = Ground(read=read, rules=frozenset(registry.rules()), same=unchanged(shas, now, moves))
    matched = match(known, new, ground, renames=moves)
    return judged(known, new, now, matched.pairs, changed)


def judged(known: list[Seen], new: list[Seen], now: Report, pairs: Iterable[Pair], changed: Changed) -> Tally:
    """Compare pairs with where each line was."""
    spots = {one.key: changed.was(one.path, one.line, now.findings[int(one.key)].col) for one in new}
    free = defaultdict(list)
    for one in known:
        free[one.rule, one.path, one.line].append(one)
    there = set()
    for one in new:
        held = next((free[one.rule, *spot] for spot in sorted(spots[one.key]) if free[one.rule, *spot]), [])
        if held:
            there.add(held.pop(0).key)
    counted = Counter((one.rule, one.anchor, number) for number, side in enumerate((known, new)) for one in side)

    def is_named(pair: Pair) -> bool:
        """Whether a rule about the whole says the same twice, such as of a variable, wherever it points at."""
        names = [(pair.known.rule, pair.known.anchor, 0), (pair.now.rule, pair.now.anchor, 1)]
        whole = hasattr(registry.rules()[pair.now.rule], "visit_tree") and pair.known.anchor == pair.now.anchor
        return whole and [counted[name] for name in names] == [1, 1]

    tally = Tally(known=len(there), left=len(known) - len(there))
    paired = {}
    for pair in pairs:
        paired[pair.known.key] = pair.now
        if (pair.known.path, pair.known.line) not in spots[pair.now.key] and not is_named(pair):
            tally.wrong += 1
            tally.examples.append(f"wrong {_told(pair.known)} -> {_told(pair.now)}")
        else:
            tally.right += pair.known.key in there
    tally.examples += [f"lost {_told(one)}" for one in known if one.key in there and one.key not in paired]
    return tally


def _told(seen: Seen) -> str:
    return f"{seen.rule} {seen.path}:{seen.line} {seen.qualname} #{seen.ordinal}"


def measured(root: Path, only: str) -> tuple[str, dict[str, Tally]]:
    """Measure one package: what it is, and a tally for each change whose name holds `only`."""
    gc.disable()
    scanner, files = Scanner(), package(root)
    before = scanner.scan(files)
    tallies = {}
    for name, change in CHANGES.items():
        if only in name:
            whole = name.startswith("c") or "folders" in name
            tallies[name] = measure(files, before, change, whole, scanner)
            gc.collect()
    return f"{root.name}: {len(files):,} files, {len(before.findings):,} findings", tallies


def kinds(tallies: Mapping[str, Tally]) -> str:
    """How each kind of change fared in one package, by its letter: the share that was kept, and wrong pairs."""
    found: dict[str, Tally] = defaultdict(Tally)
    for name, tally in tallies.items():
        found[name[0]] += tally
    return ", ".join(f"{kind} {tally.kept:.1f} %{' WRONG' * bool(tally.wrong)}" for kind, tally in found.items())


def main() -> None:
    """Print a line a package, then the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="changes whose name holds these words")
    parser.add_argument(
        "--examples", type=int, default=0, help="so many of what went wrong or was lost, of each change"
    )
    parser.add_argument("--processes", type=int, default=2, help="so many packages at a time")
    parser.add_argument("folders", nargs="*", type=Path)
    asked = parser.parse_args()
    roots = asked.folders or [next(p for p in (FILES / n, CORPUS / "recounts" / n) if p.is_dir()) for n in PACKAGES]
    totals: dict[str, Tally] = defaultdict(Tally)
    with ProcessPoolExecutor(asked.processes) as pool:
        for about, tallies in pool.map(partial(measured, only=asked.only), roots):
            print(f"# {about}; {kinds(tallies)}", flush=True)
            for name, tally in tallies.items():
                totals[name] += tally
    print(f"{'change':42} {'findings':>8} {'kept':>10} {'wrong':>6} {'not there':>8}")
    for name, tally in totals.items():
        print(tally.row(name))
        for example in tally.examples[: asked.examples]:
            print(f"    {example}")


if __name__ == "__main__":
    main()
