"""`plimsoll check PATH --diff` and `--fix`: what a program can mend in a folder, shown or written."""

import argparse
import stat
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from scanners.caches import MemoryCache
from scanners.finding import Finding, Report
from scanners.fixes.offered import fixes
from scanners.fixes.request import Target
from scanners.fixes.tree import Outcome, Read, mend_tree, target_of
from scanners.folder import Folder
from scanners.pool import Pool
from scanners.wanted import Entry

MEND_SECONDS = 60.0
WORKER = "scanners.fixes.worker"
Scan = Callable[[Iterable[Entry], Read, Pool, MemoryCache], Report]


def add_to(parser: argparse.ArgumentParser) -> None:
    """Describe what `check` can mend to the command line."""
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--diff", action="store_true", help="print a patch of what a program can mend, instead of findings"
    )
    how.add_argument("--fix", action="store_true", help="mend the files in place")
    parser.add_argument(
        "--rule",
        action="append",
        help="mend findings of this rule only; repeatable",
    )
    parser.add_argument(
        "--at",
        action="append",
        type=_at,
        metavar="PATH:LINE",
        help="mend only what is found there, also where the meaning may change; repeatable",
    )


def run(options: argparse.Namespace, scan: Scan) -> int:
    """Mend a folder. Returns 0, 1 when wanted findings had to be left, 2 when a file cannot be written."""
    unknown = sorted(set(options.rule or ()) - fixes().keys())
    if unknown:
        print(f"No program can mend {unknown[0]}. These have a fix: {', '.join(fixes())}.", file=sys.stderr)
        return 2
    folder, cache = Folder(options.path), MemoryCache()
    with Pool(options.processes) as pool, Pool(options.processes, MEND_SECONDS, WORKER) as menders:
        entries = list(folder.entries())
        before = scan(entries, folder.read, pool, cache)
        wanted = list(_wanted(before, options))
        outcome = mend_tree(
            before,
            entries,
            folder.read,
            wanted,
            menders=menders,
            rescan=lambda changed, read: scan(changed, read, pool, cache),
            tick=lambda: None,
        )
    try:
        _show(outcome, options)
    except OSError as error:
        print(f"{error.filename} cannot be written: {error.strerror}. Nothing after it was mended.", file=sys.stderr)
        return 2
    lines = {(finding.path, target_of(finding)): finding.line for finding in before.findings}
    for left in outcome.refused:
        line = lines.get((left.path, left.target), 1)
        print(f"{left.path}:{line}: {left.target.rule}: not mended: {left.why}", file=sys.stderr)
    print(
        f"{len(list(outcome.fixed()))} of {len(wanted)} findings mended in {len(outcome.mended)} files", file=sys.stderr
    )
    return int(bool(outcome.refused))


def _wanted(report: Report, options: argparse.Namespace) -> Iterator[tuple[str, Target]]:
    for finding in report.findings:
        fix = fixes().get(finding.rule)
        if fix is not None and _is_chosen(finding, options, bulk=fix.bulk):
            yield finding.path, target_of(finding)


def _is_chosen(finding: Finding, options: argparse.Namespace, *, bulk: bool) -> bool:
    if options.rule and finding.rule not in options.rule:
        return False
    if options.at:
        return any((finding.path, finding.line) == place for place in options.at)
    return bulk


def _show(outcome: Outcome, options: argparse.Namespace) -> None:
    if options.diff:
        sys.stdout.flush()
        sys.stdout.buffer.write(outcome.patch())
        sys.stdout.buffer.flush()
    for path, said in sorted(outcome.mended.items()) if options.fix else ():
        _write(options.path / path, said["after"].encode("latin-1"))


def _write(file: Path, raw: bytes) -> None:
    """Replace a file at once and keep its mode: whoever reads it sees the old bytes or the new."""
    with tempfile.NamedTemporaryFile(dir=file.parent, prefix=f".{file.name}.", delete=False) as new:
        try:
            new.write(raw)
            new.close()
            made = Path(new.name)
            made.chmod(stat.S_IMODE(file.stat().st_mode))
            made.replace(file)
        except OSError:
            Path(new.name).unlink(missing_ok=True)
            raise


def _at(text: str) -> tuple[str, int]:
    path, _, line = text.rpartition(":")
    if not path or not line.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no place. Write PATH:LINE, such as app/pay.py:12.")
    return path.removeprefix("./"), int(line)
