"""Repositories whose forge is told something, and what it is told."""

from typing import Any

from reviews.forges.messages import State, Status
from reviews.models import Forge, OutboxMessage, PullRequest, Repository, Team
from tests.factories import RepositoryFactory
from tests.forge_server import ForgeServer

COMMIT = "7ac01d9e" * 5
URL = "https://plimsoll.example/scans/7/"


def told(team: Team, server: ForgeServer, **fields: Any) -> Repository:
    """The repository of a stand-in forge, which is told everything."""
    usual = {"team": team, "url": server.repository_url, "provider": server.provider, "credential": server.kept.token}
    repository: Repository = RepositoryFactory(**(usual | fields))
    api = server.api_url if server.provider == "bitbucket" else ""
    Forge.objects.create(repository=repository, posts_statuses=True, posts_comments=True, api_url=api)
    return repository


def pull(repository: Repository, number: int = 7, **fields: Any) -> PullRequest:
    """A pull request to main."""
    return PullRequest.objects.create(
        repository=repository, number=number, title="Pay", target="main", ref=f"refs/pull/{number}/head", **fields
    )


def a_status(state: State = State.SUCCESS, text: str = "Level silver.", **fields: Any) -> Status:
    """What a commit's status is to say."""
    return Status(**{"commit": COMMIT, "state": state, "text": text, "url": URL} | fields)


def rows() -> list[tuple[str, str, int]]:
    """Topic, state and attempts of each message, the oldest first."""
    return list(OutboxMessage.objects.values_list("topic", "state", "attempts"))
