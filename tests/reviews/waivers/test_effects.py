"""What is said to happen at the end of a waiver: the gravest thing alone."""

from dataclasses import replace

import pytest

from reviews.checklist import Level, Tier
from reviews.excuses import Excuse, Place, cover
from reviews.ratio import Score
from reviews.waivers.effects import effect
from scanners.finding import RuleCount, Severity
from tests.reviews.situations import an_item, score

CARD = score([an_item(rules=[("slow", Severity.LOW)])], counts={"slow": RuleCount(10)})
PLACE = Place("slow", "a", "a.py", Severity.LOW, "code")
COVERED = cover([PLACE], [Excuse(1, Severity.LOW, rule="slow")], {})
OPEN = cover([PLACE], [], {})


def standing(level: Level, low: float):
    """A scorecard of that level and score."""
    return replace(CARD, level=level, score=Score(low, low, low))


@pytest.mark.parametrize(
    ("tier", "before", "after", "left", "said"),
    [
        (Tier.B, (Level.SILVER, 90.0), (Level.BRONZE, 80.0), OPEN, "gate fails"),
        (Tier.C, (Level.SILVER, 90.0), (Level.BRONZE, 80.0), OPEN, "silver falls to bronze"),
        (Tier.A, (Level.SILVER, 90.0), (Level.BRONZE, 90.0), OPEN, "silver falls to bronze"),
        (Tier.C, (Level.SILVER, 90.1), (Level.SILVER, 87.9), OPEN, "score falls by 3"),
        (Tier.C, (Level.SILVER, 90.4), (Level.SILVER, 90.1), OPEN, "1 finding opens again"),
        (Tier.C, (Level.SILVER, 90.4), (Level.SILVER, 90.4), COVERED, "nothing changes"),
    ],
)
def test_the_gravest_thing_alone(tier, before, after, left, said):
    assert effect(tier, (standing(*before), COVERED), (standing(*after), left)) == said
