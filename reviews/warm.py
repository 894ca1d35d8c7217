"""The children that look at blobs, kept warm from scan to scan."""

import atexit
import os
import threading

from scanners.pool import Pool

_held = threading.local()


def pool() -> Pool:
    """This thread's pool: opened at its first scan and closed with the process.

    A process that was forked since opens its own, because pipes to a child cannot be shared.
    """
    if getattr(_held, "pid", None) != os.getpid():
        _held.pool = Pool()
        _held.pid = os.getpid()
        _held.pool.__enter__()
        atexit.register(_held.pool.__exit__, None, None, None)
    opened: Pool = _held.pool
    return opened
