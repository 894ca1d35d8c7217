"""Real processes. Each leaves the ids of what it started in a file, so that a test can look whether they are gone."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from reviews.management import keeper
from tests.processes import command, gone
from tests.services import wait_until

# A service with a child, and an orphan in a session of its own, as git and scanning children may leave.
FAMILY = "sleep 600 & echo $! > child; {first}; (setsid sleep 600 & echo $! > far); {then}"


@pytest.fixture
def kept(tmp_path: Path) -> Iterator["Kept"]:
    kept = Kept(tmp_path)
    yield kept
    kept.end()


class Kept:
    """A keeper and the family that its service starts in `place`."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.family: list[psutil.Process] = []

    def start(self, then: str, stop_seconds: float = 5, first: str = ":") -> "subprocess.Popen[bytes]":
        service = ["sh", "-c", FAMILY.format(first=first, then=then)]
        command = [sys.executable, "-I", "-S", keeper.__file__, str(stop_seconds), *service]
        self.process = subprocess.Popen(command, cwd=self.place, stdin=subprocess.PIPE, start_new_session=True)
        wait_until(lambda: (self.place / "far").exists() and (self.place / "far").read_text(encoding="ascii").strip())
        self.family = [
            psutil.Process(int((self.place / name).read_text(encoding="ascii"))) for name in ("child", "far")
        ]
        return self.process

    def end(self) -> None:
        for process in [self.process, *filter(command, self.family)]:
            process.kill()
        self.process.communicate()


def test_the_end_of_the_lifeline_ends_the_whole_family(kept):
    process = kept.start("wait")
    process.stdin.close()
    assert process.wait(60) == 128 + signal.SIGTERM
    assert gone(kept.family)


def test_a_service_that_ends_leaves_no_family_behind_and_its_code_is_passed_on(kept):
    process = kept.start("exit 7")
    assert process.wait(60) == 7
    assert gone(kept.family)


def test_a_service_that_does_not_want_to_end_is_killed_when_its_time_is_up(kept):
    process = kept.start("while true; do sleep 1; done", first="trap '' TERM", stop_seconds=0.3)
    process.stdin.close()
    assert process.wait(60) == 128 + signal.SIGKILL
    assert gone(kept.family)


def test_sigusr1_does_not_wait_for_the_time_to_be_up(kept):
    process = kept.start("while true; do sleep 1; done", first="trap '' TERM", stop_seconds=600)
    process.stdin.close()
    process.send_signal(signal.SIGUSR1)
    assert process.wait(60) == 128 + signal.SIGKILL
    assert gone(kept.family)


def test_a_signal_to_everything_at_once_is_left_to_the_supervisor(kept):
    process = kept.start("wait")
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.5)


def test_orphans_that_end_are_taken_leave_of_while_the_service_runs(kept):
    kept.start("wait")
    kept.family[1].kill()
    wait_until(lambda: not kept.family[1].is_running())
