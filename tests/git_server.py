"""A git server on loopback: repositories below a directory, served over HTTP by `git http-backend`."""

import base64
import os
import ssl
import subprocess
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

CONFIG = {"uploadpack.allowFilter": "true", "http.receivepack": "false", "safe.directory": "*"}


class Request(NamedTuple):
    """One request as it arrived. `handler.wfile` and `handler.connection` belong to hooks that answer themselves."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    handler: BaseHTTPRequestHandler


Hook = Callable[[Request], bool]


class GitServer:
    """Serves the bare repositories below `root` at `url`/<path>. Use as a context manager, or start() and stop().

    With a `token`, Basic authentication with it as the password is asked for. `hook` sees every request first and
    answers it itself when it returns True. `requests` keeps all that arrived; `connections` counts. `config` is given
    to the serving git.
    """

    def __init__(
        self,
        root: Path,
        *,
        token: str | None = None,
        hook: Hook | None = None,
        tls: ssl.SSLContext | None = None,
        config: dict[str, str] | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.root = root
        self.token = token
        self.hook = hook
        self.config = CONFIG | (config or {})
        self.requests: list[Request] = []
        self.connections = 0
        self._http = ThreadingHTTPServer((host, port), self._handler())
        self._http.daemon_threads = True
        self.port: int = self._http.server_address[1]
        self.url = f"{'https' if tls else 'http'}://{host}:{self.port}"
        if tls:
            self._http.socket = tls.wrap_socket(self._http.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> "GitServer":
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def answer(self, request: Request) -> None:
        """Answer one request: the hook's answer, 401, or what git says."""
        self.requests.append(request)
        if self.hook and self.hook(request):
            return
        if self.token and not self._is_known(request):
            reply(request, 401, {"WWW-Authenticate": 'Basic realm="git"'})
        else:
            reply(request, *self.backend(request))

    def backend(self, request: Request) -> tuple[int, dict[str, str], bytes]:
        """Let git answer a request: status, headers and body, for a hook to change before it replies."""
        return _run_backend(self.root, self.config, request)

    def _is_known(self, request: Request) -> bool:
        kind, _, encoded = request.headers.get("authorization", "").partition(" ")
        return kind == "Basic" and base64.b64decode(encoded).decode().partition(":")[2] == self.token

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 60

            def setup(self) -> None:
                server.connections += 1
                super().setup()

            def do_GET(self) -> None:
                path, _, query = self.path.partition("?")
                headers = {key.lower(): value for key, value in self.headers.items()}
                body = _body(self.rfile, headers)
                server.answer(Request(self.command, unquote(path), query, headers, body, self))

            def handle(self) -> None:
                try:
                    super().handle()
                except (OSError, ssl.SSLError):  # the client went away, as many tests make it do
                    self.close_connection = True

            def finish(self) -> None:
                try:
                    super().finish()
                except OSError:
                    self.close_connection = True

            def log_message(self, *args: object) -> None:
                """Keep the output of tests clean."""

        for method in ("POST", "PUT", "PATCH"):
            setattr(Handler, f"do_{method}", Handler.do_GET)
        return Handler


def reply(request: Request, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> bool:
    """Answer a request in full. Returns True, so that a hook can end with it."""
    handler = request.handler
    handler.send_response(status)
    for key, value in ({"Content-Length": str(len(body))} | (headers or {})).items():
        handler.send_header(key, value)
    handler.end_headers()
    handler.wfile.write(body)
    return True


def _body(source: BufferedIOBase, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding", "") != "chunked":
        return source.read(int(headers.get("content-length", "0")))
    chunks = []
    while size := int(source.readline(), 16):
        chunks.append(source.read(size))
        source.readline()
    source.readline()
    return b"".join(chunks)


def _run_backend(root: Path, config: dict[str, str], request: Request) -> tuple[int, dict[str, str], bytes]:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_COUNT": str(len(config)),
        "GIT_HTTP_EXPORT_ALL": "1",
        "GIT_PROJECT_ROOT": str(root),
        "GIT_PROTOCOL": request.headers.get("git-protocol", ""),
        "HTTP_CONTENT_ENCODING": request.headers.get("content-encoding", ""),
        "CONTENT_TYPE": request.headers.get("content-type", ""),
        "PATH_INFO": request.path,
        "QUERY_STRING": request.query,
        "REMOTE_ADDR": "127.0.0.1",
        "REQUEST_METHOD": request.method,
    }
    for number, (key, value) in enumerate(config.items()):
        environment |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    environment["CONTENT_LENGTH"] = str(len(request.body))
    command = ["git", "http-backend"]
    done = subprocess.run(command, env=environment, input=request.body, capture_output=True, check=False)
    head, _, content = done.stdout.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if line)
    return int(headers.pop("Status", "200").split()[0]), headers, content
