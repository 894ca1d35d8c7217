"""What the tests of fetching play with: a repository, a fetcher, a forbidden place, and a look at all processes."""

import contextlib
import dataclasses
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scanners.git.address import parse_source
from scanners.git.credential import Credential
from scanners.git.errors import SourceError
from scanners.git.fetch import Fetched, fetch
from scanners.git.policy import Policy
from tests.origin import commit_files, make_repository

MIB = 1024 * 1024


class Origin:
    """A repository with two commits on `main`; the first has no directory `services`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.path = make_repository(root / "team" / "pay.git")
        self.first = commit_files(self.path, {"README.md": "# Pay\n", "pay.py": "import requests\n"}, message="Start")
        self.head = commit_files(
            self.path,
            {"services/api/app.py": "print('api')\n", "services/api/big.bin": b"x" * 2 * MIB},
            message="Add the API",
            author="Bo Builder <bo@example.org>",
        )


class Fetcher:
    """Fetches from a server into a scratch directory of its own for each call."""

    def __init__(self, parent: Path, policy: Policy) -> None:
        self.parent = parent
        self.policy = policy
        self.last = parent

    def __call__(
        self,
        url: str,
        ref: str = "main",
        *,
        token: str | None = None,
        tick: Callable[[], None] = lambda: None,
        **policy: Any,
    ) -> Fetched:
        rules = dataclasses.replace(self.policy, **policy)
        self.last = self.parent / f"scratch-{len(list(self.parent.iterdir()))}"
        self.last.mkdir()
        credential = Credential(token) if token else None
        source = parse_source(url, rules)
        return fetch(source, ref, self.last, policy=rules, tick=tick, credential=credential)

    def error(self, *arguments: Any, **options: Any) -> SourceError:
        """Fetch what must fail, and return the error."""
        with pytest.raises(SourceError) as caught:
            self(*arguments, **options)
        return caught.value


class Listener:
    """A place that must not be reached: counts the connections made to it."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self._socket = socket.create_server((host, port))
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://{host}:{self.port}"

    @property
    def connections(self) -> int:
        self._socket.settimeout(0.05)
        count = 0
        with contextlib.suppress(TimeoutError):
            while True:
                self._socket.accept()[0].close()
                count += 1
        return count

    def close(self) -> None:
        self._socket.close()


def command_lines() -> dict[int, str]:
    """The arguments of every process of this machine, by process id."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found[int(path.parent.name)] = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    return found


def processes_about(text: str) -> list[int]:
    return [pid for pid, line in command_lines().items() if text in line]


def wait_until(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Wait for something another thread or process does. Fails when it does not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
