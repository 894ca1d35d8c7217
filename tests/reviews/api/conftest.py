import pytest

from reviews.models import Repository, Scan, Team, User
from scanners import registry
from tests.factories import RepositoryFactory
from tests.reviews.api.asking import Program, made
from tests.reviews.rows import finished


@pytest.fixture
def pay(team: Team) -> Repository:
    """A repository of tier C, which needs bronze and no review."""
    return RepositoryFactory(team=team, name="pay", tier="C")


@pytest.fixture
def scan(pay: Repository) -> Scan:
    """A scan of COMMIT that reached gold."""
    return finished(pay, rule_set=registry.digest(), bad=0, unresolved=0)


@pytest.fixture
def secret(team: Team, owner: User) -> str:
    return made(team, owner)


@pytest.fixture
def program(secret: str) -> Program:
    return Program(secret)
