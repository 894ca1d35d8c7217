"""Requests to the site over connections that stay open, and how long each took."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

_NUMBERS = count(1)
_COMMITS = 4


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, and the seconds from when the request was due to the last byte of its answer."""

    status: int
    seconds: float


def push(secret: str) -> tuple[bytes, dict[str, str]]:
    """A push to main as GitHub sends it, about 7 KB, under a name that no other has: body and headers."""
    number = next(_NUMBERS)
    raw = json.dumps(_payload(number)).encode()
    signature = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "push",
        "X-GitHub-Delivery": f"00000000-0000-0000-0000-{number:012}",
        "X-Hub-Signature-256": f"sha256={signature}",
    }
    return raw, headers


def request(path: str, raw: bytes, headers: dict[str, str]) -> bytes:
    """The bytes of a POST."""
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(raw)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + raw


async def paced(port: int, wanted: Sequence[bytes], rate: float, connections: int) -> list[Answer]:
    """Send each when its time has come, whether or not those before were answered."""
    free: asyncio.Queue[Connection] = asyncio.Queue(connections)
    for _ in range(connections):
        free.put_nowait(await Connection.open(port))
    start = time.perf_counter() + 0.05

    async def send(number: int, raw: bytes) -> Answer:
        due = start + number / rate
        await asyncio.sleep(max(0, due - time.perf_counter()))
        connection = await free.get()
        status = await connection.send(raw)
        free.put_nowait(connection)
        return Answer(status, time.perf_counter() - due)

    answers = await asyncio.gather(*(send(number, raw) for number, raw in enumerate(wanted)))
    while not free.empty():
        free.get_nowait().close()
    return answers


class Connection:
    """One connection that is kept open."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, port: int) -> "Connection":
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def send(self, raw: bytes) -> int:
        """Send a request and read its answer. Returns the status."""
        self._writer.write(raw)
        head = await asyncio.wait_for(self._reader.readuntil(b"\r\n\r\n"), 60)
        lines = head.decode("latin-1").lower().split("\r\n")
        lengths = [int(line.partition(":")[2]) for line in lines if line.startswith("content-length:")]
        await self._reader.readexactly(lengths[0] if lengths else 0)
        return int(lines[0].split()[1])

    def close(self) -> None:
        self._writer.close()


def _payload(number: int) -> dict[str, Any]:
    base = "https://api.github.example/repos/team/pay"
    links = {f"{name}_url": f"{base}/{name}{{/sha}}" for name in _LINKS}
    person = {"name": "Ada", "email": "ada@example.org", "username": "ada"}
    commits = [
        {
            "id": hashlib.sha1(f"{number}.{one}".encode(), usedforsecurity=False).hexdigest(),
            "message": f"Change {number}.{one}\n\n" + "Because it has to be so. " * 8,
            "timestamp": "2026-11-20T12:00:00Z",
            "author": person,
            "committer": person,
            "modified": [f"src/pay/part_{part}.py" for part in range(12)],
        }
        for one in range(_COMMITS)
    ]
    head = commits[-1]
    owner = {"login": "team", "id": 1, **{f"{name}_url": f"{base}/{name}" for name in _LINKS[:12]}}
    repository = {"id": 1, "full_name": "team/pay", "owner": owner, "default_branch": "main", **links}
    refs = {"ref": "refs/heads/main", "before": "0" * 39 + "1", "after": head["id"], "deleted": False}
    return {**refs, "repository": repository, "sender": owner, "commits": commits, "head_commit": head}


_LINKS = (
    "archive assignees blobs branches collaborators comments commits compare contents contributors deployments "
    "downloads events forks git_commits git_refs git_tags hooks issue_comment issue_events issues keys labels "
    "languages merges milestones notifications pulls releases stargazers statuses subscribers subscription tags teams"
).split()
