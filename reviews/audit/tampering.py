"""
What is wrong with rows that should form a chain: each fault with its kind and the numbers of the rows it is about.

A digest covers the number of its row, so the number that a row was made with is found again after rows have changed
places: it is the one under which its content fits its digest. Where a row and its digest were both made anew, the row
after it tells, since it rests on the digest that was there before. Pure: rows in, faults out.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Any

from reviews.audit.chain import GENESIS, Row, digest

# How far from its place a row is looked for that no link leads to, and how many digests may be tried in all.
_REACH, _TRIES = 1000, 200_000


class Kind(StrEnum):
    CHANGED = "changed"
    MISSING = "missing"
    SWAPPED = "swapped"
    MOVED = "moved"
    INSERTED = "inserted"
    BROKEN = "broken-link"
    TRUNCATED = "truncated"
    REWRITTEN = "rewritten"
    SIGN_OFF_CHANGED = "sign-off-changed"
    SIGN_OFF_MISSING = "sign-off-missing"
    SIGN_OFF_INSERTED = "sign-off-inserted"
    CLOCK = "clock-set-back"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: rows `first` to `last`, or the two rows of that number when they were swapped."""

    kind: Kind
    first: int
    last: int
    text: str


@dataclass(frozen=True, slots=True)
class Examined:
    """How many rows there are, the digest of the last one, what is wrong, and what is worth a remark only."""

    count: int
    head: str
    faults: tuple[Fault, ...]
    remarks: tuple[Fault, ...]


@dataclass(slots=True, eq=False)
class _Entry:
    """A row by its links. `number` is the one that its content and its digest fit together with; `row` is kept if
    that is not the one it has."""

    seq: int | None
    number: int | None
    previous: Any
    digest: Any
    at: Any
    row: Row | None
    sound: bool = True


def examine(rows: Iterable[Row], heads: Iterable[tuple[int, str]] = ()) -> Examined:
    """What is wrong with the rows of one team, given in the order of their numbers.

    `heads` are numbers of rows with the digests that signed heads name.
    """
    chain = _Chain(list(map(_entry, rows)), frozenset(heads))
    chain.number()
    chain.place()
    found = [*chain.faults, *chain.missing(), *chain.displaced(), *chain.links(), *chain.against_heads()]
    found.sort(key=lambda fault: (fault.first, fault.last))
    last = chain.entries[-1].digest if chain.entries else GENESIS
    return Examined(len(chain.entries), str(last), tuple(found), tuple(chain.clock()))


def _entry(row: Row) -> _Entry:
    seq = row.seq if type(row.seq) is int else None
    fits = seq is not None and row.digest == (digest(row) or None)
    return _Entry(seq, seq if fits else None, row.previous, row.digest, row.at, None if fits else row)


