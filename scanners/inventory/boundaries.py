"""The table of boundaries: what the service talks to, and what holds when the other side fails."""

from collections.abc import Iterator
from typing import Final

from scanners.inventory.boundarytests import Realism
from scanners.inventory.crossings import Crossing, crossings
from scanners.inventory.summaries import fallback_of, marks_of, pool_of, retry_of, timeout_of
from scanners.inventory.table import Column, Place, Row, Table
from scanners.semantics.boundaries.libraries import KINDS
from scanners.tree import Tree

_COLUMNS: Final = (
    Column("kind", "Kind", f"One of {', '.join(KINDS)}."),
    Column("library", "Library", "What the code imports."),
    Column("target", "Target", "The host, variable, setting or program; unknown where it is computed."),
    Column("calls", "Calls", "How many calls are seen; unknown where a client is handed on out of sight."),
    Column("timeout", "Timeout", "As the rules about timeouts see it. In seconds, with where it is set."),
    Column("retry", "Retries", "How often, with what pause, on what, and whether a write is repeated."),
    Column("pool", "Pool", "How many connections at most."),
    Column("fallback", "On failure", "What the nearest except clause does: each form with its number of calls."),
    Column("tests", "Tests", "Whether tests run it for real or a server in its place, replace it, make it fail."),
    Column("role", "Used by", "The service, or only scripts and commands."),
)  # fmt: skip


def _rows(tree: Tree) -> Iterator[Row]:
    known = crossings(tree)
    realism = Realism(tree, known)
    for crossing in known:
        yield _row(crossing, tree, realism)


def _row(crossing: Crossing, tree: Tree, realism: Realism) -> Row:
    timeout, retry, tests = timeout_of(crossing, tree), retry_of(crossing), realism.of(crossing)
    fallback = fallback_of(crossing)
    cells = {
        "kind": crossing.kind,
        "library": crossing.library,
        "target": crossing.shown or None,
        "calls": crossing.calls,
        "timeout": timeout.text,
        "retry": retry.text,
        "pool": pool_of(crossing),
        "fallback": fallback.text,
        "tests": tests.text,
        "role": "service" if crossing.serves else "script",
    }
    judged = {"timeout": timeout, "retry": retry, "fallback": fallback, "tests": tests}
    reasons = dict.fromkeys([*([] if crossing.target else crossing.reasons), *timeout.doubts])
    places = [Place(fact.path, fact.line, says) for fact, says in crossing.places()]
    return Row(crossing.key, cells, places, marks_of(judged, crossing), " ".join(reasons))


TABLE = Table("boundaries", "What it talks to", _COLUMNS, _rows)
