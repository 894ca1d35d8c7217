"""Secrets that are filled into files which are not Python."""

import re
from collections.abc import Iterator
from typing import Final

from scanners.context import Context
from scanners.finding import Confidence
from scanners.regex import regex
from scanners.semantics.secrets import dsns, is_placeholder, is_random, is_secret_name, preview, tokens
from scanners.text import TextFile

_PAIR: Final = regex(
    r"""^\s*(?:-\s+|export\s+|set\s+|ENV\s+|ARG\s+)?["']?([A-Za-z_][\w.-]*)["']?\s*(?:[:=]|\s(?=\S+$))\s*(.+?)\s*,?$"""
)


ENCRYPTED: Final = regex(
    r"^sops:|\"sops\":|ENC\[AES256|\$ANSIBLE_VAULT|kind:\s*SealedSecret|BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED",
    re.MULTILINE,
)


_PAIRS: Final = frozenset({"env", "compose", "workflow", "dockerfile", "manifest", "config-file", "shell"})


_DEFAULTS: Final = regex(
    r"^(postgres|mysql|root|admin|password|redis|minio(admin)?|rabbitmq|user|secret|pass|test\w*|dev\w*|app|db)$",
    re.IGNORECASE,
)


def secrets_in(text: TextFile, ctx: Context) -> Iterator[tuple[int, tuple[str, str, Confidence]]]:
    """What looks like a secret in a file: the line, with a message, an anchor and how sure it is."""
    doubtful = ctx.path_class in ("test", "example") or text.role in ("dev", "test")
    for token in tokens(text.text):
        for part in token.parts:
            ctx.mask(part)
        sure = Confidence.LOW if doubtful or token.kind == "json web token" else Confidence.HIGH
        yield _line(text, token.offset), (f"{token.kind.capitalize()}: {preview(token.value)}", token.kind, sure)
    for token in dsns(text.text):
        ctx.mask(token.value)
        sure = (
            Confidence.LOW if doubtful or text.kind == "workflow" or _DEFAULTS.match(token.value) else Confidence.MEDIUM
        )
        yield _line(text, token.offset), (f"An {token.kind}: {preview(token.value)}", token.kind, sure)
    for number, line in enumerate(text.lines if text.kind in _PAIRS else (), 1):
        pair = _PAIR.match(line)
        if pair is None or not is_secret_name(pair[1]):
            continue
        value = re.split(r"\s#", pair[2])[0].strip().strip("\"'")
        if is_placeholder(value) or _DEFAULTS.match(value) or not _is_plain(value):
            continue
        ctx.mask(value)
        strong = is_random(value) or (text.kind in ("env", "dockerfile", "compose") and not value.isalpha())
        sure = (
            Confidence.MEDIUM if strong and not doubtful and text.kind not in ("workflow", "shell") else Confidence.LOW
        )
        yield number, (f"{pair[1]} is filled in: {preview(value)}", pair[1], sure)


def _is_plain(value: str) -> bool:
    """Whether a value is itself, not an expression, a call or a reference of the file's own language."""
    return re.search(r"[\s(){}\[\]$`|*]|^(var|data|local|module|each)\.|^!", value) is None


def _line(text: TextFile, offset: int) -> int:
    return text.text.count("\n", 0, offset) + 1