class _Chain:
    """The entries, and `held`: which of them is the genuine one of each number."""

    def __init__(self, entries: list[_Entry], heads: frozenset[tuple[int, str]]) -> None:
        self.entries = entries
        self.heads = heads
        self.held: dict[int, _Entry] = {}
        self.faults: list[Fault] = []
        self.after = {one.digest: one.number + 1 for one in entries if one.number is not None} | {GENESIS: 1}
        well = [one for one in entries if one.number is not None and self._rests_well(one)]
        self.before = {one.previous: one.number - 1 for one in well if one.number is not None}
        self.tries = _TRIES

    def number(self) -> None:
        """Find the numbers of rows that do not fit the one they have."""
        shift = 0
        for entry in self.entries:
            if entry.number is not None or entry.row is None:
                continue
            for number in self._candidates(entry, shift):
                self.tries -= 1
                if entry.digest == (digest(entry.row._replace(seq=number)) or None):
                    entry.number, shift = number, number - (entry.seq or number)
                    self.after[entry.digest], self.before[entry.previous] = number + 1, number - 1
                    break

    def _candidates(self, entry: _Entry, shift: int) -> Iterator[int]:
        linked = self._linked(entry)
        yield from linked
        if entry.seq is None or entry.seq in linked or not isinstance(entry.digest, str):
            return
        yield entry.seq + shift
        for away in range(1, min(_REACH, len(self.entries), max(self.tries, 0)) + 1):
            yield entry.seq - away
            yield entry.seq + away

    def _linked(self, entry: _Entry) -> list[int]:
        """The numbers that the links of an entry lead to, the one by its own digest first."""
        return [number for number in (self.before.get(entry.digest), self.after.get(entry.previous)) if number]

    def place(self) -> None:
        """Fill `held`. Rows that no number is left for were inserted; those whose content fits none were changed."""
        claims: dict[int, list[_Entry]] = defaultdict(list)
        for entry in self.entries:
            if entry.number is not None and entry.number > 0 and self._rests_well(entry):
                claims[entry.number].append(entry)
        for number, several in claims.items():
            self.held[number] = max(several, key=lambda one: self._weight(one, several))
        genuine = set(map(id, self.held.values()))
        last = max(self.held, default=0)
        for entry in self.entries:
            if id(entry) not in genuine:
                self._place_doubtful(entry, last)

    def _rests_well(self, entry: _Entry) -> bool:
        """Whether the row that an entry names as the one before it is none that has another number."""
        return self.after.get(entry.previous, entry.number) == entry.number

    def _weight(self, entry: _Entry, rivals: list[_Entry]) -> tuple[bool, bool, bool]:
        followed = self.before.get(entry.digest) == entry.number
        vouched = (entry.number, entry.digest) in self.heads
        # A copy stands elsewhere than its original; a row that another was put in front of has moved away.
        copied = len({one.digest for one in rivals}) == 1
        return followed, vouched, (entry.seq == entry.number) == copied

    def _place_doubtful(self, entry: _Entry, last: int) -> None:
        entry.sound = False
        if entry.number is None:
            wanted = [*self._linked(entry), entry.seq or 0]
            what = "Its content does not fit its digest."
        else:
            wanted = [entry.seq or 0] if (entry.seq or 0) <= last else []
            copy = entry.seq != entry.number
            what = f"It is a copy of row {entry.number}." if copy else "It was made anew with a digest of its own."
        number = next((one for one in wanted if one > 0 and one not in self.held), None)
        if number is not None:
            self.held[number] = entry
            stands = "" if number == entry.seq else f" It has the number {self._name(entry)} now."
            self.faults.append(Fault(Kind.CHANGED, number, number, f"Row {number} was changed. {what}{stands}"))
        else:
            seq = entry.seq or 0
            said = f"Row {self._name(entry)} was not written by Plimsoll. {what}"
            self.faults.append(Fault(Kind.INSERTED, seq, seq, said))

    def _name(self, entry: _Entry) -> str:
        unreadable = entry.row.seq if entry.row else None
        return str(entry.seq) if entry.seq is not None else repr(unreadable)

    def missing(self) -> Iterator[Fault]:
        """The numbers that no row has any more."""
        for before, after in pairwise([0, *sorted(self.held)]):
            if after - before == 2:
                yield Fault(Kind.MISSING, before + 1, before + 1, f"Row {before + 1} is missing.")
            elif after - before > 2:
                text = f"Rows {before + 1} to {after - 1} are missing."
                yield Fault(Kind.MISSING, before + 1, after - 1, text)

    def displaced(self) -> Iterator[Fault]:
        """Rows that have another number than they were made with: pairs, and runs that moved together."""
        away = {number: one.seq or 0 for number, one in self.held.items() if one.sound and one.seq != number}
        pairs = {number for number, seq in away.items() if away.get(seq) == number}
        for number in sorted(pairs):
            if number < away[number]:
                text = f"Rows {number} and {away[number]} have changed places."
                yield Fault(Kind.SWAPPED, number, away[number], text)
        for run in _runs({number: seq for number, seq in away.items() if number not in pairs}):
            first, last, name = run[0], run[-1], self._name(self.held[run[0]])
            said = f"Row {first} has" if first == last else f"Rows {first} to {last} have"
            yield Fault(Kind.MOVED, first, last, f"{said} another number now: {name}{' and on' * (first != last)}.")

    def links(self) -> Iterator[Fault]:
        """Rows that were made anew with a fitting digest: the row after them rests on what was there before."""
        first = self.held.get(1)
        if first and first.sound and first.previous != GENESIS:
            yield Fault(Kind.BROKEN, 1, 1, "Row 1 rests on a row before it, so it is not the first one.")
        for number, row in sorted(self.held.items()):
            after = self.held.get(number + 1)
            if after is None or not row.sound or not after.sound or after.previous == row.digest:
                continue
            if self._attested(number + 1, after):
                text = f"Row {number} was changed together with its digest: row {number + 1} rests on another one."
                yield Fault(Kind.CHANGED, number, number, text)
            else:
                text = f"Row {number + 1} does not rest on row {number}: one of them was made anew."
                yield Fault(Kind.BROKEN, number, number + 1, text)

    def _attested(self, number: int, entry: _Entry) -> bool:
        """Whether the row after this one, or a head, says that it is genuine."""
        after = self.held.get(number + 1)
        return (number, entry.digest) in self.heads or (after is not None and after.previous == entry.digest)

    def against_heads(self) -> Iterator[Fault]:
        """What heads that were kept elsewhere show: rows cut off at the end, or all made anew."""
        last, good = max(self.held, default=0), 0
        for seq, known in sorted(self.heads):
            row = self.held.get(seq)
            if seq > last:
                text = f"The log ends at row {last}, and a signed head names row {seq}: the end was cut off."
                yield Fault(Kind.TRUNCATED, last + 1, seq, text)
            elif row and row.sound and row.digest != known:
                since = f"row {good}, which a head vouches for" if good else "row 1"
                text = (
                    f"Row {seq} is not the one that a signed head names: it was made anew, or all were since {since}."
                )
                yield Fault(Kind.REWRITTEN, seq, seq, text)
            elif row and row.sound:
                good = seq

    def clock(self) -> Iterator[Fault]:
        """Rows that are dated before the one they follow. That is no fault: clocks are set back."""
        for number, row in sorted(self.held.items()):
            before = self.held.get(number - 1)
            if before and before.sound and row.sound and str(row.at) < str(before.at):
                text = f"Row {number} is dated before row {number - 1}: the clock was set back."
                yield Fault(Kind.CLOCK, number, number, text)


def _runs(away: Mapping[int, int]) -> list[list[int]]:
    """Numbers that follow each other and moved by as much, together."""
    runs: list[list[int]] = []
    for number, seq in sorted(away.items()):
        if runs and runs[-1][-1] == number - 1 and away[number - 1] == seq - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs
