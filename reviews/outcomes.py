"""
From counted sites to the outcome of each rule and item. Pure; `reviews.scoring` makes scores and a level of them.

    judged = judge(item, Evidence(report.counts, python_files=report.python_files), Tier.B, Kind.WORKER)
    judged.outcome                    # ItemOutcome: what pages show
    judged.ratio, judged.raw          # exact shares: with waivers, and as if nothing was waived

Sites of a rule are good, bad or unresolved. With g, b and u of them:

    value         g / (g + b)            over decided sites; none when no site is decided
    low, high     g / n, (g + u) / n     n = g + b + u: every unresolved site taken as bad, then as good

The ratio of an item is the mean of those of its applicable rules, weighted by their severity (critical 10, high 7.5,
medium 5, low 2.5). Means are taken of low, value and high apart; without a decided site there is no value, and low is 0
and high is 1.

A rule passes with no open finding of high or critical severity and g / (g + b) >= 0.95; with open findings it warns.
Nothing to look at is not-applicable. Sites but none decided is unknown, or a warning where every doubt is a finding of
low confidence, which never blocks. An item is as its worst rule; but one that some rules decided and others could not
warns: there is evidence for it, and the doubt is in its interval. Where a rule was blind, lacking data from elsewhere,
there is none: the item is unknown.

A waiver takes the bad sites that it covers out of the denominator; the good ones stay. Leaving out the whole rule or
item would lower the score whenever it was better than the rest. A rule left without a site drops out: only one of
ratio 0 can get there by a waiver or by a fix that removes its last site, so no mean falls.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

from reviews.checklist import Item, ItemRule, Kind, Level, Tier
from reviews.ratio import ALL, ANY, NONE_OF_IT, WEIGHT, Ratio, Score, mean
from scanners.finding import Effort, RuleCount, Severity

SEVERE = (Severity.HIGH, Severity.CRITICAL)
THRESHOLD = Fraction(95, 100)


class Outcome(StrEnum):
    """Of a rule or an item, worst first."""

    FAIL = "fail"
    ERROR = "error"
    UNKNOWN = "unknown"
    WAIVED = "waived"
    WARN = "warn"
    PASS = "pass"  # noqa: S105 - an outcome, not a password
    NOT_APPLICABLE = "not-applicable"

    @property
    def holds_back(self) -> bool:
        """Whether an item with this outcome keeps a repository from its level."""
        return self in (Outcome.FAIL, Outcome.ERROR, Outcome.UNKNOWN)


WORST_FIRST = tuple(Outcome)
DECIDED = (Outcome.WAIVED, Outcome.WARN, Outcome.PASS)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known about one commit.

    `counts` has the sites of each rule that ran, false positives already taken out of `bad`; `waived` says how many of
    its bad sites are under a waiver, by severity, and `waived_items` which items are as a whole. `errors` says what
    broke a rule. `answers` is None until a review is decided, then it holds the outcome of each item that one asked.
    `blind` says why a rule lacked what it needs to call a site good: then its item is unknown, whatever others say.
    """

    counts: Mapping[str, RuleCount]
    python_files: int = 1
    unread_files: int = 0
    coverage: float = 1.0
    waived: Mapping[str, Mapping[Severity, int]] = field(default_factory=dict)
    waived_items: frozenset[str] = frozenset()
    errors: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, Outcome] | None = None
    blind: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """One rule on one commit. `bad` are the open findings, `severe` the high and critical ones of them."""

    rule: str
    title: str
    outcome: Outcome
    score: Score | None
    good: int
    bad: int
    severe: int
    waived: int
    unresolved: int
    reason: str


