"""What a scorecard answers when asked whether its commit may go out."""

import pytest

from reviews.checklist import Level, Tier
from reviews.gate import Verdict, required_level, standing
from scanners.finding import RuleCount, Severity
from tests.reviews.situations import an_item, score

LOW, MEDIUM, HIGH, CRITICAL = Severity


def card(count, level=Level.BRONZE, **evidence):
    return score([an_item(level=level, rules=[("silent", HIGH)])], counts={"silent": count}, **evidence)


@pytest.mark.parametrize(("tier", "level"), [(Tier.A, Level.GOLD), (Tier.B, Level.SILVER), (Tier.C, Level.BRONZE)])
def test_each_tier_asks_for_a_level(tier, level):
    assert required_level(tier) is level


def test_a_reached_level_passes():
    answer = standing(card(RuleCount(1)), Tier.A)
    assert (answer.verdict, answer.reasons) == (Verdict.PASS, ("Level is gold, tier A asks for gold.",))


def test_a_missed_level_fails_and_severe_findings_are_named():
    answer = standing(card(RuleCount(1, {HIGH: 2})), Tier.C)
    said = ("Level is none, tier C asks for bronze.", "2 high or critical findings are open.")
    assert (answer.verdict, answer.reasons) == (Verdict.FAIL, said)


def test_findings_above_the_asked_level_are_named_and_let_pass():
    answer = standing(card(RuleCount(1, {HIGH: 1}), Level.GOLD), Tier.B)
    said = ("Level is silver, tier B asks for silver.", "1 high or critical finding is open.")
    assert (answer.verdict, answer.reasons) == (Verdict.PASS, said)


@pytest.mark.parametrize(
    ("card", "reason"),
    [
        (card(RuleCount(unresolved=1)), "Level is none, tier C asks for bronze."),
        (card(RuleCount(1), coverage=0.9499), "Only 94.9 % of the code could be read."),
        (card(RuleCount(1), python_files=0), "No Python file could be read."),
    ],
)
def test_what_could_not_be_told_is_unknown(card, reason):
    answer = standing(card, Tier.C)
    assert (answer.verdict, answer.reasons) == (Verdict.UNKNOWN, (reason,))


def test_a_failure_above_the_asked_level_does_not_make_the_unknown_a_failure():
    items = [an_item("E1", rules=[("doubted", LOW)]), an_item("E2", level=Level.GOLD, rules=[("bad", LOW)])]
    card = score(items, counts={"doubted": RuleCount(unresolved=1), "bad": RuleCount(0, {LOW: 1})})
    assert [standing(card, tier).verdict for tier in (Tier.A, Tier.C)] == [Verdict.FAIL, Verdict.UNKNOWN]


def test_without_a_scan_the_answer_is_pending():
    assert standing(None, Tier.C).verdict is Verdict.PENDING


def test_a_scan_of_an_older_commit_is_stale_whatever_it_says():
    answer = standing(card(RuleCount(1, {LOW: 1})), Tier.C, current=False)
    said = ("The branch has moved on since this scan.", "Level is none, tier C asks for bronze.")
    assert (answer.verdict, answer.reasons) == (Verdict.STALE, said)
