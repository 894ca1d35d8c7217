"""
Statements that Plimsoll signs with its Ed25519 key, and their check.

    {"payload": {...}, "signature": base64, "key": base64 of the public key}

What is signed is the canonical JSON of the payload, whose "type" says what kind of statement it is: a signature under
one kind is never taken for another.
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

from reviews.audit.chain import canonical


class SignatureError(Exception):
    """A statement that is not what we signed. The message says why and what to do."""


def sign(kind: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """A signed statement of that kind. The payload gets its "type" and the id of the "key" that signs it."""
    private = Ed25519PrivateKey.from_private_bytes(_decoded(settings.SIGNING_KEY))
    public = private.public_key().public_bytes_raw()
    whole = {**payload, "type": kind, "key": key_id(public)}
    signature = private.sign(canonical(whole).encode("ascii"))
    return {"payload": whole, "signature": _encoded(signature), "key": _encoded(public)}


def check(kind: str, signed: Any) -> dict[str, Any]:
    """The payload of a statement of that kind that one of our keys signed. Raises SignatureError."""
    try:
        payload, signature, public = signed["payload"], _decoded(signed["signature"]), _decoded(signed["key"])
        whole = canonical(payload).encode("ascii")
        stated = payload["type"]
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise SignatureError("This is not a signed statement. Take the file as it was written.") from error
    if public not in _trusted():
        raise SignatureError(
            f"The key {key_id(public)} signed it, which is none of ours. If it was ours once, add "
            f"{_encoded(public)} to PLIMSOLL_FORMER_SIGNERS."
        )
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, whole)
    except InvalidSignature as error:
        raise SignatureError("The signature does not fit. Take the file as it was written.") from error
    if stated != kind:
        raise SignatureError(f"It is a statement of another kind: {stated}. Take one of the kind {kind}.")
    return dict(payload)


def key_id(public: bytes) -> str:
    """A short name of a public key."""
    return hashlib.sha256(public).hexdigest()[:16]


def _trusted() -> list[bytes]:
    own = Ed25519PrivateKey.from_private_bytes(_decoded(settings.SIGNING_KEY)).public_key().public_bytes_raw()
    return [own, *map(_decoded, settings.FORMER_SIGNERS)]


def _encoded(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _decoded(text: str) -> bytes:
    """Bytes of base64, in its URL-safe alphabet or the plain one. Raises ValueError."""
    try:
        return base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