@dataclass(frozen=True, slots=True)
class ItemOutcome:
    """One item on one commit. `raw_outcome` and `raw` are as if nothing was waived.

    `counted` is false for an asked item before the first decided review that asks it: it is in no level and no score.
    `effort` is that of the slowest rule with open findings, for one of them.
    """

    ref: str
    id: str
    title: str
    area: str
    level: Level
    asked: bool
    counted: bool
    outcome: Outcome
    raw_outcome: Outcome
    score: Score | None
    raw: Score | None
    findings: int
    effort: Effort | None
    reason: str
    rules: tuple[RuleOutcome, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """An outcome with the exact ratios and the weight that scores are made of. No ratio: outside every mean."""

    outcome: ItemOutcome
    weight: Fraction
    ratio: Ratio | None
    raw: Ratio | None


@dataclass(frozen=True, slots=True)
class Sites:
    """The sites of one rule, the waived ones left out of `bad`."""

    good: int
    bad: int
    severe: int
    waived: int
    unresolved: int
    doubtful: int

    @classmethod
    def of(cls, count: RuleCount, covered: Mapping[Severity, int]) -> "Sites":
        """The sites of a count, `covered` saying how many bad ones of each severity a waiver takes out."""
        bad = {severity: number - covered.get(severity, 0) for severity, number in count.bad.items()}
        severe = sum(bad.get(severity, 0) for severity in SEVERE)
        return cls(count.good, sum(bad.values()), severe, sum(covered.values()), count.unresolved, count.doubtful)

    @property
    def ratio(self) -> Ratio | None:
        """The share of good sites; None without sites."""
        decided = self.good + self.bad
        sites = decided + self.unresolved
        if not sites:
            return None
        value = Fraction(self.good, decided) if decided else None
        return Ratio(Fraction(self.good, sites), value, Fraction(self.good + self.unresolved, sites))

    @property
    def outcome(self) -> Outcome:
        """What the open sites say."""
        if not self.good + self.bad:
            undecided = Outcome.WARN if self.doubtful == self.unresolved else Outcome.UNKNOWN
            return undecided if self.unresolved else Outcome.NOT_APPLICABLE
        if self.severe or Fraction(self.good, self.good + self.bad) < THRESHOLD:
            return Outcome.FAIL
        return Outcome.WARN if self.bad else Outcome.PASS

    @property
    def reason(self) -> str:
        """The counts as a sentence."""
        said = [f"{self.good} of {self.good + self.bad} sites are good"] if self.good + self.bad else []
        said += [f"{self.severe} at fault of high or critical severity"] if self.severe else []
        said += [f"{self.waived} waived"] if self.waived else []
        said += [f"{self.unresolved} could not be decided"] if self.unresolved else []
        return ", ".join(said) + "." if said else "Nothing to look at in the files read."


def judge(item: Item, evidence: Evidence, tier: Tier, kind: Kind) -> Judged:
    """The outcome of an item for a repository of this tier and kind."""
    why_not = item.why_not(tier, kind)
    if why_not:
        off = (Outcome.NOT_APPLICABLE, None)
        return _judged(item, evidence, off, off, why_not)
    return _answered(item, evidence) if item.asked else _scanned(item, evidence)


def _scanned(item: Item, evidence: Evidence) -> Judged:
    if not item.rules:
        return _judged(item, evidence, (Outcome.UNKNOWN, ANY), (Outcome.UNKNOWN, ANY), "No rule answers this item.")
    whole = item.ref in evidence.waived_items
    ruled = [_ruled(rule, evidence, whole) for rule in item.rules]
    rules = tuple(rule for rule, _, _ in ruled)
    blind = {index for index, rule in enumerate(rules) if rule.rule in evidence.blind}
    raw_outcome = _together([raw for _, _, (raw, _) in ruled], blind)
    together = _together([rule.outcome for rule in rules], blind)
    outcome = Outcome.WAIVED if whole and raw_outcome.holds_back else together
    weights = [WEIGHT[rule.severity] for rule in item.rules]
    ratio = mean(zip(weights, [ratio for _, ratio, _ in ruled], strict=True))
    raw_ratio = mean(zip(weights, [ratio for _, _, (_, ratio) in ruled], strict=True))
    worst = _worst(rule.outcome for rule in rules)
    reason = next(f"{rule.rule}: {rule.reason}" for rule in rules if rule.outcome is worst)
    reason = "Waived as a whole." if outcome is Outcome.WAIVED is not together else reason
    return _judged(item, evidence, (outcome, ratio), (raw_outcome, raw_ratio), reason, rules)


Decision = tuple[Outcome, Ratio | None]


def _ruled(rule: ItemRule, evidence: Evidence, whole: bool) -> tuple[RuleOutcome, Ratio | None, Decision]:
    """A rule with waivers, its ratio then, and its outcome and ratio as if nothing was waived."""
    count = evidence.counts.get(rule.id)
    bad, waived = count.bad if count else {}, evidence.waived.get(rule.id, {})
    covered = {severity: number if whole else min(number, waived.get(severity, 0)) for severity, number in bad.items()}
    raw_outcome, raw_ratio, _, _ = _settled(rule, evidence, {})
    outcome, ratio, sites, reason = _settled(rule, evidence, covered)
    if sites.waived and raw_outcome is Outcome.FAIL and not outcome.holds_back:
        outcome = Outcome.WAIVED
    score = ratio.score if ratio else None
    numbers = (sites.good, sites.bad, sites.severe, sites.waived, sites.unresolved)
    return RuleOutcome(rule.id, rule.title, outcome, score, *numbers, reason), ratio, (raw_outcome, raw_ratio)


def _settled(
    rule: ItemRule, evidence: Evidence, covered: Mapping[Severity, int]
) -> tuple[Outcome, Ratio | None, Sites, str]:
    count = evidence.counts.get(rule.id)
    sites = Sites.of(count or RuleCount(), covered)
    if rule.id in evidence.errors:
        return Outcome.ERROR, ANY, sites, evidence.errors[rule.id]
    if count is None:
        return Outcome.ERROR, ANY, sites, "The scan did not run this rule."
    if not count.applicable:
        return Outcome.NOT_APPLICABLE, None, sites, count.reason
    why = evidence.blind.get(rule.id, "") if sites.unresolved else ""
    return sites.outcome, sites.ratio, sites, f"{sites.reason} {why}".rstrip()


def _answered(item: Item, evidence: Evidence) -> Judged:
    answers = evidence.answers or {}
    if item.ref not in answers:
        waiting, why = (Outcome.UNKNOWN, None), "Asked in a review; none that asks it is decided yet."
        return _judged(item, evidence, waiting, waiting, why)
    answer = answers[item.ref]
    raw = Outcome.FAIL if answer is Outcome.WAIVED else answer
    outcome = Outcome.WAIVED if item.ref in evidence.waived_items and raw.holds_back else answer
    ratio = ANSWERED.get(raw, ANY)
    without = None if raw is Outcome.FAIL and outcome is Outcome.WAIVED else ratio
    return _judged(item, evidence, (outcome, without), (raw, ratio), "Answered in the last decided review.")


ANSWERED = {Outcome.PASS: ALL, Outcome.WARN: ALL, Outcome.FAIL: NONE_OF_IT, Outcome.NOT_APPLICABLE: None}


def _judged(
    item: Item, evidence: Evidence, now: Decision, raw: Decision, reason: str, rules: tuple[RuleOutcome, ...] = ()
) -> Judged:
    open_ = {rule.rule: rule.bad for rule in rules if rule.bad}
    efforts = [rule.effort for rule in item.rules if rule.id in open_]
    outcome = ItemOutcome(
        ref=item.ref,
        id=item.id,
        title=item.title,
        area=item.area,
        level=item.level,
        asked=item.asked,
        counted=not item.asked or item.ref in (evidence.answers or ()),
        outcome=now[0],
        raw_outcome=raw[0],
        score=now[1].score if now[1] else None,
        raw=raw[1].score if raw[1] else None,
        findings=sum(open_.values()),
        effort=max(efforts, key=list(Effort).index, default=None),
        reason=reason,
        rules=rules,
    )
    return Judged(outcome, WEIGHT[item.severity], now[1], raw[1])


def _together(outcomes: Sequence[Outcome], blind: Collection[int]) -> Outcome:
    """The outcome of an item by those of its rules; `blind` are the places of those that lacked what they need."""
    worst = _worst(outcomes)
    evident = worst is Outcome.UNKNOWN and any(outcome in DECIDED for outcome in outcomes)
    evident = evident and not any(outcomes[index] is Outcome.UNKNOWN for index in blind)
    return Outcome.WARN if evident else worst


def _worst(outcomes: Iterable[Outcome]) -> Outcome:
    return min(outcomes, key=WORST_FIRST.index, default=Outcome.NOT_APPLICABLE)
