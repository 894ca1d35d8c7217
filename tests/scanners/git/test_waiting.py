import threading

import pytest

from scanners.git.errors import SourceError
from scanners.git.waiting import wait_for


def test_the_answer_comes_back() -> None:
    assert wait_for(lambda: 42, seconds=5, tick=lambda: None, late="remote_timeout") == 42


@pytest.mark.parametrize("kind", [ValueError, TimeoutError, OSError])
def test_an_error_of_the_work_comes_back(kind: type[Exception]) -> None:
    def work() -> None:
        raise kind("work")

    with pytest.raises(kind, match="work"):
        wait_for(work, seconds=5, tick=lambda: None, late="remote_timeout")


def test_late_work_is_named_and_the_caller_kept_informed() -> None:
    over = threading.Event()
    beats: list[None] = []
    with pytest.raises(SourceError, match="dns_failed"):
        wait_for(lambda: over.wait(10), seconds=0.9, tick=lambda: beats.append(None), late="dns_failed")
    over.set()
    assert len(beats) >= 2


def test_an_error_of_the_caller_ends_the_wait() -> None:
    over = threading.Event()

    def tick() -> None:
        raise KeyError("lease")

    with pytest.raises(KeyError, match="lease"):
        wait_for(lambda: over.wait(10), seconds=5, tick=tick, late="remote_timeout")
    over.set()
