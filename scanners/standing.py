"""
What stands of a repository from its last scan, so that the next one puts together only what changed.

    standing = Standing("http-api")
    missing = standing.missing(wanted)            # keys of files that are not as they were
    found = standing.take(wanted, answers, skipped, date, advisories)
    found.tree, found.findings, found.good        # of the whole commit, as a first scan would have them

Files that are as they were keep their parts. What rules and tables join of facts holds until a fact changes that they
read: `scanners.reads`. So there is one way to a report, and the first scan is the one for which everything is new.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from scanners.advisories import Advisories
from scanners.assemble import Looked, Part, part_of
from scanners.finding import BlobAnswer, BlobKey, Finding, Skipped
from scanners.git.folders import Folder
from scanners.options import Options
from scanners.paths import PathClass, classify
from scanners.reads import ADVISORIES, ALL, DATE, FILES, LEFT_OUT, WITHIN, Reads, touches
from scanners.tree import Fact, Made, Tree
from scanners.wanted import Entry, sort_entry

_FILE_BYTES, _FACT_BYTES, _FINDING_BYTES = 2_000, 700, 1_500
_NOTHING: Mapping[str, Any] = {}


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
        self._good: Counter[str] = Counter()
        self._unresolved: Counter[str] = Counter()
        self._made: Mapping[str, Made] = {}
        self._left_out: dict[str, PathClass] = {}
        self._date: dt.date | None = None
        self._advised = False
        self._options = Options()
        self._sorted: dict[Entry, BlobKey | Skipped | None] = {}
        self._whole = True

    def sort(self, entries: Iterable[Entry], options: Options) -> tuple[dict[str, BlobKey], list[Skipped]]:
        """As `scanners.wanted.sort_entry`; of entries that are as they were nothing is asked again."""
        known = self._sorted if options == self._options else {}
        self._options, self._sorted = options, {}
        wanted: dict[str, BlobKey] = {}
        skipped = []
        for entry in entries:
            found = self._sorted[entry] = known[entry] if entry in known else sort_entry(entry, options)
            if isinstance(found, Skipped):
                skipped.append(found)
            elif found is not None:
                wanted[entry.path] = found
        return wanted, skipped

    def missing(self, wanted: Mapping[str, BlobKey]) -> list[BlobKey]:
        """The keys of the files that are not as they were, each once: `take` needs their answers."""
        if not self._whole:
            self._empty()
        parts = self._parts
        changed = (
            key for path, key in wanted.items() if path not in parts or parts[path].key != key or parts[path].passing
        )
        return list(dict.fromkeys(changed))

    def take(
        self,
        wanted: Mapping[str, BlobKey],
        answers: Mapping[BlobKey, BlobAnswer],
        skipped: Iterable[Skipped],
        date: dt.date | None = None,
        advisories: Advisories | None = None,
    ) -> Tree:
        """The commit of these files, as rules see it. `answers` has at least those that are `missing`."""
        self._whole = False
        changed: dict[str, set[str]] = {}
        for path in [path for path in self._parts if path not in wanted]:
            self._put(path, None, changed)
        for path, key in wanted.items():
            known = self._parts.get(path)
            if known is None or known.key != key or known.passing:
                file = Looked(path, PathClass.read(key.path_class), answers[key])
                self._put(path, part_of(file, key, self.kind, self._reads), changed)
        self._surroundings(skipped, date, advisories, changed)
        for kind in changed.keys() & self._facts.keys():
            self._list(kind)
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
        found = sum(len(part.findings) for part in self._parts.values())
        return _FILE_BYTES * len(self._sorted or self._parts) + _FACT_BYTES * facts + _FINDING_BYTES * found

    @property
    def parts(self) -> Iterator[Part]:
        """The files that were looked at, in order of path."""
        return map(self._parts.__getitem__, self._order)

    @property
    def unseen(self) -> list[Skipped]:
        """The files whose content turned out to be nobody's business."""
        return [part.unseen for part in self._parts.values() if part.unseen]

    @property
    def findings(self) -> list[Finding]:
        """Those of single files, in order of path."""
        return [finding for part in self.parts for finding in part.findings]

    @property
    def good(self) -> Mapping[str, int]:
        """How many good sites each rule has in single files."""
        return self._good

    @property
    def unresolved(self) -> Mapping[str, int]:
        """Likewise those that cannot be told."""
        return self._unresolved

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
        self._count(old, -1)
        self._count(new, 1)
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
        if new:
            self._parts[path] = replace(new, facts=after)

    def _count(self, part: Part | None, sign: int) -> None:
        if part:
            for total, counted in ((self._good, part.good), (self._unresolved, part.unresolved)):
                for rule, number in counted.items():
                    total[rule] += sign * number

    def _place(self, kind: str, path: str, facts: Sequence[Fact]) -> None:
        if facts:
            self._facts.setdefault(kind, {})[path] = facts
        else:
            self._facts.get(kind, {}).pop(path, None)

    def _list(self, kind: str) -> None:
        """Put the facts of a kind in order again."""
        by_path = self._facts[kind]
        self._listed[kind] = [fact for path in sorted(by_path) for fact in by_path[path]]
        self._plain[kind] = tuple(fact.plain for fact in self._listed[kind])
        if not by_path:
            del self._facts[kind], self._listed[kind], self._plain[kind]

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
