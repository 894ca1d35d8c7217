"""The workflow of a review: which way leads where, and what stands in front of it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from reviews.workflow.guards import Case, Clock
from reviews.workflow.items import ItemCase
from reviews.workflow.quorum import Actor, Given, Slot, quorum
from reviews.workflow.states import DECIDED, HELD, OPEN, Action, State
from reviews.workflow.transitions import TRANSITIONS, RefusedError, effective, move, refusals, transition

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ENGINEER, REVIEWER = Actor(1, Actor.ENGINEER), Actor(2, Actor.REVIEWER)
SECURITY = Actor(3, Actor.REVIEWER, frozenset({"security"}))
AUTHORITY = Actor(4, 3, frozenset({"authority"}))
LEAD = Actor(5, Actor.REVIEWER, frozenset({"lead"}))
VIEWER, ITSELF = Actor(6, 0), Actor(None)
FINE = ItemCase("Q1", answer="pass", evidence=1, verdicts={2: "agree"})
OPEN_ITEM = replace(FINE, answer="")
MAY = {
    Action.START: ENGINEER,
    Action.RETRY: ENGINEER,
    Action.SUBMIT: ENGINEER,
    Action.MOVE: ENGINEER,
    Action.WITHDRAW: ENGINEER,
    Action.REVOKE: AUTHORITY,
}
BY_REVIEWERS = {row.action for row in TRANSITIONS if any("reviewer" in (need.__doc__ or "") for need in row.guards)}


def case(state: State, **fields) -> Case:
    """A case in which everything is in order, unless said."""
    given = {"clock": Clock(NOW), "items": (FINE,), "slots": (Slot(),), "claimed_by": 2}
    return Case(state, **(given | fields))


def in_order(action: Action) -> Case:
    """A case in which an action may be done."""
    row = transition(action)
    special = {
        Action.SIGN: {"slots": quorum("A")},
        Action.APPROVE_WITH_CONDITIONS: {"conditions": 1},
        Action.EXPIRE: {"clock": Clock(NOW, NOW)},
        Action.SUSPEND: {"clock": Clock(NOW, None, (date(2026, 2, 28),))},
        Action.REAFFIRM_SOME: {"changed": ("Q1",)},
    }
    return case(row.sources[0], **special.get(action, {}))


def able(action: Action) -> Actor:
    """Somebody who may do it."""
    return MAY.get(action) or (REVIEWER if action in BY_REVIEWERS else ITSELF)


@pytest.mark.parametrize("action", Action)
def test_each_action_leads_where_the_table_says(action):
    assert move(action, in_order(action), able(action)) is transition(action).target


@pytest.mark.parametrize("action", Action)
def test_each_action_is_refused_in_every_other_state(action):
    row, actor = transition(action), able(action)
    others = [state for state in State if state not in row.sources]
    refused = [refusals(action, replace(in_order(action), state=state), actor) for state in others]
    assert all(f"The review is {state.label}" in why[0] for state, why in zip(others, refused, strict=True))


def test_every_state_is_reached_and_left_or_final():
    targets, sources = {row.target for row in TRANSITIONS}, {state for row in TRANSITIONS for state in row.sources}
    assert set(State) - targets == {State.DRAFT}
    final = {State.REJECTED, State.STALE, State.EXPIRED, State.REVOKED, State.SUPERSEDED, State.WITHDRAWN}
    assert set(State) - sources == final
    assert {*OPEN, *DECIDED, State.WITHDRAWN} == set(State)


@pytest.mark.parametrize("action", Action)
def test_every_guard_says_what_it_asks_for(action):
    assert all(guard.__doc__ and guard.__doc__.endswith(".") for guard in transition(action).guards)


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("actor", [VIEWER, Actor(9)])
def test_a_viewer_and_a_stranger_do_nothing(action, actor):
    with pytest.raises(RefusedError):
        move(action, in_order(action), actor)


@pytest.mark.parametrize("action", sorted(BY_REVIEWERS - {Action.RELEASE}))
@pytest.mark.parametrize("why", ["submitted this review", "wrote commits since the last approval"])
def test_nobody_reviews_their_own_work(action, why):
    found = refusals(action, replace(in_order(action), outside={2: why}), REVIEWER)
    assert found == (f"You {why}. Somebody else has to review this.",)


@pytest.mark.parametrize("action", sorted(BY_REVIEWERS - {Action.RELEASE}))
def test_nobody_reviews_before_the_authors_are_known(action):
    assert "authors" in refusals(action, replace(in_order(action), authors_known=False), REVIEWER)[0]


@pytest.mark.parametrize("action", [action for action in Action if able(action) is ITSELF])
def test_what_plimsoll_does_is_done_by_nobody_else(action):
    assert "Plimsoll does this by itself." in refusals(action, in_order(action), AUTHORITY)


def test_an_open_item_stops_the_submission_and_the_approval():
    submitted = refusals(Action.SUBMIT, case(State.SELF_ASSESSMENT, items=(OPEN_ITEM,)), ENGINEER)
    approved = refusals(Action.APPROVE, case(State.IN_REVIEW, items=(OPEN_ITEM,)), REVIEWER)
    assert submitted == approved == ("Q1: not answered yet.",)


def test_what_is_not_required_may_stay_open():
    items = (replace(OPEN_ITEM, required=False),)
    assert refusals(Action.SUBMIT, case(State.SELF_ASSESSMENT, items=items), ENGINEER) == ()


def test_an_approval_needs_a_verdict_on_each_asked_item():
    found = refusals(Action.APPROVE, case(State.IN_REVIEW, items=(replace(FINE, verdicts={}),)), REVIEWER)
    assert found == ("No verdict yet on Q1.",)


def test_a_must_change_of_anybody_stops_the_approval():
    item = replace(FINE, verdicts={2: "agree", 3: "must-change"})
    assert refusals(Action.APPROVE, case(State.IN_REVIEW, items=(item,)), REVIEWER) == (
        "Q1: a reviewer says that it must change.",
    )


def test_a_condition_asked_for_has_to_be_there():
    item = replace(FINE, verdicts={2: "condition"})
    assert "add it" in refusals(Action.APPROVE, case(State.IN_REVIEW, items=(item,)), REVIEWER)[0]


def test_tier_a_is_signed_by_two_and_one_of_them_of_security():
    first = case(State.IN_REVIEW, slots=quorum("A"))
    assert refusals(Action.APPROVE, first, REVIEWER) == ("Still to sign: a reviewer with the duty security.",)
    second = replace(first, given=(Given(2),))
    assert refusals(Action.APPROVE, second, LEAD) == ("Still to sign: a reviewer with the duty security.",)
    assert move(Action.APPROVE, second, SECURITY) is State.APPROVED


def test_nobody_signs_twice():
    again = case(State.IN_REVIEW, slots=quorum("A"), given=(Given(3, frozenset({"security"})),))
    assert "You have signed this round already. Another person has to." in refusals(Action.APPROVE, again, SECURITY)


def test_conditions_decide_which_approval_it_is():
    with_, without = case(State.IN_REVIEW, conditions=1), case(State.IN_REVIEW)
    assert refusals(Action.APPROVE, with_, REVIEWER) == ("Conditions are attached. Approve with conditions.",)
    assert "No condition" in refusals(Action.APPROVE_WITH_CONDITIONS, without, REVIEWER)[0]


@pytest.mark.parametrize(("actor", "free"), [(REVIEWER, True), (LEAD, True), (AUTHORITY, True), (SECURITY, False)])
def test_a_claim_is_given_back_by_its_holder_a_lead_or_the_authority(actor, free):
    assert (refusals(Action.RELEASE, case(State.IN_REVIEW), actor) == ()) is free


def test_changes_that_are_taken_back_settle_it_by_itself():
    state = State.NEEDS_REAFFIRMATION
    assert move(Action.SETTLE, case(state, conditions=1), ITSELF) is State.APPROVED_WITH_CONDITIONS
    assert refusals(Action.SETTLE, case(state, changed=("Q1",)), ITSELF)
    assert refusals(Action.SETTLE, case(state), REVIEWER)


def test_a_restored_approval_whose_items_changed_meanwhile_is_not_in_force():
    assert move(Action.RESTORE, case(State.SUSPENDED, changed=("Q1",)), ITSELF) is State.NEEDS_REAFFIRMATION


def test_reaffirming_brings_back_the_kind_of_approval_there_was():
    questioned = case(State.NEEDS_REAFFIRMATION)
    assert move(Action.REAFFIRM, questioned, REVIEWER) is State.APPROVED
    assert move(Action.REAFFIRM, replace(questioned, conditions=1), REVIEWER) is State.APPROVED_WITH_CONDITIONS


@pytest.mark.parametrize("state", HELD)
def test_an_approval_ends_with_its_validity_whether_or_not_a_job_ran(state):
    until = Clock(NOW, NOW + timedelta(seconds=1))
    assert effective(state, until) is state
    assert effective(state, replace(until, now=NOW + timedelta(seconds=1))) is State.EXPIRED


def test_the_due_day_of_a_condition_counts_to_its_end():
    due = (date(2026, 3, 1),)
    running = State.APPROVED_WITH_CONDITIONS
    assert effective(running, Clock(datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC), None, due)) is running
    assert effective(running, Clock(datetime(2026, 3, 2, tzinfo=UTC), None, due)) is State.SUSPENDED


@pytest.mark.parametrize("state", [*OPEN, State.REJECTED, State.WITHDRAWN, State.REVOKED])
def test_time_changes_nothing_else(state):
    assert effective(state, Clock(NOW, NOW - timedelta(days=9), (date(2020, 1, 1),))) is state
