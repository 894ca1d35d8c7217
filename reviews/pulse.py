"""The heartbeat of a running scan: keeps the lease, shows progress, and ends a scan that takes too long."""

import time
from typing import Any

from django.conf import settings

from reviews import queue
from scanners.finding import Progress

_SHOW_EVERY = 1.0


class TooLongError(Exception):
    """The scan used up SCAN_SECONDS."""


class Pulse:
    """Beats for one lease. Every call may raise queue.LeaseLostError or TooLongError, which are to end the scan."""

    def __init__(self, lease: queue.Lease) -> None:
        self._lease = lease
        self._step = ""
        self._progress: dict[str, Any] = {}
        self._steps: dict[str, float] = {}
        self._began = self._step_began = self._beaten = time.monotonic()

    def step(self, name: str) -> None:
        """A step begins; the one before it is over."""
        if name == self._step:
            return
        self._end_step()
        self._step = name
        self._beat()

    def tick(self) -> None:
        """Still there, nothing new to show."""
        now = time.monotonic()
        if now - self._began > settings.SCAN_SECONDS:
            raise TooLongError
        if now - self._beaten >= settings.HEARTBEAT_SECONDS:
            self._beat()

    def show(self, progress: Progress) -> None:
        """What the engine calls while it works."""
        self.step(progress.step)
        new = (
            {"total": progress.total, "cached": progress.cached, "scanned": progress.scanned} if progress.total else {}
        )
        if new and new != self._progress and time.monotonic() - self._beaten >= _SHOW_EVERY:
            self._progress = new
            self._beat()
        self.tick()

    def summary(self, **counts: int) -> dict[str, Any]:
        """The progress of the finished scan: `counts` and the seconds of each step."""
        self._end_step()
        return counts | {"steps": self._steps}

    def _end_step(self) -> None:
        now = time.monotonic()
        if self._step:
            self._steps[self._step] = round(now - self._step_began, 3)
        self._step_began = now

    def _beat(self) -> None:
        now = time.monotonic()
        told = {"steps": self._steps, "in_step": round(now - self._step_began, 1)}
        queue.heartbeat(self._lease, self._step, self._progress | told)
        self._beaten = now
