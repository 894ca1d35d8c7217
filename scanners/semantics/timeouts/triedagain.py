"""Whether a call is made again when it fails: by the def around it, by who calls that, or by its client."""

import re
from typing import Any, Final

from scanners.context import Context
from scanners.place import Call
from scanners.semantics.owncalls import calls_of

_AGAIN: Final = re.compile(
    r"\bretr(y|ies|ied|ying)|_retr(y|ies)|Retry|backoff|acks_late|tenacity|stamina|attempts?\b|max_tries"
)
_OF_CLIENT: Final = {
    "requests": re.compile(r"\bmount\(|Retry\b"),
    "httpx": re.compile(r"[Tt]ransport\(|\btransport="),
    "aiohttp": re.compile(r"RetryClient|\bmiddlewares="),
}
"""What gives the clients of a library retries of their own, somewhere in the file."""

_REACH: Final = 2


def is_tried_again(call: Call, ctx: Context) -> bool:
    """Whether the file shows something that may make the call again; any sign will do, for the question is a guess."""
    client = _OF_CLIENT.get(call.dotted.partition(".")[0])
    if client is not None and call.dotted.count(".") > 1 and client.search(ctx.source):
        return True
    if not _AGAIN.search(ctx.source):
        return False
    if call.function is None:
        return True
    around = (block.node for block in call.blocks() if block.kind == "function")
    return any(_AGAIN.search(_text(node, ctx)) for node in around) or _by_callers(call.function, ctx)


def _by_callers(function: Any, ctx: Context) -> bool:
    names = [getattr(function, "name", "")]
    seen = set(names)
    for _ in range(_REACH):
        scopes = [scope for each in names for _, scope in calls_of(ctx, each)]
        holders = {scope.node for scope in scopes if getattr(scope.node, "name", "") not in seen}
        if any(_AGAIN.search(_text(node, ctx)) for node in holders):
            return True
        names = sorted({getattr(node, "name", "") for node in holders} - {""})
        seen.update(names)
    return False


def _text(node: Any, ctx: Context) -> str:
    """The source of a def with its decorators."""
    first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", ()))])
    return "\n".join(ctx.source_lines[first - 1 : node.end_lineno])
