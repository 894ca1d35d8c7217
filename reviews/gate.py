"""
What a scorecard says to the question whether its commit may go out, with reasons. Pure.

    standing(card, Tier.A)      # Standing(Verdict.FAIL, ("Level is silver, tier A asks for gold.", ...))
    standing(None, Tier.A)      # Verdict.PENDING: no scan has finished
"""

from dataclasses import dataclass
from enum import StrEnum

from reviews.checklist import REQUIRED, Level, Tier
from reviews.outcomes import Outcome
from reviews.scoring import Scorecard

READ_AT_LEAST = 0.95


class Verdict(StrEnum):
    """The answer of the gate."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    PENDING = "pending"
    UNKNOWN = "unknown"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Standing:
    """A verdict with its reasons, each a sentence, the deciding one first."""

    verdict: Verdict
    reasons: tuple[str, ...]


def required_level(tier: Tier) -> Level:
    """The level that a tier must reach."""
    return REQUIRED[tier]


def standing(card: Scorecard | None, tier: Tier, *, current: bool = True) -> Standing:
    """The verdict on the newest finished scan. `current` is false when the branch has moved on since.

    Unknown: less than 95 % of the lines were read, or only undecided items keep the level down.
    """
    if card is None:
        return Standing(Verdict.PENDING, ("No scan of this commit has finished.",))
    found = [*_level(card, tier), *_reading(card)]
    if not current:
        found.insert(0, (Verdict.STALE, "The branch has moved on since this scan."))
    reasons = [reason for _, reason in found] or [
        f"Level is {card.level}, tier {tier} asks for {required_level(tier)}."
    ]
    return Standing(found[0][0] if found else Verdict.PASS, (*reasons, *_severe(card)))


def _level(card: Scorecard, tier: Tier) -> list[tuple[Verdict, str]]:
    required = required_level(tier)
    if not card.python_files:
        return [(Verdict.UNKNOWN, "No Python file could be read.")]
    if card.level.rank >= required.rank:
        return []
    fails = any(item.outcome is Outcome.FAIL for item in card.items if item.level.rank <= required.rank)
    reason = f"Level is {card.level}, tier {tier} asks for {required}."
    return [(Verdict.FAIL if fails else Verdict.UNKNOWN, reason)]


def _reading(card: Scorecard) -> list[tuple[Verdict, str]]:
    if card.coverage >= READ_AT_LEAST:
        return []
    return [(Verdict.UNKNOWN, f"Only {int(card.coverage * 1000) / 10} % of the code could be read.")]


def _severe(card: Scorecard) -> list[str]:
    findings = "1 high or critical finding is" if card.severe == 1 else f"{card.severe} high or critical findings are"
    return [f"{findings} open."] if card.severe else []
