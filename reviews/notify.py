"""What people are told: rows of the outbox, written in the transaction that they tell of and delivered later."""

from collections.abc import Iterable

from reviews.models import OutboxMessage, Team, User


def post(team: Team, kind: str, people: Iterable[User], *, key: str, subject: str, body: str) -> None:
    """Put a message for each of `people` with an address into the outbox; `key` names the event, told once to each."""
    OutboxMessage.objects.bulk_create(
        [
            OutboxMessage(
                team=team, kind=kind, key=f"{key}:{person.pk}", recipient=person.email, subject=subject, body=body
            )
            for person in people
            if person.email and person.is_active
        ],
        ignore_conflicts=True,
    )
