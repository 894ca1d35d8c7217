"""How a server answers before git is started: each way to fail has a name of its own."""

import datetime as dt
import email.utils
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.certificates import make_certificate
from tests.git_server import GitServer, Hook, Request, reply
from tests.scanners.git.cast import Fetcher, Listener, Origin

NOW = dt.datetime.now(dt.UTC)
Hooked = Callable[[Hook], str]


@pytest.mark.parametrize(
    ("status", "headers", "code", "retry", "retry_after"),
    [
        (200, {"Content-Type": "text/html"}, "not_a_repository", False, None),
        (200, {"Content-Type": "text/plain"}, "not_a_repository", False, None),
        (204, {}, "not_a_repository", False, None),
        (301, {"Location": "/elsewhere"}, "server_redirects", False, None),
        (401, {}, "credential_needed", False, None),
        (403, {}, "access_denied", False, None),
        (404, {}, "repository_not_found", False, None),
        (410, {}, "repository_not_found", False, None),
        (418, {}, "server_refused", False, None),
        (429, {"Retry-After": "120"}, "rate_limited", True, 120),
        (429, {"Retry-After": "99999999999"}, "rate_limited", True, 86400),
        (429, {"Retry-After": "-5"}, "rate_limited", True, None),
        (429, {"Retry-After": "soon"}, "rate_limited", True, None),
        (429, {"Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"}, "rate_limited", True, 0),
        (500, {}, "server_error", True, None),
        (503, {"Retry-After": "7"}, "server_error", True, 7),
    ],
)
def test_each_status_has_a_name(
    hooked: Hooked,
    fetcher: Fetcher,
    status: int,
    headers: dict[str, str],
    code: str,
    retry: bool,
    retry_after: int | None,
) -> None:
    url = hooked(lambda request: reply(request, status, headers, b"<h1>secret of the inside</h1>"))
    failure = fetcher.error(url)
    assert (failure.code, failure.retry, failure.retry_after) == (code, retry, retry_after)
    assert "inside" not in f"{failure} {failure.message} {failure.next_step}"


def test_a_date_to_retry_after_is_turned_into_seconds(hooked: Hooked, fetcher: Fetcher) -> None:
    date = email.utils.format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(minutes=10), usegmt=True)
    wait = fetcher.error(hooked(lambda request: reply(request, 429, {"Retry-After": date}))).retry_after
    assert wait is not None
    assert 500 < wait <= 600


@pytest.mark.parametrize(("token", "code"), [(None, "credential_needed"), ("wrong", "credential_refused")])
def test_a_token_is_asked_for_and_checked(origin: Origin, fetcher: Fetcher, token: str | None, code: str) -> None:
    with GitServer(origin.root, token="sesame") as server:
        assert fetcher.error(f"{server.url}/team/pay.git", token=token).code == code
        assert fetcher(f"{server.url}/team/pay.git", token="sesame").commit == origin.head


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(hooked: Hooked, fetcher: Fetcher, listener: Listener, status: int) -> None:
    url = hooked(lambda request: reply(request, status, {"Location": f"{listener.url}{request.path}?{request.query}"}))
    assert fetcher.error(url, token="sesame").code == "server_redirects"
    assert listener.connections == 0


def test_a_closed_port_is_unreachable(fetcher: Fetcher) -> None:
    listener = Listener()
    listener.close()
    failure = fetcher.error(f"{listener.url}/a")
    assert (failure.code, failure.retry) == ("host_unreachable", True)
    assert fetcher.error(f"https://127.0.0.1:{listener.port}/a").code == "host_unreachable"


class Raw:
    """A server that does one thing with each connection."""

    def __init__(self, act: Callable[[socket.socket, threading.Event], None]) -> None:
        self._act = act
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._over = threading.Event()
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._socket.accept()
                with connection:
                    self._act(connection, self._over)
            except OSError:
                continue

    def close(self) -> None:
        self._over.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@pytest.fixture
def raw() -> Iterator[Callable[[Callable[[socket.socket, threading.Event], None]], Raw]]:
    running: list[Raw] = []

    def start(act: Callable[[socket.socket, threading.Event], None]) -> Raw:
        running.append(Raw(act))
        return running[-1]

    yield start
    for each in running:
        each.close()


def stay_silent(connection: socket.socket, over: threading.Event) -> None:
    over.wait(20)


def drip(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not over.wait(0.05):
        connection.sendall(b"x")


def reset(connection: socket.socket, over: threading.Event) -> None:
    connection.recv(1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def talk_nonsense(connection: socket.socket, over: threading.Event) -> None:
    connection.recv(65536)
    connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (stay_silent, "remote_timeout"),
        (drip, "remote_timeout"),
        (reset, "remote_reset"),
        (talk_nonsense, "remote_reset"),
    ],
)
def test_a_server_that_does_not_talk_http_is_named(
    raw: Callable[[object], Raw], fetcher: Fetcher, act: object, code: str
) -> None:
    url = f"http://127.0.0.1:{raw(act).port}/a"
    failure = fetcher.error(url, connect_seconds=1, probe_seconds=0.6)
    assert (failure.code, failure.retry) == (code, True)


def test_a_name_server_that_is_silent_is_named(fetcher: Fetcher) -> None:
    over = threading.Event()
    failure = fetcher.error(
        "http://forge.test/a", resolver=lambda host, port: [str(over.wait(10))], connect_seconds=0.4
    )
    over.set()
    assert (failure.code, failure.retry) == ("dns_failed", True)


@pytest.fixture
def tls_server(origin: Origin, tmp_path: Path) -> Iterator[Callable[..., GitServer]]:
    running: list[GitServer] = []

    def start(address: str = "127.0.0.1", ends: dt.datetime = NOW + dt.timedelta(days=2)) -> GitServer:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(make_certificate(tmp_path, address=address, ends=ends))
        running.append(GitServer(origin.root, tls=context))
        running[-1].start()
        return running[-1]

    yield start
    for each in running:
        each.stop()


def test_an_authority_of_the_operator_is_trusted(
    tls_server: Callable[..., GitServer], origin: Origin, fetcher: Fetcher, tmp_path: Path
) -> None:
    server = tls_server()
    done = fetcher(f"{server.url}/team/pay.git", ca_file=tmp_path / "forge.pem")
    assert done.commit == origin.head
    assert fetcher.error(f"{server.url}/team/pay.git").code == "tls_error"


@pytest.mark.parametrize(
    "fault", [{"address": "127.0.0.9"}, {"ends": NOW - dt.timedelta(days=1)}], ids=["other host", "expired"]
)
def test_a_bad_certificate_is_refused(
    tls_server: Callable[..., GitServer], fetcher: Fetcher, tmp_path: Path, fault: dict[str, object]
) -> None:
    server = tls_server(**fault)
    assert fetcher.error(f"{server.url}/team/pay.git", ca_file=tmp_path / "forge.pem").code == "tls_error"


def test_http_behind_an_https_url_is_a_tls_error(server: GitServer, fetcher: Fetcher) -> None:
    assert fetcher.error(f"https://127.0.0.1:{server.port}/team/pay.git").code == "tls_error"


def test_the_server_sees_a_git_client(server: GitServer, fetcher: Fetcher) -> None:
    fetcher(f"{server.url}/team/pay.git")
    seen: list[Request] = server.requests
    assert all(request.headers["user-agent"].startswith("git/") for request in seen)
    assert {"proxy-authorization", "proxy-connection"} & {key for request in seen for key in request.headers} == set()
