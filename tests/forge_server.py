"""
A stand-in for a forge on loopback: it checks what it is told against the forge's documented contract, and keeps it.

    with ForgeServer("github", token="s3cret") as forge:
        Repository(url=forge.repository_url, provider="github"), Forge(api_url=forge.api_url, token="s3cret")
        ...
    assert forge.statuses and not forge.violations

With a `root`, the bare repository at root + `forge.home` is served by git on the same port. By hand:
`python -m tests.forge_server github --root DIR --port 8900 --token s3cret` says on each line what it was told.
"""

import argparse
import json
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.forge_contracts import CONTRACTS
from tests.forge_contracts.contract import Kept, Reply, Told, Written
from tests.git_server import GitServer, Request, reply

HANG, DROP, LOSE, DRIP = "hang", "drop", "lose", "drip"


class Trouble(NamedTuple):
    """What happens to a call instead of what it asks for: an answer, or `how`.

    HANG says nothing until the server ends, DROP closes the connection, LOSE does what was asked and then closes it,
    DRIP answers a byte at a time.
    """

    status: int = 0
    headers: dict[str, str] = {}
    body: bytes = b""
    how: str = ""


class ForgeServer:
    """Serves the API of one repository, acme/payments, and git beside it.

    `says` holds troubles for the next calls, one each; `always` is one for every call. `on_done` is called when a call
    has been done, before it is answered. `calls` keeps "METHOD path" of every call of the API.
    """

    def __init__(self, provider: str, *, token: str = "s3cret", root: Path | None = None, port: int = 0) -> None:
        self._own_root = tempfile.TemporaryDirectory() if root is None else None
        self.kept = Kept(token)
        self.contract = CONTRACTS[provider](self.kept)
        self.provider = provider
        self.says: list[Trouble] = []
        self.always: Trouble | None = None
        self.on_done: Callable[[], object] = lambda: None
        self.on_told: Callable[[str], object] = lambda line: None
        self.calls: list[str] = []
        self.ended = threading.Event()
        place = root or Path(self._own_root.name if self._own_root else "")
        self.git = GitServer(place, token=token, hook=self._hook, port=port, config={"http.receivepack": "true"})
        self._lock = threading.Lock()

    def __enter__(self) -> "ForgeServer":
        self.git.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.ended.set()
        self.git.stop()
        if self._own_root:
            self._own_root.cleanup()

    @property
    def home(self) -> str:
        """Where below its root the forge has the repository."""
        return self.contract.home.lstrip("/")

    @property
    def repository_url(self) -> str:
        """Where git clones from."""
        return f"{self.git.url}{self.contract.home}"

    @property
    def api_url(self) -> str:
        """Where the API begins."""
        return f"{self.git.url}{self.contract.prefix}"

    @property
    def statuses(self) -> list[Told]:
        """The statuses that were set, the oldest first."""
        return self.kept.statuses

    @property
    def violations(self) -> list[str]:
        """Where the contract was not kept."""
        return self.kept.violations

    def comments(self, number: int) -> list[Written]:
        """The comments of a pull request."""
        return self.kept.of(number)

    def _hook(self, request: Request) -> bool:
        target = request.handler.path
        if not target.startswith(f"{self.contract.prefix}/"):
            return False
        self.calls.append(f"{request.method} {target.removeprefix(self.contract.prefix).partition('?')[0]}")
        trouble = self.says.pop(0) if self.says else self.always
        if trouble is None or trouble.how == LOSE:
            with self._lock:
                answer = self.contract.answer(request.method, target, request.headers, request.body)
            self.on_told(f"{request.method} {target} {answer.status} {request.body.decode('utf-8', 'replace')}")
            self.on_done()
            return _lose(request) if trouble else _reply(request, answer)
        return self._make_trouble(request, trouble)

    def _make_trouble(self, request: Request, trouble: Trouble) -> bool:
        if trouble.how == HANG:
            self.ended.wait()
        if trouble.how == DRIP:
            self._drip(request)
        if trouble.how:
            return _lose(request)
        return reply(request, trouble.status, trouble.headers, trouble.body)

    def _drip(self, request: Request) -> None:
        for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + 600 * b"x":
            if self.ended.wait(0.1):
                return
            request.handler.wfile.write(bytes([byte]))


def _lose(request: Request) -> bool:
    request.handler.close_connection = True
    return True


def _reply(request: Request, answer: Reply) -> bool:
    body = b"" if answer.data is None else json.dumps(answer.data).encode()
    kind = {"Content-Type": "application/json; charset=utf-8"} if body else {}
    return reply(request, answer.status, kind | answer.headers, body)


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description="A stand-in for a forge, for trying Plimsoll out by hand.")
    parser.add_argument("provider", choices=sorted(CONTRACTS))
    parser.add_argument("--root", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token", default="s3cret")
    chosen = parser.parse_args()
    with ForgeServer(chosen.provider, token=chosen.token, root=chosen.root, port=chosen.port) as forge:
        forge.on_told = lambda line: print(line, flush=True)
        print(json.dumps({"url": forge.repository_url, "api_url": forge.api_url, "home": forge.home}), flush=True)
        while True:
            time.sleep(3600)


if __name__ == "__main__":
    main()
