"""
What somebody reads of the facts of a commit: by kind of fact, the names of the fields that were looked at.

    reads = Reads()
    log = reads.of("route")          # what every fact of this kind writes the names of its fields to
    with reads.noting() as noted:
        ...                          # whatever reads facts
    noted.kinds                      # {"route": {"path", "line", LISTED}}
    touches(noted.kinds, {"route": {"line"}})      # whether such a change can make a difference to it

Who reads the same of the same does the same: what was joined from facts holds until something changes that was read.
"""

from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

LISTED: Final = ""
"""That facts of a kind were asked for: read before any of their fields."""
ALL: Final = "*"
"""As something read: every field, as the whole mapping was. As a change: facts came, went or changed their place."""
FILES, LEFT_OUT, DATE, ADVISORIES = " files", " left out", " date", " advisories"  # "FILES kind" for those of a kind.
WITHIN: Final = " within"
"""With a path: the facts of one file, whatever their kind."""
"""What a commit tells beside its facts, named so that no kind of fact is named the same."""

Kinds = Mapping[str, Set[str]]


@dataclass(slots=True)
class Noted:
    """What was read between two moments."""

    kinds: Kinds = field(default_factory=dict)


class Reads:
    """The logs of one tree, a set of names of fields for each kind of fact."""

    def __init__(self) -> None:
        self._logs: dict[str, set[str]] = {}

    def of(self, kind: str) -> set[str]:
        """The log of a kind, always the same object."""
        return self._logs.setdefault(kind, set())

    def add(self, kinds: Kinds) -> None:
        """Note what was read to make something that is now used again."""
        for kind, names in kinds.items():
            self.of(kind).update(names)

    def clear(self) -> None:
        """Forget what was read."""
        for log in self._logs.values():
            log.clear()

    @contextmanager
    def noting(self) -> Iterator[Noted]:
        """Note what is read inside. It counts as read by whoever notes outside, too."""
        outside, noted = self._taken(), Noted()
        try:
            yield noted
        finally:
            noted.kinds = self._taken()
            self.add(noted.kinds)
            self.add(outside)

    def _taken(self) -> Kinds:
        """All that is noted, taken out of the logs."""
        taken = {kind: frozenset(log) for kind, log in self._logs.items() if log}
        self.clear()
        return taken


def touches(read: Kinds, changed: Kinds) -> bool:
    """Whether a change can make a difference to who read this."""
    return any(
        kind in read and (ALL in names or ALL in read[kind] or not names.isdisjoint(read[kind]))
        for kind, names in changed.items()
    )
