"""The way to a repository."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from reviews.models import Repository
from reviews.sources import commit_at, credential
from scanners.git.errors import SourceError
from tests.git_server import GitServer
from tests.origin import commit_files


@pytest.fixture
def server(origin: Path, settings: Settings) -> Iterator[GitServer]:
    settings.ALLOWED_SCHEMES, settings.ALLOWED_PRIVATE = ["http"], ["127.0.0.1"]
    with GitServer(origin.parent) as running:
        yield running


@pytest.fixture
def repository(server: GitServer) -> Repository:
    return Repository(url=f"{server.url}/origin.git", credential="sesame")


def test_the_server_says_where_a_branch_is_to_who_has_the_token(
    repository: Repository, server: GitServer, origin: Path
) -> None:
    head = commit_files(origin, {"pay.py": "VALUE = 1\n"})
    server.token = "sesame"
    assert commit_at(repository, "main", 20) == head
    repository.credential = ""
    with pytest.raises(SourceError) as refused:
        commit_at(repository, "main", 20)
    assert refused.value.code == "credential_needed"


def test_a_server_is_not_waited_for_longer_than_allowed(repository: Repository) -> None:
    with pytest.raises(SourceError) as late:
        commit_at(repository, "main", -1)
    assert late.value.code == "remote_timeout"


def test_a_repository_without_a_token_has_no_credential() -> None:
    assert credential(Repository(credential="")) is None
