"""A real repository, a real server on loopback, and a policy that allows both."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scanners.git.policy import Policy
from tests.git_server import GitServer, Hook
from tests.scanners.git.cast import Fetcher, Listener, Origin


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    return Origin(tmp_path / "repositories")


@pytest.fixture
def policy(tmp_path: Path) -> Policy:
    """Loopback and the test's own repositories, within short times."""
    return Policy(
        allowed_schemes=frozenset({"http", "https"}),
        allowed_private=("127.0.0.1", "::1"),
        local_roots=(tmp_path / "repositories",),
        connect_seconds=15,
        probe_seconds=30,
        fetch_seconds=90,
        list_seconds=60,
    )


@pytest.fixture
def fetcher(tmp_path: Path, policy: Policy) -> Fetcher:
    parent = tmp_path / "scratch"
    parent.mkdir()
    return Fetcher(parent, policy)


@pytest.fixture
def server(origin: Origin) -> Iterator[GitServer]:
    with GitServer(origin.root) as running:
        yield running


@pytest.fixture
def hooked(origin: Origin) -> Iterator[Callable[[Hook], str]]:
    """Start a server that behaves as a hook says; returns the URL of its repository."""
    running: list[GitServer] = []

    def start(hook: Hook) -> str:
        running.append(GitServer(origin.root, hook=hook))
        running[-1].start()
        return f"{running[-1].url}/team/pay.git"

    yield start
    for each in running:
        each.stop()


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.close()
