"""What decides whether a commit may go out, each in a sentence: scan, branch, glass, level and reading."""

import json
from datetime import timedelta

import pytest

from reviews.checklist import Level, Tier
from reviews.gate.answering import Question, Scanned, answer, as_json, required_level
from reviews.gate.approvals import How
from reviews.gate.verdicts import Verdict, listed
from reviews.workflow.states import State
from scanners.finding import RuleCount, Severity
from tests.reviews.asked import COMMIT, NOW, POOR, WELL, card, day, glass, question, review, scanned
from tests.reviews.situations import an_item, score

LOW, MEDIUM, HIGH, CRITICAL = Severity


def by_level(card, tier):
    """The answer where no review is asked for."""
    return answer(Question(COMMIT, NOW, tier, scanned(card)))


def texts(answered):
    return [reason.text for reason in answered.reasons]


def codes(answered):
    return [reason.code for reason in answered.reasons]


@pytest.mark.parametrize(("tier", "level"), [(Tier.A, Level.GOLD), (Tier.B, Level.SILVER), (Tier.C, Level.BRONZE)])
def test_each_tier_asks_for_a_level(tier, level):
    assert required_level(tier) is level


def test_a_reached_level_passes():
    answered = by_level(WELL, Tier.A)
    assert (answered.verdict, texts(answered)) == (Verdict.PASS, ["Level is gold, tier A asks for gold."])
    assert answered.expires is None


def test_a_missed_level_fails_and_says_what_is_in_the_way():
    answered = by_level(POOR, Tier.C)
    assert answered.verdict is Verdict.FAIL
    assert texts(answered) == ["Level is none, tier C asks for bronze.", "2 high or critical findings are open."]
    assert (answered.reasons[0].next, answered.reasons[0].items) == ("Fix what is in the way: E1.", ("E1",))
    assert answered.reasons[1].rules == ("silent",)


def test_findings_above_the_asked_level_are_named_and_let_pass():
    answered = by_level(card(RuleCount(1, {HIGH: 1}), Level.GOLD), Tier.B)
    assert answered.verdict is Verdict.PASS
    assert texts(answered) == ["Level is silver, tier B asks for silver.", "1 high or critical finding is open."]


@pytest.mark.parametrize(
    ("card", "reason"),
    [
        (card(RuleCount(unresolved=1)), "Level is none, tier C asks for bronze."),
        (card(coverage=0.9499), "Only 94.9 % of the code could be read."),
        (card(python_files=0), "No Python file could be read."),
    ],
)
def test_what_could_not_be_told_is_unknown(card, reason):
    answered = by_level(card, Tier.C)
    assert (answered.verdict, answered.reasons[0].text) == (Verdict.UNKNOWN, reason)
    assert answered.reasons[0].next


def test_a_failure_above_the_asked_level_does_not_make_the_unknown_a_failure():
    items = [an_item("E1", rules=[("doubted", LOW)]), an_item("E2", level=Level.GOLD, rules=[("bad", LOW)])]
    card = score(items, counts={"doubted": RuleCount(unresolved=1), "bad": RuleCount(0, {LOW: 1})})
    assert [by_level(card, tier).verdict for tier in (Tier.A, Tier.C)] == [Verdict.FAIL, Verdict.UNKNOWN]


def test_a_failing_level_is_said_before_the_reading_that_is_only_unknown():
    answered = by_level(card(RuleCount(1, {HIGH: 2}), coverage=0.5, unread_files=2), Tier.A)
    assert codes(answered) == ["level-below", "coverage-low", "severe-open", "files-unread"]
    assert texts(answered)[-1] == "2 files could not be read."


def test_items_that_could_not_be_told_are_counted():
    items = [an_item("E1", level=Level.GOLD, rules=[("doubted", LOW)])]
    answered = by_level(score(items, counts={"doubted": RuleCount(unresolved=1)}), Tier.C)
    assert answered.verdict is Verdict.PASS
    assert answered.reasons[1].text == "1 item could not be told."
    assert answered.reasons[1].verdict is None


