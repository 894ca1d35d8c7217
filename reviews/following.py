"""Findings from scan to scan: what a report says about those known on the branch, written down with its history."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count, islice
from typing import Any

from reviews import matching, trees
from reviews.advisories import age
from reviews.matching import Ground, Matched, Pair, Seen
from reviews.models import Finding, FindingEvent, Introduction, Scan, ScanTree, WaivedFinding
from reviews.renaming import renames, unchanged
from scanners import finding as engine
from scanners import registry
from scanners.finding import Report

_BATCH = 500
_PLACE = ("rule", "path", "qualname", "anchor", "ordinal", "line", "line_hash")
_SHOWN = ("end_line", "message", "severity", "confidence")
_WRITTEN = ("identity", *_PLACE[1:], *_SHOWN, "area", "snippet", "state", "last_scan", "closed_at")
_UNSTORABLE = dict.fromkeys((0, *range(0xD800, 0xE000)), "\N{REPLACEMENT CHARACTER}")


@dataclass(frozen=True, slots=True)
class _Known:
    seen: Seen
    open: bool
    first_scan: int | None
    first_seen_at: datetime
    shown: tuple[Any, ...]


def seen_in(report: Report) -> list[Seen]:
    """The findings of a report as they are followed, in their order, each with an identity of its own."""
    return _told_apart(_seen(index, finding) for index, finding in enumerate(report.findings))


def follow(scan: Scan, report: Report, now: Sequence[Seen], *, previous: Scan | None, at: datetime) -> None:
    """Bring the findings of the scan's repository up to date with `report`, seen as `now` by `seen_in`.

    `previous` is the scan that they stand at. A finding that is neither new nor changed is not written.
    """
    before = _Before.of(previous)
    known = {entry.seen.key: entry for entry in _known(scan.repository_id)}
    open_ = [entry.seen for entry in known.values() if entry.open]
    moves = renames(before.shas, report, open_, now)
    seen = ground(report, scan.repository.kind, rules_changed=before.rule_set not in ("", report.rule_set))
    same = unchanged(before.shas, report, moves)
    matched = matching.match(
        open_,
        now,
        replace(seen, withdrawn=before.withdrawn(open_, report), same=same),
        past=[entry.seen for entry in known.values() if not entry.open],
        renames=moves,
    )
    _Writer(scan, previous, report, at, known, same).write(matched, before.changed(report))


@dataclass(frozen=True, slots=True)
class _Before:
    """The files at the previous scan, by path, its rule set, and the digest of its advisories."""

    rule_set: str
    shas: dict[str, str]
    advisories: str = ""

    @classmethod
    def of(cls, previous: Scan | None) -> "_Before":
        tree = ScanTree.objects.filter(scan=previous).first() if previous else None
        if previous is None or tree is None:
            return cls("", {})
        shas = {path: sha for path, sha, *_ in trees.unpack(tree.files)["files"]}
        return cls(previous.rule_set, shas, previous.advisories)

    def changed(self, report: Report) -> set[str]:
        """The paths whose findings may read differently now."""
        same = report.rule_set == self.rule_set
        told = {found.path for found in report.findings if found.rule == age.RULE} if self._news(report) else set()
        return told | {file.path for file in report.files if not same or self.shas.get(file.path) != file.sha}

    def withdrawn(self, known: Iterable[Seen], report: Report) -> frozenset[tuple[str, str]]:
        """Where a finding can only be gone because the advisories say otherwise: the file is what it was."""
        same = (
            {file.path for file in report.files if self.shas.get(file.path) == file.sha} if self._news(report) else ()
        )
        return frozenset((seen.path, seen.rule) for seen in known if seen.rule == age.RULE and seen.path in same)

    def _news(self, report: Report) -> bool:
        return self.advisories != report.advisories.get("digest", "")


def _known(repository: int) -> Iterator[_Known]:
    fields = ("pk", "state", "first_scan", "first_seen_at", *_PLACE, *_SHOWN)
    for pk, state, scan, seen_at, *rest in Finding.objects.filter(repository=repository).values_list(*fields):
        place, shown = dict(zip(_PLACE, rest, strict=False)), tuple(rest[len(_PLACE) :])
        yield _Known(Seen(**place, key=pk), state == Finding.State.OPEN, scan, seen_at, shown)


def _seen(index: int, found: engine.Finding) -> Seen:
    place = (found.rule, storable(found.path), storable(found.qualname), found.anchor)
    return Seen(*place, found.ordinal, found.line, found.line_hash, key=index)


def _told_apart(found: Iterable[Seen]) -> list[Seen]:
    """Equal findings with ordinals of their own. The engine counts within a file; rules that join files cannot."""
    taken: set[tuple[str, str, str, str, int]] = set()
    apart = []
    for seen in found:
        site = (seen.rule, seen.path, seen.qualname, seen.anchor)
        free = next(number for number in count(seen.ordinal) if (*site, number) not in taken)
        taken.add((*site, free))
        apart.append(seen if free == seen.ordinal else replace(seen, ordinal=free))
    return apart


def ground(report: Report, kind: str, *, rules_changed: bool = False) -> Ground:
    """What a scan could see. `rules_changed`: the findings to compare with were made by another rule set."""
    rules = frozenset(rule.id for rule in registry.rules().values() if kind in rule.kinds)
    return Ground(
        read=frozenset(file.path for file in report.files if not file.problem),
        unread=frozenset(file.path for file in report.files if file.problem),
        left_out=frozenset(skip.path for skip in report.skipped),
        rules=rules,
        # A rule set says only that something in it changed, so no rule of it can prove an improvement.
        changed_rules=rules if rules_changed else frozenset(),
        suppressed=frozenset((found.path, rule) for found in report.suppressions if found.used for rule in found.rules),
    )


class _Writer:
    """Writes what a match says, in as few statements as it takes."""

    def __init__(
        self,
        scan: Scan,
        previous: Scan | None,
        report: Report,
        at: datetime,
        known: dict[int | str, _Known],
        same: Collection[str],
    ) -> None:
        self._scan = scan
        self._previous = previous
        self._same = same
        self._found = report.findings
        self._at = at
        self._known = known
        self._events: list[FindingEvent] = []

    def write(self, matched: Matched, changed: Collection[str]) -> None:
        """Findings first, then the events that name them."""
        self._close([(seen, "") for seen in matched.fixed], Finding.State.FIXED)
        self._close([(gone.known, gone.why) for gone in matched.gone], Finding.State.GONE)
        self._save([pair for pair in matched.pairs if self._differs(pair, changed)], matched.reopened)
        self._open(matched.new)
        FindingEvent.objects.bulk_create(self._events, batch_size=_BATCH)

    def _close(self, missing: Sequence[tuple[Seen, str]], state: Finding.State) -> None:
        for keys in _batches(seen.key for seen, _ in missing):
            Finding.objects.filter(pk__in=keys).update(state=state, closed_at=self._at, last_scan=self._previous)
        self._events += [self._event(seen.key, state.value, why) for seen, why in missing]

    def _save(self, pairs: Sequence[Pair], reopened: Sequence[Pair]) -> None:
        rows = [self._row(pair.now, self._known[pair.known.key]) for pair in (*pairs, *reopened)]
        Finding.objects.bulk_create(
            rows, batch_size=_BATCH, update_conflicts=True, unique_fields=["id"], update_fields=list(_WRITTEN)
        )
        went = [pair for pair in pairs if pair.moved and not self._is_renamed_alone(pair)]
        moved = [self._event(pair.known.key, FindingEvent.Kind.MOVED, _move(pair)) for pair in went]
        self._carry_decisions(pairs)
        # A newer commit wrote what is back.
        Introduction.objects.filter(finding__in=[int(pair.known.key) for pair in reopened]).delete()
        self._events += moved + [self._event(pair.known.key, FindingEvent.Kind.REOPENED) for pair in reopened]

    def _is_renamed_alone(self, pair: Pair) -> bool:
        """Whether nothing happened to the code: another engine calls the same place something else."""
        return pair.now.path == pair.known.path and pair.now.path in self._same

    def _carry_decisions(self, pairs: Sequence[Pair]) -> None:
        """What people decided about code that is byte for byte what it was holds, whatever its anchor is called now."""
        for pair in pairs:
            if pair.changed and pair.now.path in self._same:
                held = WaivedFinding.objects.filter(finding=int(pair.known.key), anchor=pair.known.anchor)
                held.update(anchor=pair.now.anchor)

    def _open(self, seen: Sequence[Seen]) -> None:
        rows = Finding.objects.bulk_create([self._row(one) for one in seen], batch_size=_BATCH)
        self._events += [self._event(row.pk, FindingEvent.Kind.OPENED) for row in rows]

    def _differs(self, pair: Pair, changed: Collection[str]) -> bool:
        found = self._found[int(pair.now.key)]
        shown = (found.end_line, storable(found.message), found.severity.value, found.confidence.value)
        same = pair.known.line == pair.now.line and self._known[pair.known.key].shown == shown
        return pair.moved or not same or found.path in changed

    def _row(self, seen: Seen, known: _Known | None = None) -> Finding:
        found = self._found[int(seen.key)]
        return Finding(
            pk=known.seen.key if known else None,
            repository_id=self._scan.repository_id,
            identity=seen.identity,
            area=registry.rules()[seen.rule].area,
            severity=found.severity.value,
            confidence=found.confidence.value,
            end_line=found.end_line,
            message=storable(found.message),
            snippet=[[line, storable(text), marked] for line, text, marked in found.snippet],
            first_scan_id=known.first_scan if known else self._scan.pk,
            first_seen_at=known.first_seen_at if known else self._at,
            last_scan=self._scan,
            **{field: getattr(seen, field) for field in _PLACE},
        )

    def _event(self, finding: int | str, kind: str, detail: str = "") -> FindingEvent:
        return FindingEvent(finding_id=finding, scan=self._scan, kind=kind, detail=detail)


def _move(pair: Pair) -> str:
    return f"from {pair.known.path}:{pair.known.line} to {pair.now.path}:{pair.now.line}"


def storable(text: str) -> str:
    """The text as PostgreSQL can keep it: without NUL and without halves of characters."""
    return text.translate(_UNSTORABLE)


def _batches(values: Iterable[Any]) -> Iterator[list[Any]]:
    left = iter(values)
    return iter(lambda: list(islice(left, _BATCH)), [])
