"""Hints to the workers: given without waiting for the broker, and each task's once however often it is asked for."""

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress

import pytest
import structlog
from celery import Celery
from django.db import transaction
from redis import Redis

from config.celery import Hint, app
from reviews import waking
from tests.reviews.messages import Messages
from tests.services import free_port, wait_until


@pytest.fixture
def silent_broker() -> Iterator[str]:
    """A server that accepts connections and never says anything."""
    with closing(socket.create_server(("127.0.0.1", 0), backlog=64)) as server:
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


def hints(broker: str) -> Celery:
    """An app whose hints go to `broker`, as ours do."""
    made = Celery("probe", broker=broker, task_cls=Hint, set_as_current=False)
    made.conf.task_publish_retry = app.conf.task_publish_retry
    made.conf.broker_connection_timeout = app.conf.broker_connection_timeout
    made.conf.broker_transport_options = {"socket_timeout": 2, "socket_connect_timeout": 1}
    return made


def probe() -> None:
    """What a hint would set off."""


def published(url: str) -> int:
    with closing(Redis.from_url(url)) as client:
        return client.llen("celery")


def exit_of_a_child(holds: Callable[[], bool]) -> int:
    """0 when a forked process finds it so."""
    child = os.fork()
    if child == 0:
        os._exit(0 if holds() else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("broker", ["hung", "down"])
def test_nobody_waits_for_a_broker_that_does_not_answer(broker: str, silent_broker: str) -> None:
    url = {"hung": silent_broker, "down": f"redis://127.0.0.1:{free_port()}/0"}[broker]
    task, waker = hints(url).task(probe, name="probe"), waking.Waker()
    start = time.monotonic()
    for _ in range(100):
        waker.ask(task)
    assert time.monotonic() - start < 10  # One that waited would wait a hundred times.
    assert not waker.is_idle()


def test_a_storm_is_a_few_hints_of_which_the_first_goes_at_once(redis_url: str) -> None:
    task, waker = hints(redis_url).task(probe, name="probe"), waking.Waker(pause=0.2)
    start = time.monotonic()
    waker.ask(task)
    time.sleep(0.05)
    for _ in range(400):
        waker.ask(task)
        time.sleep(0.001)
    wait_until(waker.is_idle)
    assert 2 <= published(redis_url) <= 2 + (time.monotonic() - start) / 0.2


def test_two_tasks_are_two_hints(redis_url: str) -> None:
    made, waker = hints(redis_url), waking.Waker(pause=0.2)
    waker.ask(made.task(probe, name="first"))
    waker.ask(made.task(probe, name="second"))
    wait_until(lambda: published(redis_url) == 2)


def test_after_a_failure_it_rests_and_then_goes_on(silent_broker: str, redis_url: str) -> None:
    waker = waking.Waker(rest=0.05)
    waker.ask(hints(f"redis://127.0.0.1:{free_port()}/0").task(probe, name="lost"))
    wait_until(waker.is_idle)
    waker.ask(hints(redis_url).task(probe, name="probe"))
    wait_until(lambda: published(redis_url) == 1)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_died_is_replaced_at_the_next_hint(redis_url: str) -> None:
    made, waker = hints(redis_url), waking.Waker()
    bad = made.task(probe, name="bad", serializer="no such serializer")
    waker.ask(bad)
    wait_until(waker.is_idle)
    time.sleep(0.1)
    waker.ask(made.task(probe, name="probe"))
    wait_until(lambda: published(redis_url) == 1)


def test_a_forked_process_has_a_waker_of_its_own() -> None:
    parent = waking.waker()
    assert exit_of_a_child(lambda: waking.waker() is not parent and waking.waker().is_idle()) == 0


@pytest.mark.django_db(transaction=True)
def test_a_hint_follows_the_commit_and_none_a_rollback(messages: Messages) -> None:
    with suppress(ZeroDivisionError), transaction.atomic():
        waking.wake_sorting()
        raise ZeroDivisionError
    with transaction.atomic():
        waking.wake_delivery()
        assert waking.waker().is_idle()
    (message,) = messages.all()
    assert "reviews.tasks.deliver" in message.read_text(encoding="utf-8")


@pytest.mark.django_db(transaction=True)
def test_a_hint_carries_the_request_that_it_comes_from(messages: Messages) -> None:
    with structlog.contextvars.bound_contextvars(request_id="request-7"):
        waking.wake_workers()
    (message,) = messages.all()
    assert "request-7" in message.read_text(encoding="utf-8")
    assert message.name.endswith(".scans.msg")
