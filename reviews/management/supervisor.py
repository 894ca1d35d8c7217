"""Keeps services running as children of this process, and leaves none behind."""

import math
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from reviews.management import keeper

KEEPER = Path(keeper.__file__)
TICK = 0.2
KEEPER_SECONDS = 5.0
LONGEST_PAUSE = 30.0
# A service that ran this long had started well: the next pause is short again.
STEADY_SECONDS = 60.0


@dataclass
class Service:
    """One command that is to run all the time, or `once`. `pauses` counts the restarts since it last ran steadily."""

    name: str
    command: list[str]
    once: bool = False
    process: "subprocess.Popen[str] | None" = None
    started: float = 0.0
    due: float = 0.0
    pauses: int = 0


class Supervisor:
    """Runs `services` until SIGTERM or SIGINT; each then gets `stop_seconds` to end, or none after a second signal.

    `say` gets each line for people, prefixed with the service it came from.
    """

    def __init__(self, services: list[Service], stop_seconds: float, say: Callable[[str], None]) -> None:
        self.services = services
        self.stop_seconds = stop_seconds
        self.say = say
        self.signals = 0

    def run(self, tick: Callable[[], None]) -> None:
        """Return when told to stop and nothing is left. `tick` is called a few times a second until then."""
        keeper.adopt_orphans()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._count_signal)
        try:
            while not self.signals:
                for service in self.services:
                    self._look_after(service)
                keeper.collect_orphans(own=self._running())
                tick()
                time.sleep(TICK)
        finally:
            self._stop()

    def _count_signal(self, *_: object) -> None:
        self.signals += 1

    def _look_after(self, service: Service) -> None:
        now = time.monotonic()
        if service.process is None and now >= service.due:
            self._start(service)
        elif service.process is not None and service.process.poll() is not None:
            self._plan_restart(service, now)

    def _start(self, service: Service) -> None:
        command = [sys.executable, "-I", "-S", str(KEEPER), str(self.stop_seconds), *service.command]
        service.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            encoding="utf-8",
            errors="replace",
        )
        service.started = time.monotonic()
        threading.Thread(target=self._relay, args=(service.name, service.process), daemon=True).start()

    def _relay(self, name: str, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.say(f"{name:7}| {line.rstrip()}")

    def _plan_restart(self, service: Service, now: float) -> None:
        """Sweep up after the keeper, which may have been killed itself, and start again after a pause that grows."""
        assert service.process is not None
        code, service.process = service.process.returncode, None
        keeper.kill_below(spared=self._running())
        if service.once:
            service.due = math.inf
            return
        service.pauses = 0 if now - service.started > STEADY_SECONDS else service.pauses + 1
        pause = min(LONGEST_PAUSE, 0.25 * 2**service.pauses)
        service.due = now + pause
        self.say(f"{service.name:7}| ended with code {code}; starts again in {pause:g} s")

    def _running(self) -> frozenset[int]:
        return frozenset(service.process.pid for service in self.services if service.process is not None)

    def _stop(self) -> None:
        """Let go of every lifeline; who is left when the time is up, or at a second signal, is killed."""
        running = [service.process for service in self.services if service.process is not None]
        self.say("Stopping. Ctrl-C stops at once.")
        for process in running:
            assert process.stdin is not None
            process.stdin.close()
        self._wait(running, self.stop_seconds, lambda: self.signals > 1)
        for process in running:
            process.send_signal(signal.SIGUSR1)
        self._wait(running, KEEPER_SECONDS, lambda: False)
        keeper.kill_below()

    def _wait(self, running: "list[subprocess.Popen[str]]", seconds: float, enough: Callable[[], bool]) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end and not enough() and any(process.poll() is None for process in running):
            time.sleep(TICK / 4)
