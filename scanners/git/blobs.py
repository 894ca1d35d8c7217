"""Reads objects of a bare store through one git process that lives as long as its reader."""

import contextlib
import subprocess
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from scanners.git.environment import clean_environment
from scanners.git.errors import SourceError, error
from scanners.git.process import Limits, git, kill_tree, opened, start
from scanners.regex import regex

MIB = 1024 * 1024
LIMITS = Limits(memory=1024 * MIB, file_size=0, cpu=600)
_SHA = regex(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class ObjectInfo:
    """What an object is: `kind` is blob, tree, commit or tag; `size` is in bytes."""

    sha: str
    kind: str
    size: int


class BlobReader:
    """Reads blobs of a store by their ids. Use it as a context manager and from the thread that made it."""

    def __init__(self, git_dir: Path, max_bytes: int = MIB) -> None:
        self._git_dir = git_dir
        self._max_bytes = max_bytes
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "BlobReader":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def info(self, name: str) -> ObjectInfo | None:
        """Look up an id, or `id:path`; None when the store has no such object. Raises store_unreadable."""
        if "\n" in name:
            raise ValueError("an object name has no line breaks")
        words = self._ask("info", name).rsplit(b" ", 2)
        if len(words) < 3 or not words[2].isdigit():
            return None
        return ObjectInfo(words[0].decode(), words[1].decode(), int(words[2]))

    def read(self, sha: str, kind: str = "blob") -> bytes | None:
        """Return an object's bytes; None when it was left out of the store or is larger than `max_bytes`."""
        if not _SHA.fullmatch(sha):
            raise ValueError("not a full object id")
        found = self.info(sha)
        if found is None or found.kind != kind or found.size > self._max_bytes:
            return None
        self._ask("contents", sha)
        data = opened(self._running().stdout).read(found.size + 1)
        if len(data) != found.size + 1:
            raise self._broken()
        return data[:-1]

    def close(self) -> None:
        """End the git process. A reader that is asked again starts a new one."""
        if self._process:
            kill_tree(self._process)
            with contextlib.suppress(BrokenPipeError):  # a last request that git did not live to read
                opened(self._process.stdin).close()
            opened(self._process.stdout).close()
        self._process = None

    def _ask(self, command: str, name: str) -> bytes:
        process = self._running()
        requests = opened(process.stdin)
        try:
            requests.write(f"{command} {name}\n".encode("utf-8", "surrogateescape"))
            requests.flush()
        except BrokenPipeError:
            raise self._broken() from None
        line = opened(process.stdout).readline()
        if not line.endswith(b"\n"):
            raise self._broken()
        return line[:-1]

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            command = [git(), f"--git-dir={self._git_dir}", "cat-file", "--batch-command"]
            self._process = start(command, LIMITS, clean_environment(), stdin=subprocess.PIPE)
        return self._process

    def _broken(self) -> SourceError:
        self.close()
        return error("store_unreadable")
