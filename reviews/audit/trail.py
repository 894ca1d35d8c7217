"""
The audit log: one chain of events for each team.

    record(team, actor, "review-submitted", review, "ada submitted payments-api 3.2.0", commit=review.commit)

Each event holds the digest of the one before it, so a changed, missing, swapped or inserted row is found by the command
`verify_audit`. The signed head of the chain, kept elsewhere, also shows that rows were cut off or all made anew.
Call `record` in the transaction of what it tells of: either both are there or none.
"""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from typing import Any

from django.db import connection, models
from django.db.transaction import TransactionManagementError
from django.utils import timezone

from reviews.audit import signing
from reviews.audit.chain import GENESIS, Row, canonical, digest, plain, storable
from reviews.models import AuditEvent, SignOff, Team, User

PLIMSOLL = "plimsoll"
HEAD = "plimsoll-audit-head"
_KIND = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_CHUNK = 2000


def record(team: Team, actor: User | None, kind: str, subject: models.Model, text: str, /, **data: Any) -> AuditEvent:
    """Append an event to the log of `team`; `actor` None is Plimsoll itself. `data` holds plain JSON without floats.

    Writers of one team take turns until the end of their transactions. The time is that of the clock: when it was set
    back, an event is dated before the one it follows, and `verify_audit` remarks on it.
    Raises TransactionManagementError outside of a transaction, TypeError for other data, ValueError for a bad kind.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("Record an event in the transaction of what it tells of.")
    if not _KIND.fullmatch(kind):
        raise ValueError(f"{kind!r} is no kind of event. Name it like review-submitted.")
    values = plain(data)
    Team.objects.select_for_update(no_key=True).get(pk=team.pk)
    last = AuditEvent.objects.filter(team=team).order_by("-seq").only("seq", "digest").first()
    row = Row(
        team_id=team.pk,
        seq=last.seq + 1 if last else 1,
        at=timezone.now().astimezone(UTC).isoformat(timespec="microseconds"),
        actor_key=actor.pk if actor else None,
        actor=storable(actor.username)[:150] if actor else PLIMSOLL,
        kind=kind,
        subject=f"{subject._meta.model_name}:{subject.pk}",
        text=storable(text),
        data=values,
        previous=last.digest if last else GENESIS,
        digest="",
    )
    event = AuditEvent(**row._replace(digest=digest(row))._asdict())
    event.save(force_insert=True)
    return event


def rows(team_id: int, start: int = 0) -> Iterator[Row]:
    """The rows of a team from a number on, in the order of their numbers, as they are stored, readable or not."""
    with text_of_any_bytes("surrogateescape"):
        wanted = AuditEvent.objects.filter(team_id=team_id, seq__gte=start).order_by("seq")
        for values in wanted.values_list(*Row._fields).iterator(chunk_size=_CHUNK):
            yield Row._make(values)


@contextmanager
def text_of_any_bytes(errors: str) -> Iterator[None]:
    """Read bytes that are not UTF-8 as text, too. SQLite stores whatever is written; PostgreSQL refuses it."""
    connection.ensure_connection()
    if connection.vendor != "sqlite":
        yield
        return
    raw = connection.connection
    before, raw.text_factory = raw.text_factory, lambda stored: stored.decode("utf-8", errors)
    try:
        yield
    finally:
        raw.text_factory = before


def head(team: Team) -> dict[str, Any]:
    """The signed head of a team's chain: whoever keeps it can show later that the rows up to it are as they were."""
    last = AuditEvent.objects.filter(team=team).order_by("-seq").only("seq", "digest").first()
    return _signed(team, last.seq if last else 0, last.digest if last else GENESIS)


def export(team: Team) -> Iterator[str]:
    """The whole log of a team as lines of JSON, oldest first; the last line is the signed head of just these rows."""
    seq, last = 0, GENESIS
    for row in rows(team.pk):
        seq, last = row.seq, row.digest
        yield canonical({**row._asdict(), **_unreadable(row)}) + "\n"
    yield canonical(_signed(team, seq, last)) + "\n"


def _unreadable(row: Row) -> dict[str, str]:
    """Values that JSON cannot hold, as they would be written in Python."""
    return {name: repr(value) for name, value in row._asdict().items() if isinstance(value, bytes | float)}


def _signed(team: Team, seq: Any, digest: Any) -> dict[str, Any]:
    at = timezone.now().astimezone(UTC).isoformat(timespec="seconds")
    return signing.sign(HEAD, {"team": team.slug, "team_id": team.pk, "seq": seq, "digest": digest, "at": at})


def sign_off_digest(sign_off: SignOff) -> str:
    """The digest of a stored sign-off, over everything that it says.

    Raises TypeError or ValueError for values that a manipulation left unreadable.
    """
    names = ("pk", "review_id", "reviewer_id", "duties", "decision", "round", "commit", "tree", "rule_set")
    values = {name: getattr(sign_off, name) for name in (*names, "evidence_digest", "items", "note")}
    if sign_off.at is None:
        raise ValueError("the time cannot be read")
    values["at"] = sign_off.at.astimezone(UTC).isoformat(timespec="microseconds")
    return hashlib.sha256(canonical(values).encode("ascii")).hexdigest()
