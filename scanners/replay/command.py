"""`plimsoll replay REPOSITORY COMMIT`: a commit scanned again, straight from a local repository, nothing checked out.

Exit codes: 0 done, and the same as expected; 1 not the same; 2 it could not be done, or not with this rule set.
"""

import argparse
import gc
import sys
from pathlib import Path

from scanners import advisories, registry
from scanners.advisories import Advisories, AdvisoriesError
from scanners.caches import NoCache
from scanners.finding import Progress, Report
from scanners.git.blobs import BlobReader
from scanners.git.errors import SourceError
from scanners.git.local import git_dir
from scanners.git.names import check_sub_path
from scanners.git.store import Store
from scanners.pool import Pool
from scanners.replay import comparing, sealing
from scanners.replay.comparing import Expected, UnreadableError
from scanners.replay.maker import made_by
from scanners.scan import scan_commit

SAME, DIFFERENT, REFUSED = range(3)


class RefusedError(Exception):
    """It cannot be done: a stable code, what is wrong, what to do next."""

    def __init__(self, code: str, message: str, next_step: str) -> None:
        super().__init__(code, message, next_step)
        self.code, self.message, self.next_step = code, message, next_step


def run(options: argparse.Namespace) -> int:
    """Scan, print the seal on standard output and what there is to say about it on standard error."""
    try:
        return _replay(options)
    except RefusedError as error:
        _say(f"{error.message} {error.next_step} ({error.code})")
    except SourceError as error:
        _say(f"{error.message} {error.next_step} ({error.code})")
    return REFUSED


def _replay(options: argparse.Namespace) -> int:
    expected = _expected(options.expect)
    _check_rule_set(options.rule_set or (expected.seal.asked.rule_set if expected and expected.seal else ""))
    known = _advisories(options.advisories)
    asked, report = _scanned(options, known)
    seal, parts = sealing.of_report(asked, report), sealing.parts(report)
    if options.output is not None:
        _write(options.output, sealing.whole(asked, report))
    sys.stdout.write(seal.line.decode("ascii"))
    _say(f"SHA-256 {seal.digest}: {len(report.files):,} files, {len(report.findings):,} findings, by {made_by()}.")
    differing = comparing.differences(expected, seal, parts) if expected else []
    if differing:
        _say("This is not what was expected.")
        sys.stderr.write("".join(f"  {line}\n" for line in differing))
        return DIFFERENT
    if expected:
        _say("The same as expected.")
    return SAME


def _expected(given: str) -> Expected | None:
    if not given:
        return None
    file = Path(given)
    try:
        return comparing.read(file.read_text(encoding="utf-8") if file.is_file() else given)
    except (UnreadableError, UnicodeDecodeError, OSError) as error:
        step = "Pass --expect with a SHA-256 of 64 digits, or a file that `plimsoll replay` wrote."
        raise RefusedError("expectation_unreadable", f"{given} cannot be compared with. {error}", step) from error


def _check_rule_set(wanted: str) -> None:
    have = registry.digest()
    if wanted and wanted != have:
        message = f"The rule set {wanted} is asked for, and this is {have}: {made_by()}."
        step = "Install the versions of Plimsoll, Python and libraries that made the scan: its page names them."
        raise RefusedError("rule_set_differs", message, step)


def _advisories(path: Path | None) -> Advisories | None:
    try:
        return advisories.load(path) if path else None
    except (AdvisoriesError, OSError) as error:
        raise RefusedError("advisories_unreadable", f"The advisories cannot be read: {error}", "") from error


def _scanned(options: argparse.Namespace, known: Advisories | None) -> tuple[sealing.Asked, Report]:
    store_path = _store(options.repository)
    sha = _commit(store_path, options.commit)
    gc.disable()  # As in the children: answers are plain data without cycles.
    try:
        with Store(store_path) as store, Pool(max(options.processes, 1)) as pool:
            commit = store.commit(sha)
            report = scan_commit(
                sha,
                store.entries(sha, options.sub_path),
                store.read,
                kind=options.kind,
                children=pool,
                cache=NoCache(),
                progress=_quiet,
                date=commit.authored_at.date(),
                advisories=known,
            )
    finally:
        gc.enable()
    date, sub_path = commit.authored_at.date().isoformat(), check_sub_path(options.sub_path)
    return sealing.Asked(sha, commit.tree, date, options.kind, sub_path, report.rule_set, known is not None), report


def _store(path: Path) -> Path:
    found = git_dir(path.resolve())
    if not (found / "objects").is_dir():
        step = "Clone it first: git clone --bare URL FOLDER."
        raise RefusedError("not_a_local_repository", f"{path} is not a git repository on this machine.", step)
    return found


def _commit(store: Path, name: str) -> str:
    with BlobReader(store) as reader:
        plain = name.isprintable() and not name.startswith("-") and " " not in name
        found = reader.info(f"{name}^{{commit}}") if plain else None
    if found is None:
        step = f"Fetch it first: git -C {store} fetch origin {name}."
        raise RefusedError("commit_not_found", f"The repository has no commit {name!r}, or several begin so.", step)
    return found.sha


def _write(file: Path, content: bytes) -> None:
    try:
        file.write_bytes(content)
    except OSError as error:
        raise RefusedError(
            "report_not_written", f"The report cannot be written: {error}.", "Name another file."
        ) from error


def _quiet(_: Progress) -> None:
    """Nobody waits for the steps in between."""


def _say(message: str) -> None:
    sys.stderr.write(f"plimsoll: {message}\n")
