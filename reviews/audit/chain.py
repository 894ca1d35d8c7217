"""
The chain that a team's audit log forms: each row holds the digest of all its values, the one before it among them.

Pure functions over rows. `reviews.audit.tampering` says what is wrong with rows that are no such chain.
"""

import hashlib
import json
from typing import Any, NamedTuple

GENESIS = "0" * 64
"""What the first row names as the digest before it."""


class Row(NamedTuple):
    """One event as it is stored. After a manipulation any value may be of any type."""

    team_id: Any
    seq: Any
    at: Any
    actor_key: Any
    actor: Any
    kind: Any
    subject: Any
    text: Any
    data: Any
    previous: Any
    digest: Any


HASHED = Row._fields[:-1]
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(row: Row) -> str:
    """The digest of a row, over everything in it but the digest itself. Empty for values that none can be made of."""
    try:
        text = canonical(dict(zip(HASHED, row, strict=False)))
    except (TypeError, ValueError):
        return ""
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def canonical(value: Any) -> str:
    """The one JSON text of a value: sorted keys, no spaces, ASCII. Raises TypeError or ValueError for what is none."""
    return _ENCODER.encode(value)


def plain(data: dict[str, Any]) -> str:
    """The canonical JSON of an event's data. Raises TypeError with the place of what has no stable text in JSON."""
    _check(data, "data")
    return canonical(data)


def storable(text: str) -> str:
    """The text as both databases take it: NUL and lone surrogates, which PostgreSQL refuses, as visible escapes."""
    return text.replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode("utf-8")


def _check(value: Any, place: str) -> None:
    if isinstance(value, dict):
        for key, one in value.items():
            if not isinstance(key, str):
                raise TypeError(f"{place} has the key {key!r}. Keys of an audit event are texts.")
            _check(one, f"{place}.{key}")
    elif isinstance(value, list | tuple):
        for index, one in enumerate(value):
            _check(one, f"{place}[{index}]")
    elif isinstance(value, float):
        raise TypeError(f"{place} is the float {value!r}. Floats have no stable text: pass a text or whole numbers.")
    elif value is not None and not isinstance(value, str | int):
        raise TypeError(f"{place} is a {type(value).__name__}. Pass texts, whole numbers, true, false, none or lists.")