@pytest.mark.parametrize(
    ("scan", "code", "then"),
    [
        (Scanned(Scanned.State.NONE), "no-scan", "Ask for a scan of this commit."),
        (Scanned(Scanned.State.REQUESTED, 7), "scan-requested", "Wait for the scan to end."),
        (Scanned(Scanned.State.RUNNING, 7), "scan-running", "Wait for the scan to end."),
    ],
)
def test_without_a_finished_scan_the_answer_is_pending_whatever_else_is_so(scan, code, then):
    answered = answer(question(scan=scan, glass=glass(second="bob")))
    assert (answered.verdict, answered.reasons[0].code, answered.reasons[0].next) == (Verdict.PENDING, code, then)
    assert answered.reasons[0].text == "No scan of this commit has finished."


def test_a_failed_scan_is_unknown_and_says_what_failed_and_what_to_do():
    failed = Scanned(Scanned.State.FAILED, 7, error="No such commit.", next="Push it.")
    answered = answer(question(scan=failed))
    assert answered.verdict is Verdict.UNKNOWN
    assert answered.reasons[0].text == "The scan of this commit failed: No such commit."
    assert (answered.reasons[0].next, answered.reasons[0].scan) == ("Push it.", 7)


def test_a_scan_that_failed_without_a_word_still_says_what_to_do():
    answered = answer(question(scan=Scanned(Scanned.State.FAILED, 7)))
    assert answered.reasons[0].text == "The scan of this commit failed: no reason was kept."
    assert answered.reasons[0].next == "Scan the commit again."


def test_a_finished_scan_without_a_scorecard_is_unknown():
    answered = answer(question(scan=Scanned(Scanned.State.DONE, 7)))
    assert (answered.verdict, answered.reasons[0].code) == (Verdict.UNKNOWN, "no-scorecard")


def test_a_branch_that_has_moved_on_is_stale_whatever_the_scan_says():
    answered = answer(question(current=False, scan=scanned(POOR)))
    assert answered.verdict is Verdict.STALE
    assert codes(answered)[:2] == ["branch-moved", "level-below"]


def test_rules_that_changed_since_are_said_and_decide_nothing():
    answered = answer(question(scan=scanned(changed="The rules have changed")))
    assert answered.verdict is Verdict.PASS
    assert texts(answered)[-1] == "The rules have changed since this scan."


@pytest.mark.parametrize("open_", [POOR, card(RuleCount(unresolved=1))])
def test_conditions_of_an_approval_stand_for_items_in_the_way(open_):
    approved = review("approved-with-conditions", due_on=(day(3),), conditioned=frozenset(["E1"]))
    answered = answer(question(scan=scanned(open_), reviews=(approved,)))
    assert answered.verdict is Verdict.CONDITIONS
    text = "Level is none, tier A asks for gold; conditions of the review stand for what is in the way: E1."
    assert text in texts(answered)
    assert answered.expires.isoformat() == "2026-09-27T00:00:00+00:00"


def test_a_condition_that_was_verified_still_stands_for_its_item():
    answered = answer(question(scan=scanned(POOR), reviews=(review(conditioned=frozenset(["E1"])),)))
    assert codes(answered) == ["level-conditioned", "review-approved", "severe-open"]


@pytest.mark.parametrize(
    "fields",
    [
        {"conditioned": frozenset(["E2"])},
        {"conditioned": frozenset(["E1"]), "how": How.OTHER},
        {"conditioned": frozenset(["E1"]), "valid_until": NOW},
        {"conditioned": frozenset(["E1"]), "due_on": (day(-1),)},
        {"conditioned": frozenset(["E1"]), "tier": Tier.B},
        {"conditioned": frozenset(["E1"]), "state": State.REVOKED},
    ],
)
def test_only_conditions_of_an_approval_in_force_stand_for_an_item(fields):
    answered = answer(question(scan=scanned(POOR), reviews=(review(**fields),)))
    assert (answered.verdict, answered.reasons[0].code) == (Verdict.FAIL, "level-below")


