"""HTTP's Basic authentication."""

import base64
import binascii


def basic(header: str) -> tuple[str, ...]:
    """The user name and the password of an Authorization header; nothing when it is not Basic."""
    kind, _, encoded = header.partition(" ")
    try:
        name, separator, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ()
    return (name, password) if kind == "Basic" and separator else ()
