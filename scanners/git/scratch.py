"""Directories for one fetch each: removed when it ends, and by the next worker if the process that made it died."""

import contextlib
import fcntl
import os
import re
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from scanners.regex import regex

_NAME = regex(r"fetch-(?P<host>.+)-(?P<pid>[0-9]+)-[^-]+")
REMOVE_ATTEMPTS = 5
_NEW = 10.0  # Seconds in which whoever made a directory locks it.


@contextlib.contextmanager
def scratch_dir(parent: Path) -> Iterator[Path]:
    """Make an empty private directory below `parent`, and remove it with all that is in it afterwards.

    It is locked as long: a lock ends with its process, whose id another one may get at once.
    """
    parent.mkdir(parents=True, exist_ok=True)
    path = Path(tempfile.mkdtemp(prefix=f"fetch-{_host()}-{os.getpid()}-", dir=parent))
    lock = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield path
    finally:
        os.close(lock)
        _remove(path)


def remove_stale(parent: Path, older_than: float) -> list[Path]:
    """Remove scratch directories of dead processes of this host, and any unchanged for `older_than` seconds.

    Processes of other hosts that share the directory cannot be asked, so only age counts for theirs.
    """
    removed = []
    for path in sorted(parent.glob("fetch-*")):
        name = _NAME.fullmatch(path.name)
        if name and (_age(path) > older_than or (name["host"] == _host() and _is_left(path, int(name["pid"])))):
            _remove(path)
            removed.append(path)
    return removed


def is_held(path: Path) -> bool:
    """Whether somebody who lives works in a scratch directory."""
    try:
        lock = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(lock)
    return False


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9.]", "_", socket.gethostname()) or "host"


def _is_left(path: Path, pid: int) -> bool:
    """Whether whoever made it is dead, or somebody else who was given its id lives on and holds no lock."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        pass  # It is alive, and another user's.
    return _age(path) > _NEW and not is_held(path)


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0


def _remove(path: Path) -> None:
    for _ in range(REMOVE_ATTEMPTS):
        shutil.rmtree(path, ignore_errors=True)
        if not path.exists():
            return
        time.sleep(0.05)
