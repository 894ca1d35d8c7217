"""Gitea, Forgejo and Gogs: signed with HMAC-SHA256, bare hexadecimal digits in a header of each one's own name."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from reviews.webhooks import fields, github, signatures
from reviews.webhooks.events import Event, Ignored, Json, Ping, PullRequest

_FORGES = ("gitea", "forgejo", "gogs")
_CHANGES = {"opened", "reopened", "synchronize", "synchronized", "edited", "closed"}


def verify(headers: Mapping[str, str], raw: bytes, secrets: Sequence[str], now: datetime) -> None:
    """
    Believe a request that is signed with one of the secrets. Raises RefusedError.

    Without a secret Gitea sends the header all the same, empty or made with an empty key.
    """
    signatures.hex_hmac(headers, [f"x-{forge}-signature" for forge in _FORGES], "", raw, secrets)


def delivery(headers: Mapping[str, str], raw: bytes) -> tuple[str, str]:
    """The delivery's own name, the same when it is sent again, and the name of its event."""
    given = fields.first(headers, *(f"x-{forge}-delivery" for forge in _FORGES))
    event = fields.first(headers, *(f"x-{forge}-event" for forge in _FORGES))
    return fields.key(given, raw), fields.event_name(event)


def read(event_name: str, payload: Json) -> Event:
    """What the event asks for: mostly written as GitHub writes it. Raises BadBodyError."""
    match event_name:
        case "ping":
            return Ping()
        case "push":
            return github.push(payload)
        case "create":
            return github.created(payload)
        case "delete":
            return github.deleted(payload)
        case "release":
            return github.released(payload, {"published"})
        case "pull_request" | "pull_request_sync":
            return _pull_request(payload)
        case _:
            return Ignored(f"Nothing depends on the event {event_name or 'without a name'}.")


def _pull_request(payload: Json) -> Event:
    """A pull request. Gogs names its branches in fields of their own and tells no commit."""
    if fields.word(payload, "action") not in _CHANGES:
        return Ignored("This changes neither the code nor the target of the pull request.")
    number = fields.number(payload, "number")
    gogs = fields.at(payload, "pull_request", "head_branch") is not None
    head, base = (("head_branch",), ("base_branch",)) if gogs else (("head", "ref"), ("base", "ref"))
    return fields.checked(
        PullRequest(
            number=number,
            ref=f"refs/pull/{number}/head",
            head="" if gogs else fields.commit(payload, "pull_request", "head", "sha"),
            source=fields.word(payload, "pull_request", *head),
            target=fields.word(payload, "pull_request", *base),
            open=fields.word(payload, "pull_request", "state") == "open",
            title=fields.text(payload, "pull_request", "title", most=fields.MOST_TITLE),
            author=fields.text(payload, "pull_request", "user", "login"),
            url=fields.address(payload, "pull_request", "html_url"),
        )
    )
