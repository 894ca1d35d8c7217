"""A forward proxy on loopback through which one fetch reaches one checked server, and nothing else.

Git can be led elsewhere by redirects, pack URIs and name servers that change their mind. Here it asks for a host by
name, and this proxy dials the address that was checked before; any other host is refused and counted.
"""

import base64
import contextlib
import hmac
import re
import secrets
import selectors
import socket
import threading
from collections.abc import Iterator
from types import TracebackType

from scanners.regex import regex

MAX_HEAD = 64 * 1024
CHUNK = 64 * 1024
IDLE_SECONDS = 120
ACCEPT_SECONDS = 1
MOST_CONNECTIONS = 32  # Git opens a handful; each costs a thread.
USER = "plimsoll"

_REQUEST = regex(rb"([A-Z]{3,10}) (\S{1,8192}) HTTP/1\.[01]\r\n")
_ABSOLUTE = regex(rb"http://([^/?#]+)(.*)")
_HOP_HEADERS = (b"proxy-authorization:", b"proxy-connection:", b"connection:", b"keep-alive:")


class Guard:
    """Serves one host and port by dialling the given addresses in turn. Use as a context manager.

    `refused` counts requests for another place, `failure` is None, "unreachable" or "timeout" after a failed dial, and
    `exceeded` tells that more than `max_bytes` were asked to pass.
    """

    def __init__(
        self, host: str, port: int, addresses: tuple[str, ...], *, max_bytes: int, connect_seconds: float
    ) -> None:
        hosts = {host, f"[{host}]"}  # the HTTP library leaves out the brackets of IPv6, git does not
        self._names = {f"{name}:{port}".encode() for name in hosts}
        self._names |= {name.encode() for name in hosts if port == 80}
        self._port = port
        self._addresses = addresses
        self._left = max_bytes
        self._connect_seconds = connect_seconds
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._free = threading.BoundedSemaphore(MOST_CONNECTIONS)
        self._closed = False
        self.token = secrets.token_urlsafe(24)
        self.refused = 0
        self.exceeded = False
        self.failure: str | None = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, name="git-guard", daemon=True).start()

    def __enter__(self) -> "Guard":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def url(self) -> str:
        """The proxy's URL with its password, for a setting that reaches neither an argument nor a file."""
        return f"http://{USER}:{self.token}@{self.address}"

    def close(self) -> None:
        """Stop listening and break every connection. Each is closed by the thread that uses it."""
        with self._lock:
            self._closed = True
            for connection in (self._listener, *self._open):
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def _serve(self) -> None:
        self._listener.settimeout(ACCEPT_SECONDS)
        with self._listener:
            while not self._closed:
                try:
                    client, _ = self._listener.accept()
                except TimeoutError:
                    continue
                except OSError:
                    return
                if not self._free.acquire(blocking=False):
                    client.close()
                    continue
                threading.Thread(target=self._handle, args=(client,), name="git-guard-connection", daemon=True).start()

    def _handle(self, client: socket.socket) -> None:
        try:
            self._answer(client)
        finally:
            self._free.release()

    def _answer(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), self._kept(client):
            head, rest = _read_head(client)
            refusal = self._refusal(head)
            upstream = None if refusal else self._dial()
            if upstream is None:
                status = refusal or b"502 Bad Gateway"
                client.sendall(b"HTTP/1.1 %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % status)
                return
            with self._kept(upstream):
                if head.startswith(b"CONNECT "):
                    client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                else:
                    upstream.sendall(_origin_form(head))
                upstream.sendall(rest)
                self._pump(client, upstream)

    def _refusal(self, head: bytes) -> bytes | None:
        request = _REQUEST.match(head)
        if request is None:
            return b"400 Bad Request"
        if not self._knows(head):
            return b"407 Proxy Authentication Required"
        method, target = request[1], request[2]
        absolute = _ABSOLUTE.fullmatch(target)
        asked = target if method == b"CONNECT" else absolute[1] if absolute else b""
        if asked.lower() in self._names:
            return None
        with self._lock:
            self.refused += 1
        return b"403 Forbidden"

    def _knows(self, head: bytes) -> bool:
        wanted = b"Basic " + base64.b64encode(f"{USER}:{self.token}".encode())
        given = re.search(rb"\r\nproxy-authorization:[ \t]*([^\r]*)\r\n", head, re.IGNORECASE)
        return given is not None and hmac.compare_digest(given[1].strip(), wanted)

    def _dial(self) -> socket.socket | None:
        for address in self._addresses:
            try:
                upstream = socket.create_connection((address, self._port), timeout=self._connect_seconds)
            except TimeoutError:
                self.failure = "timeout"
            except OSError:
                self.failure = "unreachable"
            else:
                self.failure = None
                return upstream
        return None

    def _pump(self, client: socket.socket, upstream: socket.socket) -> None:
        other = {client: upstream, upstream: client}
        with selectors.DefaultSelector() as waiting:
            for side in other:
                waiting.register(side, selectors.EVENT_READ, side)
            while waiting.get_map():
                ready = waiting.select(IDLE_SECONDS)
                if not ready:
                    return
                for key, _ in ready:
                    side = key.data
                    data = side.recv(CHUNK)
                    if data and not self._take(len(data)):
                        return
                    if data:
                        other[side].sendall(data)
                    else:
                        waiting.unregister(side)
                        other[side].shutdown(socket.SHUT_WR)

    def _take(self, count: int) -> bool:
        with self._lock:
            self._left -= count
            self.exceeded = self.exceeded or self._left < 0
            return not self.exceeded

    @contextlib.contextmanager
    def _kept(self, connection: socket.socket) -> Iterator[None]:
        connection.settimeout(IDLE_SECONDS)
        try:
            with self._lock:
                if self._closed:
                    raise ConnectionAbortedError
                self._open.add(connection)
            yield
        finally:
            with self._lock:
                self._open.discard(connection)
                connection.close()


def _read_head(client: socket.socket) -> tuple[bytes, bytes]:
    data = b""
    while b"\r\n\r\n" not in data and len(data) <= MAX_HEAD:
        more = client.recv(CHUNK)
        if not more:
            break
        data += more
    head, end, rest = data.partition(b"\r\n\r\n")
    return head + b"\r\n" + end[2:], rest


def _origin_form(head: bytes) -> bytes:
    """Make a proxy's request one for the server: no proxy headers, and closed after one answer."""
    first, *headers = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    method, target, version = first.split(b" ")
    absolute = _ABSOLUTE.fullmatch(target)
    path = (absolute[2] if absolute else b"") or b"/"
    kept = [header for header in headers if header and not header.lower().startswith(_HOP_HEADERS)]
    return b"\r\n".join([b" ".join([method, path, version]), *kept, b"Connection: close", b"", b""])
