"""A commit, or a handful of files, through the rules: list, answer from the cache or a child, join, count."""

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from operator import attrgetter
from typing import Protocol

from scanners import registry
from scanners.advisories import Advisories
from scanners.assemble import Looked, excused, join, sites_of, weighed
from scanners.engine import Engine
from scanners.finding import (
    BlobAnswer,
    BlobCache,
    BlobKey,
    FileReport,
    Progress,
    Report,
    Site,
    Skipped,
    Suppression,
)
from scanners.git.folders import Folder
from scanners.inventory import tables
from scanners.paths import PathClass, classify
from scanners.standing import Standing
from scanners.suppressions import Ignore
from scanners.totals import counts
from scanners.tree import Tree
from scanners.wanted import UNSEEN, Entry

_CHUNK = 200  # Answers kept at a time: what a killed scan loses.


class Children(Protocol):
    """Who answers for blobs: `scanners.pool.Pool`."""

    def answers(
        self, read: Callable[[str], bytes | None], wanted: Iterable[BlobKey], tick: Callable[[], None]
    ) -> Iterator[tuple[BlobKey, BlobAnswer]]:
        """One answer for each wanted blob, in any order."""


def scan_commit(
    commit: str,
    entries: Iterable[Entry],
    read: Callable[[str], bytes | None],
    *,
    kind: str,
    children: Children,
    cache: BlobCache,
    progress: Callable[[Progress], None],
    date: dt.date | None = None,
    advisories: Advisories | None = None,
    standing: Standing | None = None,
) -> Report:
    """Look at one commit, made on `date`. `read` gives the bytes of a blob by its sha, None for one that is not there.
    `kind` is that of the repository (http-api, worker, cron, library); locked versions are compared with `advisories`.
    `standing` is what stands of its last scan and is brought up to date; without it all is put together anew.

    `progress` is called at least twice a second, so that a lease can be kept alive in it; what it raises ends the scan.
    """
    progress(Progress("list"))
    listed = entries if isinstance(entries, Folder) else list(entries)
    standing = standing if standing is not None and standing.kind == kind else Standing(kind)
    wanted, skipped = standing.sort(listed, standing.options(listed, read))
    missing = standing.missing(wanted)
    known = cache.get_many(missing)
    asked = [key for key in missing if key not in known]
    total = len(wanted)
    for key, answer in _fresh(asked, total, read, children, cache, progress):
        known[key] = answer
    tick = partial(progress, Progress("match", total, total - len(asked), len(asked)))
    tick()
    return report(commit, wanted, skipped, known, asked, standing, date, advisories, tick)


def _fresh(
    asked: list[BlobKey],
    total: int,
    read: Callable[[str], bytes | None],
    children: Children,
    cache: BlobCache,
    progress: Callable[[Progress], None],
) -> Iterator[tuple[BlobKey, BlobAnswer]]:
    """The answers that nobody has, kept in the cache as they come."""
    waiting: dict[BlobKey, BlobAnswer] = {}
    done = 0

    def tick() -> None:
        progress(Progress("scan", total, total - len(asked), done))

    tick()
    for key, answer in children.answers(read, asked, tick) if asked else ():
        yield key, answer
        done += 1
        waiting[key] = answer
        if len(waiting) >= _CHUNK:
            cache.put_many(_keepable(waiting))
            waiting = {}
    if waiting:
        cache.put_many(_keepable(waiting))


def _keepable(answers: Mapping[BlobKey, BlobAnswer]) -> dict[BlobKey, BlobAnswer]:
    """Answers that the bytes alone explain: a child that was killed may fare better next time."""
    return {key: answer for key, answer in answers.items() if not (answer.get("problem") or {}).get("passing")}


