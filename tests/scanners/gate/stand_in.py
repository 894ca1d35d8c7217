"""A stand-in for Plimsoll's API on loopback that answers what it is told to, one answer a request."""

import json
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

TOKEN = "plm_" + "Ab1" * 14 + "Z"
COMMIT = "7ac01d9" + "0" * 33
DROP, HANG, DRIP = "drop", "hang", "drip"


class Answer(NamedTuple):
    """What to answer; `raw` instead of JSON when it is given."""

    status: int
    body: Any = None
    headers: tuple[tuple[str, str], ...] = ()
    raw: bytes | None = None


class Request(NamedTuple):
    method: str
    path: str
    token: str
    body: Any


def gate(verdict: str, code: str = "x", *, again: int | None = None, text: str = "Because.") -> Answer:
    """An answer of the gate."""
    reason = {"code": code, "verdict": verdict, "text": text, "next": "Do it."}
    body = {
        "repository": {"id": 42, "name": "pay", "tier": "B"},
        "commit": COMMIT,
        "verdict": verdict,
        "expires": None,
        "reasons": [reason],
        "level": "gold",
        "required_level": "silver",
        "links": {"page": "https://plimsoll.example.org/gate"},
    }
    return Answer(200, body, (("Retry-After", str(again)),) if again else ())


def problem(status: int, code: str, *, again: int | None = None) -> Answer:
    """A refusal."""
    headers = (("Retry-After", str(again)),) if again else ()
    return Answer(status, {"code": code, "message": "It happened.", "next": "Do this."}, headers)


SCAN = Answer(202, {"id": 7, "links": {"page": "https://plimsoll.example.org/scans/7/"}}, (("Retry-After", "5"),))
NO_SCAN = gate("pending", "no-scan", again=30)


class StandIn:
    """Answers in the order given, the last one for ever. `requests` keeps what it was asked."""

    def __init__(self, *answers: Answer | str, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.answers, self.requests = list(answers), list[Request]()
        self.ended = threading.Event()
        owner = self

        class Handler(_Handler):
            server_of = owner

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "StandIn":
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def asked(self) -> list[str]:
        return [f"{request.method} {request.path}" for request in self.requests]


class _Handler(BaseHTTPRequestHandler):
    server_of: StandIn

    def do_GET(self) -> None:
        owner = self.server_of
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        owner.requests.append(Request(self.command, self.path, self.headers.get("Authorization", ""), body))
        answer = owner.answers.pop(0) if len(owner.answers) > 1 else owner.answers[0]
        if isinstance(answer, Answer):
            self._send(answer)
        elif answer == HANG:
            owner.ended.wait(30)
        elif answer == DRIP:
            self._drip()

    def do_POST(self) -> None:
        self.do_GET()

    def _send(self, answer: Answer) -> None:
        raw = json.dumps(answer.body).encode() if answer.raw is None else answer.raw
        self.send_response(answer.status)
        for name, value in (("Content-Length", str(len(raw))), *answer.headers):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw)

    def _drip(self) -> None:
        """An answer that never ends, a byte at a time."""
        self.send_response(200)
        self.end_headers()
        for _ in _until(self.server_of.ended):
            self.wfile.write(b" ")
            self.wfile.flush()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _until(ended: threading.Event) -> Iterator[None]:
    while not ended.wait(0.05):
        yield
