"""
Findings now against the findings known on the branch. Pure, linear in the number of findings.

    result = match(known, now, ground, past=past, renames={"old.py": "new.py"})
    result.pairs        # the same finding then and now; pair.moved says whether anything of its place changed
    result.new          # first seen now
    result.reopened     # was fixed or gone, and is back at the same identity
    result.fixed        # the code is better: its file was read, or is no longer there
    result.gone         # no improvement, with the reason: the rule left or changed, the file is excluded, ...
    result.kept         # could not be looked for, because its file could not be read: stays as it was

`known` are the findings that the last scan left standing (open, waived, false positive), `past` those it did not.

Findings are paired in stages, and a stage pairs only what is alone with its key on both sides; what is ambiguous waits
for the next stage and in the end stays unmatched. The stages, each within one rule:

    1  identity: path, qualified name, anchor, ordinal              nothing changed but lines
    2  path and line of a file whose bytes are the same             the engine sees it with other eyes
    3  the identity, at the new path of a renamed file
    4  path, qualified name, anchor, in the order of lines          only when as many are left on both sides
    5  path, anchor, ordinal; then path, anchor                     the function was renamed, or its code moved
    6  path, qualified name, line hash; then path, line hash        the syntax around it changed, its line did not
    7  path, qualified name, line                                   it was edited where it stands
    8  qualified name, anchor, ordinal; then without the ordinal    it moved to another file; not for module level
    9  path, and the line to which what stands before it moved      it was edited, and so were lines above it

Of several equal sites in one function the identity tells the first from the second only by order: when one of them is
fixed it is the last that counts as fixed. Past findings are paired in stage 1 only.

With identities that are unique on each side, a pair of stage 2 or later has an identity now that no known or past
finding holds, so the new places can be written in any order without two findings ever sharing an identity.
"""

import hashlib
import math
from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Seen:
    """One finding at its place. `key` is the caller's own, such as a primary key, and has no part in matching."""

    rule: str
    path: str
    qualname: str
    anchor: str
    ordinal: int
    line: int
    line_hash: str
    key: int | str = ""

    @property
    def identity(self) -> str:
        """The sha256, in hex, of everything that stays when lines shift."""
        parts = (self.rule, self.path, self.qualname, self.anchor, str(self.ordinal))
        return hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Pair:
    """The same finding then and now."""

    known: Seen
    now: Seen

    @property
    def moved(self) -> bool:
        """Whether path, enclosing name or syntax changed; a shift of lines alone is no move."""
        return _identity(self.known) != _identity(self.now)

    @property
    def changed(self) -> bool:
        """Whether the syntax at fault changed: what people decided about it has to be looked at again."""
        return self.known.anchor != self.now.anchor


@dataclass(frozen=True, slots=True)
class Gone:
    """A known finding that is no longer reported although nobody fixed it, and why, as a sentence."""

    known: Seen
    why: str


@dataclass(frozen=True, slots=True)
class Ground:
    """What the scan could see. A path in none of the sets is no longer in the tree.

    `read` are the files that were read, `unread` those that could not be, `left_out` those excluded or skipped. `rules`
    are the rules that ran, `changed_rules` those of them that differ from the last scan, `suppressed` the (path, rule)
    that a comment in the code excuses somewhere in the file, `withdrawn` those where only what others publish changed.
    `same` are the files whose bytes are those of the last scan, by the path that they have now.
    """

    read: frozenset[str]
    rules: frozenset[str]
    unread: frozenset[str] = frozenset()
    left_out: frozenset[str] = frozenset()
    changed_rules: frozenset[str] = frozenset()
    suppressed: frozenset[tuple[str, str]] = frozenset()
    withdrawn: frozenset[tuple[str, str]] = frozenset()
    same: frozenset[str] = frozenset()

    def __contains__(self, path: str) -> bool:
        """Whether the tree has that path."""
        return path in self.read or path in self.unread or path in self.left_out


@dataclass(frozen=True, slots=True)
class Matched:
    """The answer of `match`, each part in the order of path, line and rule."""

    pairs: tuple[Pair, ...]
    new: tuple[Seen, ...]
    reopened: tuple[Pair, ...]
    fixed: tuple[Seen, ...]
    gone: tuple[Gone, ...]
    kept: tuple[Seen, ...]


Key = Callable[[Seen], Hashable]


def _identity(seen: Seen) -> Hashable:
    return seen.rule, seen.path, seen.qualname, seen.anchor, seen.ordinal


STAGES: tuple[tuple[Key, float], ...] = (
    (_identity, 1),
    (lambda seen: (seen.rule, seen.path, seen.qualname, seen.anchor), math.inf),
    (lambda seen: (seen.rule, seen.path, seen.anchor, seen.ordinal), 1),
    (lambda seen: (seen.rule, seen.path, seen.anchor), 1),
    (lambda seen: (seen.rule, seen.path, seen.qualname, seen.line_hash), 1),
    (lambda seen: (seen.rule, seen.path, seen.line_hash), 1),
    (lambda seen: (seen.rule, seen.path, seen.qualname, seen.line), 1),
    (lambda seen: (seen.rule, seen.qualname, seen.anchor, seen.ordinal) if seen.qualname else None, 1),
    (lambda seen: (seen.rule, seen.qualname, seen.anchor) if seen.qualname else None, 1),
)
"""Stage 2 and later: the key, and how many findings may share one and still be told apart by their order."""


