"""GitHub and GitHub Enterprise Server: signed with HMAC-SHA256 in `X-Hub-Signature-256`."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from reviews.webhooks import fields, signatures
from reviews.webhooks.events import Event, Ignored, Json, Ping, PullRequest

_CHANGES = {
    *("opened", "reopened", "synchronize", "edited", "closed"),
    *("ready_for_review", "converted_to_draft"),
}
_RELEASES = {"published", "released", "prereleased"}


def verify(headers: Mapping[str, str], raw: bytes, secrets: Sequence[str], now: datetime) -> None:
    """Believe a request that is signed with one of the secrets. Raises RefusedError."""
    signatures.hex_hmac(headers, ("x-hub-signature-256",), "sha256=", raw, secrets)


def delivery(headers: Mapping[str, str], raw: bytes) -> tuple[str, str]:
    """The delivery's own name, the same when it is sent again, and the name of its event."""
    given = headers.get("x-github-delivery", "")
    return fields.key(given, raw), fields.event_name(headers.get("x-github-event", ""))


def read(event_name: str, payload: Json) -> Event:
    """What the event asks for. Raises BadBodyError."""
    match event_name:
        case "ping":
            return Ping()
        case "push":
            return push(payload)
        case "create":
            return created(payload)
        case "delete":
            return deleted(payload)
        case "release":
            return released(payload, _RELEASES)
        case "pull_request":
            return _pull_request(payload)
        case _:
            return Ignored(f"Nothing depends on the event {event_name or 'without a name'}.")


def push(payload: Json) -> Event:
    """One ref moved. An annotated tag is named by its commit, not by its own id."""
    after = fields.commit(payload, "after")
    if after and fields.at(payload, "head_commit", "id"):
        after = fields.commit(payload, "head_commit", "id")
    return fields.moved(fields.word(payload, "ref"), after, "ref")


def created(payload: Json) -> Event:
    """A branch or tag was made; of a branch the push tells more."""
    if fields.word(payload, "ref_type") != "tag":
        return Ignored("The push that made the branch is reported by itself.")
    return fields.tag(_bare_tag(payload), fields.known_commit(payload, "sha"), "ref")


def deleted(payload: Json) -> Event:
    """A branch or tag was deleted."""
    if fields.word(payload, "ref_type") == "tag":
        return fields.tag(_bare_tag(payload), "", "ref", deleted=True)
    return fields.moved(f"refs/heads/{fields.bare(fields.word(payload, 'ref'))}", "", "ref")


def released(payload: Json, actions: set[str]) -> Event:
    """A release that is out, by its tag."""
    if fields.word(payload, "action") not in actions:
        return Ignored("Only a release that is published counts.")
    if fields.flag(payload, "release", "draft"):
        return Ignored("A draft of a release does not count.")
    return fields.tag(fields.word(payload, "release", "tag_name"), "", "release.tag_name")


def _bare_tag(payload: Json) -> str:
    return fields.word(payload, "ref").removeprefix("refs/tags/")


def _pull_request(payload: Json) -> Event:
    if fields.word(payload, "action") not in _CHANGES:
        return Ignored("This changes neither the code nor the target of the pull request.")
    number = fields.number(payload, "pull_request", "number")
    return fields.checked(
        PullRequest(
            number=number,
            ref=f"refs/pull/{number}/head",
            head=fields.commit(payload, "pull_request", "head", "sha"),
            source=fields.word(payload, "pull_request", "head", "ref"),
            target=fields.word(payload, "pull_request", "base", "ref"),
            open=fields.word(payload, "pull_request", "state") == "open",
            title=fields.text(payload, "pull_request", "title", most=fields.MOST_TITLE),
            author=fields.text(payload, "pull_request", "user", "login"),
            url=fields.address(payload, "pull_request", "html_url"),
        )
    )
