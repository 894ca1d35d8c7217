"""What a program can mend in real packages: how many findings, how many of them proved, and what is refused and why.

`python -m benchmarks.fetch_corpus`, `python -m benchmarks.fixes`. Every finding of a rule that has a fix is asked for,
those too that are only offered one by one. The patch of each package is given to `git apply --check`.
"""

import argparse
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from benchmarks.fetch_corpus import files, pins
from scanners.caches import MemoryCache
from scanners.finding import Report
from scanners.fixes.command import MEND_SECONDS, WORKER
from scanners.fixes.offered import fixes
from scanners.fixes.tree import Outcome, Read, mend_tree, target_of
from scanners.folder import Folder
from scanners.pool import Pool
from scanners.scan import scan_commit
from scanners.wanted import Entry


def mend(folder: Path, pool: Pool, menders: Pool, rules: Iterable[str]) -> tuple[int, Outcome, float]:
    """Ask for the findings of these rules in a folder. Returns how many, what came of it, and seconds."""
    tree, cache = Folder(folder), MemoryCache()
    entries = list(tree.entries())

    def scan(listed: Iterable[Entry], read: Read) -> Report:
        return scan_commit("", listed, read, kind="http-api", children=pool, cache=cache, progress=lambda _: None)

    before = scan(entries, tree.read)
    wanted = [(found.path, target_of(found)) for found in before.findings if found.rule in rules]
    start = time.perf_counter()
    outcome = mend_tree(before, entries, tree.read, wanted, menders=menders, rescan=scan, tick=lambda: None)
    return len(wanted), outcome, time.perf_counter() - start


def applies(folder: Path, patch: bytes) -> bool:
    """Whether git would take the patch in a folder."""
    with tempfile.NamedTemporaryFile(suffix=".patch") as file:
        file.write(patch)
        file.flush()
        git = ["git", "apply", "--check", "--unsafe-paths", f"--directory={folder}", file.name]
        return subprocess.run(git, capture_output=True, check=False, cwd="/").returncode == 0


def main() -> None:
    """Print a line a package, then one a rule, then the commonest reasons of refusal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--rule", action="append", choices=list(fixes()))
    parser.add_argument("--diff", action="store_true", help="print the patches too")
    options = parser.parse_args()
    folders = options.folders or [files(name) for name in pins() if not name.endswith("-pushes")]
    rules = options.rule or list(fixes())
    print(f"libcst {metadata.version('libcst')}, {len(fixes())} rules have a fix")
    asked: Counter[str] = Counter()
    fixed: Counter[str] = Counter()
    why: Counter[tuple[str, str]] = Counter()
    with Pool(2) as pool, Pool(2, MEND_SECONDS, WORKER) as menders:
        for folder in folders:
            wanted, outcome, seconds = mend(folder, pool, menders, rules)
            done = [target.rule for _, target in outcome.fixed()]
            fixed.update(done)
            asked.update(done)
            asked.update(left.target.rule for left in outcome.refused)
            why.update((left.target.rule, left.why) for left in outcome.refused)
            patch = outcome.patch()
            state = "git takes it" if applies(folder, patch) else "GIT REFUSES IT"
            print(
                f"{folder.name:24} {wanted:5} findings, {len(done):5} mended and proved "
                f"in {len(outcome.mended):4} files, {seconds:5.1f} s; {patch.count(b'@@ -'):5} hunks: "
                + (state if patch else "no patch")
            )
            if options.diff:
                print(patch.decode("utf-8", "replace"))
    for rule, count in asked.most_common():
        print(f"{rule:34} {fixed[rule]:5} of {count:5}" + ("" if fixes()[rule].bulk else "   one by one"))
    for (rule, reason), count in why.most_common(40):
        print(f"{count:5}  {rule}: {reason}")


if __name__ == "__main__":
    main()
