"""
Whether a request of a forge is believed: its signature, token or password against the secrets of the hook.

Everything is compared in constant time and with every live secret, over the bytes as they came. An empty secret
matches nothing. Whatever is sent, the only error that leaves here is RefusedError, and it tells nothing of a secret.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets as random
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from reviews.webhooks.errors import RefusedError

WINDOW = timedelta(minutes=5)
_SECRET_BYTES = 32
_MOST_SIGNATURES = 16
_HEX = re.compile(r"[0-9a-f]{64}")
_PRINTABLE = re.compile(r"[\x20-\x7e]*")
_SECONDS = re.compile(r"[0-9]{1,12}")
_VERSIONED = re.compile(r"v[0-9a-z]+,[A-Za-z0-9+/=]+")
_STANDARD_KEY = "whsec_"

TEXTS = {
    "signature_missing": (
        "The request is not signed.",
        "Enter the hook's secret at the forge; without one it sends no signature.",
    ),
    "signature_sha1": (
        "The request is signed with SHA-1 only, which can be forged.",
        "Use a version of the forge that signs with SHA-256.",
    ),
    "signature_malformed": (
        "The signature is not written as this forge writes it.",
        "Check that the repository is set up for the right forge.",
    ),
    "signature_wrong": (
        "The signature was not made with the secret of this hook, or the body was changed on the way.",
        "Copy the secret to the forge again, or rotate it and enter the new one.",
    ),
    "timestamp_missing": (
        "The request is signed, but lacks its id or its time.",
        "Check that no proxy removes the headers webhook-id and webhook-timestamp.",
    ),
    "timestamp_malformed": (
        "The time of the request is not a number of seconds.",
        "Check that no proxy changes the header webhook-timestamp.",
    ),
    "timestamp_outside": (
        "The request was signed more than 5 minutes ago, or in the future.",
        "Compare the clocks of the forge and of this server.",
    ),
    "token_missing": ("The request carries no secret token.", "Enter the hook's secret at the forge as secret token."),
    "token_wrong": (
        "The token is not the secret of this hook.",
        "Copy the secret to the forge again, or rotate it and enter the new one.",
    ),
    "password_missing": (
        "The request carries no user name and password.",
        "Enter the hook's secret as the password of the basic authentication.",
    ),
    "password_malformed": (
        "The user name and password are not written as basic authentication.",
        "Choose basic authentication at the forge, with the hook's secret as password.",
    ),
    "password_wrong": (
        "The password is not the secret of this hook.",
        "Copy the secret to the forge again, or rotate it and enter the new one.",
    ),
}
"""What is said for each code: the message, and the next step."""


def refused(code: str) -> RefusedError:
    """The error of a code of `TEXTS`."""
    return RefusedError(code, *TEXTS[code])


def hex_hmac(headers: Mapping[str, str], names: Sequence[str], prefix: str, raw: bytes, secrets: Sequence[str]) -> None:
    """
    Check the first of these headers that is there: a prefix, and the body's HMAC-SHA256 in small hexadecimal digits.

    Raises RefusedError signature_missing, signature_sha1, signature_malformed, signature_wrong.
    """
    given = next((headers[name] for name in names if name in headers), "")
    if (given or headers.get("x-hub-signature", "")).startswith("sha1="):
        raise refused("signature_sha1")
    if not given:
        raise refused("signature_missing")
    digest = given.removeprefix(prefix)
    if not given.startswith(prefix) or not _HEX.fullmatch(digest):
        raise refused("signature_malformed")
    made = (hmac.new(key.encode(), raw, hashlib.sha256).hexdigest() for key in _live(secrets))
    if not _any_same(digest.encode(), (one.encode() for one in made)):
        raise refused("signature_wrong")


def standard(headers: Mapping[str, str], raw: bytes, secrets: Sequence[str], now: datetime) -> None:
    """
    Check a signature by Standard Webhooks: any `v1,<base64>` of `webhook-signature` over id, time and body.

    Raises RefusedError timestamp_missing, timestamp_malformed, signature_malformed, signature_wrong, timestamp_outside.
    The time is judged last: only who knows the secret learns how the clocks differ.
    """
    name, time = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not name or not time:
        raise refused("timestamp_missing")
    if not _SECONDS.fullmatch(time):
        raise refused("timestamp_malformed")
    if not _PRINTABLE.fullmatch(name):
        raise refused("signature_malformed")
    signed = f"{name}.{time}.".encode() + raw
    expected = [base64.b64encode(hmac.digest(_key(one), signed, "sha256")) for one in _live(secrets)]
    # No short cut: how long it takes must not tell which of them fits.
    fits = [_any_same(one.encode(), expected) for one in _versions(headers.get("webhook-signature", ""))]
    if not any(fits):
        raise refused("signature_wrong")
    if abs(now.timestamp() - int(time)) > WINDOW.total_seconds():
        raise refused("timestamp_outside")


def token(given: str | None, secrets: Sequence[str]) -> None:
    """Check a header that is the secret itself. Raises RefusedError token_missing, token_wrong."""
    if not given:
        raise refused("token_missing")
    if not _is_one_of(given, secrets):
        raise refused("token_wrong")


def basic(given: str | None, secrets: Sequence[str]) -> None:
    """
    Check basic authentication whose password is the secret; the user name is free.

    Raises RefusedError password_missing, password_malformed, password_wrong.
    """
    if not given:
        raise refused("password_missing")
    scheme, _, encoded = given.partition(" ")
    try:
        decoded = base64.b64decode(encoded, validate=True)
        _, colon, password = decoded.decode().partition(":")
    except (binascii.Error, ValueError) as error:
        raise refused("password_malformed") from error
    # Base64 has several spellings of the same bytes; only the one that programs write is taken.
    if scheme != "Basic" or not colon or base64.b64encode(decoded).decode() != encoded:
        raise refused("password_malformed")
    if not _is_one_of(password, secrets):
        raise refused("password_wrong")


def new_secret(*, standard: bool = False) -> str:
    """A secret drawn at random; with `standard` one that also serves as a signing token of Standard Webhooks."""
    if standard:
        return _STANDARD_KEY + base64.b64encode(random.token_bytes(_SECRET_BYTES)).decode()
    return random.token_urlsafe(_SECRET_BYTES)


def _live(secrets: Sequence[str]) -> list[str]:
    return [one for one in secrets if one.strip()]


def _key(secret: str) -> bytes:
    """The key that Standard Webhooks signs with: what follows `whsec_`, decoded; any other secret as it is."""
    if not secret.startswith(_STANDARD_KEY):
        return secret.encode()
    encoded = secret.removeprefix(_STANDARD_KEY)
    try:
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True) or secret.encode()
    except (binascii.Error, ValueError):
        return secret.encode()


def _versions(header: str) -> list[str]:
    """The signatures of version 1, without their version."""
    told = header.split(" ")
    found = [one.removeprefix("v1,") for one in told if one.startswith("v1,")]
    if not found or len(told) > _MOST_SIGNATURES or not all(_VERSIONED.fullmatch(one) for one in told):
        raise refused("signature_malformed")
    return found


def _is_one_of(given: str, secrets: Sequence[str]) -> bool:
    """Whether a text is a live secret. Digests are compared, so that not even the length shows."""
    digests = (_digest(one) for one in _live(secrets))
    return _any_same(_digest(given), digests)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()


def _any_same(given: bytes, expected: Iterable[bytes]) -> bool:
    """Whether it is one of them, looking at every one."""
    same = [hmac.compare_digest(given, one) for one in expected]
    return any(same)
