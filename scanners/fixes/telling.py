"""A context that keeps the places it was told of, for whoever mends what is found there."""

from collections import defaultdict
from typing import Any

from scanners.context import Context
from scanners.finding import Finding
from scanners.fixes.fix import NotOfferedError
from scanners.fixes.offered import fixes
from scanners.place import Place


class Telling(Context):
    """As its base, with places by rule, line and column."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.reports: dict[tuple[str, int, int], Any] = {}
        self.noted: dict[tuple[str, str, int], list[Any]] = defaultdict(list)

    def report(self, at: Any, message: str, **more: Any) -> None:
        """As its base; the first report of a place is the one that counts."""
        super().report(at, message, **more)
        node = getattr(at, "node", None)
        self.reports.setdefault((self.rule, getattr(node, "lineno", 1), getattr(node, "col_offset", 0)), at)

    def fact(self, kind: str, at: Any, /, **fields: Any) -> None:
        """As its base."""
        super().fact(kind, at, **fields)
        line = self.facts[kind][-1]["line"]
        self.noted[kind, fields.get("rule", self.rule), line].append(at)

    @property
    def rule(self) -> str:
        """The rule whose turn it is, empty for collectors of facts."""
        return getattr(self.collector, "id", "")

    def place(self, finding: Finding) -> Place[Any]:
        """Where a finding was made. Raises NotOfferedError."""
        found = self.reports.get((finding.rule, finding.line, finding.col))
        if found is None:
            fact = fixes()[finding.rule].fact
            places = self.noted[fact, finding.rule, finding.line] or self.noted[fact, "", finding.line]
            found = places[0] if len(places) == 1 else None
        if not isinstance(found, Place):
            raise NotOfferedError("The finding is not about one place in the code.")
        return found
