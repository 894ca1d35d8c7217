"""A supervisor of real processes, in a process of its own: it kills whatever is below it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from config.env import BASE_DIR
from tests.processes import below, command, gone
from tests.services import wait_until

PROGRAM = """
import sys
from reviews.management.supervisor import Service, Supervisor
services = [
    Service("sleeper", ["sh", "-c", "echo up; setsid sleep 600 & exec sleep 600"]),
    Service("once", ["sh", "-c", "echo done"], once=True),
]
Supervisor(services, 1.0, lambda line: print(line, flush=True)).run(lambda: None)
"""


class Supervised:
    """The supervisor's process and what it has said."""

    def __init__(self, place: Path) -> None:
        self.log = place / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([sys.executable, "-c", PROGRAM], cwd=BASE_DIR, stdout=log)

    def said(self, text: str) -> int:
        return self.log.read_text(encoding="utf-8").count(text)

    def below(self, words: str = "") -> list[psutil.Process]:
        return below(self.process.pid, words)

    def sleepers(self) -> list[psutil.Process]:
        """The service and its child, which is in another session."""
        return [process for process in self.below() if command(process) == "sleep 600"]


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[Supervised]:
    supervised = Supervised(tmp_path)
    try:
        wait_until(lambda: len(supervised.sleepers()) == 2 and supervised.said("once   | done"))
        yield supervised
    finally:
        supervised.process.kill()
        supervised.process.wait()


def test_lines_carry_the_name_of_their_service(supervised):
    assert supervised.said("sleeper| up") == 1


def test_a_service_that_is_to_run_once_is_not_started_again(supervised):
    supervised.sleepers()[0].kill()
    wait_until(lambda: supervised.said("sleeper| up") == 2)
    assert supervised.said("once   | done") == 1


def test_what_dies_is_started_again_and_its_family_is_gone(supervised):
    before = supervised.sleepers()
    before[0].kill()
    wait_until(lambda: supervised.said("sleeper| up") == 2)
    assert gone(before)
    assert supervised.said("sleeper| ended with code 137; starts again in 0.5 s") == 1


def test_a_killed_keeper_is_replaced_and_leaves_no_family(supervised):
    before = supervised.sleepers()
    supervised.below("keeper.py")[0].kill()
    wait_until(lambda: supervised.said("sleeper| up") == 2)
    assert gone(before)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_everything(supervised, number):
    everything = supervised.below()
    os.kill(supervised.process.pid, number)
    assert supervised.process.wait(60) == 0
    assert gone(everything)


def test_when_the_supervisor_is_killed_everything_else_goes_too(supervised):
    everything = supervised.below()
    supervised.process.kill()
    wait_until(lambda: gone(everything))


def test_when_the_supervisor_and_its_keepers_are_killed_at_once_the_services_still_end(supervised):
    (service,) = [process for process in supervised.sleepers() if os.getsid(process.pid) != process.pid]
    for process in [psutil.Process(supervised.process.pid), *supervised.below("keeper.py")]:
        process.kill()
    wait_until(lambda: gone([service]))
