"""Bitbucket Data Center, formerly Server: signed with HMAC-SHA256 in `X-Hub-Signature`."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from reviews.webhooks import fields, signatures
from reviews.webhooks.events import Event, Ignored, Json, Ping, PullRequest, Push, Tag

_CHANGES = {
    *("pr:opened", "pr:reopened", "pr:from_ref_updated", "pr:modified"),
    *("pr:merged", "pr:declined", "pr:deleted"),
}


def verify(headers: Mapping[str, str], raw: bytes, secrets: Sequence[str], now: datetime) -> None:
    """Believe a request that is signed with one of the secrets. Raises RefusedError."""
    signatures.hex_hmac(headers, ("x-hub-signature",), "sha256=", raw, secrets)


def delivery(headers: Mapping[str, str], raw: bytes) -> tuple[str, str]:
    """The delivery's own name, the same when it is sent again, and the name of its event."""
    given = headers.get("x-request-id", "")
    return fields.key(given, raw), fields.event_name(headers.get("x-event-key", ""))


def read(event_name: str, payload: Json) -> Event:
    """What the event asks for. A push may carry several changes. Raises BadBodyError."""
    name = event_name or fields.text(payload, "eventKey")
    if name == "diagnostics:ping":
        return Ping()
    if name == "repo:refs_changed":
        return fields.together(_change(one) for one in fields.objects(payload, "changes"))
    if name in _CHANGES:
        return _pull_request(payload, gone=name == "pr:deleted")
    return Ignored(f"Nothing depends on the event {name or 'without a name'}.")


def _change(change: Json) -> Push | Tag | Ignored:
    return fields.moved(fields.word(change, "ref", "id"), fields.commit(change, "toHash"), "changes.ref.id")


def _pull_request(payload: Json, *, gone: bool) -> Event:
    """A pull request; one that is deleted is told as it last was."""
    number = fields.number(payload, "pullRequest", "id")
    return fields.checked(
        PullRequest(
            number=number,
            ref=f"refs/pull-requests/{number}/from",
            head=fields.commit(payload, "pullRequest", "fromRef", "latestCommit"),
            source=fields.bare(fields.word(payload, "pullRequest", "fromRef", "id")),
            target=fields.bare(fields.word(payload, "pullRequest", "toRef", "id")),
            open=not gone and fields.word(payload, "pullRequest", "state") == "OPEN",
            title=fields.text(payload, "pullRequest", "title", most=fields.MOST_TITLE),
            author=fields.text(payload, "pullRequest", "author", "user", "displayName"),
            url=fields.address(payload, "pullRequest", "links", "self", 0, "href"),
        )
    )
