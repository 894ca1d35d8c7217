"""The children that look at blobs: kept warm, fed without waiting, killed when they hang, replaced when they die."""

import json
import os
import selectors
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, TypeVar

from scanners.finding import BlobAnswer
from scanners.git.process import Limits, kill_tree, opened, start
from scanners.worker import READY


class Asked(Protocol):
    """What a child is asked: about the blob `sha`, with what `head` says beside its bytes."""

    @property
    def sha(self) -> str:
        """The id of the blob."""

    def head(self) -> dict[str, Any]:
        """What the child is told, as plain JSON."""


Key = TypeVar("Key", bound=Asked)
Read = Callable[[str], bytes | None]

_LIMITS = Limits(memory=2 * 1024**3, file_size=0, cpu=3600)
_AHEAD = 4  # Requests in a child's pipe: enough that it never waits, few enough to lose when it dies.
_LIFETIME = 20_000  # Blobs before a child is replaced, as its collector is off.
_STARTUP = 60.0  # Seconds for a child to load its rules, on a machine that is busy.
_LONGEST = 256 * 1024**2  # Bytes of one answer; some 100 KiB are usual for a long file.
_OUR_STDERR = 2
_STEP = 0.2  # Seconds between ticks while children are busy.
_ROOT = Path(__file__).parent.parent


_NOT_STARTED = "The child that looks at files did not start"
_LIMITS_REACHED = "Look at the limits of processes and of memory of whoever runs the scan."


class ChildFailedError(Exception):
    """A child cannot even load its rules: our fault, and no file's."""


class _Child:
    """One process, the requests that it has, and the bytes on their way to and from it."""

    def __init__(self, worker: str) -> None:
        command = [sys.executable, "-P", "-m", worker]
        environment = {"PYTHONPATH": str(_ROOT), "PYTHONWARNINGS": "ignore", "PYTHONUTF8": "1"}
        self.process = start(command, _LIMITS, environment, stdin=subprocess.PIPE, stderr=_OUR_STDERR)
        self.stdin, self.stdout = opened(self.process.stdin), opened(self.process.stdout)
        os.set_blocking(self.stdin.fileno(), False)
        os.set_blocking(self.stdout.fileno(), False)
        self.pending: deque[Any] = deque()
        self.ready = False
        self.broken = False
        self.since = time.monotonic()
        self.served = 0
        self._out = bytearray()
        self._in = bytearray()

    def ask(self, key: Asked, raw: bytes) -> None:
        """Queue one request."""
        if not self.pending:
            self.since = time.monotonic()
        self.pending.append(key)
        head = json.dumps(key.head() | {"size": len(raw)})
        self._out += head.encode() + b"\n" + raw

    @property
    def has_output(self) -> bool:
        """Whether bytes wait to be written to it."""
        return bool(self._out)

    def write(self) -> None:
        """Hand over as much as its pipe takes. A dead child takes nothing: what it said before is still to be read."""
        try:
            sent = os.write(self.stdin.fileno(), self._out[: 1 << 20])
        except BlockingIOError:
            return
        except BrokenPipeError:
            sent = len(self._out)
        del self._out[:sent]
        self.since = time.monotonic()  # Its pipe is short, so a child that hangs cannot gain much by this.

    def read(self) -> list[tuple[Any, BlobAnswer]]:
        """Take the answers that have come. Raises BrokenPipeError when it is dead; `broken` is set by what is none."""
        data = os.read(self.stdout.fileno(), 1 << 20)
        if not data:
            raise BrokenPipeError
        self._in += data
        self.since = time.monotonic()
        self.broken = len(self._in) > _LONGEST
        if b"\n" not in data:
            return []
        *lines, rest = self._in.split(b"\n")
        self._in = bytearray(rest)
        if lines and not self.ready:
            self.ready = lines.pop(0) + b"\n" == READY
            self.broken = not self.ready
        return self._understood(lines)

    def _understood(self, lines: list[bytearray]) -> list[tuple[Any, BlobAnswer]]:
        said: list[tuple[Any, BlobAnswer]] = []
        for line in lines:
            answer = _answer(line)
            if self.broken or answer is None or not self.pending:
                self.broken = True
                break
            said.append((self.pending.popleft(), answer))
        self.served += len(said)
        return said

    def close(self) -> None:
        """Kill it, with everything it started."""
        kill_tree(self.process)
        self.stdin.close()
        self.stdout.close()


