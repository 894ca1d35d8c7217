"""
What stands of a repository from its last scan, so that the next one puts together only what changed.

    standing = Standing("http-api")
    missing = standing.missing(wanted)            # keys of files that are not as they were
    tree = standing.take(wanted, answers, skipped, date, advisories)
    standing.files, standing.totals               # of the whole commit, as a first scan would have them

Files that are as they were keep their parts. What rules and tables join of facts holds until a fact changes that they
read: `scanners.reads`. So there is one way to a report, and the first scan is the one for which everything is new.
"""

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from operator import attrgetter
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from scanners.advisories import Advisories
from scanners.assemble import Looked, Part, part_of
from scanners.finding import BlobAnswer, BlobKey, FileReport, Finding, Skipped
from scanners.git.folders import Folder
from scanners.options import NAMES, Options, read_options
from scanners.paths import PathClass, classify
from scanners.reads import ADVISORIES, ALL, DATE, FILES, LEFT_OUT, WITHIN, Reads, touches
from scanners.totals import Totals
from scanners.tree import Fact, Made, Tree
from scanners.wanted import Entry, sort_entry

_FILE_BYTES, _FACT_BYTES, _FINDING_BYTES = 2_000, 700, 1_500
_NOTHING: Mapping[str, Any] = {}


class _SortedOut(NamedTuple):
    """What is looked at and what is not, by folder, and the number of all entries."""

    wanted: list[dict[str, BlobKey]]
    skipped: list[list[Skipped]]
    entries: int


_PATH = attrgetter("path")
_FEW = 50  # Files whose facts are put into their place in a list, rather than all of it made anew.


