"""
What the outbox holds for forges, before and after: rows are written in the transaction that they tell of.

    status(repository, Status(commit, State.SUCCESS, "Level silver; 2 findings fixed.", url))
    comment(pull_request, markdown)

Of one topic (a commit's status, a pull request's comment) only the newest message counts: older ones that still wait
are superseded. Nothing is written when the repository's forge is not to be told.
"""

import uuid
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any
from urllib.parse import unquote, urlsplit

from django.db import transaction
from django.db.models.functions import Now

from reviews.models import Forge, OutboxMessage, PullRequest, Repository
from reviews.outbox.notify import line

_LONGEST_TEXT = 140  # The shortest that a forge asks for: GitHub.
_LONGEST_NAME = 100
_SUBJECT = 120
_TOLD = (OutboxMessage.State.WAITING, OutboxMessage.State.SENDING, OutboxMessage.State.SENT)


class State(StrEnum):
    """What a commit status says. Each client has the forge's own word for it."""

    PENDING = "pending"
    SUCCESS = "success"
    FAILURE = "failure"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Status:
    """What a forge shows beside a commit. `name` tells several of one commit apart; `text` is one line."""

    commit: str
    state: State
    text: str
    url: str
    name: str = "plimsoll/gate"

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", line(self.text, _LONGEST_TEXT))
        object.__setattr__(self, "name", line(self.name, _LONGEST_NAME))


@dataclass(frozen=True, slots=True)
class Comment:
    """The one comment below a pull request. `only_update`: it is not made when there is none yet."""

    number: int
    markdown: str
    only_update: bool = False


def telling(repository: Repository) -> Forge | None:
    """The repository's forge when it is known whose it is and it is to be told anything; else None."""
    forge = Forge.objects.filter(repository=repository).first()
    if forge is None or not repository.provider:
        return None
    return forge if forge.posts_statuses or forge.posts_comments else None


def tells(repository: Repository, channel: str) -> bool:
    """Whether the repository's forge is to be told what goes through this channel."""
    forge = telling(repository)
    statuses = channel == OutboxMessage.Channel.STATUS
    return forge is not None and (forge.posts_statuses if statuses else forge.posts_comments)


def status(repository: Repository, wanted: Status) -> OutboxMessage | None:
    """Put a commit status into the outbox. None: the forge is not to be told, or was told just this last.

    Several repositories can be sub-paths of one, so the sub-path becomes part of the status's name.
    """
    if not tells(repository, OutboxMessage.Channel.STATUS):
        return None
    if repository.sub_path:
        wanted = replace(wanted, name=f"{wanted.name}/{repository.sub_path}")
    return _put(
        repository,
        OutboxMessage.Channel.STATUS,
        f"status:{wanted.commit}:{wanted.name}",
        asdict(wanted),
        recipient=f"{_whose(repository)}@{wanted.commit[:7]}",
        subject=f"Commit status {wanted.name}: {wanted.state}",
        body=wanted.text,
    )


def comment(pull_request: PullRequest, markdown: str, *, only_update: bool = False) -> OutboxMessage | None:
    """Put the pull request's comment into the outbox, in place of what it says now. None: as for `status`."""
    repository = pull_request.repository
    if not tells(repository, OutboxMessage.Channel.COMMENT):
        return None
    sign = "!" if repository.provider == Repository.Provider.GITLAB else "#"
    return _put(
        repository,
        OutboxMessage.Channel.COMMENT,
        f"comment:{pull_request.number}",
        asdict(Comment(pull_request.number, markdown, only_update)),
        recipient=f"{_whose(repository)}{sign}{pull_request.number}",
        subject=f"Comment on {sign}{pull_request.number} {pull_request.title}",
        body=markdown,
    )


def read(message: OutboxMessage) -> Status | Comment:
    """What a message of the outbox tells."""
    if message.channel == OutboxMessage.Channel.COMMENT:
        return Comment(**message.data)
    return Status(**message.data | {"state": State(message.data["state"])})


def _put(
    repository: Repository, channel: OutboxMessage.Channel, topic: str, data: dict[str, Any], **shown: str
) -> OutboxMessage | None:
    with transaction.atomic():
        Forge.objects.select_for_update(no_key=True).get(repository=repository)  # One after another writes of a topic.
        told = OutboxMessage.objects.filter(repository=repository, topic=topic)
        newest = told.order_by("-pk").first()
        if newest is not None and newest.state in _TOLD and newest.data == data:
            return None
        told.filter(state=OutboxMessage.State.WAITING).update(
            state=OutboxMessage.State.SUPERSEDED, finished_at=Now(), leased_until=None
        )
        return OutboxMessage.objects.create(
            team_id=repository.team_id,
            repository=repository,
            channel=channel,
            topic=topic,
            key=f"{channel}:{uuid.uuid4()}",
            kind={"status": "commit-status", "comment": "pull-request-comment"}[channel],
            data=data,
            recipient=line(shown["recipient"], 320),
            subject=line(shown["subject"], _SUBJECT),
            body=shown["body"],
        )


def _whose(repository: Repository) -> str:
    path = unquote(urlsplit(repository.url).path).strip("/").removesuffix(".git")
    return f"{repository.get_provider_display()}: {path}"
