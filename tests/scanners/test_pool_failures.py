"""Whatever happens to a child, one file is named, the right one, and nothing of the child is left."""

import contextlib
import os
import resource
import signal
from collections.abc import Iterator

import psutil
import pytest

from scanners.finding import BlobKey
from scanners.pool import ChildFailedError, Pool
from tests.scanners.failing_worker import DEEDS

FAILING, HANGING = "tests.scanners.failing_worker", "tests.scanners.hanging_worker"
WHOLE = [f"{number:040x}" for number in range(12)]
BAD = WHOLE[5]


def keys() -> list[BlobKey]:
    """Keys of a dozen files."""
    return [BlobKey(sha, "python/service/") for sha in WHOLE]


def nothing() -> None:
    """A tick that has nothing to do."""


@pytest.fixture
def leftovers() -> Iterator[None]:
    """Fails when a process or an open file stays behind."""
    myself = psutil.Process()
    files = myself.num_fds()
    children = {child.pid for child in myself.children(recursive=True)}
    yield
    assert {child.pid for child in myself.children(recursive=True)} <= children
    assert myself.num_fds() <= files


@pytest.mark.usefixtures("leftovers")
@pytest.mark.parametrize("deed", DEEDS)
def test_one_file_is_blamed_and_the_scan_goes_on(deed: bytes) -> None:
    blobs = dict.fromkeys(WHOLE, b"x = 1\n") | {BAD: deed}
    with Pool(size=1, timeout=3, worker=FAILING) as pool:
        answers = dict(pool.answers(blobs.get, keys(), nothing))
    problems = {key.sha: answer["problem"] for key, answer in answers.items() if answer["problem"]}
    assert sorted(key.sha for key in answers) == WHOLE
    assert list(problems) == [BAD]
    assert problems[BAD]["code"] in ("crashed", "took-too-long")
    assert problems[BAD]["passing"]
    assert problems[BAD]["next"]


@pytest.mark.usefixtures("leftovers")
def test_a_large_file_behind_one_that_kills_is_not_blamed() -> None:
    large = b"#" * 900_000
    blobs = dict.fromkeys(WHOLE, large) | {WHOLE[2]: b"kill"}
    with Pool(size=1, timeout=10, worker=FAILING) as pool:
        answers = dict(pool.answers(blobs.get, keys(), nothing))
    assert [key.sha for key, answer in answers.items() if answer["problem"]] == [WHOLE[2]]
    assert len(answers) == len(WHOLE)


@pytest.mark.usefixtures("leftovers")
def test_a_child_that_died_between_two_scans_costs_no_file() -> None:
    with Pool(size=1, timeout=10, worker=FAILING) as pool:
        list(pool.answers(lambda _: b"x = 1\n", keys(), nothing))
        alive = [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]
        ours = [child for child in alive if "failing_worker" in " ".join(child.cmdline())]
        for child in ours:
            os.kill(child.pid, signal.SIGKILL)
        psutil.wait_procs(ours, timeout=5)
        answers = dict(pool.answers(lambda _: b"x = 1\n", keys(), nothing))
    assert [answer["problem"] for answer in answers.values()] == [None] * len(WHOLE)


@pytest.mark.usefixtures("leftovers")
@pytest.mark.parametrize("worker", [HANGING, "tests.scanners.no_such_worker"])
def test_a_child_that_does_not_start_is_our_fault(worker: str) -> None:
    with Pool(size=1, timeout=3, worker=worker, startup=2) as pool, pytest.raises(ChildFailedError, match="not start"):
        list(pool.answers(lambda _: b"x = 1\n", keys(), nothing))


@pytest.mark.usefixtures("leftovers")
def test_a_process_that_cannot_be_made_is_said() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken: list[int] = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        with contextlib.suppress(OSError):
            while True:
                taken.append(os.open(os.devnull, os.O_RDONLY))
        with Pool(size=2, worker=FAILING) as pool, pytest.raises(ChildFailedError, match="limits"):
            list(pool.answers(lambda _: b"x = 1\n", keys(), nothing))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for descriptor in taken:
            os.close(descriptor)
