from pathlib import Path

import pytest

from reviews.models import Repository, Team
from tests.factories import RepositoryFactory
from tests.origin import commit_files
from tests.reviews.advisories.osv import lock


@pytest.fixture
def repository(team: Team, origin: Path) -> Repository:
    """A service that locks tackle 1.9."""
    commit_files(origin, {"uv.lock": lock(), "a.py": "A = 1\n"})
    return RepositoryFactory(team=team, url=f"file://{origin}", tier="C")
