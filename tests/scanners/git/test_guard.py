"""The proxy that one fetch goes through, spoken to directly."""

import base64
import socket
import threading
from collections.abc import Iterator

import pytest

from scanners.git.guard import USER, Guard
from tests.scanners.git.cast import Listener


class Echo:
    """An upstream that keeps the first bytes it gets and answers with its own."""

    def __init__(self, host: str = "127.0.0.1", answer: bytes = b"HTTP/1.1 200 OK\r\n\r\nhello") -> None:
        self._socket = socket.create_server((host, 0))
        self.port: int = self._socket.getsockname()[1]
        self.received = b""
        self._answer = answer
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                self.received += connection.recv(65536)
                connection.sendall(self._answer)

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@pytest.fixture
def upstream() -> Iterator[Echo]:
    running = Echo()
    yield running
    running.close()


@pytest.fixture
def guard(upstream: Echo) -> Iterator[Guard]:
    with Guard("forge.test", upstream.port, ("127.0.0.1",), max_bytes=1000, connect_seconds=2) as running:
        yield running


def ask(guard: Guard, request: str, *, user: str = USER, token: str | None = None) -> bytes:
    """Send a request with the guard's password and read the answer to its end."""
    known = base64.b64encode(f"{user}:{guard.token if token is None else token}".encode()).decode()
    host, _, port = guard.address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(f"{request}\r\nProxy-Authorization: Basic {known}\r\nX-Kept: yes\r\n\r\n".encode())
        return b"".join(iter(lambda: connection.recv(4096), b""))


def test_the_one_server_is_reached_over_http(guard: Guard, upstream: Echo) -> None:
    answer = ask(guard, f"GET http://forge.test:{upstream.port}/a?b=c HTTP/1.1\r\nProxy-Connection: Keep-Alive")
    assert answer.endswith(b"hello")
    head = upstream.received.decode()
    assert head.startswith("GET /a?b=c HTTP/1.1\r\n")
    assert "X-Kept: yes\r\nConnection: close\r\n\r\n" in head
    assert "proxy" not in head.lower()


def test_the_one_server_is_reached_through_a_tunnel(guard: Guard, upstream: Echo) -> None:
    host, _, port = guard.address.rpartition(":")
    known = base64.b64encode(f"{USER}:{guard.token}".encode()).decode()
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        request = f"CONNECT FORGE.test:{upstream.port} HTTP/1.1\r\nProxy-Authorization: Basic {known}\r\n\r\n"
        connection.sendall(request.encode())
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")
        connection.sendall(b"anything at all")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 OK")
    assert upstream.received == b"anything at all"


@pytest.mark.parametrize(
    "request_line",
    [
        "CONNECT {other} HTTP/1.1",
        "CONNECT forge.test:1 HTTP/1.1",
        "CONNECT forge.test HTTP/1.1",
        "CONNECT 127.0.0.1:{port} HTTP/1.1",
        "CONNECT forge.test:{port}@{other} HTTP/1.1",
        "GET http://{other}/ HTTP/1.1",
        "GET http://forge.test:{port}@{other}/ HTTP/1.1",
        "GET http://{other}#@forge.test:{port}/ HTTP/1.1",
        "GET http://forge.test/ HTTP/1.1",
        "GET https://forge.test:{port}/ HTTP/1.1",
        "GET ftp://{other}/ HTTP/1.1",
        "GET /a HTTP/1.1",
        "GET //{other}/a HTTP/1.1",
    ],
)
def test_any_other_place_is_refused_and_counted(
    guard: Guard, upstream: Echo, listener: Listener, request_line: str
) -> None:
    answer = ask(guard, request_line.format(other=f"127.0.0.1:{listener.port}", port=upstream.port))
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert guard.refused == 1
    assert (listener.connections, upstream.received) == (0, b"")


@pytest.mark.parametrize(("user", "token"), [(USER, ""), (USER, "guessed"), ("root", None)])
def test_another_process_cannot_use_it(guard: Guard, upstream: Echo, user: str, token: str | None) -> None:
    answer = ask(guard, f"CONNECT forge.test:{upstream.port} HTTP/1.1", user=user, token=token)
    assert answer.startswith(b"HTTP/1.1 407 ")
    assert upstream.received == b""


@pytest.mark.parametrize("nonsense", ["hello", "GET", "\0\1\2", "GET http://forge.test/ FTP/1.0", "x" * 100_000])
def test_nonsense_is_refused(guard: Guard, upstream: Echo, nonsense: str) -> None:
    assert ask(guard, nonsense).startswith(b"HTTP/1.1 400 ")
    assert upstream.received == b""


def test_no_more_than_the_allowed_bytes_pass() -> None:
    upstream = Echo(answer=b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100_000)
    with Guard("forge.test", upstream.port, ("127.0.0.1",), max_bytes=50_000, connect_seconds=2) as guard:
        answer = ask(guard, f"GET http://forge.test:{upstream.port}/ HTTP/1.1")
        assert len(answer) <= 50_000
        assert guard.exceeded
    upstream.close()


def test_a_second_address_is_dialled_when_the_first_is_deaf(upstream: Echo) -> None:
    with Guard("forge.test", upstream.port, ("127.0.0.3", "127.0.0.1"), max_bytes=1000, connect_seconds=2) as guard:
        assert ask(guard, f"GET http://forge.test:{upstream.port}/ HTTP/1.1").endswith(b"hello")
        assert guard.failure is None


def test_an_unreachable_server_is_told(listener: Listener) -> None:
    listener.close()
    with Guard("forge.test", listener.port, ("127.0.0.1",), max_bytes=1000, connect_seconds=2) as guard:
        assert ask(guard, f"CONNECT forge.test:{listener.port} HTTP/1.1").startswith(b"HTTP/1.1 502 ")
        assert guard.failure == "unreachable"


def test_a_port_may_be_left_out_only_if_it_is_80() -> None:
    with Guard("::1", 80, ("127.0.0.4",), max_bytes=1000, connect_seconds=2) as guard:
        assert ask(guard, "GET http://[::1]/ HTTP/1.1").startswith(b"HTTP/1.1 502 ")
        assert ask(guard, "GET http://[::1]:80/ HTTP/1.1").startswith(b"HTTP/1.1 502 ")
        assert ask(guard, "CONNECT ::1:80 HTTP/1.1").startswith(b"HTTP/1.1 502 ")
        assert ask(guard, "GET http://[::2]/ HTTP/1.1").startswith(b"HTTP/1.1 403 ")


def test_closing_breaks_what_is_open(listener: Listener) -> None:
    with Guard("forge.test", listener.port, ("127.0.0.1",), max_bytes=1000, connect_seconds=2) as guard:
        host, _, port = guard.address.rpartition(":")
        known = base64.b64encode(f"{USER}:{guard.token}".encode()).decode()
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            request = f"CONNECT forge.test:{listener.port} HTTP/1.1\r\nProxy-Authorization: Basic {known}\r\n\r\n"
            connection.sendall(request.encode())
            assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")
            guard.close()
            assert connection.recv(1) == b""
        with pytest.raises(ConnectionError):
            ask(guard, f"CONNECT forge.test:{listener.port} HTTP/1.1")