class Standing:
    """The parts of all files of a tree, and what was joined of them. For one thread, one rule set, one kind."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.folder: Folder | None = None
        """What was listed, for whoever lists the next tree."""
        self._empty()

    def _empty(self) -> None:
        self._reads = Reads()
        self._parts: dict[str, Part] = {}
        self._order: list[str] = []
        self._classes: dict[str, PathClass] = {}
        self._facts: dict[str, dict[str, Sequence[Fact]]] = {}
        self._listed: dict[str, list[Fact]] = {}
        self._plain: dict[str, tuple[Mapping[str, Any], ...]] = {}
        self.totals = Totals()
        self._made: Mapping[str, Made] = {}
        self._left_out: dict[str, PathClass] = {}
        self._date: dt.date | None = None
        self._advised = False
        self._options = Options()
        self._sorted: WeakKeyDictionary[Folder, _SortedOut] = WeakKeyDictionary()
        self._entries = 0
        self._keys: dict[str, BlobKey] = {}
        self._told: dict[str, str] | None = None
        self._says = Options()
        self._renewed: set[str] = set()
        self._moved: dict[str, set[str]] = {}
        self._whole = True

    def sort(self, entries: Iterable[Entry], options: Options) -> tuple[dict[str, BlobKey], list[Skipped]]:
        """As `scanners.wanted.sort_entry`; of entries that are as they were nothing is asked again."""
        if options != self._options:
            self._options, self._sorted = options, WeakKeyDictionary()
        found = self._below(entries) if isinstance(entries, Folder) else _sorted_out(entries, options)
        self._entries = found.entries
        wanted: dict[str, BlobKey] = {}
        for keys in found.wanted:
            wanted.update(keys)
        return wanted, [skip for skips in found.skipped for skip in skips]

    def _below(self, root: Folder) -> _SortedOut:
        """The entries below a folder, of which only those are sorted out that no folder of before holds."""
        known, waiting, new = self._sorted, [root], []
        while waiting:
            folder = waiting.pop()
            if folder not in known:
                new.append(folder)
                waiting += folder.folders.values()
        for folder in reversed(new):  # What is below stands after it.
            parts = [
                _sorted_out(folder.files.values(), self._options),
                *map(known.__getitem__, folder.folders.values()),
            ]
            wanted = [keys for part in parts for keys in part.wanted]
            skipped = [skips for part in parts for skips in part.skipped]
            known[folder] = _SortedOut(wanted, skipped, sum(part.entries for part in parts))
        return known[root]

    def options(self, entries: Iterable[Entry], read: Callable[[str], bytes | None]) -> Options:
        """What the repository says of its files, read again when a file changed that says it."""
        first = entries.files.values() if isinstance(entries, Folder) else entries
        told = {entry.path: entry.sha for entry in first if entry.path in NAMES}
        if told != self._told:
            self._told, self._says = told, read_options({path: partial(read, sha) for path, sha in told.items()})
        return self._says

    def missing(self, wanted: Mapping[str, BlobKey]) -> list[BlobKey]:
        """The keys of the files that are not as they were, each once: `take` needs their answers."""
        if not self._whole:
            self._empty()
        return list(dict.fromkeys(key for _, key in self._other(wanted)))

    def _other(self, wanted: Mapping[str, BlobKey]) -> list[tuple[str, BlobKey]]:
        """The files that are not as they were."""
        known = self._keys
        other = [(path, key) for path, key in wanted.items() if known.get(path) is not key]
        return [(path, key) for path, key in other if known.get(path) != key]

    def take(
        self,
        wanted: Mapping[str, BlobKey],
        answers: Mapping[BlobKey, BlobAnswer],
        skipped: Iterable[Skipped],
        date: dt.date | None = None,
        advisories: Advisories | None = None,
        tick: Callable[[], None] = lambda: None,
    ) -> Tree:
        """The commit of these files, as rules see it. `answers` has those that are `missing`; `tick` goes with each."""
        self._whole = False
        changed: dict[str, set[str]] = {}
        other = self._other(wanted)
        for path in self._parts.keys() - wanted.keys():
            self._put(path, None, changed)
        for path, key in other:
            file = Looked(path, PathClass.read(key.path_class), answers[key])
            self._put(path, part_of(file, key, self.kind, self._reads), changed)
            tick()
        self._renewed = {path for path, _ in other}
        self._surroundings(skipped, date, advisories, changed)
        for kind, paths in self._moved.items():
            self._list(kind, paths)
        self._moved = {}
        self._order = sorted(self._classes) if FILES in changed else self._order
        held = {name: made for name, made in self._made.items() if made.lasts and not touches(made.read, changed)}
        self._reads.clear()
        return Tree(
            self.kind,
            self._classes,
            self._listed,
            date=date,
            too_large=self._left_out,
            advisories=advisories,
            reads=self._reads,
            made=held,
            within=self._within,
        )

    def keep(self, tree: Tree) -> None:
        """Remember what was joined of the tree that `take` gave. Without this, the next scan begins anew."""
        self._made = {name: made for name, made in tree.made.items() if made.lasts}
        self._whole = True

    @property
    def size(self) -> int:
        """About how many bytes it holds, as measured on Django (20 MB for 3,200 files)."""
        facts = sum(map(len, self._listed.values()))
        found = sum(map(len, self.totals.findings.values()))
        return _FILE_BYTES * max(self._entries, len(self._parts)) + _FACT_BYTES * facts + _FINDING_BYTES * found

    def files(self, fresh: Container[BlobKey]) -> list[FileReport]:
        """The files that were looked at, in order of path; those taken now of a `fresh` key as not from the cache."""
        new = {path for path in self._renewed if self._parts[path].key in fresh}
        files = [self._parts[path].file for path in self._order]
        return [replace(file, cached=False) if file.path in new else file for file in files] if new else files

    @property
    def findings(self) -> list[Finding]:
        """Those of single files, in order of path."""
        found = self.totals.findings
        return [finding for path in sorted(found) for finding in found[path]]

    @property
    def facts(self) -> dict[str, tuple[Mapping[str, Any], ...]]:
        """All facts by kind as plain JSON values, each with its file; a route has a path of its own."""
        return dict(sorted(self._plain.items()))

    def _within(self, path: str) -> Iterator[Fact]:
        return (
            (fact for facts in self._parts[path].facts.values() for fact in facts) if path in self._parts else iter(())
        )

    def _put(self, path: str, new: Part | None, changed: dict[str, set[str]]) -> None:
        """Put a part in the place of what the path had, or take that out; what differs in facts goes to `changed`."""
        old = self._parts.pop(path, None)
        changed[f"{WITHIN} {path}"] = {ALL}
        self.totals.put(path, old, new)
        was, now = self._classes.get(path), new.path_class if new and not new.unseen else None
        if was != now:
            for path_class in filter(None, (was, now)):
                changed[FILES] = changed[f"{FILES} {path_class.kind}"] = {ALL}
            self._classes.pop(path, None)
        if now:
            self._classes[path] = now
        before, after = old.facts if old else _NOTHING, dict(new.facts) if new else {}
        for kind in before.keys() | after.keys():
            differing = {ALL} if was != now else _differing(before.get(kind, ()), after.get(kind, ()))
            if differing:
                changed.setdefault(kind, set()).update(differing)
                self._place(kind, path, after.get(kind, ()))
            else:
                after[kind] = before[kind]
        self._keys.pop(path, None)
        if new:
            self._parts[path] = replace(new, facts=after)
            if not new.passing:
                self._keys[path] = new.key

    def _place(self, kind: str, path: str, facts: Sequence[Fact]) -> None:
        self._moved.setdefault(kind, set()).add(path)
        if facts:
            self._facts.setdefault(kind, {})[path] = facts
        else:
            self._facts.get(kind, {}).pop(path, None)

    def _list(self, kind: str, paths: Collection[str]) -> None:
        """Put the facts of a kind in order again; those of `paths` differ."""
        by_path = self._facts.get(kind)
        if not by_path:
            for held in (self._facts, self._listed, self._plain):
                held.pop(kind, None)
            return
        if kind in self._listed and len(paths) <= _FEW:
            listed, plain = self._listed[kind], list(self._plain[kind])
            for path in paths:
                start, end = bisect_left(listed, path, key=_PATH), bisect_right(listed, path, key=_PATH)
                listed[start:end] = facts = by_path.get(path, ())
                plain[start:end] = [fact.plain for fact in facts]
        else:
            listed = self._listed[kind] = [fact for path in sorted(by_path) for fact in by_path[path]]
            plain = [fact.plain for fact in listed]
        self._plain[kind] = tuple(plain)

    def _surroundings(
        self,
        skipped: Iterable[Skipped],
        date: dt.date | None,
        advisories: Advisories | None,
        changed: dict[str, set[str]],
    ) -> None:
        """What a commit tells beside its facts. Advisories are asked each time: they note who asked for what."""
        named = ((skip.path, classify(skip.path)) for skip in skipped if skip.code == "too-large")
        left_out = {path: path_class for path, path_class in named if path_class}
        if left_out != self._left_out:
            changed[LEFT_OUT] = {ALL}
        if date != self._date:
            changed[DATE] = {ALL}
        if advisories is not None or self._advised:
            changed[ADVISORIES] = {ALL}
        self._left_out, self._date, self._advised = left_out, date, advisories is not None


def _sorted_out(entries: Iterable[Entry], options: Options) -> _SortedOut:
    wanted: dict[str, BlobKey] = {}
    skipped, number = [], 0
    for entry in entries:
        found = sort_entry(entry, options)
        number += 1
        if isinstance(found, Skipped):
            skipped.append(found)
        elif found is not None:
            wanted[entry.path] = found
    return _SortedOut([wanted] if wanted else [], [skipped] if skipped else [], number)


def _differing(before: Sequence[Fact], after: Sequence[Fact]) -> set[str]:
    """The fields that differ between the facts of a file then and now; ALL when there are more or fewer of them."""
    if len(before) != len(after):
        return {ALL}
    pairs = [(old.plain, new.plain) for old, new in zip(before, after, strict=True)]
    return {
        name
        for old, new in pairs
        if old != new
        for name in old.keys() | new.keys()
        if name not in old or name not in new or old[name] != new[name]
    }