def report(
    commit: str,
    wanted: Mapping[str, BlobKey],
    skipped: list[Skipped],
    answers: Mapping[BlobKey, BlobAnswer],
    fresh: Iterable[BlobKey],
    standing: Standing,
    date: dt.date | None = None,
    advisories: Advisories | None = None,
    tick: Callable[[], None] = lambda: None,
) -> Report:
    """Put the answers together with what stands. Equal files give an equal report, whatever stood before.

    `tick` is called between files, rules and tables: twenty thousand files take seconds.
    """
    rules, kind = registry.rules(), standing.kind
    tree = standing.take(wanted, answers, skipped, date, advisories, tick)
    _announce(tree, advisories)
    said = join(rules.values(), tree, tick)
    inventory = tables.plain(tree, tick)
    standing.keep(tree)
    totals = standing.totals
    ignores = {path: [dict(ignore) for ignore in found] for path, found in sorted(totals.ignores.items())}
    joined = list(weighed(rules, excused(said, ignores), kind))
    return Report(
        commit=commit,
        rule_set=registry.digest(),
        files=tuple(standing.files(set(fresh))),
        skipped=tuple(sorted([*skipped, *totals.unseen.values()], key=attrgetter("path"))),
        findings=tuple(sorted([*standing.findings, *joined], key=attrgetter("path", "line", "col", "rule"))),
        counts=counts(rules, kind, totals, joined, said),
        suppressions=tuple(_suppression(path, ignore) for path, listed in ignores.items() for ignore in listed),
        facts=standing.facts,
        lines=totals.lines,
        python_files=totals.python,
        coverage=1 - totals.unread / totals.lines if totals.lines else 1.0,
        inventory=inventory,
        advisories=advisories.stamp if advisories is not None else {},
    )


def _announce(tree: Tree, advisories: Advisories | None) -> None:
    """Say which packages advisories will be asked about."""
    if advisories is not None:
        locked = (name for lock in tree.facts("lock") for name in lock["versions"])
        advisories.expect({*locked, *(fact["name"] for fact in tree.facts("requirement"))})


def _suppression(path: str, ignore: Ignore) -> Suppression:
    return Suppression(path, ignore["line"], tuple(ignore["rules"]), ignore["reason"], ignore["used"])


def sites(
    rule: str, kind: str, files: Iterable[FileReport], cache: BlobCache, advisories: Advisories | None = None
) -> list[Site]:
    """The good and unresolved sites of one rule in a finished scan, reopened from the cache.

    `advisories` are those that it is compared with now. Files whose answers are no longer cached are left out.
    """
    listed = list(files)
    known = cache.get_many({BlobKey(file.sha, file.path_class) for file in listed})
    wanted = {file.path: key for file in listed if (key := BlobKey(file.sha, file.path_class)) in known}
    looked = (Looked(path, PathClass.read(key.path_class), known[key]) for path, key in wanted.items())
    found = [site for file in looked for site in sites_of(file, rule)]
    chosen = [registry.rules()[rule]] if rule in registry.rules() else []
    tree = Standing(kind).take(wanted, known, (), advisories=advisories)
    _announce(tree, advisories)
    for ctx in join(chosen, tree).values():
        found += ctx.sites.values()
    return sorted(found, key=lambda site: (site.path, site.line))


def scan_files(files: Mapping[str, bytes], kind: str = "http-api", advisories: Advisories | None = None) -> Report:
    """Look at files in memory, in this process: for examples, tests and small trusted trees."""
    engine = Engine(registry.collectors())
    wanted: dict[str, BlobKey] = {}
    skipped: list[Skipped] = []
    answers: dict[BlobKey, BlobAnswer] = {}
    for path, raw in files.items():
        path_class = classify(path)
        if path_class is None:
            continue
        if path_class.name in UNSEEN:
            skipped.append(Skipped(path, path_class.name, UNSEEN[path_class.name]))
            continue
        key = BlobKey(blob_sha(raw), str(path_class))
        wanted[path] = key
        answers[key] = engine.answer(raw, path_class)
    return report("", wanted, skipped, answers, answers, Standing(kind), advisories=advisories)


def blob_sha(raw: bytes) -> str:
    """The name that git gives these bytes (SHA-1 by git's object format, not for secrecy)."""
    return hashlib.sha1(b"blob %d\0" % len(raw) + raw, usedforsecurity=False).hexdigest()
