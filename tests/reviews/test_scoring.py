"""Scores and levels: examples with numbers worked out by hand, and what must hold for any evidence."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviews.checklist import Kind, Level, Tier
from reviews.outcomes import Outcome
from reviews.ratio import Score
from reviews.scoring import Tally, as_json, from_json
from scanners.finding import Effort, RuleCount, Severity
from tests.reviews.situations import an_item, bad_sites, score, severities, situations, unresolved_sites

LOW, MEDIUM, HIGH, CRITICAL = Severity
LEVELS = list(Level)


def scores(card):
    """Every score of a scorecard by name, those with waivers and those without."""
    named = {"all": card.score, "all raw": card.raw}
    named |= {area.area: area.score for area in card.areas} | {f"{area.area} raw": area.raw for area in card.areas}
    named |= {item.ref: item.score for item in card.items} | {f"{item.ref} raw": item.raw for item in card.items}
    return named | {rule.rule: rule.score for item in card.items for rule in item.rules}


def not_lower(before, after):
    """Whether no end of a score fell. Only what had nothing good may lose its value or drop out."""
    values = (before.value, after.value if after else None)
    return (
        (after is None or (after.low >= before.low and after.high >= before.high))
        and (after is not None or before.low == 0)
        and (values[0] or 0) <= (values[1] or 0)
    )


def inside(before, after):
    """Whether a score lies within an earlier one."""
    return after is None or before.low <= after.low <= after.high <= before.high


def compare(before, after, check):
    """The names of the scores, had before, for which the check does not hold."""
    now = scores(after)
    return [name for name, score in scores(before).items() if score and not check(score, now[name])]


# --- examples


def test_score_of_two_items_is_their_mean_weighted_by_severity():
    items = [
        an_item("E1", severity=CRITICAL, rules=[("silent", HIGH)]),
        an_item("E2", severity=LOW, rules=[("cause", HIGH)]),
    ]
    card = score(items, counts={"silent": RuleCount(3, {HIGH: 1}), "cause": RuleCount(1, {LOW: 1})})
    # (10 x 0.75 + 2.5 x 0.5) / 12.5
    assert card.score == Score(70.0, 70.0, 70.0)


def test_areas_weigh_as_much_as_their_items():
    items = [
        an_item("E1", severity=CRITICAL, rules=[("silent", HIGH)]),
        an_item("L1", area="logging", severity=LOW, rules=[("print", LOW)]),
    ]
    card = score(items, counts={"silent": RuleCount(4), "print": RuleCount(0, {LOW: 1})})
    by_area = {area.area: area.score for area in card.areas}
    assert (by_area["exceptions"].low, by_area["logging"].low, card.score.low) == (100.0, 0.0, 80.0)


def test_an_area_without_applicable_items_has_no_score():
    card = score([an_item(rules=[("silent", HIGH)])], counts={"silent": RuleCount(4)})
    assert {area.area for area in card.areas if area.score} == {"exceptions"}


def test_an_area_shows_the_sites_of_its_rules():
    item = an_item(rules=[("one", HIGH), ("two", LOW)])
    counts = {"one": RuleCount(4, {LOW: 2}, 1), "two": RuleCount(5, {LOW: 1})}
    area = score([item], counts=counts, waived={"one": {LOW: 1}}).areas[0]
    assert (area.good, area.bad, area.waived, area.unresolved) == (9, 2, 1, 1)


def test_an_unread_file_counts_as_one_low_item_that_is_unknown():
    item = an_item(severity=HIGH, rules=[("silent", HIGH)])
    card = score([item], counts={"silent": RuleCount(4)}, unread_files=1)
    assert card.score == card.areas[0].score == Score(75.0, 100.0, 100.0)


def test_scores_are_rounded_down_so_that_100_means_all():
    card = score([an_item(rules=[("silent", LOW)])], counts={"silent": RuleCount(4999, {LOW: 1})})
    assert (card.score, card.score.whole) == (Score(99.9, 99.9, 99.9), (99, 99))


def levelled(bronze, silver, gold):
    """A scorecard of one item a level: 1 where its only site is good, 0 where it is bad."""
    items = [an_item(f"E{place}", level=level, rules=[(level, LOW)]) for place, level in enumerate(LEVELS[1:])]
    good = dict(zip(LEVELS[1:], (bronze, silver, gold), strict=True))
    return score(items, counts={level: RuleCount(well, {LOW: 1 - well}) for level, well in good.items()})


@pytest.mark.parametrize(
    ("well", "level", "target"),
    [
        ((0, 1, 1), Level.NONE, Level.BRONZE),
        ((1, 0, 1), Level.BRONZE, Level.SILVER),
        ((1, 1, 0), Level.SILVER, Level.GOLD),
        ((1, 1, 1), Level.GOLD, None),
    ],
)
def test_levels_are_cumulative(well, level, target):
    card = levelled(*well)
    assert (card.level, card.target) == (level, target)


def test_an_unknown_item_holds_its_level_back():
    card = score([an_item(rules=[("silent", LOW)])], counts={"silent": RuleCount(unresolved=3)})
    assert (card.level, card.steps[0].outcome) == (Level.NONE, Outcome.UNKNOWN)


def test_a_warning_and_a_waiver_do_not_hold_a_level_back():
    items = [an_item("E1", rules=[("warned", LOW)]), an_item("E2", rules=[("waived", HIGH)])]
    counts = {"warned": RuleCount(19, {LOW: 1}), "waived": RuleCount(1, {HIGH: 1})}
    card = score(items, counts=counts, waived={"waived": {HIGH: 1}})
    assert (card.level, card.raw_level) == (Level.GOLD, Level.NONE)
    assert card.tallies[0] == Tally(Level.BRONZE, 2, 2)


def test_without_a_readable_file_there_is_no_level():
    card = score([an_item(rules=[("silent", LOW)])], counts={"silent": RuleCount(1)}, python_files=0)
    assert (card.level, card.raw_level) == (Level.NONE, Level.NONE)


def test_tallies_leave_out_what_does_not_apply_and_what_nobody_asked_yet():
    items = [
        an_item("E1", rules=[("good", LOW)]),
        an_item("E2", rules=[("bad", LOW)]),
        an_item("E3", rules=[("absent", LOW)]),
        an_item("E4", kinds=frozenset({Kind.CRON}), rules=[("good", LOW)]),
        an_item("Q1", asked=True),
    ]
    card = score(items, counts={"good": RuleCount(1), "bad": RuleCount(0, {LOW: 1}), "absent": RuleCount()})
    assert card.tallies == (Tally(Level.BRONZE, 1, 2), Tally(Level.SILVER, 0, 0), Tally(Level.GOLD, 0, 0))


def test_asked_items_count_from_the_first_decided_review_on():
    items = [an_item("E1", rules=[("good", LOW)]), an_item("Q1", asked=True)]
    counts = {"good": RuleCount(1)}
    before = score(items, counts=counts)
    after = score(items, counts=counts, answers={"Q1": Outcome.FAIL})
    assert (before.level, before.score.low) == (Level.GOLD, 100.0)
    assert (after.level, after.score.low, after.tallies[0]) == (Level.NONE, 50.0, Tally(Level.BRONZE, 1, 2))


def test_steps_are_those_of_the_next_level_with_the_greatest_gain_first():
    items = [
        an_item("E1", severity=LOW, rules=[("small", LOW)]),
        an_item("E2", severity=CRITICAL, rules=[("great", LOW)]),
        an_item("E3", level=Level.SILVER, rules=[("later", LOW)]),
        an_item("E4", rules=[("done", LOW)]),
    ]
    bad = RuleCount(0, {LOW: 2})
    steps = score(items, counts={"small": bad, "great": bad, "later": bad, "done": RuleCount(1)}).steps
    assert [(step.ref, step.findings, step.gain) for step in steps] == [("E2", 2, 44.4), ("E1", 2, 11.1)]


def test_of_equal_gains_the_least_effort_comes_first():
    slow, quick = (an_item(ref, rules=[(ref, LOW)]) for ref in ("E1", "E2"))
    quick = replace(quick, rules=(replace(quick.rules[0], effort=Effort.MINUTES),))
    bad = RuleCount(0, {LOW: 1})
    assert [step.ref for step in score([slow, quick], counts={"E1": bad, "E2": bad}).steps] == ["E2", "E1"]


def test_what_nobody_asked_yet_is_no_step_and_in_no_count():
    items = [an_item("E1", rules=[("bad", LOW)]), an_item("Q1", asked=True)]
    card = score(items, counts={"bad": RuleCount(0, {LOW: 1})})
    assert ([step.ref for step in card.steps], card.areas[0].outcomes) == (["E1"], {Outcome.FAIL: 1})


def test_items_stand_in_the_order_of_the_checklist():
    items = [an_item("L1", area="logging"), an_item("Q1", asked=True), an_item("E10"), an_item("E2")]
    assert [item.ref for item in score(items).items] == ["E2", "E10", "Q1", "L1"]


def test_nothing_is_left_to_do_at_gold():
    assert levelled(1, 1, 1).steps == ()


def test_severe_findings_are_counted_without_the_waived_ones():
    item = an_item(rules=[("silent", HIGH)])
    counts = {"silent": RuleCount(1, {CRITICAL: 2, HIGH: 1, LOW: 4})}
    card = score([item], counts=counts, waived={"silent": {HIGH: 1}})
    assert (card.findings, card.severe) == (6, 2)


def test_a_scorecard_survives_json():
    card = score([an_item(rules=[("silent", HIGH)])], Tier.B, counts={"silent": RuleCount(3, {HIGH: 1}, 1)})
    again = json.loads(json.dumps(as_json(card)))
    assert again["score"] == {"low": 60.0, "value": 75.0, "high": 80.0}
    assert (again["level"], again["areas"][0]["outcomes"]) == ("none", {"fail": 1})


def test_what_is_no_scorecard_is_refused():
    with pytest.raises(ValueError, match="score"):
        from_json({"level": "gold"})


# --- what holds for any evidence


@given(situations())
def test_a_stored_scorecard_is_read_without_losing_anything(situation):
    assert from_json(json.loads(json.dumps(as_json(situation.card)))) == situation.card


@given(bad_sites(), st.sampled_from([0, 1]))
def test_fixing_a_finding_lowers_no_score_and_no_level(case, becomes_good):
    """A site that is at fault becomes good, or is no longer there."""
    before, rule, severity = case
    count = before.evidence.counts[rule]
    bad = {**count.bad, severity: count.bad[severity] - 1}
    after = before.with_count(rule, replace(count, bad=bad, good=count.good + becomes_good)).card
    assert compare(before.card, after, not_lower) == []
    assert after.level.rank >= before.card.level.rank
    assert after.raw_level.rank >= before.card.raw_level.rank


@given(unresolved_sites(), st.sampled_from([0, 1]))
def test_fixing_a_finding_of_low_confidence_lowers_no_lower_end(case, becomes_good):
    before, rule = case
    count = before.evidence.counts[rule]
    after = before.with_count(
        rule, replace(count, unresolved=count.unresolved - 1, good=count.good + becomes_good)
    ).card
    assert compare(before.card, after, lambda old, new: new is None or new.low >= old.low) == []
    assert after.level.rank >= before.card.level.rank


@given(unresolved_sites(), severities, st.sampled_from(["good", "bad", "nothing"]))
def test_resolving_a_site_narrows_every_score_to_a_part_of_what_it_was(case, severity, becomes):
    before, rule = case
    count = before.evidence.counts[rule]
    left = replace(count, unresolved=count.unresolved - 1)
    bad = {**count.bad, severity: count.bad.get(severity, 0) + 1}
    resolved = {"good": replace(left, good=count.good + 1), "bad": replace(left, bad=bad), "nothing": left}[becomes]
    unwaived = before._replace(evidence=replace(before.evidence, waived={}, waived_items=frozenset()))
    assert compare(unwaived.card, unwaived.with_count(rule, resolved).card, inside) == []


@given(situations(), st.data())
def test_waiving_lowers_no_effective_score_and_leaves_the_raw_ones(before, data):
    rule = data.draw(st.sampled_from(sorted(before.evidence.counts)))
    item = data.draw(st.sampled_from(before.items))
    more = replace(
        before.evidence,
        waived={**before.evidence.waived, rule: dict.fromkeys(Severity, 2)},
        waived_items=before.evidence.waived_items | {item.ref},
    )
    after = before._replace(evidence=more).card
    assert compare(before.card, after, not_lower) == []
    assert after.level.rank >= before.card.level.rank
    assert (after.raw, after.raw_level) == (before.card.raw, before.card.raw_level)


@given(situations())
def test_waivers_never_make_the_score_less_than_the_raw_one(situation):
    card = situation.card
    assert card.level.rank >= card.raw_level.rank
    assert not card.raw or not_lower(card.raw, card.score)


@given(situations())
def test_scores_stay_between_0_and_100_and_low_is_not_above_high(situation):
    found = [score for score in scores(situation.card).values() if score]
    assert [score for score in found if not 0 <= score.low <= score.high <= 100] == []
    decided = [score for score in found if score.value is not None]
    assert [score for score in decided if not score.low <= score.value <= score.high] == []


@given(situations(), st.sampled_from(Severity), st.sampled_from(["the rule", "its sites"]))
def test_a_rule_that_does_not_apply_changes_nothing(situation, severity, missing):
    count = {"the rule": RuleCount(applicable=False, reason="No async code."), "its sites": RuleCount()}[missing]
    first, *others = situation.items
    more = an_item(rules=[("absent", severity)]).rules
    widened = situation._replace(items=[replace(first, rules=first.rules + more), *others])
    after = widened.with_count("absent", count).card
    before = scores(situation.card)
    assert {name: score for name, score in scores(after).items() if name != "absent"} == before
    assert (after.level, after.tallies) == (situation.card.level, situation.card.tallies)


@given(situations(), st.randoms(use_true_random=False))
def test_the_order_of_items_and_rules_does_not_matter(situation, random):
    items = [replace(item, rules=tuple(random.sample(item.rules, len(item.rules)))) for item in situation.items]
    random.shuffle(items)
    shuffled = situation._replace(items=items).card
    assert scores(shuffled) == scores(situation.card)
    assert (shuffled.level, shuffled.steps) == (situation.card.level, situation.card.steps)
