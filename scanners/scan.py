"""A commit, or a handful of files, through the rules: list, answer from the cache or a child, join, count."""

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Protocol

from scanners import registry
from scanners.advisories import Advisories
from scanners.assemble import Looked, counts, excused, findings_of, ignores_of, join, problem_of, sites_of, tree_of
from scanners.engine import Engine
from scanners.finding import (
    BlobAnswer,
    BlobCache,
    BlobKey,
    FileReport,
    Finding,
    Progress,
    Report,
    Site,
    Skipped,
    Suppression,
)
from scanners.inventory import tables
from scanners.options import NAMES, Options, read_options
from scanners.parse import MAX_BYTES
from scanners.paths import PathClass, classify
from scanners.rule import Rule
from scanners.suppressions import Ignore
from scanners.tree import Tree

_CHUNK = 200  # Answers kept at a time: what a killed scan loses.
_UNSEEN = {
    "vendored": "Other people's code, kept here.",
    "stub": "A stub: types only, nothing that runs.",
    "generated": "Generated code.",
}
_MODES = {
    "120000": ("symlink", "A symbolic link; its target is never opened."),
    "160000": ("submodule", "Not fetched."),
}


class Entry(Protocol):
    """One entry of a tree, as `scanners.git.store` and `scanners.folder` list it."""

    @property
    def path(self) -> str:
        """Below the sub-path."""

    @property
    def sha(self) -> str:
        """The id of the blob."""

    @property
    def mode(self) -> str:
        """As git writes it: 100644, 120000 for a symbolic link, 160000 for a submodule."""

    @property
    def size(self) -> int | None:
        """In bytes; None for a blob that was left out of the fetch."""


class Children(Protocol):
    """Who answers for blobs: `scanners.pool.Pool`."""

    def answers(
        self, read: Callable[[str], bytes | None], wanted: Iterable[BlobKey], tick: Callable[[], None]
    ) -> Iterator[tuple[BlobKey, BlobAnswer]]:
        """One answer for each wanted blob, in any order."""


def sort_entries(entries: Iterable[Entry], options: Options) -> tuple[list[tuple[str, BlobKey]], list[Skipped]]:
    """What of a tree is looked at, as (path, key), and what of it is not, with the reason.

    Files that no rule and no fact wants are in neither.
    """
    wanted: list[tuple[str, BlobKey]] = []
    skipped: list[Skipped] = []
    for entry in entries:
        path_class = class_of(entry.path, options)
        if entry.mode in _MODES:
            skipped.append(Skipped(entry.path, *_MODES[entry.mode]))
        elif path_class is None:
            continue
        elif options.excludes(entry.path):
            skipped.append(Skipped(entry.path, "excluded", f"Excluded by {options.source}."))
        elif path_class.name in _UNSEEN:
            skipped.append(Skipped(entry.path, path_class.name, _UNSEEN[path_class.name]))
        elif entry.size is None or entry.size > MAX_BYTES:
            skipped.append(Skipped(entry.path, "too-large", f"Over the limit of {MAX_BYTES:,} bytes."))
        else:
            wanted.append((entry.path, BlobKey(entry.sha, str(path_class))))
    return wanted, skipped


def class_of(path: str, options: Options) -> PathClass | None:
    """The class of a path, by what the repository says of it or else by its name."""
    path_class, name = classify(path), options.class_of(path)
    return path_class.named(name) if path_class and name else path_class


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
) -> Report:
    """Look at one commit, made on `date`. `read` gives the bytes of a blob by its sha, None for one that is not there.
    `kind` is that of the repository (http-api, worker, cron, library); locked versions are compared with `advisories`.

    `progress` is called at least twice a second, so that a lease can be kept alive in it; what it raises ends the scan.
    """
    progress(Progress("list"))
    listed = list(entries)
    texts = {entry.path: partial(read, entry.sha) for entry in listed if entry.path in NAMES}
    wanted, skipped = sort_entries(listed, read_options(texts))
    keys = list(dict.fromkeys(key for _, key in wanted))
    known = cache.get_many(keys)
    cached = set(known)
    for key, answer in _fresh(keys, cached, read, children, cache, progress):
        known[key] = answer
    progress(Progress("match", len(keys), len(cached), len(known) - len(cached)))
    return report(commit, wanted, skipped, known, cached, kind, date, advisories)


def _fresh(
    keys: list[BlobKey],
    cached: set[BlobKey],
    read: Callable[[str], bytes | None],
    children: Children,
    cache: BlobCache,
    progress: Callable[[Progress], None],
) -> Iterator[tuple[BlobKey, BlobAnswer]]:
    """The answers that the cache does not have, kept in it as they come."""
    missing = [key for key in keys if key not in cached]
    waiting: dict[BlobKey, BlobAnswer] = {}
    done = 0

    def tick() -> None:
        progress(Progress("scan", len(keys), len(cached), done))

    tick()
    for key, answer in children.answers(read, missing, tick) if missing else ():
        yield key, answer
        done += 1
        waiting[key] = answer
        if len(waiting) >= _CHUNK:
            cache.put_many(_keepable(waiting))
            waiting = {}
    cache.put_many(_keepable(waiting))


def _keepable(answers: Mapping[BlobKey, BlobAnswer]) -> dict[BlobKey, BlobAnswer]:
    """Answers that the bytes alone explain: a child that was killed may fare better next time."""
    return {key: answer for key, answer in answers.items() if not (answer.get("problem") or {}).get("passing")}


