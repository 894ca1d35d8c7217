"""What a worker keeps from scan to scan: the children that look at blobs, and what stands of each repository."""

import atexit
import os
import threading
import time
from collections import OrderedDict
from typing import Final, NamedTuple

from reviews.models import Repository
from scanners.pool import Pool
from scanners.standing import Standing

MOST_BYTES: Final = 256 * 1024 * 1024
"""What all that stands may take in one thread; the repository that was not scanned for longest goes first."""
# Answers count as unused after a day or more without a question for them: what stands asks for none of its own.
_SECONDS: Final = 12 * 3600

_held = threading.local()


class _Kept(NamedTuple):
    standing: Standing
    since: float


def pool() -> Pool:
    """This thread's pool: opened at its first scan and closed with the process.

    A process that was forked since opens its own, because pipes to a child cannot be shared.
    """
    _own()
    opened: Pool = _held.pool
    return opened


def standing(repository: Repository) -> Standing:
    """What stands of a repository from its last scan in this thread; empty when that is long ago, or was elsewhere."""
    _own()
    kept: OrderedDict[tuple[int, str, str], _Kept] = _held.kept
    key = (repository.pk, repository.sub_path, repository.kind)
    found = kept.pop(key, None)
    if found is None or time.monotonic() - found.since > _SECONDS:
        found = _Kept(Standing(repository.kind), time.monotonic())
    while kept and found.standing.size + sum(one.standing.size for one in kept.values()) > MOST_BYTES:
        kept.popitem(last=False)
    if found.standing.size > MOST_BYTES:
        return Standing(repository.kind)
    kept[key] = found
    return found.standing


def _own() -> None:
    if getattr(_held, "pid", None) != os.getpid():
        _held.pool = Pool()
        _held.kept = OrderedDict()
        _held.pid = os.getpid()
        _held.pool.__enter__()
        atexit.register(_held.pool.__exit__, None, None, None)
