"""An intact chain, and what somebody with the database in hand may do to it: rows in, other rows and the truth out."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from reviews.audit.chain import GENESIS, Row, digest, plain
from reviews.audit.tampering import Fault, Kind

TEAM = 7
Truth = list[tuple[Kind, int, int]]


@dataclass(frozen=True)
class Corruption:
    """The rows as they are found, what is wrong with them, and whether only a signed head can show it."""

    rows: list[Row]
    truth: Truth
    needs_head: bool = False


def chained(rows: list[Row], previous: str = GENESIS) -> list[Row]:
    """The rows with links and digests as if they had been recorded one after the other."""
    made = []
    for row in rows:
        linked = row._replace(previous=previous)
        made.append(linked._replace(digest=digest(linked)))
        previous = made[-1].digest
    return made


def intact(count: int, team_id: int = TEAM) -> list[Row]:
    """A chain with texts of several scripts and events of Plimsoll itself."""
    return chained([_row(team_id, seq) for seq in range(1, count + 1)])


def _row(team_id: int, seq: int) -> Row:
    at = f"2026-03-{seq % 28 + 1:02}T10:{seq % 60:02}:00.000000+00:00"
    actor, subject = f"person{seq % 5}", f"review:{seq % 9}"
    data = plain({"commit": f"{seq:040x}", "note": "grün \N{SNOWMAN}", "round": seq % 3})
    text = f"{actor} signed the release {seq} ça va"
    return Row(team_id, seq, at, None if seq % 5 == 3 else seq, actor, "review-signed", subject, text, data, "", "")


def forged(row: Row) -> Row:
    """The row with another text and a digest that fits it."""
    other = row._replace(text="somebody approved it")
    return other._replace(digest=digest(other))


def _flip(rows: list[Row], chance: Random) -> Corruption:
    index, column = chance.randrange(len(rows)), chance.choice(Row._fields)
    row = rows[index]
    value = getattr(row, column)
    other = _other_number(rows, value, chance) if column == "seq" else _other(value, chance)
    kind = Kind.MOVED if column == "seq" else Kind.CHANGED
    return Corruption([*rows[:index], row._replace(**{column: other}), *rows[index + 1 :]], [(kind, row.seq, row.seq)])


def _other(value: object, chance: Random) -> object:
    if not isinstance(value, str):
        return (value or 0) ^ 1 << chance.randrange(31)
    raw = bytearray(value.encode())
    raw[chance.randrange(len(raw))] ^= chance.randrange(1, 256)
    return raw.decode("utf-8", "surrogateescape")


def _other_number(rows: list[Row], seq: int, chance: Random) -> int:
    taken = {row.seq for row in rows}
    free = [seq ^ 1 << bit for bit in range(40) if seq ^ 1 << bit not in taken]
    return chance.choice(free)


def _delete(rows: list[Row], chance: Random) -> Corruption:
    first = chance.randrange(1, len(rows))
    last = min(first + chance.choice([0, 0, 1, 5, 40]), len(rows) - 1)
    return Corruption([row for row in rows if not first <= row.seq <= last], [(Kind.MISSING, first, last)])


def _delete_and_renumber(rows: list[Row], chance: Random) -> Corruption:
    gone = _delete(rows, chance)
    last = gone.truth[0][2]
    closed = [row._replace(seq=number) for number, row in enumerate(gone.rows, 1)]
    return Corruption(closed, [*gone.truth, (Kind.MOVED, last + 1, len(rows))])


def _swap(rows: list[Row], chance: Random) -> Corruption:
    first, second = sorted(chance.sample(range(len(rows)), 2))
    one, other = rows[first], rows[second]
    changed = list(rows)
    changed[first], changed[second] = other._replace(seq=one.seq), one._replace(seq=other.seq)
    return Corruption(changed, [(Kind.SWAPPED, one.seq, other.seq)])


def _swap_texts(rows: list[Row], chance: Random) -> Corruption:
    first, second = sorted(chance.sample(range(len(rows)), 2))
    one, other = rows[first], rows[second]
    changed = list(rows)
    changed[first], changed[second] = one._replace(text=other.text), other._replace(text=one.text)
    return Corruption(changed, [(Kind.CHANGED, one.seq, one.seq), (Kind.CHANGED, other.seq, other.seq)])


def _forge(rows: list[Row], chance: Random) -> Corruption:
    index = chance.randrange(len(rows))
    seq, last = rows[index].seq, len(rows)
    kind = Kind.REWRITTEN if seq == last else Kind.CHANGED
    return Corruption([*rows[:index], forged(rows[index]), *rows[index + 1 :]], [(kind, seq, seq)], seq >= last - 1)


def _insert(rows: list[Row], chance: Random) -> Corruption:
    index = chance.randrange(len(rows))
    seq = rows[index].seq
    later = [row._replace(seq=row.seq + 1) for row in rows[index:]]
    return Corruption(
        [*rows[:index], forged(rows[index]), *later], [(Kind.INSERTED, seq, seq), (Kind.MOVED, seq, len(rows))]
    )


def _append(rows: list[Row], chance: Random) -> Corruption:
    number = len(rows) + chance.randrange(2, 50)
    extra = forged(rows[-1]._replace(seq=number, previous=rows[-1].digest))
    return Corruption([*rows, extra], [(Kind.INSERTED, number, number)])


def _copy_to_the_end(rows: list[Row], chance: Random) -> Corruption:
    number = len(rows) + chance.randrange(1, 50)
    return Corruption([*rows, chance.choice(rows)._replace(seq=number)], [(Kind.INSERTED, number, number)])


def _copy_over(rows: list[Row], chance: Random) -> Corruption:
    one, other = chance.sample(rows[:-1], 2)
    changed = [one._replace(seq=other.seq) if row is other else row for row in rows]
    return Corruption(changed, [(Kind.CHANGED, other.seq, other.seq)])


def _truncate(rows: list[Row], chance: Random) -> Corruption:
    left = chance.randrange(len(rows))
    return Corruption(rows[:left], [(Kind.TRUNCATED, left + 1, len(rows))], needs_head=True)


def _rewrite(rows: list[Row], chance: Random) -> Corruption:
    index = chance.randrange(len(rows))
    before = rows[index - 1].digest if index else GENESIS
    anew = chained([rows[index]._replace(text="nothing was decided"), *rows[index + 1 :]], before)
    last = len(rows)
    return Corruption([*rows[:index], *anew], [(Kind.REWRITTEN, last, last)], needs_head=True)


WAYS: tuple[Callable[[list[Row], Random], Corruption], ...] = (
    *(_flip, _flip, _flip, _delete, _delete_and_renumber, _swap, _swap_texts, _forge, _insert),
    *(_append, _copy_to_the_end, _copy_over, _truncate, _rewrite),
)


def corruption(rows: list[Row], seed: int) -> Corruption:
    """One of the ways, chosen by the seed as all in it; the rows in the order of their numbers."""
    chance = Random(seed)
    made = WAYS[seed % len(WAYS)](rows, chance)
    return Corruption(sorted(made.rows, key=lambda row: row.seq), made.truth, made.needs_head)


def told(faults: tuple[Fault, ...]) -> Truth:
    """The faults without their texts."""
    return [(fault.kind, fault.first, fault.last) for fault in faults]
