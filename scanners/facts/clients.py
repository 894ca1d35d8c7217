"""What decides far away whether a client is bounded: a default for all sockets, and the release of redis-py."""

import re
from typing import Any, Final

from scanners.canonical import anchor_of
from scanners.context import Context
from scanners.finding import Confidence, Severity
from scanners.place import Call, Place
from scanners.regex import regex
from scanners.rule import Collector, Rule
from scanners.semantics.outbound import Verdict
from scanners.text import TextFile
from scanners.tree import Tree, TreeContext

_LOCKED: Final = regex(r'^name = "redis"\nversion = "(\d+)', re.MULTILINE)
_ASKED: Final = regex(
    r"""^[^\S\n]*+["']?redis(?:\[[^\]]*\])?["']?\s*(?:==|>=|~=|=\s*["'][\^~>=]*)\s*(\d+)""", re.MULTILINE
)
_BOUNDED_REDIS: Final = 8


class SocketDefaults(Collector):
    """Fact `socket-default`: the repository bounds all sockets."""

    calls = ("socket.setdefaulttimeout",)

    def visit_call(self, call: Call, ctx: Context) -> None:
        """Record the call."""
        ctx.fact("socket-default", call)


class RedisReleases(Collector):
    """Fact `redis-release`: the major release that is asked for, and whether a lock file says so."""

    files = ("uv-lock", "poetry-lock", "pdm-lock", "pyproject", "requirements", "constraints")

    def visit_text(self, text: TextFile, ctx: Context) -> None:
        """Record every mention."""
        for pattern in (_LOCKED, _ASKED):
            for match in pattern.finditer(text.text):
                line = text.text.count("\n", 0, match.start()) + 1
                ctx.fact("redis-release", line, major=int(match[1]), locked=pattern is _LOCKED)


def tell(
    ctx: Context,
    call: Place[Any],
    verdict: Verdict,
    severity: Severity | None = None,
    sure: Confidence | None = None,
) -> None:
    """Say what was found of a call. What all sockets, or the release of redis-py, may bound waits for the join."""
    rule = ctx.collector
    if verdict.state == "good":
        ctx.site(call)
    elif verdict.state == "unresolved":
        ctx.unresolved(call, verdict.text)
    elif verdict.state == "bad":
        ctx.report(call, verdict.text, severity=severity, confidence=sure)
    elif isinstance(rule, Rule):
        found = severity or rule.severity
        ctx.fact(
            "suspect-client",
            call,
            rule=rule.id,
            needs=verdict.state,
            message=verdict.text,
            severity=found.lowered if ctx.path_class == "script" else found,
            confidence=sure or rule.confidence,
            anchor=f"{call.qualname}:{anchor_of(call.node)}",
            text=ctx.source_lines[call.line - 1].strip(),
        )


def bounds(tree: Tree) -> dict[str, bool]:
    """What the whole repository bounds: all sockets, and all clients of redis-py."""
    releases = tree.facts("redis-release")
    asked = [fact["major"] for fact in releases if fact["locked"]] or [fact["major"] for fact in releases]
    return {
        "socket": bool(tree.facts("socket-default")),
        "redis": bool(asked) and min(asked) >= _BOUNDED_REDIS,
    }


def judge(rule: Rule, tree: Tree, ctx: TreeContext) -> None:
    """Turn the suspects of a rule into findings or good sites, by what the whole repository says."""
    bounded = bounds(tree)
    for fact in tree.facts("suspect-client"):
        if fact["rule"] != rule.id:
            continue
        if bounded[fact["needs"]]:
            ctx.site(fact.path, fact.line)
            continue
        ctx.report(
            fact.path,
            fact.line,
            fact["message"],
            anchor=fact["anchor"],
            text=fact["text"],
            severity=Severity(fact["severity"]),
            confidence=Confidence(fact["confidence"]),
        )
