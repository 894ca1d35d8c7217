from collections.abc import Iterator

import pytest
from pytest_django import Settings

from reviews.models import Repository, Team
from tests.forge_contracts import CONTRACTS
from tests.forge_server import ForgeServer
from tests.reviews.forges.telling import told


@pytest.fixture(autouse=True)
def loopback(settings: Settings) -> None:
    """Stand-in forges are on loopback, and serve no TLS."""
    settings.ALLOWED_SCHEMES, settings.ALLOWED_PRIVATE = ["http", "https"], ["127.0.0.1"]


@pytest.fixture(params=CONTRACTS)
def forge(request: pytest.FixtureRequest) -> Iterator[ForgeServer]:
    """Each of the six forges."""
    with ForgeServer(request.param) as server:
        yield server


@pytest.fixture
def github() -> Iterator[ForgeServer]:
    with ForgeServer("github") as server:
        yield server


@pytest.fixture
def repository(team: Team, github: ForgeServer) -> Repository:
    """A repository at GitHub."""
    return told(team, github)
