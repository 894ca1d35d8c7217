"""What the sites of a rule make of the rule and its item."""

from dataclasses import replace

import pytest

from reviews.checklist import ItemRule, Kind, Level, Tier
from reviews.outcomes import Evidence, Outcome, judge
from reviews.ratio import Score
from scanners.finding import Effort, RuleCount, Severity
from tests.reviews.situations import an_item

LOW, MEDIUM, HIGH, CRITICAL = Severity


def judged(item, *, tier=Tier.A, kind=Kind.HTTP_API, **evidence):
    return judge(item, Evidence(**{"counts": {}, **evidence}), tier, kind)


def of_one_rule(count, severity=HIGH, **evidence):
    """The outcome of an item whose only rule has that count."""
    return judged(an_item(rules=[("silent", severity)]), counts={"silent": count}, **evidence).outcome


@pytest.mark.parametrize(
    ("count", "outcome"),
    [
        (RuleCount(1), Outcome.PASS),
        (RuleCount(19, {MEDIUM: 1}), Outcome.WARN),
        (RuleCount(18, {LOW: 1}), Outcome.FAIL),
        (RuleCount(999, {HIGH: 1}), Outcome.FAIL),
        (RuleCount(999, {CRITICAL: 1}), Outcome.FAIL),
        (RuleCount(1, unresolved=50), Outcome.PASS),
        (RuleCount(unresolved=1), Outcome.UNKNOWN),
        (RuleCount(), Outcome.NOT_APPLICABLE),
        (RuleCount(applicable=False, reason="No image."), Outcome.NOT_APPLICABLE),
    ],
)
def test_outcome_follows_from_the_sites(count, outcome):
    assert of_one_rule(count).outcome is outcome


def test_unresolved_sites_widen_the_score_and_leave_the_value():
    assert of_one_rule(RuleCount(6, {LOW: 2}, unresolved=2)).score == Score(60.0, 75.0, 80.0)


def test_nothing_decided_spans_everything():
    assert of_one_rule(RuleCount(unresolved=2)).score == Score(0.0, None, 100.0)


def test_rules_weigh_by_their_severity_and_not_by_their_sites():
    item = an_item(rules=[("repository", CRITICAL), ("calls", MEDIUM)])
    counts = {"repository": RuleCount(0, {LOW: 1}), "calls": RuleCount(3000)}
    assert judged(item, counts=counts).outcome.score == Score(33.3, 33.3, 33.3)


@pytest.mark.parametrize(
    ("first", "second", "outcome"),
    [
        (RuleCount(1), RuleCount(0, {LOW: 1}), Outcome.FAIL),
        (RuleCount(unresolved=1), RuleCount(0, {LOW: 1}), Outcome.FAIL),
        (RuleCount(), RuleCount(unresolved=1), Outcome.UNKNOWN),
        (RuleCount(1), RuleCount(unresolved=1), Outcome.WARN),
        (RuleCount(), RuleCount(unresolved=2, doubtful=2), Outcome.WARN),
        (RuleCount(), RuleCount(unresolved=2, doubtful=1), Outcome.UNKNOWN),
        (RuleCount(19, {LOW: 1}), RuleCount(1), Outcome.WARN),
        (RuleCount(1), RuleCount(), Outcome.PASS),
    ],
)
def test_an_item_is_as_its_worst_rule_unless_others_decided_it(first, second, outcome):
    item = an_item(rules=[("first", LOW), ("second", LOW)])
    assert judged(item, counts={"first": first, "second": second}).outcome.outcome is outcome


def test_an_item_says_which_rule_decided_it_and_what_a_fix_takes():
    item = an_item(rules=[("first", LOW), ("second", LOW)])
    outcome = judged(item, counts={"first": RuleCount(9), "second": RuleCount(2, {HIGH: 1}, 3)}).outcome
    said = "second: 2 of 3 sites are good, 1 at fault of high or critical severity, 3 could not be decided."
    assert (outcome.reason, outcome.findings, outcome.effort) == (said, 1, Effort.HOUR)


def test_the_effort_is_that_of_the_slowest_rule_with_findings():
    efforts = {"quick": Effort.MINUTES, "slow": Effort.HOURS, "clean": Effort.DAYS}
    rules = tuple(ItemRule(id_, id_, LOW, effort) for id_, effort in efforts.items())
    counts = {"quick": RuleCount(0, {LOW: 1}), "slow": RuleCount(0, {LOW: 1}), "clean": RuleCount(1)}
    assert judged(replace(an_item(), rules=rules), counts=counts).outcome.effort is Effort.HOURS


def test_reasons_tell_why_there_is_nothing_to_judge():
    none = of_one_rule(RuleCount())
    elsewhere = of_one_rule(RuleCount(applicable=False, reason="No image."))
    assert none.reason == "silent: Nothing to look at in the files read."
    assert elsewhere.reason == "silent: No image."


