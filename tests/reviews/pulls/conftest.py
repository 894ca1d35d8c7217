from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from reviews.models import Forge, Repository, Team
from tests.factories import RepositoryFactory
from tests.git_server import GitServer
from tests.origin import commit_files
from tests.reviews.pulls.proposing import CLEAN, WAITS


@pytest.fixture
def server(origin: Path, settings: Settings) -> Iterator[GitServer]:
    """Serves `origin` over HTTP."""
    settings.ALLOWED_SCHEMES, settings.ALLOWED_PRIVATE = ["http", "https"], ["127.0.0.1"]
    with GitServer(origin.parent) as running:
        yield running


@pytest.fixture
def first(origin: Path) -> str:
    """The commit with which the branch began: a call without a timeout, and a module without faults."""
    return commit_files(origin, {"pay.py": WAITS, "amounts.py": CLEAN})


@pytest.fixture
def repository(team: Team, server: GitServer, first: str) -> Repository:
    """A repository at GitHub, which is to be told everything."""
    repository = RepositoryFactory(team=team, name="pay", url=f"{server.url}/origin.git", provider="github")
    Forge.objects.create(repository=repository, posts_statuses=True, posts_comments=True)
    return repository
