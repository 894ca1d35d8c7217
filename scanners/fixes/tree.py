"""The fixes of a whole tree: each file mended by a child, and all of them proved together by a second scan."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, Protocol

from scanners.finding import BlobAnswer, Finding, Report
from scanners.fixes.offered import fixes
from scanners.fixes.patching import patch
from scanners.fixes.request import MendKey, Target
from scanners.fixes.sharedloggers import imported_by, shared_loggers
from scanners.scan import blob_sha
from scanners.wanted import Entry

Read = Callable[[str], bytes | None]
Rescan = Callable[[Iterable[Entry], Read], Report]
"""Scans a tree as the first scan did; with the cache of that one, only mended files are looked at."""


class Menders(Protocol):
    """Who mends files: `scanners.pool.Pool` with the worker of this package."""

    def answers(
        self, read: Read, wanted: Iterable[MendKey], tick: Callable[[], None]
    ) -> Iterator[tuple[MendKey, BlobAnswer]]:
        """One answer for each file, in any order."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A wanted finding that keeps its place, and why."""

    path: str
    target: Target
    why: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: what the child said of each file that is better now, by path, and what was refused."""

    mended: Mapping[str, Mapping[str, Any]]
    refused: tuple[Refused, ...]

    def fixed(self) -> Iterator[tuple[str, Target]]:
        """The findings that are gone, with the paths of their files."""
        for path, said in sorted(self.mended.items()):
            yield from ((path, _target(one)) for one in said["fixed"])

    def patch(self, prefix: str = "") -> bytes:
        """All of it for `git apply`; `prefix` is the sub-path that was scanned."""
        return patch(self.mended.items(), prefix)


@dataclass(frozen=True, slots=True)
class _Changed:
    """An entry whose bytes were mended."""

    path: str
    sha: str
    mode: str
    size: int | None


def target_of(finding: Finding) -> Target:
    """A finding as its file knows it."""
    return Target(finding.rule, finding.qualname, finding.anchor, finding.ordinal)


def mend_tree(
    before: Report,
    entries: Iterable[Entry],
    read: Read,
    wanted: Iterable[tuple[str, Target]],
    *,
    menders: Menders,
    rescan: Rescan,
    tick: Callable[[], None],
) -> Outcome:
    """Mend the wanted findings, as (path, target), of a tree that `before` is the report of.

    A file whose changes make rules that join files report more is left as it was.
    """
    listed = list(entries)
    mended, refused = _by_file(before, read, wanted, menders, tick)
    while mended:
        after = rescan(*_changed(listed, read, mended))
        more = _counted(after) - _counted(before)
        if not more:
            break
        guilty = {path for _, path, _ in more} & mended.keys() or mended.keys()
        rule = min(rule for rule, _, _ in more)
        for path in sorted(guilty):
            why = f"With the change, a scan of the whole repository has a new finding of {rule}."
            refused += [Refused(path, _target(one), why) for one in mended[path]["fixed"]]
        mended = {path: said for path, said in mended.items() if path not in guilty}
    return Outcome(mended, tuple(refused))


def _by_file(
    before: Report, read: Read, wanted: Iterable[tuple[str, Target]], menders: Menders, tick: Callable[[], None]
) -> tuple[dict[str, Mapping[str, Any]], list[Refused]]:
    files = {file.path: file for file in before.files}
    targets: dict[str, list[Target]] = defaultdict(list)
    for path, target in wanted:
        targets[path].append(target)
    paths: dict[MendKey, list[str]] = defaultdict(list)
    shared = _shared_loggers(before, read) if any(map(_asks_loggers, chain(*targets.values()))) else {}
    for path in sorted(targets.keys() & files.keys()):
        asked = any(map(_asks_loggers, targets[path])) and bool(shared)
        loggers = imported_by(read(files[path].sha) or b"", shared) if asked else ()
        key = MendKey(files[path].sha, files[path].path_class, tuple(dict.fromkeys(targets[path])), loggers)
        paths[key].append(path)
    mended: dict[str, Mapping[str, Any]] = {}
    refused: list[Refused] = []
    for key, said in menders.answers(read, paths, tick):
        for path in paths[key]:
            refused += _refused(path, key, said)
            if not said["problem"] and said["fixed"]:
                mended[path] = said
    return mended, refused


def _asks_loggers(target: Target) -> bool:
    fix = fixes().get(target.rule)
    return fix is not None and fix.asks_loggers


def _shared_loggers(before: Report, read: Read) -> dict[str, list[str]]:
    modules = (file for file in before.files if file.path.endswith(".py"))
    return shared_loggers((file.path, read(file.sha) or b"") for file in modules)


def _refused(path: str, key: MendKey, said: BlobAnswer) -> list[Refused]:
    if said["problem"]:
        return [Refused(path, target, said["problem"]["message"]) for target in key.wanted]
    return [Refused(path, _target(one), one["why"]) for one in said["refused"]]


def _changed(entries: Iterable[Entry], read: Read, mended: Mapping[str, Mapping[str, Any]]) -> tuple[list[Entry], Read]:
    """The tree with the mended bytes in it."""
    blobs = {blob_sha(raw): raw for raw in (said["after"].encode("latin-1") for said in mended.values())}
    shas = {path: blob_sha(said["after"].encode("latin-1")) for path, said in mended.items()}
    changed = [
        _Changed(entry.path, sha, entry.mode, len(blobs[sha])) if (sha := shas.get(entry.path)) else entry
        for entry in entries
    ]
    return changed, lambda sha: blobs[sha] if sha in blobs else read(sha)


def _counted(report: Report) -> Counter[tuple[str, str, str]]:
    return Counter((finding.rule, finding.path, finding.qualname) for finding in report.findings)


def _target(one: Mapping[str, Any]) -> Target:
    return Target(one["rule"], one["qualname"], one["anchor"], one["ordinal"])
