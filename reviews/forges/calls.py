"""
The one place that calls a forge's API.

The address is checked as a repository's is, and dialled through a guard on loopback that reaches nothing else. Every
call ends in time, reads a bounded answer, follows no redirect, and fails under a name that says whether to try again.
"""

import functools
import json
import ssl
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import httpx

from reviews.forges import places
from reviews.forges.errors import ForgeError, error, of_source
from reviews.forges.tokens import Key
from reviews.outbox.notify import line
from reviews.sources import policy
from scanners.git.address import Source, resolve
from scanners.git.errors import SourceError
from scanners.git.errors import error as source_error
from scanners.git.guard import USER, Guard
from scanners.git.policy import MIB, Policy
from scanners.git.probe import MAX_RETRY_AFTER, retry_after
from scanners.git.waiting import wait_for

CALL_SECONDS = 10.0
ALL_SECONDS = 25.0
MOST_BYTES = 8 * MIB
_LONGEST_SAID = 200
_SECONDARY_LIMIT_SECONDS = 60
_LEFT = ("x-ratelimit-remaining", "ratelimit-remaining")
_RESETS = ("x-ratelimit-reset", "ratelimit-reset")
_NAMED = {401: "forge_refused_token", 403: "forge_forbidden", 404: "forge_not_found", 410: "forge_not_found"}


class Answer(NamedTuple):
    """What a forge answered: 2xx, and its JSON; None when it had no content."""

    status: int
    data: Any


class _Call(NamedTuple):
    method: str
    url: str
    headers: dict[str, str]
    content: bytes | None
    seconds: float


class Calls:
    """The calls that tell a forge one thing: together they take at most `seconds`."""

    def __init__(
        self, api: str, key: Key, headers: Mapping[str, str] | None = None, *, seconds: float = ALL_SECONDS
    ) -> None:
        self._api = api
        self._key = key
        self._headers = {"User-Agent": "plimsoll", "Accept": "application/json", "Accept-Encoding": "identity"}
        self._headers |= {"Connection": "close", **(headers or {})}
        self._end = time.monotonic() + seconds

    def get(self, path: str) -> Any:
        """What is there, as JSON. Raises as `send`."""
        return self.send("GET", path).data

    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Answer:
        """Make one call below the API's address. Raises ForgeError unless it is answered with 2xx."""
        headers = self._headers | ({"Content-Type": "application/json"} if body is not None else {})
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        seconds = min(CALL_SECONDS, self._end - time.monotonic())
        if seconds <= 0:
            raise error("forge_silent")
        try:
            rules = policy()
            source = place(self._api, rules)
            call = _Call(method, f"{places.api_url(source)}{path}", headers, content, seconds)
            return self._checked(*_dial(call, source, rules, self._key))
        except SourceError as failure:
            raise of_source(failure) from None

    def _checked(self, answer: httpx.Response, content: bytes) -> Answer:
        status, data = answer.status_code, _json(content)
        if 200 <= status < 300:
            if content and data is None:
                raise error("forge_not_an_api")
            return Answer(status, data)
        said = line(self._key.hides(_said(data)), _LONGEST_SAID)
        if status == 429 or (status == 403 and _is_limit(answer, said)):
            raise error("forge_rate_limited", said=said, retry_after=_wait(answer))
        if status >= 500:
            raise error("forge_failing", said=said, retry_after=retry_after(answer), status=status)
        if status < 400:
            raise error("forge_redirects")
        raise error(_NAMED.get(status, "forge_refused_content"), said=said)


def place(api: str, rules: Policy) -> Source:
    """Where an API is, checked as a repository's URL is. Raises SourceError."""
    source = places.api_source(api, rules)
    if source.is_local:
        raise source_error("url_malformed")
    return source


def _dial(call: _Call, source: Source, rules: Policy, key: Key) -> tuple[httpx.Response, bytes]:
    addresses = wait_for(lambda: resolve(source, rules), seconds=call.seconds, tick=_nothing, late="dns_failed")
    with Guard(
        source.host, source.port, addresses, max_bytes=2 * MOST_BYTES, connect_seconds=rules.connect_seconds
    ) as guard:
        try:
            return wait_for(
                lambda: _exchange(call, guard, key), seconds=call.seconds, tick=_nothing, late="remote_timeout"
            )
        except SourceError:
            raise error("forge_silent") from None


def _exchange(call: _Call, guard: Guard, key: Key) -> tuple[httpx.Response, bytes]:
    proxy = httpx.Proxy(f"http://{guard.address}", auth=(USER, guard.token))
    options: dict[str, Any] = {"headers": call.headers, "content": call.content, "auth": key}
    try:
        with (
            httpx.Client(proxy=proxy, verify=_trust(), timeout=call.seconds, trust_env=False) as client,
            client.stream(call.method, call.url, follow_redirects=False, **options) as answer,
        ):
            content = _read(answer)
    except httpx.TimeoutException:
        raise error("forge_silent") from None
    except httpx.TransportError as failure:
        raise _transport_error(failure, guard) from None
    if guard.failure:  # What was answered came from the guard.
        raise _dial_error(guard)
    return answer, content


def _read(answer: httpx.Response) -> bytes:
    content = b""
    for chunk in answer.iter_raw():
        content += chunk
        if len(content) > MOST_BYTES:
            raise error("forge_answer_too_large")
    return content


@functools.cache
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()


def _nothing() -> None:
    """Nobody waits for a heartbeat meanwhile."""


def _transport_error(failure: httpx.TransportError, guard: Guard) -> ForgeError:
    if guard.failure:
        return _dial_error(guard)
    if "CERTIFICATE" in str(failure).upper() or "SSL" in str(failure).upper():
        return error("forge_tls")
    return error("forge_answer_too_large" if guard.exceeded else "forge_broke_off")


def _dial_error(guard: Guard) -> ForgeError:
    return error("forge_silent" if guard.failure == "timeout" else "forge_unreachable")


def _json(content: bytes) -> Any:
    try:
        return json.loads(content) if content else None
    except (ValueError, RecursionError):
        return None


def _said(data: Any) -> str:
    """The short message of an error, wherever the forge has it. Never the rest of the answer."""
    if not isinstance(data, dict):
        return ""
    errors = data.get("errors")
    places = [data, data.get("error"), errors[0] if isinstance(errors, list) and errors else None]
    found = [place[name] for place in places if isinstance(place, dict) for name in _MESSAGES if place.get(name)]
    first = next((text for text in [*found, data.get("error")] if text), "")
    return first if isinstance(first, str) else json.dumps(first)[: 2 * _LONGEST_SAID]


_MESSAGES = ("message", "error_description")


def _is_limit(answer: httpx.Response, said: str) -> bool:
    spent = any(answer.headers.get(name) == "0" for name in _LEFT)
    return spent or "retry-after" in answer.headers or "rate limit" in said.lower()


def _wait(answer: httpx.Response) -> int:
    """The seconds that a forge asks to wait: told as such, or as the second at which more is allowed again."""
    told = retry_after(answer)
    if told is not None:
        return told
    for name in _RESETS:
        text = answer.headers.get(name, "")
        if text.isascii() and text.isdecimal():
            return min(max(0, int(text[:12]) - int(time.time()) + 1), MAX_RETRY_AFTER)
    return _SECONDARY_LIMIT_SECONDS