def test_no_condition_stands_for_what_nothing_excuses():
    secret = score([an_item("S1", rules=[("silent", HIGH)])], counts={"silent": RuleCount(1, {HIGH: 1})})
    answered = answer(question(scan=scanned(secret), reviews=(review(conditioned=frozenset(["S1"])),)))
    assert answered.verdict is Verdict.FAIL


def test_broken_glass_lets_out_what_fails_and_says_who_and_why():
    answered = answer(question(scan=scanned(POOR), reviews=(), glass=glass(second="bob")))
    assert answered.verdict is Verdict.CONDITIONS
    said = "ann broke the glass at 23 Sep 2026, 11:00 UTC: “The bank is down.” bob stands by it."
    assert texts(answered)[0] == said
    assert codes(answered)[1:3] == ["level-below", "review-needed"]
    assert answered.expires == NOW + timedelta(days=7, hours=-1)


def test_broken_glass_without_a_second_person_ends_after_a_day():
    answered = answer(question(reviews=(), glass=glass()))
    assert (answered.verdict, answered.expires) == (Verdict.CONDITIONS, NOW + timedelta(hours=23))
    assert answered.reasons[0].next == "A reviewer other than ann stands by it before 24 Sep 2026, 11:00 UTC."


def test_broken_glass_that_nobody_confirmed_within_a_day_fails_even_an_approved_commit():
    answered = answer(question(glass=glass(24)))
    assert (answered.verdict, answered.reasons[0].code) == (Verdict.FAIL, "glass-unconfirmed")


def test_broken_glass_that_has_ended_is_history():
    answered = answer(question(glass=glass(24 * 8, second="bob")))
    assert (answered.verdict, codes(answered)[-1]) == (Verdict.PASS, "glass-closed")


def test_an_answer_ends_when_the_first_waiver_that_it_rests_on_does():
    answered = answer(question(scan=scanned(WELL, WELL, POOR)))
    assert answered.verdict is Verdict.PASS
    assert answered.expires.isoformat() == "2026-09-25T00:00:00+00:00"


def test_the_scorecard_of_the_day_counts():
    asked = question(scan=scanned(WELL, POOR), now=NOW + timedelta(days=1))
    assert answer(asked).verdict is Verdict.FAIL
    assert asked.scan.card(NOW) is WELL
    assert asked.scan.card(NOW - timedelta(days=1)) is None


def test_an_answer_as_plain_data_names_each_reason_and_what_it_is_about():
    asked = question(scan=scanned(POOR), reviews=(review(State.REJECTED),))
    data = json.loads(json.dumps(as_json(answer(asked))))
    assert (data["commit"], data["verdict"], data["expires"]) == (COMMIT, "fail", None)
    assert data["reasons"][0] == {
        "code": "level-below",
        "verdict": "fail",
        "text": "Level is none, tier A asks for gold.",
        "next": "Fix what is in the way: E1.",
        "scan": 7,
        "items": ["E1"],
    }
    assert data["reasons"][1]["review"] == 30
    assert data["reasons"][-1]["verdict"] is None


def test_the_end_of_an_answer_is_a_time_in_utc():
    assert as_json(answer(question()))["expires"] == "2026-12-22T12:00:00+00:00"


def test_every_verdict_has_words_and_an_icon():
    assert [verdict.said for verdict in Verdict if verdict.lets_out] == [
        "It may go out, with conditions",
        "It may go out",
    ]
    assert {verdict.outcome.value for verdict in Verdict} == {"fail", "unknown", "warn", "pass"}


def test_a_long_list_is_cut():
    assert listed("abcdefghij") == "a, b, c, d, e, f, g, h and 2 more"


def test_the_worst_of_several_reasons_decides():
    expired = review(how=How.OWN, valid_until=NOW)
    answered = answer(question(scan=scanned(card(coverage=0.5)), reviews=(expired,)))
    assert [reason.verdict for reason in answered.reasons] == [Verdict.UNKNOWN, Verdict.STALE, Verdict.PASS]
