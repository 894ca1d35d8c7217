"""What a program can mend in real packages: how many findings, how many of them proved, and what is refused and why.

    python -m benchmarks.fixes [--rule RULE] [--diff] [FOLDER ...]

Every finding of a rule that has a fix is asked for, those too that are only offered one by one. The patch of each
package is applied by git to a copy of it, and the files that then no longer compile are counted.
"""

import argparse
import shutil
import subprocess
import sys
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


def proof(folder: Path, outcome: Outcome) -> str:
    """Whether git takes the patch in a copy of a folder, and how many mended files compiled and no longer do."""
    patch = outcome.patch()
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place, "copy")
        shutil.copytree(folder, copy, symlinks=True, ignore=shutil.ignore_patterns(".git", "__pycache__"))
        paths = [str(copy / path) for path in outcome.mended]
        broken = _uncompiled(paths)
        for how in (["--check"], []):
            git = ["git", "apply", *how, "-"]
            if patch and subprocess.run(git, input=patch, capture_output=True, check=False, cwd=copy).returncode:
                return "GIT REFUSES IT"
        worse = len(_uncompiled(paths) - broken)
    return "no patch" if not patch else f"git takes it, {worse or 'no'} file{'' if worse == 1 else 's'} broken"


def _uncompiled(paths: list[str]) -> set[str]:
    """The files that do not compile."""
    compiled = [sys.executable, "-m", "compileall", "-q", "-f", *paths]
    said = subprocess.run(compiled, capture_output=True, check=False, text=True).stdout if paths else ""
    return {path for path in paths if f"'{path}'" in said}


def told(why: Counter[tuple[str, str]], most: int) -> None:
    """Print the commonest reasons of refusal."""
    for (rule, reason), count in why.most_common(most):
        print(f"{count:5}  {rule}: {reason}")


def main() -> None:
    """Print a line a package with its commonest reasons of refusal, then one a rule, then the reasons of all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--rule", action="append", choices=list(fixes()))
    parser.add_argument("--diff", action="store_true", help="print the patches too")
    parser.add_argument("--reasons", type=int, default=0, help="so many reasons of refusal of each package")
    options = parser.parse_args()
    folders = options.folders or [files(name) for name in pins() if not name.endswith("-pushes")]
    rules = options.rule or list(fixes())
    print(f"libcst {metadata.version('libcst')}, {len(fixes())} rules have a fix")
    fixed: Counter[str] = Counter()
    left: Counter[tuple[str, str]] = Counter()
    with Pool(2) as pool, Pool(2, MEND_SECONDS, WORKER) as menders:
        for folder in folders:
            wanted, outcome, seconds = mend(folder, pool, menders, rules)
            done = [target.rule for _, target in outcome.fixed()]
            why = Counter((one.target.rule, one.why) for one in outcome.refused)
            fixed.update(done)
            left.update(why)
            patch = outcome.patch()
            print(
                f"{folder.name:24} {wanted:5} findings, {len(done):5} mended and proved, {why.total():5} refused, "
                f"{len(outcome.mended):4} files, {patch.count(b'@@ -'):5} hunks, {seconds:5.1f} s: "
                + proof(folder, outcome),
                flush=True,
            )
            told(why, options.reasons)
            if options.diff:
                print(patch.decode("utf-8", "replace"))
    asked = fixed + Counter(rule for rule, _ in left.elements())
    for rule, count in asked.most_common():
        print(f"{rule:34} {fixed[rule]:5} of {count:5}" + ("" if fixes()[rule].bulk else "   one by one"))
    told(left, 40)


if __name__ == "__main__":
    main()
