"""What a forge reports of a pull request: its row brought up to date, and its head scanned while it is open."""

from dataclasses import dataclass

import structlog
from django.db import transaction
from django.db.models.functions import Now

from reviews import intake
from reviews.models import PullRequest, Repository, Scan
from reviews.webhooks import events

log = structlog.get_logger(__name__)

_TITLE, _AUTHOR, _URL = 300, 200, 1000


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of an event: the scan that answers it, and a sentence. `code` says why there is no scan."""

    scan: Scan | None
    text: str
    code: str = ""


def seen(repository: Repository, event: events.PullRequest) -> Seen:
    """Write down what the forge says of a pull request, and ask for a scan of its head.

    A closed one ends the scans that wait for it, and so does one that goes to another branch now. Calling it again is
    safe. Raises SourceError commit_malformed.
    """
    with transaction.atomic():
        Repository.objects.select_for_update(no_key=True).get(pk=repository.pk)
        known = PullRequest.objects.filter(repository=repository, number=event.number).first()
        if event.target != repository.branch:
            _end(known, event)
            text = f"It goes to {event.target}; only what goes to {repository.branch} is scanned."
            return Seen(None, text, "other_target")
        if not event.open:
            _end(known, event)
            return Seen(None, "It is closed; nothing of it waits any more.")
        row = _save(known or PullRequest(repository=repository, number=event.number), event)
        if not row.ref:
            text = "The server does not show the commits of this fork, so they cannot be scanned."
            return Seen(None, text, "head_not_shown")
        trigger = Scan.Trigger.PULL_REQUEST
        scan = intake.request_scan(repository, trigger=trigger, commit=event.head, pull_request=row)
    return Seen(scan, f"Scan {scan.pk} looks at its head.")


def _end(known: PullRequest | None, event: events.PullRequest) -> None:
    if known is not None:
        _save(known, event, PullRequest.State.CLOSED)
        intake.end_waiting(known)


def _save(
    row: PullRequest, event: events.PullRequest, state: PullRequest.State = PullRequest.State.OPEN
) -> PullRequest:
    row.title, row.author = event.title[:_TITLE], event.author[:_AUTHOR]
    row.url = event.url if event.url.startswith(("https://", "http://")) and len(event.url) <= _URL else ""
    row.source, row.target, row.ref = event.source, event.target, event.ref
    row.head = event.head or row.head
    row.state, row.changed_at = state, Now()
    row.save()
    log.info("pull-request-seen", pull_request=row.pk, repository=row.repository_id, state=str(state))
    return row
