"""GitLab: the secret itself in `X-Gitlab-Token`, or signed by Standard Webhooks in `webhook-signature`."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from reviews.webhooks import fields, signatures
from reviews.webhooks.events import Event, Ignored, Json, PullRequest

_KINDS = {
    "Push Hook": "push",
    "Tag Push Hook": "tag_push",
    "Merge Request Hook": "merge_request",
    "Release Hook": "release",
}
_CHANGES = {"open", "reopen", "update", "close", "merge", ""}


def verify(headers: Mapping[str, str], raw: bytes, secrets: Sequence[str], now: datetime) -> None:
    """
    Believe a request that is signed with one of the secrets, or that carries one. Raises RefusedError.

    A signature that is there has to be right, whatever else is there.
    """
    if "webhook-signature" in headers:
        signatures.standard(headers, raw, secrets, now)
    else:
        signatures.token(headers.get("x-gitlab-token"), secrets)


def delivery(headers: Mapping[str, str], raw: bytes) -> tuple[str, str]:
    """
    The delivery's own name, the same when it is sent again, and the name of its event.

    `X-Gitlab-Event-UUID` alone does not tell deliveries apart: what one event leads to carries it too.
    """
    given = fields.first(headers, "webhook-id", "idempotency-key")
    event = headers.get("x-gitlab-event-uuid", "")
    if not given and event:
        given = f"{event}:{hashlib.sha256(raw).hexdigest()[:32]}"
    return fields.key(given, raw), fields.event_name(headers.get("x-gitlab-event", ""))


def read(event_name: str, payload: Json) -> Event:
    """What the event asks for. Raises BadBodyError."""
    kind = fields.text(payload, "object_kind")
    if event_name == "System Hook" or (not kind and "event_name" in payload):
        return Ignored("A system hook reports every project of the server; add a hook to the project.")
    match kind or _KINDS.get(event_name):
        case "push" | "tag_push":
            return _push(payload)
        case "merge_request":
            return _merge_request(payload)
        case "release":
            return _release(payload)
        case _:
            return Ignored(f"Nothing depends on the event {event_name or kind or 'without a name'}.")


def _push(payload: Json) -> Event:
    """One ref moved. `checkout_sha` is the commit where `after` is an annotated tag; null when the ref is gone."""
    after = fields.commit(payload, "after")
    if after and payload.get("checkout_sha") is not None:
        after = fields.commit(payload, "checkout_sha")
    return fields.moved(fields.word(payload, "ref"), after, "ref")


def _release(payload: Json) -> Event:
    if fields.word(payload, "action") != "create":
        return Ignored("Only a new release counts.")
    return fields.tag(fields.word(payload, "tag"), fields.known_commit(payload, "commit", "id"), "tag")


def _merge_request(payload: Json) -> Event:
    if fields.text(payload, "object_attributes", "action") not in _CHANGES:
        return Ignored("This changes neither the code nor the target of the merge request.")
    number = fields.number(payload, "object_attributes", "iid")
    return fields.checked(
        PullRequest(
            number=number,
            ref=f"refs/merge-requests/{number}/head",
            head=fields.known_commit(payload, "object_attributes", "last_commit", "id"),
            source=fields.word(payload, "object_attributes", "source_branch"),
            target=fields.word(payload, "object_attributes", "target_branch"),
            open=fields.word(payload, "object_attributes", "state") in ("opened", "locked"),
            title=fields.text(payload, "object_attributes", "title", most=fields.MOST_TITLE),
            author=_author(payload),
            url=fields.address(payload, "object_attributes", "url"),
        )
    )


def _author(payload: Json) -> str:
    """Who opened it, when that is who did this: others are told by a number only."""
    opened_by = fields.at(payload, "object_attributes", "author_id")
    same = opened_by is not None and fields.at(payload, "user", "id") == opened_by
    return fields.text(payload, "user", "username") if same else ""
