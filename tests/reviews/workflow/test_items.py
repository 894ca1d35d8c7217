"""What an item of a review still needs, and what stops an approval."""

from dataclasses import replace

import pytest

from reviews.outcomes import Outcome
from reviews.workflow.items import ItemCase

ASKED = ItemCase("Q23", answer="pass", evidence=1)
FOUND = ItemCase("T1", asked=False, found="fail")


@pytest.mark.parametrize(
    ("item", "missing"),
    [
        (ASKED, ""),
        (replace(ASKED, answer=""), "not answered yet."),
        (replace(ASKED, carried=True), "confirm the answer of the last approval."),
        (replace(ASKED, evidence=0), "attach evidence to the answer."),
        (replace(ASKED, unread=1), "its evidence is still being read, or could not be."),
        (replace(ASKED, answer="not-applicable"), "say why it does not apply."),
        (replace(ASKED, answer="not-applicable", rationale="No store."), ""),
        (replace(ASKED, answer="fail"), "it fails. Mend it, ask for a waiver, or add a condition."),
        (replace(ASKED, answer="fail", waived=True), ""),
        (replace(ASKED, answer="fail", conditions=1), ""),
        (replace(FOUND, found="pass"), ""),
        (replace(FOUND, found="warn"), ""),
        (replace(FOUND, found="not-applicable"), ""),
        (FOUND, "it fails. Mend it, ask for a waiver, or add a condition."),
        (replace(FOUND, waived=True), ""),
        (replace(FOUND, conditions=1), ""),
        (replace(FOUND, found="unknown"), "could not be told; acknowledge it."),
        (replace(FOUND, found="error"), "could not be told; acknowledge it."),
        (replace(FOUND, found="unknown", acknowledged=True), ""),
    ],
)
def test_what_a_submission_still_needs(item, missing):
    assert item.missing == missing


@pytest.mark.parametrize("ref", ["S1", "Q40"])
def test_nothing_excuses_a_leaked_secret_or_a_no_go(ref):
    item = ItemCase(ref, asked=ref == "Q40", found="fail", answer="fail", evidence=1, waived=True, conditions=1)
    assert "nothing excuses it" in item.missing
    assert item.outcome is Outcome.FAIL


def test_what_somebody_says_does_not_change_what_the_scan_found():
    assert replace(FOUND, answer="pass").outcome is Outcome.FAIL


def test_a_waiver_shows_only_where_something_fails():
    assert replace(FOUND, waived=True).outcome is Outcome.WAIVED
    assert replace(FOUND, found="pass", waived=True).outcome is Outcome.PASS


def test_an_item_without_any_result_is_unknown():
    assert ItemCase("Q1").outcome is Outcome.UNKNOWN


def test_a_verdict_of_must_change_blocks_even_what_is_not_required():
    assert replace(ASKED, required=False, verdicts={1: "must-change"}).blocker


def test_an_open_item_that_is_not_required_blocks_nothing():
    assert replace(ASKED, required=False, answer="").blocker == ""


def test_a_condition_is_an_agreement_once_it_is_there():
    asked = replace(ASKED, verdicts={1: "condition"})
    assert asked.blocker
    assert replace(asked, conditions=1).blocker == ""
    assert asked.agreed
