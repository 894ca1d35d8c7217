"""What people are told: rows of the outbox, written in the transaction that they tell of and delivered later."""

from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.db.models.functions import Now, TruncHour

from reviews.models import OutboxMessage, Team, User

# Somebody waits, or a release does. All other kinds are collected for each person and sent once an hour.
URGENT = frozenset(
    [
        "review-requested",
        "changes-requested",
        "decision",
        "glass-broken",
        "waiver-asked",
        "review-change",
        "review-suspend",
    ]
)
_LONGEST_SUBJECT = 150
_LONGEST_QUOTE = 2000


def post(team: Team, kind: str, people: Iterable[User], *, key: str, subject: str, body: str) -> None:
    """Put a message for each of `people` with an address into the outbox; `key` names the event, told once to each."""
    when = {} if kind in URGENT else {"available_at": TruncHour(Now()) + timedelta(hours=1)}
    OutboxMessage.objects.bulk_create(
        [
            OutboxMessage(
                team=team,
                kind=kind,
                key=f"{key}:{person.pk}",
                recipient=person.email,
                subject=line(subject, _LONGEST_SUBJECT),
                body="\n".join(line(part) for part in body.splitlines()),
                **when,
            )
            for person in people
            if person.email and person.is_active
        ],
        ignore_conflicts=True,
    )


def body(happened: str, *, path: str, by: User | None = None, said: str = "", next_step: str = "") -> str:
    """The body of a message: what happened, by whom, what somebody said about it, what to do next and where.

    `by` None is Plimsoll itself. `path` is that of a page; the link is absolute. What was `said` is quoted, so that it
    cannot look like ours.
    """
    facts = [f"By: {by.username if by else 'Plimsoll'}"]
    facts += [f"Next: {line(next_step)}"] if next_step else []
    quote = [f"> {line(part)}" for part in _cut(said.strip(), _LONGEST_QUOTE).splitlines()]
    blocks = [[line(happened)], quote, [*facts, f"Open: {settings.BASE_URL}{path}"]]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def line(text: str, longest: int | None = None) -> str:
    """The text on one line without control characters and with single spaces, cut to `longest` characters."""
    seen = "".join(sign if sign.isprintable() else " " for sign in text)
    whole = " ".join(seen.split())
    return whole if longest is None else _cut(whole, longest)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"