def test_a_rule_that_did_not_run_is_an_error():
    outcome = judged(an_item(rules=[("silent", LOW)])).outcome
    assert (outcome.outcome, outcome.reason) == (Outcome.ERROR, "silent: The scan did not run this rule.")


def test_a_rule_that_broke_is_an_error_and_keeps_its_findings():
    outcome = of_one_rule(RuleCount(5, {LOW: 1}), errors={"silent": "It broke."})
    assert (outcome.outcome, outcome.reason, outcome.findings) == (Outcome.ERROR, "silent: It broke.", 1)
    assert outcome.score == Score(0.0, None, 100.0)


def test_an_automatic_item_without_rules_is_unknown():
    assert judged(an_item()).outcome.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("changes", "tier", "kind", "reason"),
    [
        ({"kinds": frozenset({Kind.WORKER})}, Tier.A, Kind.LIBRARY, "Not for a repository of kind library."),
        ({"asked": True, "level": Level.GOLD}, Tier.B, Kind.WORKER, "Not asked at tier B."),
    ],
)
def test_an_item_of_another_kind_or_tier_does_not_apply(changes, tier, kind, reason):
    one = judged(an_item(rules=[("silent", LOW)], **changes), tier=tier, kind=kind)
    assert (one.outcome.outcome, one.outcome.reason, one.ratio) == (Outcome.NOT_APPLICABLE, reason, None)


# --- waivers


def test_a_waiver_takes_bad_sites_out_of_the_denominator():
    outcome = of_one_rule(RuleCount(3, {HIGH: 2, LOW: 1}), waived={"silent": {HIGH: 1}})
    assert (outcome.outcome, outcome.findings) == (Outcome.FAIL, 2)
    assert (outcome.score.low, outcome.raw.low) == (60.0, 50.0)


def test_an_item_is_waived_when_waivers_are_what_makes_it_pass():
    outcome = of_one_rule(RuleCount(3, {HIGH: 1}), waived={"silent": {HIGH: 1}})
    assert (outcome.outcome, outcome.raw_outcome) == (Outcome.WAIVED, Outcome.FAIL)
    assert (outcome.score.low, outcome.raw.low) == (100.0, 75.0)


def test_a_rule_whose_only_sites_are_waived_drops_out():
    outcome = of_one_rule(RuleCount(0, {HIGH: 1}), waived={"silent": {HIGH: 5}})
    assert (outcome.outcome, outcome.score, outcome.raw.low) == (Outcome.WAIVED, None, 0.0)


def test_a_waiver_of_what_passes_anyway_leaves_the_outcome():
    outcome = of_one_rule(RuleCount(39, {LOW: 1}), waived={"silent": {LOW: 1}})
    assert outcome.outcome is Outcome.PASS


@pytest.mark.parametrize("count", [RuleCount(3, {HIGH: 2}), RuleCount(unresolved=2)])
def test_an_item_can_be_waived_as_a_whole(count):
    outcome = of_one_rule(count, waived_items=frozenset({"E1"}))
    assert (outcome.outcome, outcome.findings) == (Outcome.WAIVED, 0)


# --- items asked of people


def asked(**evidence):
    return judged(an_item("Q1", asked=True), **evidence).outcome


def test_before_a_decided_review_an_asked_item_is_unknown_and_counts_nowhere():
    outcome = asked()
    assert (outcome.outcome, outcome.counted, outcome.score) == (Outcome.UNKNOWN, False, None)


@pytest.mark.parametrize(
    ("answers", "outcome", "value"),
    [
        ({"Q1": Outcome.PASS}, Outcome.PASS, Score(100.0, 100.0, 100.0)),
        ({"Q1": Outcome.FAIL}, Outcome.FAIL, Score(0.0, 0.0, 0.0)),
        ({"Q1": Outcome.WAIVED}, Outcome.WAIVED, None),
        ({"Q1": Outcome.NOT_APPLICABLE}, Outcome.NOT_APPLICABLE, None),
        ({"Q1": Outcome.UNKNOWN}, Outcome.UNKNOWN, Score(0.0, None, 100.0)),
    ],
)
def test_the_last_decided_review_answers_an_asked_item(answers, outcome, value):
    found = asked(answers=answers)
    assert (found.outcome, found.counted, found.score) == (outcome, True, value)


def test_a_failed_answer_can_be_waived():
    found = asked(answers={"Q1": Outcome.FAIL}, waived_items=frozenset({"Q1"}))
    assert (found.outcome, found.raw_outcome, found.score) == (Outcome.WAIVED, Outcome.FAIL, None)


def test_an_item_that_no_decided_review_asked_counts_nowhere():
    outcome = asked(answers={"Q2": Outcome.PASS})
    assert (outcome.outcome, outcome.counted, outcome.score) == (Outcome.UNKNOWN, False, None)


def test_waiving_an_answer_that_is_missing_does_not_hide_the_doubt():
    found = asked(answers={"Q1": Outcome.UNKNOWN}, waived_items=frozenset({"Q1"}))
    assert (found.outcome, found.score) == (Outcome.WAIVED, Score(0.0, None, 100.0))
