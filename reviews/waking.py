"""
Tell the workers that there is something to do, without waiting for the broker.

One thread of each process publishes the hints, each task's once however often it was asked for in between. What a
broker that is down or hangs swallows is found by the next tick: what there is to do stands in the database.
"""

import os
import time
from contextvars import Context, copy_context
from functools import partial
from threading import Condition, Thread

from celery import Task
from django.db import transaction

from reviews import tasks

PAUSE_SECONDS = 0.5  # Between two rounds: a storm of requests is a few hints, and then a few large batches.
REST_SECONDS = 5.0  # After a hint that no broker took.


class Waker:
    """Hints that wait to be published, at most one for each task, and the thread that does it once there is one."""

    def __init__(self, pause: float = PAUSE_SECONDS, rest: float = REST_SECONDS) -> None:
        self._pause, self._rest = pause, rest
        self._changed = Condition()
        self._waiting: dict[Task, Context] = {}
        self._busy = False
        self._thread: Thread | None = None

    def ask(self, task: Task) -> None:
        """Publish a hint soon, with the log context of the caller. Returns at once."""
        with self._changed:
            self._waiting[task] = copy_context()
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._publish_for_ever, name="waker", daemon=True)
                self._thread.start()
            self._changed.notify()

    def is_idle(self) -> bool:
        """Whether nothing waits to be published."""
        with self._changed:
            return not self._waiting and not self._busy

    def _publish_for_ever(self) -> None:
        while True:
            taken = self._take()
            try:
                answers = [context.run(task.delay) for task, context in taken.items()]
            finally:
                self._busy = False
            time.sleep(self._rest if None in answers else self._pause)

    def _take(self) -> dict[Task, Context]:
        with self._changed:
            while not self._waiting:
                self._changed.wait(REST_SECONDS)
            taken, self._waiting = self._waiting, {}
            self._busy = True
            return taken


class _Held:
    """This process's waker: a fork inherits neither the thread nor the state of its lock."""

    waker = Waker()


def waker() -> Waker:
    """The one of this process."""
    return _Held.waker


def wake_workers() -> None:
    """Send the hint that there are scans, after the commit."""
    _after_commit(tasks.wake)


def wake_delivery() -> None:
    """Likewise for what people and forges are to be told, which stands in the outbox."""
    _after_commit(tasks.deliver)


def wake_readers() -> None:
    """Likewise for what reviews wait for in their repositories."""
    _after_commit(tasks.read_for_reviews)


def wake_menders() -> None:
    """Likewise for patches that somebody asked for."""
    _after_commit(tasks.make_patches)


def wake_sorting() -> None:
    """Likewise for what forges reported."""
    _after_commit(tasks.sort)


def _after_commit(task: Task) -> None:
    transaction.on_commit(partial(waker().ask, task), robust=True)


def _renew() -> None:
    _Held.waker = Waker()


os.register_at_fork(after_in_child=_renew)