def match(
    known: Iterable[Seen],
    now: Iterable[Seen],
    ground: Ground,
    *,
    past: Iterable[Seen] = (),
    renames: Mapping[str, str] | None = None,
) -> Matched:
    """Pair the findings `now` with those `known`; `renames` maps the old path of a renamed file to its new one."""
    moves = {old: new for old, new in (renames or {}).items() if old not in ground}
    pairs, left, new = _paired(list(known), list(now), _identity, {}, 1)
    reopened, _, new = _paired(list(past), new, _identity, {}, 1)
    hidden = [seen for seen in left if _hidden(seen, ground, moves)]
    left = [seen for seen in left if not _hidden(seen, ground, moves)]
    for key, most in ((_in_place(ground), math.inf), *STAGES):
        more, left, new = _paired(left, new, key, moves, most)
        pairs += more
    more, left, new = _shifted(pairs, left, new, moves)
    pairs += more
    missing = [(seen, _why_gone(seen, ground, moves)) for seen in sorted(hidden + left, key=_order)]
    return Matched(
        pairs=tuple(sorted(pairs, key=lambda pair: _order(pair.now))),
        new=tuple(sorted(new, key=_order)),
        reopened=tuple(sorted(reopened, key=lambda pair: _order(pair.now))),
        fixed=tuple(seen for seen, why in missing if not why and not _unread(seen, ground, moves)),
        gone=tuple(Gone(seen, why) for seen, why in missing if why),
        kept=tuple(seen for seen, why in missing if not why and _unread(seen, ground, moves)),
    )


def _in_place(ground: Ground) -> Key:
    return lambda seen: (seen.rule, seen.path, seen.line) if seen.path in ground.same else None


def _shifted(
    pairs: Iterable[Pair], left: list[Seen], right: list[Seen], moves: Mapping[str, str]
) -> tuple[list[Pair], list[Seen], list[Seen]]:
    """The pairs at lines that moved as far as what was known again right before them, or in front of all at none."""
    shifts: dict[str, list[tuple[int, int]]] = {}
    for pair in pairs:
        if moves.get(pair.known.path, pair.known.path) == pair.now.path:
            shifts.setdefault(pair.now.path, []).append((pair.known.line, pair.now.line - pair.known.line))
    for known in shifts.values():
        known.sort()
    there = [(seen, replace(_placed(seen, moves), line=_moved_line(seen, shifts, moves))) for seen in left]
    by_now = {id(moved): seen for seen, moved in there}
    more, _, right = _paired(
        [moved for _, moved in there], right, lambda seen: (seen.rule, seen.path, seen.line), {}, 1
    )
    found = [Pair(by_now[id(pair.known)], pair.now) for pair in more]
    done = {id(pair.known) for pair in found}
    return found, [seen for seen in left if id(seen) not in done], right


def _moved_line(seen: Seen, shifts: Mapping[str, list[tuple[int, int]]], moves: Mapping[str, str]) -> int:
    known = shifts.get(moves.get(seen.path, seen.path), [])
    before = bisect_right(known, (seen.line, math.inf)) - 1
    return seen.line + (known[before][1] if before >= 0 else 0)


def _paired(
    left: list[Seen], right: list[Seen], key: Key, moves: Mapping[str, str], most: float
) -> tuple[list[Pair], list[Seen], list[Seen]]:
    """The pairs of one stage, and what is left on either side."""
    olds, news = _grouped(left, key, moves), _grouped(right, key, {})
    pairs = [
        Pair(old, new)
        for shared in olds.keys() & news.keys()
        if len(olds[shared]) == len(news[shared]) <= most
        for old, new in zip(olds[shared], news[shared], strict=True)
    ]
    known, now = {id(pair.known) for pair in pairs}, {id(pair.now) for pair in pairs}
    return pairs, [seen for seen in left if id(seen) not in known], [seen for seen in right if id(seen) not in now]


def _grouped(found: Iterable[Seen], key: Key, moves: Mapping[str, str]) -> dict[Hashable, list[Seen]]:
    """Findings by key, each group in the order of lines. A key of None is none."""
    groups: dict[Hashable, list[Seen]] = {}
    for seen in sorted(found, key=_order):
        groups.setdefault(key(_placed(seen, moves)), []).append(seen)
    groups.pop(None, None)
    return groups


def _placed(seen: Seen, moves: Mapping[str, str]) -> Seen:
    return replace(seen, path=moves[seen.path]) if seen.path in moves else seen


def _hidden(seen: Seen, ground: Ground, moves: Mapping[str, str]) -> bool:
    """Whether it cannot be reported now, whatever the code says: an equal finding elsewhere is another one."""
    path = moves.get(seen.path, seen.path)
    return seen.rule not in ground.rules or path in ground.left_out or path in ground.unread


def _unread(seen: Seen, ground: Ground, moves: Mapping[str, str]) -> bool:
    return moves.get(seen.path, seen.path) in ground.unread


def _why_gone(seen: Seen, ground: Ground, moves: Mapping[str, str]) -> str:
    """Why a missing finding is no improvement of the code; empty when it may be one."""
    path = moves.get(seen.path, seen.path)
    if seen.rule not in ground.rules:
        return "The rule is no longer part of the rule set."
    if path in ground.left_out:
        return "The file is no longer scanned."
    if path in ground.read and (path, seen.rule) in ground.suppressed:
        return "A comment in the code suppresses it."
    if (seen.path, seen.rule) in ground.withdrawn:
        return "The advisories no longer say so."
    return "The rule has changed." if path in ground.read and seen.rule in ground.changed_rules else ""


def _order(seen: Seen) -> tuple[str, int, str, int, str, str]:
    return seen.path, seen.line, seen.rule, seen.ordinal, seen.qualname, seen.anchor
