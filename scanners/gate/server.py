"""
One Plimsoll, as a pipeline talks to it: each call has timeouts, and what may get better is tried again in time.

    with Server("https://plimsoll.example.org", token, deadline) as server:
        answer, again = server.gate("42", commit)      # the answer, and when it makes sense to ask again
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from scanners.gate.clock import Deadline, backoff
from scanners.regex import regex

Json = dict[str, Any]
_CONNECT_SECONDS: Final = 5.0
_READ_SECONDS: Final = 15.0
_MOST_BYTES: Final = 1024 * 1024
_TOKEN: Final = regex(r"plm_[A-Za-z0-9]{20,100}")
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_TOO_MANY: Final = 429
_SAID_OF_A_COMMIT: Final = {"repository", "commit", "verdict", "reasons", "level", "required_level", "links"}
_NO_SERVER: Final = "Give --server or PLIMSOLL_SERVER an address such as https://plimsoll.example.org"
_MAKE_ONE: Final = "Put a token into the variable PLIMSOLL_TOKEN. Maintainers make them on the team's page Tokens."


class RefusedError(Exception):
    """The server, or we ourselves, will not do this, however often it is asked: somebody has to change something."""

    def __init__(self, code: str, message: str, next_step: str) -> None:
        super().__init__(code)
        self.code, self.message, self.next_step = code, message, next_step


class UnreachableError(RefusedError):
    """No answer of a Plimsoll came in time."""


@dataclass(frozen=True, slots=True)
class _Transient(Exception):
    """A failure that may pass; `after` is what the server asked for, in seconds."""

    message: str
    next_step: str
    after: float | None = None


class Server:
    """Asks one Plimsoll with one token until a deadline. Raises RefusedError for an address or token that is none."""

    def __init__(self, url: str, token: str, deadline: Deadline, *, say: Callable[[str], None]) -> None:
        self._url, self._deadline, self._say = _checked(url), deadline, say
        if not _TOKEN.fullmatch(token):
            problem = "PLIMSOLL_TOKEN holds no token of a Plimsoll." if token else "PLIMSOLL_TOKEN is not set."
            raise RefusedError("token_malformed" if token else "token_missing", problem, _MAKE_ONE)
        if self._url.startswith("http:") and urlsplit(self._url).hostname not in _LOOPBACK:
            say("Warning: http carries the token in the open. Use https.")
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json", "User-Agent": "plimsoll-gate"}
        self._client = httpx.Client(headers=headers, timeout=_READ_SECONDS, follow_redirects=False)

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._client.close()

    def gate(self, repository: str, commit: str) -> tuple[Json, float | None]:
        """The gate's answer for a commit, and in how many seconds it makes sense to ask again; None: it stays so.

        Raises RefusedError, and UnreachableError when the deadline is over without an answer.
        """
        path = f"/api/v1/repositories/{repository}/gate"
        return self._ask("GET", path, _SAID_OF_A_COMMIT, params={"commit": commit})

    def request_scan(self, repository: str, commit: str) -> tuple[Json, float | None]:
        """Ask for a scan of a commit. One that waits already is the answer, so trying again is safe.

        Raises as `gate`.
        """
        return self._ask("POST", f"/api/v1/repositories/{repository}/scans", {"links"}, json={"commit": commit})

    def _ask(self, method: str, path: str, fields: set[str], **sent: Any) -> tuple[Json, float | None]:
        tries = 0
        while True:
            try:
                return self._once(method, path, fields, **sent)
            except _Transient as problem:
                tries += 1
                wait = backoff(tries) if problem.after is None else problem.after
                if wait >= self._deadline.left:
                    code = "server_unreachable"
                    raise UnreachableError(code, problem.message, problem.next_step) from problem
                self._say(f"{problem.message} Asking again in {wait:.0f} s.")
                self._deadline.pause(wait)

    def _once(self, method: str, path: str, fields: set[str], **sent: Any) -> tuple[Json, float | None]:
        left = max(1.0, self._deadline.left)
        timeout = httpx.Timeout(min(_READ_SECONDS, left), connect=min(_CONNECT_SECONDS, left))
        try:
            with self._client.stream(method, f"{self._url}{path}", timeout=timeout, **sent) as response:
                body = self._body(response)
        except httpx.InvalidURL:
            raise RefusedError("server_malformed", "The server's address is none.", _NO_SERVER) from None
        except httpx.HTTPError as error:
            raise self._failed(error) from error
        after = _seconds(response.headers.get("Retry-After", ""))
        if response.is_success and isinstance(body, dict) and fields <= body.keys():
            return body, after
        raise self._refused(response, body, after)

    def _body(self, response: httpx.Response) -> Any:
        """The JSON of an answer; None for anything else. An answer without an end has an end here."""
        raw = b""
        for chunk in response.iter_bytes():
            raw += chunk
            if len(raw) > _MOST_BYTES or not self._deadline.left:
                return None
        try:
            return json.loads(raw)
        except ValueError:
            return None

    def _failed(self, error: httpx.HTTPError) -> Exception:
        host, text = urlsplit(self._url).netloc, f"{error}"
        if "CERTIFICATE_VERIFY_FAILED" in text:
            message = f"The certificate of {host} is signed by nobody whom this machine trusts."
            step = "Name the file with your authority's certificate in SSL_CERT_FILE."
            return UnreachableError("certificate_untrusted", message, step)
        kind = "did not answer in time" if isinstance(error, httpx.TimeoutException) else "cannot be reached"
        step = "Check the address in --server, and that this machine may reach it."
        return _Transient(f"{host} {kind}.", step)

    def _refused(self, response: httpx.Response, body: Any, after: float | None) -> Exception:
        host, status = urlsplit(self._url).netloc, response.status_code
        said = body if isinstance(body, dict) and {"code", "message", "next"} <= body.keys() else None
        if status >= 500 or status == _TOO_MANY or response.is_success:
            message = f"{said['message']}" if said else f"{host} answers {status}, and not as a Plimsoll does."
            return _Transient(message, f"{said['next']}" if said else "Check that Plimsoll runs there.", after)
        if response.is_redirect:
            there = response.headers.get("Location", "").partition("?")[0]
            message = f"{host} sends us to {there or 'another address'}; the token is not taken there."
            return RefusedError("server_moved", message, "Give --server the address at which Plimsoll is.")
        if said is None:
            message = f"{host} answers {status}: there is no Plimsoll at this address."
            return RefusedError("server_unknown", message, "Check the address in --server.")
        return RefusedError(f"{said['code']}", f"{said['message']}", f"{said['next']}")


def _checked(url: str) -> str:
    """The address of a server without its last slash. Raises RefusedError."""
    try:
        parts = urlsplit(url)
        port_is_one = parts.port is None or parts.port > 0
    except ValueError:
        raise RefusedError("server_malformed", "The server's address is none.", _NO_SERVER) from None
    if parts.scheme not in ("https", "http") or not parts.hostname or not port_is_one or parts.username is not None:
        raise RefusedError("server_malformed", "The server's address is none.", _NO_SERVER)
    if parts.query or parts.fragment:
        raise RefusedError("server_malformed", "The server's address ends in a query.", _NO_SERVER)
    return url.rstrip("/")


def _seconds(text: str) -> float | None:
    """What Retry-After asks for, if it is a number of seconds: at most a minute, at least one second."""
    return min(60.0, max(1.0, float(text))) if re.fullmatch(r"\d{1,6}", text) else None
