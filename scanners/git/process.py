"""Starts git under limits, watches it, and ends it with everything that it started."""

import functools
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from scanners.git.environment import clean_environment
from scanners.git.errors import error
from scanners.regex import regex

GIT_FLOOR = (2, 36)
STEP_SECONDS = 0.2
KEPT_BYTES = 64 * 1024
OPEN_FILES = 256
SHIM = Path(__file__).with_name("limits.py")
_CONTROL = regex(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Limits:
    """What one process may use: bytes of memory and of any file it writes, seconds of CPU."""

    memory: int
    file_size: int
    cpu: int


SMALL = Limits(memory=512 * 1024 * 1024, file_size=0, cpu=5)


@dataclass(frozen=True)
class Finished:
    """What a command left: `stderr` is its end, at most 64 KiB, without control characters."""

    returncode: int
    stdout: bytes
    stderr: str


def start(
    command: Sequence[str],
    allowed: Limits,
    environment: Mapping[str, str],
    *,
    stdin: int = subprocess.DEVNULL,
    stderr: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """Start a command in a session of its own that dies with the calling thread. Its output goes to a pipe."""
    numbers = (os.getpid(), allowed.memory, allowed.file_size, allowed.cpu, OPEN_FILES)
    shim = [sys.executable, "-I", "-S", str(SHIM), *map(str, numbers)]
    return subprocess.Popen(
        [*shim, *command],
        env=dict(environment),
        cwd="/",
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=stderr,
        start_new_session=True,
    )


def run(
    command: Sequence[str],
    allowed: Limits,
    environment: Mapping[str, str],
    *,
    seconds: float,
    max_output: int,
    tick: Callable[[], None],
) -> Finished:
    """Run a command to its end, calling `tick` every 0.2 s. Raises what `tick` raises and SourceError."""
    deadline = time.monotonic() + seconds
    process = start([*isolation(), *command], allowed, environment, stderr=subprocess.PIPE)
    output, messages = _Drain(opened(process.stdout), max_output), _Drain(opened(process.stderr), KEPT_BYTES)
    pause = 0.005
    try:
        while process.poll() is None:
            tick()
            if output.total > max_output or messages.total > max_output:
                raise error("server_floods")
            if time.monotonic() > deadline:
                raise error("remote_timeout")
            time.sleep(pause)
            pause = min(2 * pause, STEP_SECONDS)
    finally:
        kill_tree(process)
        told, said = output.end(), messages.end()
    return Finished(process.returncode, told, _CONTROL.sub("", said.decode("utf-8", "replace")))


def opened(pipe: IO[bytes] | None) -> IO[bytes]:
    """Return a pipe that was asked for when its process was started."""
    if pipe is None:
        raise ValueError("the process was started without this pipe")
    return pipe


def kill_tree(process: subprocess.Popen[bytes]) -> None:
    """End a started process and everything in its session, and collect it."""
    if process.returncode is None:
        # Not collected yet, so its number cannot belong to anybody else.
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            process.kill()
        process.wait()


@functools.cache
def isolation() -> tuple[str, ...]:
    """Return the prefix that puts a command in a process namespace which dies as one; empty where not allowed."""
    unshare = shutil.which("unshare")
    for rights in ((), ("--user", "--map-current-user")):
        prefix = (unshare or "", *rights, "--pid", "--fork", "--kill-child=KILL")
        if unshare and _output([*prefix, "true"]) is not None:
            return prefix
    return ()


@functools.cache
def git() -> str:
    """Return the path of a git that is new enough. Raises SourceError git_not_usable."""
    path = shutil.which("git")
    version = re.search(rb"(\d+)\.(\d+)", (path and _output([path, "version"])) or b"")
    if path is None or version is None or (int(version[1]), int(version[2])) < GIT_FLOOR:
        raise error("git_not_usable", floor=".".join(map(str, GIT_FLOOR)))
    return path


def _output(command: Sequence[str]) -> bytes | None:
    process = start(command, SMALL, clean_environment())
    try:
        output = process.communicate(timeout=10)[0]
    except subprocess.TimeoutExpired:
        return None
    finally:
        kill_tree(process)
    return output if process.returncode == 0 else None


class _Drain:
    """Reads a pipe to its end in a thread, keeping the last bytes only."""

    def __init__(self, pipe: IO[bytes], keep: int) -> None:
        self._pipe = pipe
        self._keep = keep
        self._kept = bytearray()
        self.total = 0
        self._thread = threading.Thread(target=self._read, name="git-output", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while data := os.read(self._pipe.fileno(), KEPT_BYTES):
            self.total += len(data)
            self._kept += data
            del self._kept[: -self._keep]

    def end(self) -> bytes:
        self._thread.join(timeout=5)
        if not self._thread.is_alive():
            self._pipe.close()
        return bytes(self._kept)
