"""
The body of a request from a forge: bytes -> a JSON object that can be kept.

Called after the signature over the bytes was checked: what is refused here was sent by somebody who knows the secret.
"""

import json
import math
import re
from typing import Any, NoReturn
from urllib.parse import parse_qs

from reviews.webhooks.errors import BadBodyError
from reviews.webhooks.events import Json

MOST_BYTES = 5 * 1024 * 1024
MOST_DEEP = 64
_MOST_DIGITS = 20
_FORM_FIELDS = 8
_FORM = "application/x-www-form-urlencoded"
_JSON = re.compile(r"application/([\w.-]+\+)?json")
# Only an escape can bring in what PostgreSQL refuses to keep in JSON: NUL, and halves of a pair of surrogates.
_SUSPECT = re.compile(rb"\\u(?:0000|[dD][89abAB])")
_NOT_KEPT = re.compile("[\x00\ud800-\udfff]")
_INSTEAD = "\ufffd"

TEXTS = {
    "payload_too_large": (
        f"The body is larger than {MOST_BYTES // 1024 // 1024} MiB.",
        "Nothing has to be done: the next look at the server finds what was pushed.",
    ),
    "payload_type_unknown": ("The body is not said to be JSON.", "Choose application/json as the hook's content type."),
    "payload_malformed": (
        "The body is not a JSON object in UTF-8.",
        "Send it again from the forge's page of the hook; check what stands between if it repeats.",
    ),
    "payload_too_deep": (f"The JSON is nested more than {MOST_DEEP} deep.", "Have the sender of this event checked."),
    "payload_incomplete": (
        "The event lacks {field}, or it is not what it should be.",
        "Check that the hook is set up for this forge and sends all details.",
    ),
    "ref_malformed": (
        "{field} is not the name of a branch or tag that git accepts.",
        "Have the sender of this event checked.",
    ),
    "commit_malformed": ("{field} is not a full commit id.", "Have the sender of this event checked."),
}
"""What is said for each code: the message, and the next step."""


def bad(code: str, field: str = "") -> BadBodyError:
    """The error of a code of `TEXTS`; `field` is where in the event, in our own words."""
    message, next_step = TEXTS[code]
    return BadBodyError(code, message.format(field=field), next_step)


def read(raw: bytes, content_type: str) -> Json:
    """
    The JSON object of a body, sent as it is or as the field `payload` of a form.

    Texts in it can be kept by every database: NULs and lone surrogates are replaced. Raises BadBodyError: too large,
    another content type, not UTF-8, not JSON by the standard (NaN, a key with two values), not an object, too deep, or
    with numbers that nothing can hold.
    """
    if len(raw) > MOST_BYTES:
        raise bad("payload_too_large")
    kind, _, parameters = content_type.lower().partition(";")
    charset = re.search(r"charset\s*=\s*\"?([\w-]*)", parameters)
    if charset is not None and charset[1] not in ("utf-8", "utf8"):
        raise bad("payload_type_unknown")
    if kind.strip() == _FORM:
        raw = _of_form(raw)
    elif kind.strip() and not _JSON.fullmatch(kind.strip()):
        raise bad("payload_type_unknown")
    payload = _parsed(raw)
    _check_depth(payload)
    return _storable(payload) if _SUSPECT.search(raw) else payload


def _of_form(raw: bytes) -> bytes:
    """The one field `payload` of a form."""
    try:
        fields = parse_qs(raw.decode("ascii"), strict_parsing=True, errors="strict", max_num_fields=_FORM_FIELDS)
    except ValueError as error:
        raise bad("payload_malformed") from error
    if len(fields.get("payload", ())) != 1:
        raise bad("payload_malformed")
    return fields["payload"][0].encode()


def _parsed(raw: bytes) -> Json:
    try:
        found = json.loads(
            raw.decode(),
            object_pairs_hook=_object,
            parse_constant=_refuse,
            parse_int=_whole,
            parse_float=_finite,
        )
    except RecursionError as error:
        raise bad("payload_too_deep") from error
    except ValueError as error:
        raise bad("payload_malformed") from error
    if not isinstance(found, dict):
        raise bad("payload_malformed")
    return found


def _object(pairs: list[tuple[str, Any]]) -> Json:
    """An object that reads the same to everybody: a key that comes twice has the same value twice."""
    made = dict(pairs)
    if len(made) != len(pairs) and any(made[name] != value for name, value in pairs):
        raise bad("payload_malformed")
    return made


def _refuse(constant: str) -> NoReturn:
    raise bad("payload_malformed")


def _whole(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise bad("payload_malformed")
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise bad("payload_malformed")
    return number


def _check_depth(payload: Json) -> None:
    level: list[Any] = [payload]
    for _ in range(MOST_DEEP):
        parts = [part for one in level for part in (one.values() if isinstance(one, dict) else one)]
        level = [part for part in parts if isinstance(part, dict | list)]
        if not level:
            return
    raise bad("payload_too_deep")


def _storable(value: Any) -> Any:
    """The same with what no database keeps replaced. Not deeper than `MOST_DEEP`."""
    if isinstance(value, str):
        return _NOT_KEPT.sub(_INSTEAD, value)
    if isinstance(value, list):
        return [_storable(one) for one in value]
    if isinstance(value, dict):
        return _object([(_storable(name), _storable(one)) for name, one in value.items()])
    return value
