"""Becomes another program after giving up what it may use. Run as a file, so that it needs no path and no package."""

import ctypes
import os
import resource
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Take: pid of the parent, bytes of memory, bytes of a file, seconds of CPU, open files, then the command."""
    parent, memory, file_size, cpu, files = (int(number) for number in arguments[:5])
    command = arguments[5:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            raise SystemExit("the parent is gone")
    for name, amount in (("AS", memory), ("FSIZE", file_size), ("CPU", cpu), ("NOFILE", files), ("CORE", 0)):
        _limit(getattr(resource, f"RLIMIT_{name}"), amount)
    os.execvp(command[0], command)  # noqa: S606 - what this program is for


def _limit(kind: int, amount: int) -> None:
    hard = resource.getrlimit(kind)[1]
    wanted = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
    try:
        resource.setrlimit(kind, (wanted, wanted))
    except (ValueError, OSError):  # a system without this limit
        return


if __name__ == "__main__":
    main(sys.argv[1:])
