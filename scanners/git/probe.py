"""Looks at how a server answers before git does, because git tells all failures apart by English sentences only."""

import email.utils
import functools
import ssl
from datetime import UTC, datetime
from pathlib import Path

import httpx

from scanners.git.address import Source
from scanners.git.credential import Credential
from scanners.git.errors import SourceError, error
from scanners.git.guard import USER, Guard
from scanners.git.policy import Policy

ADVERTISEMENT = "application/x-git-upload-pack-advertisement"
MAX_RETRY_AFTER = 24 * 3600
AGENT = "git/2.40 (plimsoll)"  # forges choose the protocol by this name


def probe(source: Source, guard: Guard, credential: Credential | None, policy: Policy) -> None:
    """Ask for the list of refs and read the answer's head only. Raises SourceError unless git is served there."""
    headers = {"User-Agent": AGENT, "Git-Protocol": "version=2", "Accept": "*/*", "Connection": "close"}
    if credential:
        headers["Authorization"] = credential.header
    proxy = httpx.Proxy(f"http://{guard.address}", auth=(USER, guard.token))
    url = f"{source.url}/info/refs?service=git-upload-pack"
    try:
        with (
            httpx.Client(
                proxy=proxy, verify=_trust(policy.ca_file), timeout=policy.connect_seconds, trust_env=False
            ) as client,
            client.stream("GET", url, headers=headers) as answer,
        ):
            _check(answer, credential, guard, source)
    except httpx.TimeoutException:
        raise error("remote_timeout") from None
    except httpx.TransportError as failure:
        raise _transport_error(failure, guard, source) from None


@functools.cache
def _trust(ca_file: Path | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file)


def _check(answer: httpx.Response, credential: Credential | None, guard: Guard, source: Source) -> None:
    status = answer.status_code
    if guard.failure:
        raise _dial_error(guard, source)
    if status == 200 and answer.headers.get("content-type", "").partition(";")[0].strip() == ADVERTISEMENT:
        return
    if status in (301, 302, 303, 307, 308):
        raise error("server_redirects")
    if status == 401:
        raise error("credential_refused" if credential else "credential_needed")
    if status in NAMED:
        raise error(NAMED[status], retry_after=retry_after(answer))
    if status >= 500:
        raise error("server_error", status=status, retry_after=retry_after(answer))
    if status >= 400:
        raise error("server_refused", status=status)
    raise error("not_a_repository")


NAMED = {403: "access_denied", 404: "repository_not_found", 410: "repository_not_found", 429: "rate_limited"}


def _transport_error(failure: httpx.TransportError, guard: Guard, source: Source) -> SourceError:
    if guard.failure:
        return _dial_error(guard, source)
    if "CERTIFICATE" in str(failure).upper() or "SSL" in str(failure).upper():
        return error("tls_error")
    return error("remote_reset")


def _dial_error(guard: Guard, source: Source) -> SourceError:
    return error("remote_timeout") if guard.failure == "timeout" else error("host_unreachable", host=source.host)


def retry_after(answer: httpx.Response) -> int | None:
    """The seconds that a server asks to wait, at most a day; None when it names none that can be read."""
    text = answer.headers.get("retry-after", "")
    if text.isascii() and text.isdecimal():
        return min(int(text[:9]), MAX_RETRY_AFTER)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(0, round((aware - datetime.now(UTC)).total_seconds())), MAX_RETRY_AFTER)
