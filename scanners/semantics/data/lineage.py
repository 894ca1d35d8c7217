"""How the migrations of a repository follow one another, and which of them may not have run in production yet."""

import datetime as dt
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from scanners.regex import regex
from scanners.tree import Fact, Tree

RECENT: Final = 3
"""A release rarely holds more migrations of one application than this; older ones have run."""
_NAMED: Final = regex(r"(?:^|_)(20\d\d)_?([01]\d)_?([0-3]\d)(?:_|$)")
_WINDOW: Final = dt.timedelta(days=120)


@dataclass(slots=True)
class Line:
    """The migrations of one application or one folder of revisions, oldest first. `heads` are those nothing follows."""

    framework: str
    migrations: list[Fact]
    heads: list[Fact] = field(default_factory=list)
    recent: list[Fact] = field(default_factory=list)

    def before(self, migration: Fact) -> list[Fact]:
        """The migrations that run before one."""
        return self.migrations[: self.migrations.index(migration)]


def stem(migration: Fact) -> str:
    """The name of a migration's file."""
    return migration.path.rpartition("/")[2].removesuffix(".py")


def lines(tree: Tree) -> Iterator[Line]:
    """The lines of migrations of a repository."""
    groups: dict[tuple[str, str], list[Fact]] = defaultdict(list)
    found = tree.facts("migration")
    for fact in found:
        groups[(fact["framework"], fact.path.rpartition("/")[0])].append(fact)
    newest = max((day_of(fact) for fact in found), default="")
    for (framework, _), facts in sorted(groups.items()):
        line = _django(facts) if framework == "django" else _alembic(facts)
        line.recent = [fact for fact in line.recent if not _is_old(day_of(fact), newest)]
        yield line


def day_of(migration: Fact) -> str:
    """The day on which a migration was written, by its comment or its name; empty when neither says."""
    named = _NAMED.search(stem(migration))
    return migration["day"] or (f"{named[1]}-{named[2]}-{named[3]}" if named else "")


def _is_old(day: str, newest: str) -> bool:
    try:
        return bool(day and newest) and dt.date.fromisoformat(newest) - dt.date.fromisoformat(day) > _WINDOW
    except ValueError:
        return False


def _django(facts: list[Fact]) -> Line:
    ordered = sorted(facts, key=stem)
    replaced = {pair[1] for fact in ordered for pair in fact["replaces"] if len(pair) == 2}
    squashed = any(fact["replaces"] for fact in ordered)
    left = [fact for fact in ordered if stem(fact) not in replaced]
    needed = {pair[1] for fact in ordered for pair in fact["needs"] if len(pair) == 2}
    heads = [] if squashed else [fact for fact in left if stem(fact) not in needed]
    return Line("django", left, heads, left[-RECENT:])


def _alembic(facts: list[Fact]) -> Line:
    known: dict[str, Any] = {fact["revision"]: fact for fact in facts}
    needed = {down for fact in facts for down in fact["needs"]}
    heads = [fact for fact in facts if fact["revision"] not in needed]
    found: dict[int, Fact] = {}
    waiting = deque(heads)
    while waiting:
        fact = waiting.popleft()
        if id(fact) not in found:
            found[id(fact)] = fact
            waiting += [known[down] for down in fact["needs"] if down in known]
    ordered, branched = list(found.values()), any(fact["branched"] for fact in facts)
    return Line("alembic", ordered[::-1], [] if branched else heads, ordered[:RECENT])
