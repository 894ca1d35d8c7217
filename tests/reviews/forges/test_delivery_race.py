"""Many tell forges at once, or die while they do: what they tell is there once, and the newest of it last."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from config.env import BASE_DIR
from reviews.forges import delivery, messages
from reviews.models import OutboxMessage, PullRequest, Repository, Team
from tests.forge_server import ForgeServer
from tests.reviews.forges.telling import a_status, pull, rows, told
from tests.reviews.posting import let_expire, states
from tests.services import database_url, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

DELIVER = "import django; django.setup(); from reviews.forges import delivery; delivery.deliver()"
LOOPBACK = {"PLIMSOLL_ALLOWED_SCHEMES": "http", "PLIMSOLL_ALLOWED_PRIVATE": "127.0.0.1"}


def test_many_deliverers_tell_each_message_once(github: ForgeServer, repository: Repository) -> None:
    for number in range(20):
        messages.status(repository, a_status(name=f"s{number}"))
        messages.comment(pull(repository, number + 1), f"{number} new")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: deliver_and_leave(), range(8)))
    assert {(state, attempts) for _, state, attempts in rows()} == {("sent", 1)}
    assert sorted(told.name for told in github.statuses) == sorted(f"s{number}" for number in range(20))
    assert [len(github.comments(number + 1)) for number in range(20)] == [1] * 20
    assert github.violations == []


def test_the_last_status_at_the_forge_is_the_newest(github: ForgeServer, repository: Repository) -> None:
    with ThreadPoolExecutor(4) as pool:
        delivering = [pool.submit(deliver_and_leave, 15) for _ in range(3)]
        for number in range(30):
            messages.status(repository, a_status(text=f"answer {number}"))
        for each in delivering:
            each.result()
    delivery.deliver()
    order = [int(told.text.removeprefix("answer ")) for told in github.statuses]
    assert (order, order[-1]) == (sorted(set(order)), 29)
    assert set(states()) <= {"sent", "superseded"}


def test_killed_after_the_forge_made_the_comment_there_is_still_one(forge: ForgeServer, team: Team) -> None:
    messages.comment(pull(told(team, forge)), "**2 new**")
    forge.on_done = lambda: forge.comments(7) and forge.ended.wait(20)
    kill_when(lambda: forge.comments(7))
    forge.on_done = lambda: None
    assert (states(), delivery.deliver(), len(forge.comments(7))) == (["sending"], False, 1)
    let_expire()
    delivery.deliver()
    (comment,) = forge.comments(7)
    assert [(state, attempts) for _, state, attempts in rows()] == [("sent", 2)]
    assert (PullRequest.objects.get().comment.partition("/")[0], comment.version) == (str(comment.name), 1)


def test_who_lost_its_lease_meanwhile_changes_nothing(github: ForgeServer, repository: Repository) -> None:
    messages.status(repository, a_status())
    github.on_done = let_another_take_over
    delivery.deliver()
    assert list(OutboxMessage.objects.values_list("state", "fence", "attempts", "finished_at")) == [
        ("sending", 2, 2, None)
    ]


def let_another_take_over() -> None:
    let_expire()
    assert delivery.claim()
    connection.close()


def deliver_and_leave(times: int = 1) -> None:
    try:
        for _ in range(times):
            delivery.deliver()
    finally:
        connection.close()


def kill_when(reached: Callable[[], object]) -> None:
    """Deliver in a process of its own, and kill it in the middle."""
    ours = LOOPBACK | {"DATABASE_URL": database_url()}
    process = subprocess.Popen([sys.executable, "-c", DELIVER], env=os.environ | ours, cwd=BASE_DIR)
    try:
        wait_until(reached)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
