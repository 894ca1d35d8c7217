"""Whether a call is made again when it fails: by the def around it, by who calls that, or by its client."""

import ast
from typing import Any, Final

from scanners.context import Context, per_file
from scanners.place import Call
from scanners.regex import regex
from scanners.semantics.owncalls import calls_of

_AGAIN: Final = regex(
    r"\bretr(y|ies|ied|ying)|_retr(y|ies)|Retry|backoff|acks_late|tenacity|stamina|attempts?\b|max_tries"
)
_OF_CLIENT: Final = {
    "requests": regex(r"\bmount\(|Retry\b"),
    "httpx": regex(r"[Tt]ransport\(|\btransport="),
    "aiohttp": regex(r"RetryClient|\bmiddlewares="),
}
"""What gives the clients of a library retries of their own, somewhere in the file."""

_REACH: Final = 2


def is_tried_again(call: Call, ctx: Context) -> bool:
    """Whether the file shows something that may make the call again; any sign will do, for the question is a guess."""
    if call.dotted.count(".") > 1 and call.dotted.partition(".")[0] in _clients_with_retries(ctx):
        return True
    if not ctx.source.finds(_AGAIN):
        return False
    if call.function is None:
        return True
    around = (block.node for block in call.blocks() if block.kind == "function")
    return any(_may_repeat(node, ctx) for node in around) or _by_callers(call.function, ctx)


@per_file
def _clients_with_retries(ctx: Context) -> frozenset[str]:
    return frozenset(name for name, pattern in _OF_CLIENT.items() if pattern.search(ctx.source))


def _by_callers(function: Any, ctx: Context) -> bool:
    names = [getattr(function, "name", "")]
    seen = set(names)
    for _ in range(_REACH):
        scopes = [scope for each in names for _, scope in calls_of(ctx, each)]
        holders = {scope.node for scope in scopes if getattr(scope.node, "name", "") not in seen}
        if any(_may_repeat(node, ctx) for node in holders):
            return True
        names = sorted({getattr(node, "name", "") for node in holders} - {""})
        seen.update(names)
    return False


def _may_repeat(node: Any, ctx: Context) -> bool:
    """Whether the source of a def, with its decorators, shows a sign."""
    known = _known(ctx)
    if node not in known:
        first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", ()))])
        known[node] = _AGAIN.search("\n".join(ctx.source_lines[first - 1 : node.end_lineno])) is not None
    return known[node]


@per_file
def _known(ctx: Context) -> dict[ast.AST, bool]:
    """What has been found out of the defs of the file so far."""
    return {}
