"""What a person is offered to do with a review, and what keeps the rest away."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from reviews.rooms.choices import choices, find, still_open, summed_up, why_not
from reviews.workflow.guards import Case, Clock
from reviews.workflow.items import ItemCase
from reviews.workflow.quorum import Actor, Given, Slot
from reviews.workflow.states import State

NOW = datetime(2026, 5, 1, tzinfo=UTC)
AGREED = ItemCase("Q1", answer="pass", evidence=1, verdicts={9: "agree"})
REVIEWING = Case(State.IN_REVIEW, Clock(NOW), items=(AGREED,), slots=(Slot(),), claimed_by=2)
VIEWER, ENGINEER, REVIEWER = Actor(1, 0), Actor(3, Actor.ENGINEER), Actor(2, Actor.REVIEWER)
AUTHORITY = Actor(4, 3, frozenset({"authority"}))


def names(case: Case, actor: Actor) -> set[str]:
    return {choice.name for choice in choices(case, actor)}


@pytest.mark.parametrize("state", list(State))
def test_a_viewer_is_offered_nothing(state):
    assert choices(replace(REVIEWING, state=state), VIEWER) == ()


@pytest.mark.parametrize(
    ("state", "actor", "offered"),
    [
        (State.DRAFT, ENGINEER, {"start", "withdraw"}),
        (State.SCANNING, ENGINEER, {"withdraw"}),
        (State.SCAN_FAILED, ENGINEER, {"retry", "move", "withdraw"}),
        (State.SELF_ASSESSMENT, ENGINEER, {"submit", "move", "withdraw"}),
        (State.SUBMITTED, ENGINEER, {"move", "withdraw"}),
        (State.SUBMITTED, REVIEWER, {"claim", "move", "withdraw"}),
        (State.IN_REVIEW, ENGINEER, {"move", "withdraw"}),
        (State.NEEDS_REAFFIRMATION, REVIEWER, {"reaffirm"}),
        (State.APPROVED, REVIEWER, set()),
        (State.APPROVED, AUTHORITY, {"revoke"}),
        (State.REJECTED, AUTHORITY, set()),
    ],
)
def test_what_is_offered_depends_on_the_state_and_the_role(state, actor, offered):
    assert names(replace(REVIEWING, state=state), actor) == offered


def test_a_reviewer_who_holds_the_review_may_decide():
    offered = choices(REVIEWING, REVIEWER)
    assert {one.name for one in offered if one.allowed} == {
        "request-changes",
        "reject",
        "approve",
        "move",
        "release",
        "withdraw",
    }
    assert why_not(offered) == (
        (("Approve with conditions",), ("No condition is attached. Add one, or approve without.",)),
    )


def test_a_sign_off_that_leaves_the_quorum_open_is_possible_and_says_who_is_missing():
    case = replace(REVIEWING, slots=(Slot("security"), Slot()))
    approve = find(choices(case, REVIEWER), "approve")
    assert approve
    assert approve.allowed
    assert still_open(case, REVIEWER) == ("a reviewer with the duty security",)


def test_the_last_sign_off_fills_the_quorum():
    case = replace(REVIEWING, slots=(Slot("security"), Slot()), given=(Given(7, frozenset({"security"})),))
    assert still_open(case, REVIEWER) == ()


def test_a_sign_off_of_a_tier_with_two_places_still_has_to_fit_the_conditions():
    case = replace(REVIEWING, slots=(Slot("security"), Slot()), conditions=1)
    offered = choices(case, REVIEWER)
    assert {one.name: one.allowed for one in offered if one.counts} == {
        "approve-with-conditions": True,
        "approve": False,
    }


def test_who_is_not_independent_sees_what_keeps_them_away():
    case = replace(REVIEWING, outside={REVIEWER.key: "wrote commits since the last approval"})
    offered = choices(case, REVIEWER)
    assert {one.name for one in offered if one.allowed} == {"move", "release", "withdraw"}
    assert "You wrote commits since the last approval. Somebody else has to review this." in why_not(offered)[0][1]


def test_reaffirming_all_is_possible_while_changes_are_left():
    case = replace(REVIEWING, state=State.NEEDS_REAFFIRMATION, changed=("Q1", "Q2"))
    reaffirm = find(choices(case, REVIEWER), "reaffirm")
    assert reaffirm
    assert reaffirm.allowed


def test_a_reason_that_keeps_several_away_is_said_once():
    case = replace(REVIEWING, items=(ItemCase("Q1"), ItemCase("Q2")), conditions=1)
    found = why_not(choices(case, REVIEWER))
    assert found[0][0] == ("Approve with conditions", "Approve")
    assert found[0][1][0] == "2 items are in the way: Q1, Q2."
    assert found[1] == (("Approve",), ("Conditions are attached. Approve with conditions.",))


@pytest.mark.parametrize(
    ("reasons", "said"),
    [
        ((), ()),
        (("Do this.",), ("Do this.",)),
        (("T1: it fails.",), ("1 item is in the way: T1.",)),
        (("Do this.", "T1: it fails.", "Q3: not answered."), ("2 items are in the way: T1, Q3.", "Do this.")),
        (
            tuple(f"Q{number}: no." for number in range(1, 9)),
            ("8 items are in the way: Q1, Q2, Q3, Q4, Q5, Q6 and 2 more.",),
        ),
    ],
)
def test_reasons_of_items_are_summed_up(reasons, said):
    assert summed_up(reasons) == said


def test_a_choice_that_is_not_offered_is_not_found():
    assert find(choices(REVIEWING, REVIEWER), "revoke") is None
