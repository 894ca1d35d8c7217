"""Bitbucket Cloud: signed with HMAC-SHA256 in `X-Hub-Signature`, the name that others use for SHA-1."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from reviews.webhooks import fields, signatures
from reviews.webhooks.events import Event, Ignored, Json, PullRequest, Push, Tag

_CHANGES = {
    "pullrequest:created": True,
    "pullrequest:updated": True,
    "pullrequest:fulfilled": False,
    "pullrequest:rejected": False,
}
"""The events of a pull request that count, and whether it is open after them."""


def verify(headers: Mapping[str, str], raw: bytes, secrets: Sequence[str], now: datetime) -> None:
    """Believe a request that is signed with one of the secrets. Raises RefusedError."""
    signatures.hex_hmac(headers, ("x-hub-signature",), "sha256=", raw, secrets)


def delivery(headers: Mapping[str, str], raw: bytes) -> tuple[str, str]:
    """The delivery's own name, the same when it is sent again, and the name of its event."""
    given = headers.get("x-request-uuid", "")
    return fields.key(given, raw), fields.event_name(headers.get("x-event-key", ""))


def read(event_name: str, payload: Json) -> Event:
    """What the event asks for. A push may carry several changes. Raises BadBodyError."""
    if event_name == "repo:push":
        return fields.together(_change(one) for one in fields.objects(payload, "push", "changes"))
    if event_name in _CHANGES:
        return _pull_request(payload, open_now=_CHANGES[event_name])
    return Ignored(f"Nothing depends on the event {event_name or 'without a name'}.")


def _change(change: Json) -> Push | Tag | Ignored:
    """One changed ref: `new` is null when it is gone, and `old` when it is new."""
    side = "new" if fields.at(change, "new") is not None else "old"
    kind, name = fields.word(change, side, "type"), fields.word(change, side, "name")
    commit = fields.commit(change, "new", "target", "hash") if side == "new" else ""
    if kind not in ("branch", "tag"):
        return Ignored("What changed is neither a branch nor a tag.")
    return fields.moved(f"refs/{'heads' if kind == 'branch' else 'tags'}/{name}", commit, "push.changes.name")


def _pull_request(payload: Json, *, open_now: bool) -> Event:
    """A pull request. The server shows no ref of it, only its branch, and only when that is in the same repository."""
    source = fields.word(payload, "pullrequest", "source", "branch", "name")
    state = fields.text(payload, "pullrequest", "state")
    return fields.checked(
        PullRequest(
            number=fields.number(payload, "pullrequest", "id"),
            ref=f"refs/heads/{source}" if _is_same_repository(payload) else "",
            head=fields.known_commit(payload, "pullrequest", "source", "commit", "hash"),
            source=source,
            target=fields.word(payload, "pullrequest", "destination", "branch", "name"),
            open=open_now and state not in ("MERGED", "DECLINED", "SUPERSEDED"),
            title=fields.text(payload, "pullrequest", "title", most=fields.MOST_TITLE),
            author=fields.text(payload, "pullrequest", "author", "display_name"),
            url=fields.address(payload, "pullrequest", "links", "html", "href"),
        )
    )


def _is_same_repository(payload: Json) -> bool:
    """Whether the source is no fork. A repository is told by its id, which stays when it is renamed."""
    source = fields.at(payload, "pullrequest", "source", "repository", "uuid")
    return source is not None and source == fields.at(payload, "pullrequest", "destination", "repository", "uuid")