def report(
    commit: str,
    wanted: list[tuple[str, BlobKey]],
    skipped: list[Skipped],
    answers: Mapping[BlobKey, BlobAnswer],
    cached: Iterable[BlobKey],
    kind: str,
    date: dt.date | None = None,
    advisories: Advisories | None = None,
) -> Report:
    """Put the answers together. Equal input gives an equal report."""
    rules = registry.rules()
    pairs, unseen = _looked(wanted, answers)
    cached, skipped = set(cached), [*skipped, *unseen]
    files = [_file(file, key, key in cached) for file, key in pairs]
    looked = [file for file, _ in pairs]
    tree = tree_of(kind, looked, date, skipped, advisories)
    _announce(tree, advisories)
    said = join(rules.values(), tree)
    ignores = {file.path: ignores_of(file) for file in looked if file.answer.get("suppressions")}
    found = [finding for file in looked for finding in findings_of(file)] + excused(said, ignores)
    findings = [_weighed(rules[finding.rule], finding, kind) for finding in found if _asked(rules, finding.rule, kind)]
    python = [file for file in files if file.path_class.startswith("python/")]
    lines = sum(file.lines for file in python)
    unread = sum(file.lines for file in python if file.problem)
    return Report(
        commit=commit,
        rule_set=registry.digest(),
        files=tuple(files),
        skipped=tuple(sorted(skipped, key=lambda skip: skip.path)),
        findings=tuple(sorted(findings, key=lambda finding: (finding.path, finding.line, finding.col, finding.rule))),
        counts=counts(rules, kind, looked, findings, said),
        suppressions=tuple(_suppression(path, ignore) for path, listed in ignores.items() for ignore in listed),
        facts=tree.plain_facts(),
        lines=lines,
        python_files=len(python),
        coverage=1 - unread / lines if lines else 1.0,
        inventory={name: [row.as_json() for row in rows] for name, rows in tables.take(tree).items()},
        advisories=advisories.stamp if advisories is not None else {},
    )


def _announce(tree: Tree, advisories: Advisories | None) -> None:
    """Say which packages advisories will be asked about."""
    if advisories is not None:
        locked = (name for lock in tree.facts("lock") for name in lock["versions"])
        advisories.expect({*locked, *(fact["name"] for fact in tree.facts("requirement"))})


def _file(file: Looked, key: BlobKey, known: bool) -> FileReport:
    problem, name = problem_of(file.answer), file.answer.get("class", file.path_class.name)
    return FileReport(file.path, key.sha, key.path_class, file.answer["lines"], known, problem, name)


def _looked(
    wanted: list[tuple[str, BlobKey]], answers: Mapping[BlobKey, BlobAnswer]
) -> tuple[list[tuple[Looked, BlobKey]], list[Skipped]]:
    """The files with their answers in order of path, and those whose content turned out to be nobody's business."""
    pairs, unseen = [], []
    for path, key in sorted(wanted):
        answer = answers[key]
        name = answer.get("class", "")
        if name in _UNSEEN:
            unseen.append(Skipped(path, name, _UNSEEN[name]))
        else:
            pairs.append((Looked(path, PathClass.read(key.path_class), answer), key))
    return pairs, unseen


def _suppression(path: str, ignore: Ignore) -> Suppression:
    return Suppression(path, ignore["line"], tuple(ignore["rules"]), ignore["reason"], ignore["used"])


def _asked(rules: Mapping[str, Rule], rule: str, kind: str) -> bool:
    return rule in rules and kind in rules[rule].kinds


def _weighed(rule: Rule, finding: Finding, kind: str) -> Finding:
    return replace(finding, severity=finding.severity.lowered) if kind in rule.lighter else finding


def sites(
    rule: str, kind: str, files: Iterable[FileReport], cache: BlobCache, advisories: Advisories | None = None
) -> list[Site]:
    """The good and unresolved sites of one rule in a finished scan, reopened from the cache.

    `advisories` are those that it is compared with now. Files whose answers are no longer cached are left out.
    """
    listed = list(files)
    known = cache.get_many({BlobKey(file.sha, file.path_class) for file in listed})
    looked = [
        Looked(file.path, PathClass.read(file.path_class), known[key])
        for file in listed
        if (key := BlobKey(file.sha, file.path_class)) in known
    ]
    found = [site for file in looked for site in sites_of(file, rule)]
    chosen = [registry.rules()[rule]] if rule in registry.rules() else []
    tree = tree_of(kind, looked, advisories=advisories)
    _announce(tree, advisories)
    for ctx in join(chosen, tree).values():
        found += ctx.sites.values()
    return sorted(found, key=lambda site: (site.path, site.line))


def scan_files(files: Mapping[str, bytes], kind: str = "http-api", advisories: Advisories | None = None) -> Report:
    """Look at files in memory, in this process: for examples, tests and small trusted trees."""
    engine = Engine(registry.collectors())
    wanted: list[tuple[str, BlobKey]] = []
    skipped: list[Skipped] = []
    answers: dict[BlobKey, BlobAnswer] = {}
    for path, raw in files.items():
        path_class = classify(path)
        if path_class is None:
            continue
        if path_class.name in _UNSEEN:
            skipped.append(Skipped(path, path_class.name, _UNSEEN[path_class.name]))
            continue
        key = BlobKey(blob_sha(raw), str(path_class))
        wanted.append((path, key))
        answers[key] = engine.answer(raw, path_class)
    return report("", wanted, skipped, answers, (), kind, advisories=advisories)


def blob_sha(raw: bytes) -> str:
    """The name that git gives these bytes (SHA-1 by git's object format, not for secrecy)."""
    return hashlib.sha1(b"blob %d\0" % len(raw) + raw, usedforsecurity=False).hexdigest()
