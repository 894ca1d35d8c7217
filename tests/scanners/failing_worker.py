"""A child that does what the bytes of a blob say: die, hang, flood, say nonsense. Any other bytes are answered."""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from scanners.finding import BlobAnswer
from scanners.worker import serve


def kill() -> None:
    """Die at once."""
    os.kill(os.getpid(), signal.SIGKILL)


def crash() -> None:
    """Read what no process may read."""
    ctypes.string_at(0)


def loop() -> None:
    """Never come to an end."""
    while True:
        time.sleep(0)


def fill() -> None:
    """Ask for more memory than the child may have."""
    held = []
    try:
        while True:
            held.append(bytearray(64 * 1024**2))
    except MemoryError:
        os.abort()


def say(text: bytes) -> None:
    """Write something that is no answer."""
    os.write(sys.stdout.fileno(), text)


def flood() -> None:
    """Write one line without end."""
    while True:
        say(b"x" * 1024**2)


def leave() -> None:
    """Close the way back, and stay."""
    os.close(sys.stdout.fileno())
    loop()


DEEDS: dict[bytes, Callable[[], None]] = {
    b"kill": kill,
    b"crash": crash,
    b"loop": loop,
    b"fill": fill,
    b"nonsense": lambda: say(b"\xff{nonsense\n"),
    b"number": lambda: say(b"7\n"),
    b"deep": lambda: say(b"[" * 100_000 + b"\n"),
    b"flood": flood,
    b"leave": leave,
    b"exit": lambda: os._exit(0),
}


def answer(_: Mapping[str, Any], raw: bytes) -> BlobAnswer:
    """Do what the blob says."""
    DEEDS.get(raw, lambda: None)()
    return {"lines": 1, "bytes": len(raw), "parser": None, "problem": None}


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer, answer)
