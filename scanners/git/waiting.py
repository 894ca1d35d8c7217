"""Waits for slow calls that cannot be asked how far they are, without losing the caller's heartbeat."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

from scanners.git.errors import error

Answer = TypeVar("Answer")
STEP_SECONDS = 0.2


def wait_for(work: Callable[[], Answer], *, seconds: float, tick: Callable[[], None], late: str) -> Answer:
    """Do work in a thread and return its answer, calling `tick` every 0.2 s. Raises what work or tick raises.

    Work that takes longer than `seconds` raises the error named by `late`; its thread ends once what it waits for is
    closed.
    """
    deadline = time.monotonic() + seconds
    worker = ThreadPoolExecutor(1, thread_name_prefix="git-wait")
    try:
        future = worker.submit(work)
        while time.monotonic() < deadline:
            tick()
            if wait([future], timeout=STEP_SECONDS).done:
                return future.result()
        raise error(late)
    finally:
        worker.shutdown(wait=False)
