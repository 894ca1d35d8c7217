"""
From outcomes to scores, a level and the way to the next one. Pure; each number can be opened to the sites it came from.

    card = scorecard(checklist.items, Evidence(report.counts, report.python_files), Tier.B, Kind.WORKER)
    card.score.low, card.score.high      # 84.2, 86.0; card.raw as if nothing was waived
    card.level, card.target, card.steps  # Level.SILVER, Level.GOLD and what stands between
    as_json(card)                        # plain data: what a scan keeps and pages read

`reviews.outcomes` says how the sites of a rule become the ratio and the outcome of an item. From there:

    area        mean of the ratios of its applicable items, by severity (critical 10, high 7.5, medium 5, low 2.5)
    over all    mean of the areas, each weighing as much as its applicable items together: the mean of all items

So a small area with one item is never worth as much as security. A file that could not be read holds unknown sites: in
each area and over all it counts as one more item of low severity that spans 0 to 1. That weight does not depend on the
rest of the code; a share of lines would change when a fix removes lines.

A level is reached when every counted item of it and of the lower ones passes, warns, is waived or does not apply. An
item asked of people is counted only from the first decided review on. Without a readable Python file there is no level.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

from pydantic import TypeAdapter

from reviews.checklist import Item, Kind, Level, Tier, place
from reviews.outcomes import Evidence, ItemOutcome, Judged, Outcome, judge
from reviews.ratio import WEIGHT, Ratio, Score, mean, tenths
from scanners.finding import Effort, Severity
from scanners.rule import AREAS

LEVELS = (Level.BRONZE, Level.SILVER, Level.GOLD)


@dataclass(frozen=True, slots=True)
class AreaScore:
    """One area. Sites are those of its rules; `outcomes` counts its items, without those not yet asked."""

    area: str
    score: Score | None
    raw: Score | None
    good: int
    bad: int
    waived: int
    unresolved: int
    outcomes: Mapping[Outcome, int]


@dataclass(frozen=True, slots=True)
class Tally:
    """How many of the applicable items of one level do not hold it back."""

    level: Level
    passed: int
    applicable: int


@dataclass(frozen=True, slots=True)
class Step:
    """One item on the way to the next level. `gain` is what the score would rise by if all its sites were good.

    `effort` is for one finding, of the slowest rule. `verified_fix` is reserved for a patch that is proved to clear it.
    """

    ref: str
    id: str
    title: str
    outcome: Outcome
    findings: int
    effort: Effort | None
    gain: float
    verified_fix: str | None = None


@dataclass(frozen=True, slots=True)
class Scorecard:
    """Everything the scorecard page shows of one commit. `target` is the next level, None at gold.

    `findings` are the open ones of counted items, `severe` those of high and critical severity.
    """

    score: Score | None
    raw: Score | None
    level: Level
    raw_level: Level
    target: Level | None
    steps: tuple[Step, ...]
    tallies: tuple[Tally, ...]
    areas: tuple[AreaScore, ...]
    items: tuple[ItemOutcome, ...]
    findings: int
    severe: int
    python_files: int
    unread_files: int
    coverage: float


def scorecard(items: Iterable[Item], evidence: Evidence, tier: Tier, kind: Kind) -> Scorecard:
    """The scorecard of one commit. `items` are those of a joined checklist, in any order."""
    judged = [judge(item, evidence, tier, kind) for item in sorted(items, key=place)]
    outcomes = [one.outcome for one in judged]
    doubt = WEIGHT[Severity.LOW] * evidence.unread_files
    counted = [outcome for outcome in outcomes if outcome.counted]
    level = _level([(item.level, item.outcome) for item in counted]) if evidence.python_files else Level.NONE
    raw_level = _level([(item.level, item.raw_outcome) for item in counted]) if evidence.python_files else Level.NONE
    target = LEVELS[level.rank] if level is not Level.GOLD else None
    total, raw = _mean(judged, doubt)
    return Scorecard(
        score=total,
        raw=raw,
        level=level,
        raw_level=raw_level,
        target=target,
        steps=_steps(judged, target, doubt),
        tallies=tuple(_tally(counted, level) for level in LEVELS),
        areas=tuple(_area(area, [one for one in judged if one.outcome.area == area], doubt) for area in AREAS),
        items=tuple(outcomes),
        findings=sum(outcome.findings for outcome in outcomes),
        severe=sum(rule.severe for outcome in outcomes for rule in outcome.rules),
        python_files=evidence.python_files,
        unread_files=evidence.unread_files,
        coverage=evidence.coverage,
    )


def as_json(card: Scorecard) -> dict[str, Any]:
    """The scorecard as plain data for `json.dumps`: dicts, lists, texts and numbers."""
    return asdict(card)


def from_json(stored: Mapping[str, Any]) -> Scorecard:
    """The scorecard that `as_json` was given. Raises ValueError for what is none, such as one of an older form."""
    return _STORED.validate_python(stored)


_STORED = TypeAdapter(Scorecard)


def _mean(judged: Sequence[Judged], doubt: Fraction) -> tuple[Score | None, Score | None]:
    """The score of some items, with waivers and as if nothing was waived."""
    ratio = mean(((one.weight, one.ratio) for one in judged), doubt)
    raw = mean(((one.weight, one.raw) for one in judged), doubt)
    return ratio.score if ratio else None, raw.score if raw else None


def _area(area: str, judged: Sequence[Judged], doubt: Fraction) -> AreaScore:
    score, raw = _mean(judged, doubt)
    rules = [rule for one in judged for rule in one.outcome.rules]
    return AreaScore(
        area=area,
        score=score,
        raw=raw,
        good=sum(rule.good for rule in rules),
        bad=sum(rule.bad for rule in rules),
        waived=sum(rule.waived for rule in rules),
        unresolved=sum(rule.unresolved for rule in rules),
        outcomes=dict(Counter(one.outcome.outcome for one in judged if one.outcome.counted)),
    )


def _level(outcomes: Sequence[tuple[Level, Outcome]]) -> Level:
    reached = Level.NONE
    for level in LEVELS:
        if any(outcome.holds_back for of, outcome in outcomes if of is level):
            break
        reached = level
    return reached


def _tally(counted: Sequence[ItemOutcome], level: Level) -> Tally:
    found = [item.outcome for item in counted if item.level is level and item.outcome is not Outcome.NOT_APPLICABLE]
    return Tally(level, sum(not outcome.holds_back for outcome in found), len(found))


def _steps(judged: Sequence[Judged], target: Level | None, doubt: Fraction) -> tuple[Step, ...]:
    """What holds the target back: the greatest gain first, then the least effort."""
    if target is None:
        return ()
    in_the_way = [
        one
        for one in judged
        if one.outcome.counted and one.outcome.outcome.holds_back and one.outcome.level.rank <= target.rank
    ]
    parts = [(one.weight, one.ratio.low) for one in judged if one.ratio]
    held = sum((weight * low for weight, low in parts), Fraction(0))
    whole = sum((weight for weight, _ in parts), doubt)
    steps = [_step(one, held, whole) for one in in_the_way]
    return tuple(sorted(steps, key=lambda step: (-step.gain, _slowness(step.effort))))


def _step(one: Judged, held: Fraction, whole: Fraction) -> Step:
    """The step of one item, when all items together hold `held` of the weight `whole`."""
    added, share = (Fraction(0), one.ratio.low) if one.ratio else (one.weight, Fraction(0))
    before = _tenths(held / whole) if whole else 0
    after = _tenths((held + one.weight * (1 - share)) / (whole + added))
    item = one.outcome
    return Step(item.ref, item.id, item.title, item.outcome, item.findings, item.effort, (after - before) / 10)


def _tenths(share: Fraction) -> int:
    return tenths(Ratio(share, None, share).score)


def _slowness(effort: Effort | None) -> int:
    return list(Effort).index(effort) if effort else len(Effort)
