"""Many sort at once, or die while they do: each delivery is settled, and what it asks for is done once."""

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from config.env import BASE_DIR
from reviews.deliveries import sorting
from reviews.models import Delivery, Hook, PullRequest, Repository, Review, Scan, Team
from reviews.webhooks import events
from tests.factories import RepositoryFactory
from tests.git_server import GitServer, Request
from tests.origin import commit_files, make_repository
from tests.reviews.deliveries.posting import COMMIT, hook_of
from tests.services import database_url, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

SORT = "import django; django.setup(); from reviews.deliveries import sorting; sorting.sort_some()"


def push(hook: Hook, number: int) -> Delivery:
    asks = events.as_json(events.Push("main", COMMIT))
    return Delivery(hook=hook, key=f"d-{number}", event="push", asks=asks)


def pull(hook: Hook, number: int) -> Delivery:
    """The events of one pull request: closed and opened in turn."""
    event = events.PullRequest(7, "refs/pull/7/head", COMMIT, "fix", "main", number % 2 == 1)
    return Delivery(hook=hook, key=f"p-{number}", event="pull_request", asks=events.as_json(event))


def sort_until_empty() -> int:
    try:
        return sum(iter(sorting.sort_some, 0))
    finally:
        connection.close()


def test_ten_workers_sort_each_delivery_once(team: Team) -> None:
    hooks = [hook_of(RepositoryFactory(team=team, provider="github")) for _ in range(5)]
    rows = [make(hook, number) for hook in hooks for number in range(60) for make in (push, pull)]
    Delivery.objects.bulk_create(rows)
    with ThreadPoolExecutor(10) as pool:
        taken = list(pool.map(lambda _: sort_until_empty(), range(10)))
    assert sum(taken) + sort_until_empty() == len(rows)
    assert set(Delivery.objects.values_list("state", "attempts")) == {("done", 1)}
    assert [pull.state for pull in PullRequest.objects.all()] == ["open"] * 5
    assert sorted(Scan.objects.values_list("trigger", flat=True)) == ["pull"] * 5 + ["webhook"] * 5


class Held:
    """A git server that answers nobody until it is let."""

    def __init__(self) -> None:
        self.asked, self.open = threading.Event(), threading.Event()

    def __call__(self, _request: Request) -> bool:
        self.asked.set()
        self.open.wait(30)
        return False


@pytest.fixture
def tagged(tmp_path: Path) -> Path:
    """The folder of a repository with a tag."""
    origin = make_repository(tmp_path / "origins" / "pay.git")
    (origin / "refs" / "tags" / "v1.0").write_text(f"{commit_files(origin, {'a.py': 'A = 1'})}\n", encoding="utf-8")
    return origin.parent


def test_what_a_killed_worker_held_is_sorted_by_the_next(team: Team, tagged: Path, settings: Settings) -> None:
    settings.ALLOWED_SCHEMES, settings.ALLOWED_PRIVATE = ["http"], ["127.0.0.1"]
    held = Held()
    with GitServer(tagged, hook=held) as server:
        repository = RepositoryFactory(team=team, url=f"{server.url}/pay.git", provider="github")
        asks = events.as_json(events.Tag("v1.0", COMMIT))
        row = Delivery.objects.create(hook=hook_of(repository), key="t", event="push", asks=asks)
        kill_when(held.asked)
        held.open.set()
        assert (sorting.sort_some(), state_of(row)) == (0, ("waiting", 1))
        Delivery.objects.update(available_at=timezone.now() - timedelta(minutes=1))
        assert (sorting.sort_some(), state_of(row)) == (1, ("done", 2))
    assert Review.objects.get().repository == Repository.objects.get()


def kill_when(reached: threading.Event) -> None:
    """Sort in a process of its own, and kill it in the middle."""
    ours = {"PLIMSOLL_ALLOWED_SCHEMES": "http", "PLIMSOLL_ALLOWED_PRIVATE": "127.0.0.1", "DATABASE_URL": database_url()}
    process = subprocess.Popen([sys.executable, "-c", SORT], env=os.environ | ours, cwd=BASE_DIR)
    try:
        wait_until(reached.is_set)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def state_of(row: Delivery) -> tuple[str, int]:
    row.refresh_from_db()
    return row.state, row.attempts