class Pool:
    """`size` children at most; `timeout` is how many seconds one blob may take. A context manager, for one thread.

    A child may take `startup` seconds to load; one that cannot start raises ChildFailedError where answers are asked.
    Children run the module `worker`. They start on the first blob, or before by `start`, and stay for the next scan, so
    that a small push pays for no start.
    """

    def __init__(
        self, size: int = 1, timeout: float = 10.0, worker: str = "scanners.worker", startup: float = _STARTUP
    ) -> None:
        self._worker = worker
        self._size = size
        self._timeout = timeout
        self._startup = startup
        self._children: list[_Child] = []

    def __enter__(self) -> "Pool":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Kill all children. A pool that is asked again starts new ones."""
        while self._children:
            self._children.pop().close()

    def start(self, blobs: int) -> None:
        """Start the children for that many blobs now, for one who has something else to do before the first answer."""
        self._fill(min(self._size, blobs))

    def answers(self, read: Read, wanted: Iterable[Key], tick: Callable[[], None]) -> Iterator[tuple[Key, BlobAnswer]]:
        """One answer for each wanted blob, in any order; `tick` is called at least five times a second.

        A blob that hangs or kills its child comes back with a problem. What `tick` or `read` raises ends the scan, and
        the children that were busy with it.
        """
        todo = deque(wanted)
        clean = False
        try:
            while todo or any(child.pending for child in self._children):
                yield from self._feed(todo, read)
                yield from self._collect(todo)
                tick()
            clean = True
        finally:
            if not clean:
                self.close()

    def _feed(self, todo: deque[Key], read: Read) -> Iterator[tuple[Key, BlobAnswer]]:
        self._children = [child for child in self._children if not self._retire(child)]
        self._fill(min(self._size, len(todo)))
        for child in self._children:
            while todo and len(child.pending) < _AHEAD:
                key = todo.popleft()
                raw = read(key.sha)
                if raw is None:
                    yield (
                        key,
                        _problem(
                            "left-out", "The blob was left out of the fetch.", "Exclude the file, or make it smaller."
                        ),
                    )
                else:
                    child.ask(key, raw)

    def _fill(self, count: int) -> None:
        while len(self._children) < count:
            try:
                self._children.append(_Child(self._worker))
            except OSError as error:
                if not self._children:
                    raise ChildFailedError(f"{_NOT_STARTED} ({error}). {_LIMITS_REACHED}") from error
                break  # The others do its work.

    def _retire(self, child: _Child) -> bool:
        if child.pending or (child.served < _LIFETIME and child.process.poll() is None):
            return False
        child.close()
        return True

    def _collect(self, todo: deque[Key]) -> Iterator[tuple[Key, BlobAnswer]]:
        for child in self._ready():
            try:
                if child.has_output:
                    child.write()
                yield from child.read()
            except BlockingIOError:
                continue
            except BrokenPipeError:
                yield from self._bury(child, todo, "crashed", "Looking at the file ended the process that did.")
            else:
                if child.broken:
                    yield from self._bury(child, todo, "crashed", "The process that looked at the file lost its way.")
        for child in [child for child in self._children if child.pending]:
            if time.monotonic() - child.since > (self._timeout if child.ready else self._startup):
                yield from self._bury(
                    child, todo, "took-too-long", f"Looking at the file took over {self._timeout:g} s."
                )

    def _ready(self) -> list[_Child]:
        with selectors.DefaultSelector() as selector:
            for child in self._children:
                if child.pending:
                    selector.register(child.stdout, selectors.EVENT_READ, child)
                if child.has_output:
                    selector.register(child.stdin, selectors.EVENT_WRITE, child)
            events = selector.select(_STEP) if selector.get_map() else []
        return list(dict.fromkeys(key.data for key, _ in events))

    def _bury(self, child: _Child, todo: deque[Key], code: str, message: str) -> Iterator[tuple[Key, BlobAnswer]]:
        """Blame the blob that the child was at, and give the others it had to another child."""
        child.close()
        self._children.remove(child)
        if not child.ready:
            raise ChildFailedError(f"{_NOT_STARTED} ({code}). Its own words are in our log.")
        if child.pending:
            blamed = child.pending.popleft()
            todo.extendleft(reversed(child.pending))
            yield (
                blamed,
                _problem(
                    code, message, "Split the file, or exclude it. It is tried again at the next scan.", passing=True
                ),
            )


def _answer(line: bytearray) -> BlobAnswer | None:
    """One line as an answer; None for anything else."""
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def _problem(code: str, message: str, next_step: str, passing: bool = False) -> BlobAnswer:
    """An answer for a blob that was not looked at. A `passing` problem is not kept: the next scan tries again."""
    problem = {"code": code, "message": message, "next": next_step, "line": None, "passing": passing}
    return {"lines": 0, "bytes": 0, "parser": None, "problem": problem}
