"""What the files of a tree come to, counted on as files come, change and go: no sum is made anew for two files."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from scanners.assemble import Part
from scanners.finding import Confidence, Finding, RuleCount, Severity, Skipped
from scanners.rule import Rule
from scanners.suppressions import Ignore
from scanners.tree import TreeContext


class Totals:
    """The sums over the parts that were put in. `good` and `unresolved` count sites by rule, in single files.

    `bad` counts findings by rule and severity, without those that are `doubtful`: of low confidence.
    `python`, `lines` and `unread` are Python files, their lines, and the lines of those with a problem.
    `findings`, `ignores` and `unseen` are by path, of the files that have any.
    """

    def __init__(self) -> None:
        self.good: Counter[str] = Counter()
        self.unresolved: Counter[str] = Counter()
        self.python = self.lines = self.unread = 0
        self.bad: Counter[tuple[str, Severity]] = Counter()
        self.doubtful: Counter[str] = Counter()
        self.findings: dict[str, Sequence[Finding]] = {}
        self.ignores: dict[str, Sequence[Ignore]] = {}
        self.unseen: dict[str, Skipped] = {}

    def put(self, path: str, old: Part | None, new: Part | None) -> None:
        """A file had the part `old` and has the part `new` now."""
        for held in (self.findings, self.ignores, self.unseen):
            held.pop(path, None)
        if old:
            self._count(old, -1)
        if new:
            self._count(new, 1)
            self._hold(path, new)

    def _hold(self, path: str, part: Part) -> None:
        if part.unseen:
            self.unseen[path] = part.unseen
            return
        if part.findings:
            self.findings[path] = part.findings
        if part.ignores:
            self.ignores[path] = part.ignores

    def _count(self, part: Part, sign: int) -> None:
        _add(self.good, part.good, sign)
        _add(self.unresolved, part.unresolved, sign)
        if not part.unseen:
            _tally(part.findings, self.bad, self.doubtful, sign)
        if not part.unseen and part.file.path_class.startswith("python/"):
            self.python += sign
            self.lines += sign * part.file.lines
            self.unread += sign * part.file.lines * bool(part.file.problem)


def _add(total: Counter[str], counted: Mapping[str, int], sign: int) -> None:
    for rule, number in counted.items():
        total[rule] += sign * number


def _tally(
    findings: Iterable[Finding], bad: Counter[tuple[str, Severity]], doubtful: Counter[str], sign: int = 1
) -> None:
    for finding in findings:
        if finding.confidence is Confidence.LOW:
            doubtful[finding.rule] += sign
        else:
            bad[finding.rule, finding.severity] += sign


def counts(
    rules: Mapping[str, Rule], kind: str, totals: Totals, joined: Iterable[Finding], said: Mapping[str, TreeContext]
) -> dict[str, RuleCount]:
    """The sites of every rule, in single files and in what rules `said` and `joined`. One without any says why."""
    bad, doubtful = totals.bad.copy(), totals.doubtful.copy()
    _tally(joined, bad, doubtful)
    by_rule: dict[str, dict[Severity, int]] = {}
    for (rule_id, severity), number in bad.items():
        if number:
            by_rule.setdefault(rule_id, {})[severity] = number
    counted = {}
    for rule_id, rule in rules.items():
        ctx = said.get(rule_id)
        fine = ctx.fine if ctx else 0
        unresolved = totals.unresolved[rule_id] + doubtful[rule_id] + (len(ctx.sites) - fine if ctx else 0)
        total = RuleCount(totals.good[rule_id] + fine, by_rule.get(rule_id, {}), unresolved, doubtful[rule_id])
        reason = _why_not(rule, kind, total, ctx)
        counted[rule_id] = RuleCount(applicable=False, reason=reason) if reason else total
    return counted


def _why_not(rule: Rule, kind: str, total: RuleCount, ctx: TreeContext | None) -> str:
    if kind not in rule.kinds:
        return f"Not asked of a repository of kind {kind}."
    if total.sites:
        return ""
    return (ctx.not_applicable_reason if ctx else "") or "Nothing of this kind was found in the code."
