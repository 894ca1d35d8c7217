"""Messages in the outbox, and time passing for them."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from reviews.models import OutboxMessage, Team

HOUR = timedelta(hours=1)


def message(team: Team, key: str = "k", **fields: Any) -> OutboxMessage:
    """An urgent message that is due, for somebody named as its key."""
    usual = {"kind": "decision", "recipient": f"{key}@example.org", "subject": f"about {key}"}
    return OutboxMessage.objects.create(team=team, key=key, body=f"{key} happened.", **(usual | fields))


def comments(team: Team, *keys: str, to: str = "ada@example.org") -> list[OutboxMessage]:
    """Messages for one person that may go together."""
    return [message(team, key, kind="item-commented", recipient=to) for key in keys]


def now_due() -> None:
    """Let the time until the next attempt pass."""
    OutboxMessage.objects.filter(state="waiting").update(available_at=timezone.now() - HOUR)


def let_expire() -> None:
    """Let the leases of all senders run out."""
    OutboxMessage.objects.filter(state="sending").update(leased_until=timezone.now() - HOUR)


def states() -> list[str]:
    """The state of each message, the oldest first."""
    return list(OutboxMessage.objects.values_list("state", flat=True))
