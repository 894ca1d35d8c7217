"""Runs one service and outlives it: when the service or the supervisor ends, nothing that the service started is left.

Started by the supervisor as `python keeper.py SECONDS COMMAND...`, in a session of its own. Standard input is the
lifeline: only the supervisor holds its other end, so its end means "stop", whether the supervisor closed it or died.
SIGUSR1 means "stop now".
"""

import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
TICK = 0.2
GRACE_SECONDS = 5  # From SIGKILL to the end, on a machine that is busy.


class Hurry(Exception):
    """Raised wherever this process is when it is told to stop now."""


def main(stop_seconds: float, command: list[str]) -> int:
    """Run `command` until it ends or the lifeline does; return its exit code, or 128 + the signal that ended it."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        # A handler and not SIG_IGN, which the service would inherit.
        signal.signal(number, lambda *_: None)
    signal.signal(signal.SIGUSR1, _hurry)
    adopt_orphans()
    # preexec_fn is safe here: this process has one thread.
    service = subprocess.Popen(command, stdin=subprocess.DEVNULL, process_group=0, preexec_fn=_die_with_parent)
    try:
        _watch(service)
        _stop(service, stop_seconds)
    except Hurry:
        pass
    # Where orphans cannot be adopted the group is all there is to go by.
    _kill(os.killpg, service.pid)
    try:
        code = service.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:  # Stuck in the kernel: nobody can end it, and nobody should wait for it.
        code = -signal.SIGKILL
    kill_below()
    return code if code >= 0 else 128 - code


def adopt_orphans() -> None:
    """Become the parent of whatever loses its parent below this process (Linux only)."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def collect_orphans(own: frozenset[int]) -> None:
    """Take leave of adopted processes that have ended; the exit codes of `own` are left to be asked for."""
    while True:
        try:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if ended is None or ended.si_pid in own:
            return
        _reap(ended.si_pid)


def kill_below(spared: frozenset[int] = frozenset()) -> None:
    """Kill every process below this one, but for `spared` and what is below those. Linux only."""
    for _ in range(100):
        below = _below(spared)
        for pid in below:
            _kill(os.kill, pid)
        for pid in below:
            _reap(pid)
        if not below:
            return
        time.sleep(0.01)


def _hurry(*_: object) -> None:
    raise Hurry


def _die_with_parent() -> None:
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _watch(service: "subprocess.Popen[bytes]") -> None:
    """Return when the service has ended or the lifeline has."""
    while service.poll() is None:
        collect_orphans(frozenset({service.pid}))
        readable, _, _ = select.select([0], [], [], TICK)
        if readable and not os.read(0, 1024):
            return


def _stop(service: "subprocess.Popen[bytes]", seconds: float) -> None:
    """Ask the service to end and give it time. Only it is asked: it tells its children in its own order."""
    if service.poll() is None:
        service.terminate()
    try:
        service.wait(seconds)
    except subprocess.TimeoutExpired:
        pass


def _below(spared: frozenset[int]) -> list[int]:
    """The processes below this one, also those that went into a session of their own."""
    parents = dict(filter(None, map(_parent, Path("/proc").glob("[0-9]*/stat"))))
    found: list[int] = []
    level = {os.getpid()}
    while level:
        level = {pid for pid, parent in parents.items() if parent in level} - spared
        found += level
    return found


def _parent(stat: Path) -> tuple[int, int] | None:
    try:
        # The name, in parentheses, may hold anything; the state and the parent come after it.
        fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return (int(stat.parent.name), int(fields[1])) if fields[0] != "Z" else None


def _kill(how: Callable[[int, int], None], pid: int) -> None:
    try:
        how(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), sys.argv[2:]))
