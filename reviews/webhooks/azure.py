"""
Azure DevOps: signs nothing, and proves itself by a user name and password. The password is the secret.

Who sends what, and under which name, is told in the body only.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from reviews.webhooks import body, fields, signatures
from reviews.webhooks.errors import BadBodyError
from reviews.webhooks.events import Event, Ignored, Json, Ping, PullRequest, Push, Tag

_NOBODYS = "00000000-0000-0000-0000-000000000000"
_PULL_REQUESTS = {"git.pullrequest.created", "git.pullrequest.updated", "git.pullrequest.merged"}


def verify(headers: Mapping[str, str], raw: bytes, secrets: Sequence[str], now: datetime) -> None:
    """Believe a request whose password is one of the secrets, whatever its user name. Raises RefusedError."""
    signatures.basic(headers.get("authorization"), secrets)


def delivery(headers: Mapping[str, str], raw: bytes) -> tuple[str, str]:
    """
    The event's own id, the same when it is sent again, and its name.

    A test always has the id of the sample that it sends, so it is told apart by all of its body.
    """
    try:
        payload = body.read(raw, headers.get("content-type", ""))
    except BadBodyError:
        return fields.key("", raw), ""
    given = "" if _is_test(payload) else fields.text(payload, "id")
    return fields.key(given, raw), fields.event_name(fields.text(payload, "eventType"))


def read(event_name: str, payload: Json) -> Event:
    """What the event asks for. A push may carry several changes. Raises BadBodyError."""
    if _is_test(payload):
        return Ping()
    if event_name == "git.push":
        return fields.together(_change(one) for one in fields.objects(payload, "resource", "refUpdates"))
    if event_name in _PULL_REQUESTS:
        return _pull_request(payload)
    return Ignored(f"Nothing depends on the event {event_name or 'without a name'}.")


def _is_test(payload: Json) -> bool:
    """Whether this is the sample that the button Test sends: it belongs to no subscription."""
    return payload.get("subscriptionId") == _NOBODYS


def _change(update: Json) -> Push | Tag | Ignored:
    return fields.moved(fields.word(update, "name"), fields.commit(update, "newObjectId"), "resource.refUpdates.name")


def _pull_request(payload: Json) -> Event:
    """
    A pull request, by its branch.

    The server also shows refs/pull/N/merge, but that is a commit that nobody pushed: it has another id than the head
    that is told here and that statuses belong to, and it is not there while there are conflicts.
    """
    number = fields.number(payload, "resource", "pullRequestId")
    ref = fields.word(payload, "resource", "sourceRefName")
    is_fork = fields.at(payload, "resource", "forkSource") is not None
    return fields.checked(
        PullRequest(
            number=number,
            ref="" if is_fork else ref,
            head=fields.known_commit(payload, "resource", "lastMergeSourceCommit", "commitId"),
            source=fields.bare(ref),
            target=fields.bare(fields.word(payload, "resource", "targetRefName")),
            open=fields.word(payload, "resource", "status") == "active",
            title=fields.text(payload, "resource", "title", most=fields.MOST_TITLE),
            author=fields.text(payload, "resource", "createdBy", "displayName"),
            url=_page(payload, number),
        )
    )


def _page(payload: Json, number: int) -> str:
    """Where people see it: its `url` is one for programs."""
    told = fields.address(payload, "resource", "_links", "web", "href")
    repository = fields.address(payload, "resource", "repository", "remoteUrl")
    return told or (f"{repository}/pullrequest/{number}" if repository else "")
