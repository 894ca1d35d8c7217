"""
The audit log: one chain of events for each team.

    record(team, actor, "review-submitted", review, "ada submitted payments-api 3.2.0", commit=review.commit)

Each event holds the digest of the one before it, so a changed, missing, swapped or inserted row is found by the command
`verify_audit`.
Call `record` in the transaction of what it tells of: either both are there or none.
"""

import hashlib
import json
from typing import Any

from django.db import models
from django.utils import timezone

from reviews.models import AuditEvent, SignOff, Team, User

PLIMSOLL = "plimsoll"
GENESIS = "0" * 64
_HASHED = ("team_id", "seq", "at", "actor_key", "actor", "kind", "subject", "text", "data", "previous")


def record(team: Team, actor: User | None, kind: str, subject: models.Model, text: str, **data: Any) -> AuditEvent:
    """Append an event to the log of `team`; `actor` None is Plimsoll itself. `data` holds plain JSON without floats."""
    Team.objects.select_for_update(no_key=True).get(pk=team.pk)
    last = AuditEvent.objects.filter(team=team).order_by("-seq").only("seq", "digest").first()
    event = AuditEvent(
        team=team,
        seq=last.seq + 1 if last else 1,
        at=timezone.now().isoformat(),
        actor_key=actor.pk if actor else None,
        actor=actor.username if actor else PLIMSOLL,
        kind=kind,
        subject=f"{subject._meta.model_name}:{subject.pk}",
        text=text,
        data=json.dumps(data, sort_keys=True, separators=(",", ":")),
        previous=last.digest if last else GENESIS,
    )
    event.digest = digest(event)
    event.save(force_insert=True)
    return event


def digest(event: AuditEvent) -> str:
    """The digest of a row, over everything in it but itself."""
    values = {name: getattr(event, name) for name in _HASHED}
    return hashlib.sha256(json.dumps(values, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def sign_off_digest(sign_off: SignOff) -> str:
    """The digest of a sign-off, over everything that it says but the moment at which the database wrote it."""
    fields = ("pk", "review_id", "reviewer_id", "duties", "decision", "round", "commit", "tree", "rule_set")
    values = {name: getattr(sign_off, name) for name in (*fields, "evidence_digest", "items", "note")}
    return hashlib.sha256(json.dumps(values, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
