"""
Whether a team's audit log is what was written: the chain, the signed heads of it that were kept elsewhere, and the
sign-offs, each of which an event tells of with its digest.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import QuerySet

from reviews.audit import signing, trail
from reviews.audit.chain import Row
from reviews.audit.tampering import Examined, Fault, Kind, examine
from reviews.models import SignOff, Team

Heads = dict[int, set[tuple[int, str]]]
ADVICE = {
    Kind.CHANGED: "Compare it with a backup or an export, and ask who can write to the database.",
    Kind.MISSING: "Look for them in a backup or an export, and ask who can write to the database.",
    Kind.SWAPPED: "Give each its number back after comparing them with a backup.",
    Kind.MOVED: "Compare the numbers with a backup or an export.",
    Kind.INSERTED: "Do not rely on it, and ask who can write to the database.",
    Kind.BROKEN: "Compare both with a backup or an export.",
    Kind.TRUNCATED: "Look for them in a backup or an export, and ask who can write to the database.",
    Kind.REWRITTEN: "Rely on a backup or an export of that time, and ask who can write to the database.",
    Kind.SIGN_OFF_CHANGED: "Rely on the event, and sign off anew.",
    Kind.SIGN_OFF_MISSING: "Rely on the event, and look for the sign-off in a backup.",
    Kind.SIGN_OFF_INSERTED: "Do not rely on it, and ask who can write to the database.",
    Kind.CLOCK: "Nothing has to be done; the order of the rows is that of their numbers.",
}
"""What to do about each kind of fault."""


@dataclass(frozen=True, slots=True)
class Telling:
    """What an event says about a sign-off."""

    seq: int
    digest: str
    repository: Any


@dataclass(slots=True)
class Told:
    """What the rows that passed tell of: sign-offs, and repositories that were removed with theirs."""

    sign_offs: dict[int, Telling] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    last: int = 0

    def listen(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The rows, unchanged, after noting what they tell."""
        for row in rows:
            self.note(row)
            yield row

    def note(self, row: Row) -> None:
        """Note what a row tells; nothing of one that cannot be read."""
        seq = row.seq if isinstance(row.seq, int) else 0
        self.last = max(self.last, seq)
        if row.kind == "repository-removed":
            self.removed.add(row.subject)
        if isinstance(row.data, str) and '"sign_off":' in row.data:
            try:
                data = json.loads(row.data)
                self.sign_offs.setdefault(int(data["sign_off"]), Telling(seq, data["digest"], data.get("repository")))
            except (ValueError, TypeError, KeyError):
                return


def verify(team: Team, heads: Iterable[tuple[int, str]] = ()) -> Examined:
    """Everything that is wrong with the log and the sign-offs of a team. Reads only, also while events are recorded."""
    told = Told()
    examined = examine(told.listen(trail.rows(team.pk)), heads)
    stored = _sign_offs(SignOff.objects.filter(review__repository__team=team))
    later = Told()
    for row in trail.rows(team.pk, start=told.last):
        later.note(row)
    found = _against_sign_offs(told, later, stored)
    return replace(examined, faults=(*examined.faults, *found))


def heads(lines: Iterable[str]) -> Heads:
    """The signed heads in lines of JSON, by the id of their team; rows of an export beside them are passed over.

    Raises signing.SignatureError, with the number of the line, for a line that is neither or was not signed by us.
    """
    found: Heads = defaultdict(set)
    for number, line in enumerate(lines, 1):
        try:
            statement = json.loads(line) if line.strip() else {}
            if statement and "previous" not in statement:
                payload = signing.check(trail.HEAD, statement)
                found[int(payload["team_id"])].add((int(payload["seq"]), str(payload["digest"])))
        except (ValueError, TypeError, KeyError) as error:
            raise signing.SignatureError(f"Line {number}: This is no head of an audit log.") from error
        except signing.SignatureError as error:
            raise signing.SignatureError(f"Line {number}: {error}") from error
    return found


def _against_sign_offs(told: Told, later: Told, stored: dict[int, str]) -> Iterator[Fault]:
    for pk, telling in sorted(told.sign_offs.items()):
        digest = stored.get(pk) or _sign_offs(SignOff.objects.filter(pk=pk)).get(pk)
        gone = f"repository:{telling.repository}" in told.removed | later.removed
        if digest is None and not gone:
            text = f"Sign-off {pk}, which row {telling.seq} tells of, is missing."
            yield Fault(Kind.SIGN_OFF_MISSING, telling.seq, telling.seq, text)
        elif digest is not None and digest != telling.digest:
            text = f"Sign-off {pk} is not what row {telling.seq} says."
            yield Fault(Kind.SIGN_OFF_CHANGED, telling.seq, telling.seq, text)
    for pk in sorted(set(stored) - set(told.sign_offs) - set(later.sign_offs)):
        yield Fault(Kind.SIGN_OFF_INSERTED, 0, 0, f"No row tells of sign-off {pk}.")


def _sign_offs(found: QuerySet[SignOff]) -> dict[int, str]:
    """The digests of sign-offs by their id; an empty one for what cannot be read."""
    with trail.text_of_any_bytes("surrogateescape"):
        try:
            return {one.pk: trail.sign_off_digest(one) for one in found.iterator()}
        except (ValueError, TypeError):
            return {pk: _digest(pk) for pk in found.values_list("pk", flat=True)}


def _digest(pk: int) -> str:
    try:
        return trail.sign_off_digest(SignOff.objects.get(pk=pk))
    except (ValueError, TypeError):
        return ""
