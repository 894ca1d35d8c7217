"""Which fixes of a file hold together: what a scan of the file with them says."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import libcst as cst

from scanners import registry
from scanners.assemble import Looked, excused, findings_of, ignores_of, join, tree_of
from scanners.engine import Engine
from scanners.finding import BlobAnswer, Finding
from scanners.fixes.fix import NotOfferedError
from scanners.fixes.offered import fixes
from scanners.fixes.spot import Edits, Source
from scanners.paths import PathClass

_ALONE: Final = "app.py"


@dataclass(frozen=True, slots=True)
class Planned:
    """A finding and what would mend it."""

    finding: Finding
    edits: Edits


def findings(answer: BlobAnswer, path_class: PathClass) -> list[Finding]:
    """The findings of a file by itself, with those that rules make when they join it with no other."""
    file = Looked(_ALONE, path_class, answer)
    joining = [registry.rules()[rule] for rule, fix in fixes().items() if fix.fact]
    ignores = {file.path: ignores_of(file)}
    return [*findings_of(file), *excused(join(joining, tree_of("http-api", [file])), ignores)]


class Proof:
    """Which fixes of a file hold together: the file with them parses, lacks their findings and has no new one."""

    def __init__(self, engine: Engine, path_class: PathClass, before: BlobAnswer, source: Source | str) -> None:
        self._engine = engine
        self._class = path_class
        self._before = before
        self._found = _counted(findings(before, path_class))
        self._source = source
        self._results: dict[frozenset[int], tuple[bytes, BlobAnswer]] = {}

    def result(self, proved: Sequence[Planned]) -> tuple[bytes, BlobAnswer]:
        """The bytes with changes that were tried, and what the scan says of them."""
        return self._results[_ids(proved)]

    def largest(self, planned: Sequence[Planned]) -> list[Planned]:
        """All of them if they hold, else the halves that do."""
        if not planned or self._holds(planned):
            return list(planned)
        if len(planned) == 1:
            return []
        middle = len(planned) // 2
        first, second = self.largest(planned[:middle]), self.largest(planned[middle:])
        both = [*first, *second]
        return both if self._holds(both) else first or second

    def _holds(self, planned: Sequence[Planned]) -> bool:
        if not planned or isinstance(self._source, str):
            return False
        if _ids(planned) not in self._results:
            try:
                after = self._source.patched([plan.edits for plan in planned])
            except (cst.CSTValidationError, cst.ParserSyntaxError, NotOfferedError):
                return False
            self._results[_ids(planned)] = after, self._engine.answer(after, self._class)
        return self._is_better(self._results[_ids(planned)][1], planned)

    def _is_better(self, after: BlobAnswer, planned: Sequence[Planned]) -> bool:
        if after["problem"] is not None:
            return False
        allowed = self._found - _counted(plan.finding for plan in planned)
        rules = {plan.finding.rule for plan in planned}
        return _counted(findings(after, self._class)) <= allowed and all(
            _doubts(after, rule) <= _doubts(self._before, rule) for rule in rules
        )


def _counted(found: Iterable[Finding]) -> Counter[tuple[str, str]]:
    """Findings by rule and enclosing name: what a fix changes beside a finding is no new finding there."""
    return Counter((finding.rule, finding.qualname) for finding in found)


def _doubts(answer: BlobAnswer, rule: str) -> int:
    return len(answer["sites"].get(rule, {}).get("unresolved", ()))


def _ids(planned: Sequence[Planned]) -> frozenset[int]:
    return frozenset(map(id, planned))
