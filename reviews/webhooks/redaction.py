"""A payload as people may see it: small, without what is nobody's business, and cheap: it is made for each request."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from reviews.webhooks.events import Json
from scanners.semantics.secrets import is_secret_name

MOST_SHOWN = 16 * 1024
LEFT_OUT = "[left out]"
_MORE = "…"
_BLANKS = " \n\t"
_LONGEST_NAME = 80

_PERSONAL = re.compile(r"e-?mail|e-?mail_?address|unique_?name|signature|authorization|cookie|variables", re.IGNORECASE)
# More than what rules find in code: nobody looks at a sample here, and what is left out by mistake hurts nobody.
_SHAPES = re.compile(
    r"\b(?:gh[pousr]_|github_pat_|gl[a-z]{1,6}-|xox[a-z]-|AKIA|ASIA|whsec_|[sr]k_live_|npm_|pypi-|hvs\.|hf_|eyJ)"
    r"[\w.+/=-]{12,}"
    r"|\b(?:Bearer|Basic) +[\w.~+/=-]{8,}"
    r"|-----BEGIN [A-Z ]+-----[^-]*(?:-----END [A-Z ]+-----)?"
)
# Addresses for programs, dozens in each object of GitHub and Gitea.
_NOISE = re.compile(r"(?!html_|clone_|git_|web_|target_)\w*_url")
_EMAIL = re.compile(r"(?<![\w.+-])(?!git@)[\w.+-]+@[\w-]+(?:\.[\w-]+)*")
_USER_OF_ADDRESS = re.compile(r"(?<=://)[^\s/@]+@")
_PARAMETER = re.compile(r"(?<=[?&])(\w*(?:token|secret|passw(?:or)?d|key|sig(?:nature)?|code))=[^&\s]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Limits:
    """How much is left: fields of an object by its depth, entries of a list, characters of a text."""

    fields: tuple[int, ...]
    items: int
    text: int


_STEPS = (
    _Limits((80, 80, 80, 80, 40, 40, 40), 20, 400),
    _Limits((60, 60, 40, 15, 8, 4), 5, 200),
    _Limits((40, 30, 8, 4), 2, 100),
    _Limits((30, 12, 4), 1, 60),
    _Limits((20,), 1, 30),
)
"""Tried in this order. What the last leaves is small whatever it is made of."""


@dataclass(slots=True)
class _Cut:
    """One walk over a payload: what it leaves, and the texts in it."""

    limits: _Limits
    texts: list[str] = field(default_factory=list)

    def value(self, found: Any, depth: int) -> Any:
        if isinstance(found, str):
            return self.text(found)
        if isinstance(found, dict):
            return self.fields(found, depth)
        if isinstance(found, list):
            return self.items(found, depth)
        return found

    def text(self, found: str) -> str:
        """A text, cut where a word ends: half a token would look like none."""
        if len(found) > self.limits.text:
            start = found[: self.limits.text]
            found = f"{start[: max(map(start.rfind, _BLANKS)) + 1]}{_MORE}"
        self.texts.append(found)
        return found

    def fields(self, found: Json, depth: int) -> Any:
        if depth >= len(self.limits.fields) and found:
            return f"{_MORE} {len(found)} fields"
        wanted = [(name, value) for name, value in found.items() if not _NOISE.fullmatch(name)]
        most = self.limits.fields[depth] if found else 0
        kept = {
            self.text(name): LEFT_OUT if _is_private(name, value) else self.value(value, depth + 1)
            for name, value in wanted[:most]
        }
        return kept if len(wanted) <= most else kept | {_MORE: f"{len(wanted) - most} more"}

    def items(self, found: list[Any], depth: int) -> Any:
        if depth >= len(self.limits.fields) and found:
            return f"{_MORE} {len(found)} entries"
        kept = [self.value(one, depth + 1) for one in found[: self.limits.items]]
        return kept if len(found) <= self.limits.items else [*kept, f"{_MORE} {len(found) - self.limits.items} more"]


def shown(payload: Json, secrets: Sequence[str] = ()) -> Json:
    """
    The payload for people, at most `MOST_SHOWN` bytes as JSON: long texts and lists are cut, addresses for programs
    dropped. Passwords, tokens, signatures, e-mail addresses, users of addresses and the given secrets are left out.
    """
    for limits in _STEPS:
        cut = _Cut(limits)
        left: Json = cut.value(payload, 0)
        if len(json.dumps(left)) > 2 * MOST_SHOWN:  # too much to search, and what is left out is rarely half of it
            continue
        if _touches("\n".join(cut.texts), secrets):
            left = _without(left, secrets)
        if len(json.dumps(left)) <= MOST_SHOWN:
            return left
    return {_MORE: f"{len(payload)} fields"}


def _is_private(name: str, value: Any) -> bool:
    if value is None or isinstance(value, bool):
        return False
    return len(name) > _LONGEST_NAME or _PERSONAL.fullmatch(name) is not None or is_secret_name(name)


def _touches(text: str, secrets: Sequence[str]) -> bool:
    """Whether anything in a text has to be left out."""
    patterns = [_SHAPES, _PARAMETER, *((_EMAIL, _USER_OF_ADDRESS) if "@" in text else ())]
    return any(one and one in text for one in secrets) or any(pattern.search(text) for pattern in patterns)


def _without(value: Any, secrets: Sequence[str]) -> Any:
    if isinstance(value, dict):
        return {_clean(name, secrets): _without(one, secrets) for name, one in value.items()}
    if isinstance(value, list):
        return [_without(one, secrets) for one in value]
    return _clean(value, secrets) if isinstance(value, str) else value


def _clean(text: str, secrets: Sequence[str]) -> str:
    for secret in filter(None, secrets):
        text = text.replace(secret, LEFT_OUT)
    text = _USER_OF_ADDRESS.sub("", _SHAPES.sub(LEFT_OUT, text))
    return _PARAMETER.sub(rf"\1={LEFT_OUT}", _EMAIL.sub(LEFT_OUT, text))
